"""CQL2 filters: what they find, and that nothing but a narrower answer comes out of them."""

import json
import time
from dataclasses import replace

import pytest
from refusals import told_in_both
from sqlalchemy import text

from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.db.session import User
from gis.errors import BadQuery, NotFound
from gis.layers import service as layers
from gis.layers.model import layer
from gis.layers.service import Scope
from gis.ogc import cql, crs, service
from gis.ogc.cql import Language
from gis.ogc.model import Query

RATING = "/ogc/collections/rating/items"
WEST = "POLYGON((102.6 25, 102.7 25, 102.7 25.1, 102.6 25.1, 102.6 25))"


def asked(client, words, language="cql2-text", path=RATING):
    return client.get(path, params={"filter": words, "filter-lang": language, "limit": 1000})


def found(client, *given, **more):
    answer = asked(client, *given, **more)
    assert answer.status_code == 200, answer.text
    return [one["properties"] for one in answer.json()["features"]]


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ("colour = 'yellow'", lambda p: p["colour"] == "yellow"),
        ("colour <> 'green' AND observed > 3",
         lambda p: p["colour"] != "green" and p["observed"] > 3),
        # AND binds more tightly than OR
        ("colour='red' OR colour='yellow' AND observed>9",
         lambda p: p["colour"] == "red" or (p["colour"] == "yellow" and p["observed"] > 9)),
        ("NOT (colour IN ('red', 'yellow'))", lambda p: p["colour"] not in ("red", "yellow")),
        ("observed BETWEEN 2 AND 4", lambda p: 2 <= p["observed"] <= 4),
        ("area_code LIKE '530102001%'", lambda p: p["area_code"].startswith("530102001")),
        ("CASEI(code) LIKE CASEI('xq%001')",
         lambda p: p["code"].startswith("XQ") and p["code"].endswith("001")),
        ("previous_colour IS NULL", lambda p: p["previous_colour"] is None),
        ("name = 'it''s -- ; /* no comment */'", lambda p: False),
        ("1 = 1", lambda p: True),
    ],
)  # fmt: skip
def test_a_filter_finds_what_it_says(client, words, holds):
    every = client.get(RATING, params={"limit": 1000}).json()["features"]
    expected = [one["properties"] for one in every if holds(one["properties"])]
    assert found(client, words) == expected


def test_json_and_text_say_the_same(client):
    tree = {"op": "and", "args": [
        {"op": "in", "args": [{"property": "colour"}, ["red", "yellow"]]},
        {"op": "not", "args": [{"op": "isNull", "args": [{"property": "households"}]}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [102, 25, 102.7, 26]}]},
    ]}  # fmt: skip
    words = (
        "colour IN ('red','yellow') AND households IS NOT NULL"
        " AND S_INTERSECTS(geometry, BBOX(102,25,102.7,26))"
    )
    assert found(client, json.dumps(tree), "cql2-json") == found(client, words) != []


@pytest.mark.parametrize(
    ("operator", "function"),
    [("S_INTERSECTS", "ST_Intersects"), ("S_WITHIN", "ST_Within"), ("S_DISJOINT", "ST_Disjoint")],
)
def test_places_are_compared_by_the_store(client, demo_store, operator, function):
    with demo_store.begin() as session:
        expected = session.scalars(text(
            f"SELECT code FROM compounds WHERE valid_to IS NULL AND {function}(geom,"
            f" ST_GeomFromText('{WEST}', 4326)) ORDER BY code"
        )).all()  # fmt: skip
    path = "/ogc/collections/compounds/items"
    shown = found(client, f"{operator}(geometry, {WEST})", path=path)
    assert [one["code"] for one in shown] == expected


def test_days_are_compared_as_days(client):
    path = "/ogc/collections/facilities/items"
    for words, holds in (
        ("T_BEFORE(opened_on, DATE('2015-01-01'))", lambda day: day < "2015-01-01"),
        ("T_AFTER(opened_on, TIMESTAMP('2015-01-01T00:00:00Z'))", lambda day: day > "2015-01-01"),
        ("T_INTERSECTS(opened_on, INTERVAL('2015-01-01', '..'))", lambda day: day >= "2015-01-01"),
        ("opened_on >= DATE('2015-01-01')", lambda day: day >= "2015-01-01"),
    ):
        every = client.get(path, params={"limit": 1000}).json()["features"]
        days = [one["properties"]["opened_on"] for one in every]
        shown = [one["opened_on"] for one in found(client, words, path=path)]
        assert shown == [day for day in days if day and holds(day)]


ATTACKS = [
    "set_config('wangge.identity', 'x', true) = 'x'",
    "pg_sleep(10) = 1",
    "name = pg_read_file('/etc/passwd')",
    "query_to_xml('SELECT 1', true, true, '') = 'x'",
    "name = (SELECT login FROM accounts)",
    "name IN (SELECT login FROM accounts)",
    "EXISTS (SELECT 1)",
    "name = 'a'; DROP TABLE wangge.ratings",
    "name = 'a' -- and so on",
    "name = 'a' /* and so on */ OR true",
    "name = 'a' UNION SELECT 1",
    "1 = 1) OR (1 = 1",
    "name = 'a''",
    "name = $$a$$",
    "name = E'\\x41'",
    "name::text = 'a'",
    '"name; DROP TABLE x" = 1',
    '"name"" = 1 OR ""name" = 1',
    "feature.name = 'a'",
    "wangge.ratings.p_red > 0",
    "run_id = 1",
    "geom IS NULL",
    "compound_code = 'x'",
    "ctid = '(0,1)'",
    "name = 'a\\0b'\0",
    "name = '\u202e'",
    "ｎａｍｅ = 'x'",
    "name LIKE '%%%%%%%%%%%%%%%%%%%%x'",
    "name LIKE 'x\\'",
    "observed + 1 = 2",
    "observed = 'x'",
    "name = 1",
    "name LIKE name",
    "A_CONTAINS(name, ('x'))",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))",
    "S_INTERSECTS(geometry, POINT(999 999))",
    "S_INTERSECTS(geometry, POINT EMPTY)",
    "S_BUFFER(geometry, 1) = 1",
    "T_BEFORE(name, DATE('2026-01-01'))",
    "T_BEFORE(observed, DATE('2026-99-01'))",
    "(" * 3_000 + "name = 'x'" + ")" * 3_000,
    "name = " + "(" * 60,
    "NOT " * 1_500 + "name = 'x'",
    "name IN (" + ",".join(["'x'"] * 5_000) + ")",
    "name = '" + "x" * 9_000 + "'",
    " AND ".join(["name = 'x'"] * 700),
    "",
    " ",
    "true AND",
]


@pytest.mark.parametrize("words", ATTACKS, ids=range(len(ATTACKS)))
def test_what_is_on_no_list_is_refused_at_once(client, words):
    started = time.perf_counter()
    answer = asked(client, words)
    assert answer.status_code == 400, answer.text
    assert (answer.json()["code"], told_in_both(answer)) == ("bad_query", True), answer.text
    assert time.perf_counter() - started < 5  # pg_sleep(10) and a parser that backtracks take more


@pytest.mark.parametrize(
    "tree",
    [
        [], "x", 1, None, {}, {"op": "and"}, {"op": "and", "args": []}, {"op": [], "args": []},
        {"op": "pg_sleep", "args": [10]}, {"op": "=", "args": [{"property": "name"}]},
        {"op": "=", "args": [{"property": ["name"]}, "x"]},
        {"op": "=", "args": [{"property": "name", "x": 1}, "x"]},
        {"op": "=", "args": [{"op": "lower", "args": [{"property": "name"}]}, "x"]},
        {"op": "=", "args": [{"property": "name"}, "a\x00b"]},
        {"op": "=", "args": [{"property": "name"}, "\ud800"]},
        {"op": "=", "args": [{"property": "observed"}, 10**400]},
        {"op": "=", "args": [{"property": "name"}, None]},
        {"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": []}]},
        {"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": [
            {"op": "casei", "args": ["a\\"]}]}]},
        {"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": "x"}]},
        {"op": "in", "args": [{"property": "name"}, "x"]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point"}]},
        {"op": "s_intersects", "args": [{"property": "geometry"},
                                        {"type": "Point", "coordinates": ["a", "b"]}]},
        {"op": "s_intersects", "args": [{"property": "geometry"},
                                        {"type": "Point", "coordinates": []}]},
        {"op": "s_intersects", "args": [{"property": "geometry"},
                                        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [True, 1, 2, 3]}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": []}]},
        {"op": "t_before", "args": [{"property": "name"}, {"interval": [1, 2]}]},
    ],
    ids=repr,
)  # fmt: skip
def test_trees_that_are_no_filter_are_refused(client, tree):
    answer = asked(client, json.dumps(tree), "cql2-json")
    assert (answer.status_code, told_in_both(answer)) == (400, True), answer.text


def test_what_is_wrong_with_a_value_is_said_in_both_languages(client):
    day, place = {"property": "opened_on"}, {"property": "geometry"}
    crossed = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}
    for tree, zh, en in (
        ({"property": "name"}, "'name' 不是真假值", "'name' alone is no condition"),
        ({"op": "=", "args": [day, 1]}, "日期不能与数字比较", "date is not compared with number"),
        ({"op": "=", "args": [{"op": "casei", "args": [1]}, "x"]}, "只能用于文字", "text only"),
        ({"op": "like", "args": [day, "x"]}, "只能用于文字", "text only"),
        ({"op": "like", "args": [{"property": "name"}, 1]}, "引号", "quotes"),
        ({"op": "t_before", "args": [{"property": "name"}, "x"]}, "是文字", "is text"),
        ({"op": "t_during", "args": [day, {"interval": ["2026-01-01"]}]}, "两端", "two ends"),
        ({"op": "t_during", "args": [day, {"interval": [1, 2]}]}, "每一端", "an end of"),
        ({"op": "t_during", "args": [day, {"interval": ["..", ".."]}]}, "区间", "interval such"),
        ({"op": "t_during", "args": [day, {"interval": ["2026-02-01", "2026-01-01"]}]},
         "结束早于开始", "ends before it begins"),
        ({"op": "t_equals", "args": [day, {"date": "2026-13-01"}]}, "没有", "is no date, check"),
        ({"op": "t_equals", "args": [day, {"date": "soon"}]}, "不是日期", "is no date (2026"),
        ({"op": "s_within", "args": [place, "x"]}, "此处应为图形", "a geometry or the property"),
        ({"op": "s_within", "args": [place, {"bbox": [2, 2, 1, 1]}]}, "角点", "lower corner"),
        ({"op": "s_within", "args": [place, {"type": "Point", "coordinates": [999, 9]}]},
         "超出坐标系范围", "outside the world"),
        ({"op": "s_within", "args": [place, crossed]}, "图形无效", "not valid, mend it: Self"),
    ):  # fmt: skip
        facilities = "/ogc/collections/facilities/items"
        answer = asked(client, json.dumps(tree), "cql2-json", facilities)
        assert (answer.status_code, told_in_both(answer)) == (400, True), answer.text
        said = answer.json()["detail"].partition(" / ")
        assert zh in said[0], said
        assert en in said[2], said


def test_a_tree_deeper_than_the_stack_is_refused(client):
    deep = '{"op":"not","args":[' * 390 + "true" + "]}" * 390
    for words in (deep, "[" * 7_900):
        answer = asked(client, words, "cql2-json")
        assert (answer.status_code, told_in_both(answer)) == (400, True)


def query(words=None):
    plain = crs.Crs(crs.CRS84, 4326, north_first=False, metric=False)
    tree = None if words is None else cql.parse(words, Language.TEXT)
    return Query(crs=plain, filter_crs=plain, limit=1_000, filter=tree)


@pytest.fixture(scope="module")
def communities(demo_store):
    with demo_store.begin() as session:
        asked = "SELECT DISTINCT area_code FROM ratings ORDER BY 1"
        return session.scalars(text(asked)).all()


@pytest.mark.parametrize("name", ["rating", "compounds", "facilities", "rental", "grids"])
@pytest.mark.parametrize(
    ("words", "own"),
    [(None, True), ("1 = 1", True), ("area_code <> 'x' OR true", True),
     ("NOT area_code = '{mine}'", False), ("area_code = '{other}'", False),
     ("S_INTERSECTS(geometry, BBOX(-180,-90,180,90))", True)],
)  # fmt: skip
def test_no_filter_leads_into_another_area(demo_store, communities, name, words, own):
    mine, other = communities[0], communities[-1]
    user = User.of(Role.GRID_SUPERVISOR, id="lin", area_prefixes=(mine,))
    words = words and words.format(mine=mine, other=other)
    at = demo_store.house
    with demo_store.begin(user) as session:
        page = service.page(
            session, layer(name), query(words), district=at.district, policy=at.policy,
            scope=Scope(),
        )  # fmt: skip
    assert {one.properties["area_code"] for one in page.features} == ({mine} if own else set())
    assert page.matched == len(page.features)


def test_ids_of_another_area_cannot_be_guessed(demo_store, communities):
    mine, other = communities[0], communities[-1]
    at = demo_store.house
    with demo_store.begin() as session:
        asked = "SELECT compound_code FROM ratings WHERE area_code = :area ORDER BY 1 LIMIT 1"
        own, theirs = (session.scalar(text(asked), {"area": one}) for one in (mine, other))
    more = {"crs": query().crs, "district": at.district, "policy": at.policy, "scope": Scope()}
    with demo_store.begin(User.of(Role.GRID_WORKER, id="lin", area_prefixes=(mine,))) as session:
        assert service.feature(session, layer("rating"), own, **more).id == own
        for key in (theirs, "nothing", "' OR true --"):
            with pytest.raises(NotFound):
                service.feature(session, layer("rating"), key, **more)


def test_columns_with_a_right_of_their_own_are_not_there_without_it(demo_store):
    at, told = demo_store.house, {}
    liaison = User.of(Role.POLICE_LIAISON, id="lin", area_prefixes=("",))
    narrow = replace(liaison, rights=PERMISSIONS[Role.VIEWER] | {(Capability.DRAFTS, Action.READ)})
    for user in (liaison, narrow):
        with demo_store.begin(user) as session:
            told[user] = service.queryables(
                session, layer("risk"), district=at.district, policy=at.policy, scope=Scope()
            )
    assert "rented_dwellings" in told[liaison]
    assert not {name for name in told[narrow] if name.startswith("rented")}
    with (
        demo_store.begin(narrow) as session,
        pytest.raises(BadQuery, match="no property of this collection"),
    ):
        service.page(
            session, layer("risk"), query("rented_dwellings > 0"), district=at.district,
            policy=at.policy, scope=Scope(),
        )  # fmt: skip


def test_incidents_round_a_video_point_are_null_not_none_without_the_right(demo_store):
    at, told = demo_store.house, {}
    for role in (Role.GRID_SUPERVISOR, Role.POLICE_LIAISON):
        with demo_store.begin(User.of(role, id="lin", area_prefixes=("",))) as session:
            told[role] = layers.read(
                session, layer("cameras"), district=at.district, policy=at.policy,
                scope=Scope(internal=True),
            ).features["incidents_50m"]  # fmt: skip
    assert told[Role.GRID_SUPERVISOR].isna().all()
    assert told[Role.POLICE_LIAISON].notna().all()


def test_pages_neither_repeat_nor_miss_while_rows_are_written(store, serve):
    """Every feature that stands all the while comes once, whatever comes and goes between pages."""
    with store.begin() as session:
        imported = session.scalar(text(IMPORT))
        session.execute(text(FACILITIES.format(first=100, last=160)), {"import": imported})
    with serve(store.urls) as client:
        url, walked = "/ogc/collections/facilities/items?limit=10&as_of=2026-01-01", []
        while url:
            page = client.get(url).json()
            walked += [one["id"] for one in page["features"]]
            url = next((x["href"] for x in page["links"] if x["rel"] == "next"), None)
            with store.begin() as session:  # before, behind and at the place that was reached
                first = 200 + 10 * len(walked)
                session.execute(
                    text(FACILITIES.format(first=first, last=first + 5)), {"import": imported}
                )
                session.execute(text(
                    "DELETE FROM facilities WHERE source_key = :last OR source_key < 'F-0101'"
                ), {"last": walked[-1]})  # fmt: skip
                before = FACILITIES.replace("'F-'", "'A-'").format(first=first, last=first + 5)
                session.execute(text(before), {"import": imported})
            if len(walked) > 500:
                break
    stood = [f"F-{n:04}" for n in range(101, 161)]
    assert len(walked) == len(set(walked))
    assert set(stood) <= set(walked)


IMPORT = """
INSERT INTO imports (area_code, kind, file_name, file_sha256, read, kept, repaired, flagged,
                     refused, summary)
VALUES ('530102', 'facilities', 'f', '0', 1, 1, 0, 0, 0, '{}') RETURNING id
"""
FACILITIES = """
INSERT INTO facilities (area_code, source_key, import_id, name, function, status, geom)
SELECT '530102001001', 'F-' || lpad(n::text, 4, '0'), :import, 'x', 'service_station', 'open',
       ST_SetSRID(ST_MakePoint(102.7 + n * 0.00001, 25.05), 4326)
FROM generate_series({first}, {last}) AS n
"""
