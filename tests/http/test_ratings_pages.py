"""From a rated quarter to plaques through the pages: every step as a form, nothing skipped."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pypdf
import pytest
import shapely
import zxingcpp
from PIL import Image
from sqlalchemy import insert, select, text
from waiting import until_blocked

from api.files.outputs import write_export, write_maps
from api.house import House
from api.web.pages import ratings as board
from data.export.model import Format
from gis.access.rights import Role
from gis.audit.signing import Signer
from gis.compounds.model import Compound
from gis.db.session import User
from gis.layers.service import Scope
from gis.publication import objections, seal, service
from gis.publication.model import ColourOverride, RatingCycle
from gis.publication.seal import Sealed
from gis.runs.model import Analysis, Import, Run
from gis.safety.model import Rating
from gis.safety.rules import Colour
from gis.settings import Settings
from maps import plaque

REASON = "派出所核实：两起为同一事件重复登记"
HERE = {"Sec-Fetch-Site": "same-origin"}
COMMUNITY = "530102001001"
DISTRICT = House(Settings(_env_file=None)).district


@pytest.fixture
def rated(store):
    """Two compounds of one community, one of them with two entrances, rated for a quarter."""
    box = shapely.MultiPolygon([shapely.box(102.70, 25.04, 102.701, 25.041)])
    doors = shapely.MultiPoint([(102.70, 25.04), (102.701, 25.04)])
    with store.begin() as session:
        file = Import(area_code="530102", kind="compounds", file_name="x", file_sha256="0", read=2,
                      kept=2, repaired=0, flagged=0, refused=0, summary={})  # fmt: skip
        run = Run(area_code="530102", analysis=Analysis.RATING, period="2026Q3",
                  as_of=date(2026, 9, 30), policy_version="t", policy_digest="t", input_digest="t",
                  parameters={}, totals={"red": 1, "green": 1})  # fmt: skip
        session.add_all([file, run])
        session.flush()
        for code, colour, geom in (("A", "red", doors), ("B", "green", None)):
            session.execute(insert(Compound), [
                {"area_code": COMMUNITY, "source_key": code, "import_id": file.id, "code": code,
                 "name": f"<b>小区{code}", "kind": "old", "geom": f"SRID=4326;{box.wkt}",
                 "entrances": geom and f"SRID=4326;{geom.wkt}"}
            ])  # fmt: skip
            session.execute(insert(Rating), [
                {"run_id": run.id, "area_code": COMMUNITY, "compound_code": code,
                 "compound_name": f"<b>小区{code}", "peer_group": "old", "colour": colour,
                 "previous_colour": "green", "observed": 3, "counts": {"burglary": 2},
                 "quality": "A", "rule": "SAF-1", "reason_zh": "因为", "reason_en": "because"}
            ])  # fmt: skip
    return store


def _post(client, path, status=303, **data):
    answer = client.post(path, data=data, headers=HERE)
    assert answer.status_code == status, answer.text
    return answer


def _second_person_decides(store, *, approve):
    second = User.of(Role.POLICE_LIAISON, id="second", area_prefixes=("530102",))
    with store.begin(second) as session:
        asked = session.scalars(select(ColourOverride)).one()
        service.decide(session, asked.id, approve=approve)


def _published(client, store) -> int:
    """Open, ask for yellow, have it approved, publish; the cycle's id."""
    _post(client, "/ratings", period="2026Q3")
    with store.begin() as session:
        cycle = session.scalars(select(RatingCycle.id)).one()
    _post(client, f"/ratings/{cycle}/ask/A", colour="yellow", origin="objection", reason=REASON)
    _second_person_decides(store, approve=True)
    _post(client, f"/ratings/{cycle}/publish", issuer="五华区公安分局", sure="yes")
    return cycle


def test_the_data_check_names_the_compounds_behind_its_counts(rated, serve, monkeypatch):
    with rated.begin() as session:
        session.execute(text("UPDATE wangge.ratings SET quality = 'C', low_count = code_is_b FROM"
                             " (SELECT compound_code AS code, compound_code = 'B' AS code_is_b FROM"
                             " wangge.ratings) AS b WHERE compound_code = code"))  # fmt: skip
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _post(client, "/ratings", period="2026Q3")
        named = re.findall(
            'href="/places/compound/([AB])">&lt;b&gt;小区', client.get("/ratings").text
        )
        assert named == ["A", "B", "B"]  # of quality C both, with few incidents one
        monkeypatch.setattr(board, "_LISTED", 1)
        assert "另有 1 个" in client.get("/ratings").text


def test_the_board_leads_from_the_rating_to_the_plaques(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        assert "尚未开始复核" in client.get("/ratings").text
        _post(client, "/ratings", period="2026Q3")
        board = client.get("/ratings").text
        assert "&lt;b&gt;小区A" in board
        assert "<b>小区" not in board
        assert "小区B" not in board  # it keeps its colour
        assert "还有 1 个变色未复核" in board
        with rated.begin() as session:
            cycle = session.scalars(select(RatingCycle.id)).one()
        _post(client, f"/ratings/{cycle}/publish", 409, issuer="x", sure="yes")
        assert "1 个小区转为红牌或数据质量为 C" in board
        assert f'href="/ratings/{cycle}/A"' in board
        _post(client, f"/ratings/{cycle}/confirm", code="A", note="已核对")
        forgot = _post(client, f"/ratings/{cycle}/publish", 422, issuer="五华区公安分局")
        assert "请勾选确认" in forgot.text
        _post(client, f"/ratings/{cycle}/publish", issuer="五华区公安分局", sure="yes")
        assert "打印标牌" in client.get("/ratings").text
        page = {"data": {"period": "2026Q3"}, "headers": HERE | {"accept": "text/html"}}
        again = client.post("/ratings", **page)
        assert (again.status_code, "已结束的不能再改" in again.text) == (409, True)


def test_turns_to_red_and_poor_data_are_not_confirmed_together(rated, serve):
    """C and D turn yellow, D on data of quality C; A turns red."""
    with rated.begin() as session:
        session.execute(text(MORE))
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _post(client, "/ratings", period="2026Q3")
        with rated.begin() as session:
            cycle = session.scalars(select(RatingCycle.id)).one()
        board = client.get("/ratings").text
        assert re.search(r'name="code" value="([^"]*)"', board)[1] == "C\nE"
        assert "2 个小区转为红牌或数据质量为 C" in board
        path = f"/ratings/{cycle}/confirm"
        for alone in ("A", "D"):
            assert "须逐个看过理由再确认" in _post(client, path, 409, code=f"C\n{alone}").text
        _post(client, path, code="C\nE")
        for alone in ("A", "D"):
            _post(client, path, code=alone)
        _post(client, f"/ratings/{cycle}/publish", issuer="五华区公安分局", sure="yes")


MORE = """
INSERT INTO ratings (run_id, area_code, compound_code, compound_name, peer_group, colour,
                     previous_colour, observed, counts, quality, rule, reason_zh, reason_en)
SELECT run_id, area_code, code, code, peer_group, 'yellow', 'green', 1, '{}', grade, rule,
       reason_zh, reason_en
FROM ratings, (VALUES ('C', 'A'), ('D', 'C'), ('E', 'B')) AS more (code, grade)
WHERE compound_code = 'B'
"""


def test_the_board_says_that_a_quarter_can_be_computed_again_and_what_came_out(own_demo, serve):
    asked = "/ratings?period=2026Q3&replay=yes"
    with serve(own_demo.urls, role=Role.POLICE_LIAISON) as client:
        _post(client, "/ratings", period="2026Q3")
        board = client.get("/ratings?period=2026Q3").text
        assert "立即复算" in board
        assert "逐位相同" not in board
        assert "逐位相同" in client.get(asked).text
        changed = text("UPDATE ratings SET p_red = 0.125 WHERE compound_code = :code")
        with own_demo.begin() as session:
            code = session.scalar(select(Rating.compound_code).order_by(Rating.id).limit(1))
            session.execute(changed, {"code": code})
        again = client.get(asked).text
        assert "有1处不同" in again
        assert "0.125" in again
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, areas=[COMMUNITY]) as client:
        assert "由负责全区的人员进行" in client.get("/ratings?period=2026Q3").text
        assert client.get(asked).status_code == 403


def test_the_board_says_where_the_inputs_were_not_kept(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _post(client, "/ratings", period="2026Q3")
        assert "不能复算" in client.get("/ratings").text


def test_a_wish_without_a_reason_comes_back_with_what_is_wrong(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _post(client, "/ratings", period="2026Q3")
        with rated.begin() as session:
            cycle = session.scalars(select(RatingCycle.id)).one()
        path = f"/ratings/{cycle}/ask/A"
        short = _post(client, path, 422, colour="yellow", origin="objection", reason="短")
        assert "至少十个字" in short.text
        named = _post(
            client, path, 422, colour="yellow", origin="objection", reason="王先生来电 13912345678"
        )
        assert "疑似含个人信息" in named.text
        _post(client, path, colour="yellow", origin="objection", reason=REASON)
        one = client.get(f"/ratings/{cycle}/A").text
        assert "须由另一位有发布权限的人审批" in one
        with rated.begin() as session:
            asked = session.scalars(select(ColourOverride.id)).one()
        _post(client, f"/ratings/decisions/{asked}", 403, decision="approve")


def test_what_was_written_comes_back_from_every_step_that_is_refused(rated, serve):
    named = "王先生来电 13912345678"
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _post(client, "/ratings", period="2026Q3")
        with rated.begin() as session:
            cycle = session.scalars(select(RatingCycle.id)).one()
        ask = {"colour": "yellow", "origin": "objection", "reason": REASON}
        looked = _post(client, f"/ratings/{cycle}/confirm", 422, code="A", note=named)
        _post(client, f"/ratings/{cycle}/ask/A", **ask)
        twice = _post(client, f"/ratings/{cycle}/ask/A", 409, **ask)
        assert "已有改色申请" in twice.text
        with rated.begin() as session:
            asked = session.scalars(select(ColourOverride.id)).one()
        with serve(rated.urls, role=Role.POLICE_LIAISON) as second:
            path = f"/ratings/decisions/{asked}"
            decided = _post(second, path, 422, decision="approve", reason=named)
            _post(second, path, decision="approve")
        issued = _post(client, f"/ratings/{cycle}/publish", 422, issuer=named, sure="yes")
    for answer in (looked, decided, issued):
        assert "疑似含个人信息" in answer.text
        assert answer.text.count(named) == 1  # in the form it was written in


def test_the_review_says_who_decided(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        cycle = _published(client, rated)
        page = client.get(f"/ratings/{cycle}/A").text
    assert "second批准，改为黄牌" in page
    assert "未经人工调整" not in page


def test_plaques_come_with_one_page_per_entrance_in_the_approved_colour(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _published(client, rated)
        page = client.get("/plaques").text
        assert "/plaques/2026Q3/A.png" in page
        answer = client.get("/plaques/2026Q3.pdf?code=A&paper=a3")
        pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
        assert len(pages) == 2
        text = pages[0].extract_text()
        assert "治安提示" in text
        assert "入室盗窃较多" in text
        whole = client.get(f"/plaques/2026Q3.pdf?area={COMMUNITY}")
        assert len(pypdf.PdfReader(io.BytesIO(whole.content)).pages) == 3
        assert client.get("/plaques/2026Q3.pdf?code=Z").status_code == 404
        for asked, count in (
            ("colour=yellow", 2),
            ("q=小区B", 1),
        ):  # what is listed is what is printed
            listed = client.get(f"/plaques?{asked}").text
            assert f"下载下表所列小区的标牌（{count} 张）" in listed
            name, value = asked.split("=")
            assert f'<input type="hidden" name="{name}" value="{value}">' in listed
            chosen = client.get(f"/plaques/2026Q3.pdf?{asked}")
            assert len(pypdf.PdfReader(io.BytesIO(chosen.content)).pages) == count


def _shown(client, what) -> dict[str, tuple[str, str | None]]:
    """Colour and the rule's own, by compound, of a GeoJSON answer."""
    rows = [one["properties"] for one in client.get(what).json()["features"]]
    return {row["code"]: (row["colour"], row["rated_colour"]) for row in rows}


def test_whatever_shows_a_published_quarter_says_what_the_plaque_says(rated, serve, tmp_path):
    """A is red by the rule and hangs yellow; also after it was rated again and is red once more."""
    layers = ["/api/v1/layers/rating/features", "/api/v1/layers/risk/features",
              "/ogc/collections/rating/items?f=json"]  # fmt: skip
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        for one in layers:
            assert _shown(client, one) == {"A": ("red", None), "B": ("green", None)}
        tiles = [TILE, TILE.replace("rating", "risk")]
        before = [client.get(one) for one in tiles]
        assert all(_colours_in(one.content) == {"red", "green"} for one in before)
        cycle = _published(client, rated)
        for tile, old in zip(tiles, before, strict=True):  # at once: its tag must have moved
            new = client.get(tile, headers={"If-None-Match": old.headers["etag"]})
            assert (new.status_code, _colours_in(new.content)) == (200, {"yellow", "green"})
        with rated.begin() as session:
            session.execute(text(AGAIN))
        for one in layers:
            assert _shown(client, one) == {"A": ("yellow", "red"), "B": ("green", None)}
        assert all(_colours_in(client.get(one).content) == {"yellow", "green"} for one in tiles)
        rows = client.get("/api/v1/results/rating").json()["rows"]
        assert [(row["colour"], row["rated_colour"]) for row in rows] == [
            ("yellow", "red"), ("green", None)
        ]  # fmt: skip
        assert rows[0]["reason_zh"].startswith("经复核由两人认定为黄牌，规则结果为红牌")
        assert rows[0]["reason_en"].endswith("the rule said red. Why it did: because")
        assert rows[1]["reason_zh"] == "因为"
        counted = re.findall(r'data-class="\d" data-count="(\d+)"', client.get("/maps/rating").text)
        assert counted == ["0", "1", "1", "0"]  # red, yellow, green, unrated
        listed = client.get(
            "/map?period=2026Q3&download=csv&purpose=x&columns=code&columns=colour"
        ).text
        assert "黄牌 治安提示,A," in listed
        assert "规则结果为红牌" in client.get(f"/ratings/{cycle}/A").text
        board = client.get("/ratings?period=2026Q3&download=csv&purpose=x").text.splitlines()
        assert board[0].startswith("\ufeff小区,此前所挂,评级结果,已发布,")
        assert "绿牌 治安良好,红牌 治安警示,黄牌 治安提示," in board[1]
    with rated.begin() as session:
        house, out = House(Settings(_env_file=None, home=tmp_path)), tmp_path / "rating.csv"
        (saved,), _ = write_maps(session, house, ["rating"], Scope(), tmp_path)
        file, _ = write_export(session, house, "rating", Scope(), Format.CSV, out)
    assert re.findall(r'data-class="\d" data-count="(\d+)"', saved.read_text()) == counted
    assert "yellow,red" in file.read_text(encoding="utf-8-sig")


def _colours_in(tile: bytes) -> set[str]:
    """A vector tile holds the texts of its features as they are."""
    return {colour for colour in ("red", "yellow", "green") if colour.encode() in tile}


TILE = "/tiles/rating/14/12866/7014.mvt"
AGAIN = """
WITH again AS (
    INSERT INTO runs (area_code, analysis, period, as_of, revision, policy_version, policy_digest,
                      input_digest, parameters, totals)
    SELECT area_code, analysis, period, as_of, 2, 't', 't', 't', '{}', '{"red": 1, "green": 1}'
    FROM runs WHERE analysis = 'rating' RETURNING id
)
INSERT INTO ratings (run_id, area_code, compound_code, compound_name, peer_group, colour, observed,
                     counts, quality, rule, reason_zh, reason_en)
SELECT again.id, area_code, compound_code, compound_name, peer_group, colour, observed, '{}',
       quality, rule, reason_zh, reason_en
FROM ratings, again
"""


def test_the_report_counts_safe_communities_by_what_hangs(rated, serve):
    """The one community would not be safe with the red compound that the rule saw."""
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        _published(client, rated)
        (page,) = pypdf.PdfReader(
            io.BytesIO(client.get("/reports/2026Q3.pdf?purpose=x").content)
        ).pages
    assert re.search(r"平安社区\s*100", page.extract_text())


@pytest.fixture
def printed(monkeypatch):
    """The plaques that were printed."""
    made, drawn = [], plaque.pdf
    monkeypatch.setattr(plaque, "pdf", lambda new, **how: made.extend(new) or drawn(new, **how))
    return made


PUBLIC = {"public_url": "https://wuhua.example/gis"}


def _said(client, page, **asked) -> str:
    """The notices of a check, whatever its status."""
    text = client.get(page, params=asked).text
    return " ".join(re.findall(r'class="notice \w+"[^>]*>.*?<span>(.*?)</span>', text))


def test_a_stranger_confirms_a_plaque_where_the_district_offers_it(rated, serve, home, printed):
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home, **PUBLIC) as client:
        _published(client, rated)
        client.get("/plaques/2026Q3.pdf?code=A")
        picture = Image.open(io.BytesIO(plaque.png(printed[0], dpi=150)))
        (found,) = [one.text for one in zxingcpp.read_barcodes(picture)]
        assert found.startswith("https://wuhua.example/gis/check?t=")
        assert "与发布结果一致" in _said(client, "/plaques/check", t=found)
        (text,) = parse_qs(urlsplit(found).query)["t"]
    with serve(rated.urls, role=None, home=home, **PUBLIC) as client:
        assert client.get("/plaques").status_code == 401
        assert client.get("/plaques/check").status_code == 401
        good = client.get("/check", params={"t": text})
        assert good.status_code == 200
        assert "与发布结果一致" in good.text
        assert "黄牌" in good.text
        for forged in (text.replace("|yellow|", "|green|"), text[:-3] + "AAA", "WG1|A", "x" * 300):
            assert client.get("/check", params={"t": forged}).status_code == 404
        assert "请扫描" in client.get("/check").text


def _corrected(client, store) -> None:
    """The quarter rated again and published as it is: A is red now, B stays green."""
    with store.begin() as session:
        session.execute(text(AGAIN))
    _post(client, "/ratings", period="2026Q3")
    with store.begin() as session:
        cycle = session.scalars(select(RatingCycle.id).where(RatingCycle.revision == 2)).one()
    _post(client, f"/ratings/{cycle}/confirm", code="A")
    _post(client, f"/ratings/{cycle}/publish", issuer="五华区公安分局", sure="yes")


def test_an_objection_is_filed_on_the_published_page_and_corrects_the_quarter(rated, serve):
    path, reason = "/ratings?period=2026Q3", "社区核实：出入口已换门禁，重复登记一起"
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        first = _published(client, rated)
        assert "尚无异议" in client.get(path).text
        at = f"/ratings/{first}/object/B"
        assert f'action="{at}"' in client.get(f"/ratings/{first}/B").text
        named = _post(client, at, 422, colour="red", reason="王先生来电 13912345678")
        assert "疑似含个人信息" in named.text
        _post(client, at, colour="red", reason=reason)
        assert "已登记" in client.get(f"/ratings/{first}/B").text
        board = client.get(path).text
        assert reason in board
        assert "启动 2026Q3 的更正" in board
        _post(client, "/ratings", period="2026Q3")
        board = client.get(path).text
        assert "只有获批的异议改变颜色" in board
        assert "小区A" not in board  # it hangs yellow and stays yellow
        with rated.begin() as session:
            asked = session.scalars(
                select(ColourOverride).where(ColourOverride.compound_code == "B")
            ).one()
            second, wish = asked.cycle_id, asked.id
        with serve(rated.urls, role=Role.POLICE_LIAISON) as other:
            _post(other, f"/ratings/decisions/{wish}", decision="approve")
        _post(client, f"/ratings/{second}/publish", issuer="五华区公安分局", sure="yes")
        assert _shown(client, "/api/v1/layers/rating/features") == {
            "A": ("yellow", "red"), "B": ("red", "green"),
        }  # fmt: skip
        assert "second批准，改为黄牌" in client.get(f"/ratings/{second}/A").text
        receipt = client.get(f"/ratings/{first}/B").text
        assert "已按所要求的颜色重新发布" in receipt
        assert "重新发布后换牌" not in receipt


def test_who_objects_a_moment_after_somebody_else_reads_that_it_is_filed(rated, serve):
    chen = User.of(Role.POLICE_LIAISON, id="chen", area_prefixes=("530102",))
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client, ThreadPoolExecutor() as pool:
        first = _published(client, rated)
        with rated.begin(chen) as session:
            objections.object_to(session, first, "B", colour=Colour.RED, reason=REASON)
            path, wish = f"/ratings/{first}/object/B", {"colour": "yellow", "reason": REASON}
            second = pool.submit(_post, client, path, 409, **wish)
            until_blocked(session, second.done)
        assert "B 已有异议" in second.result().text


def test_who_objects_has_a_receipt_that_says_what_becomes_of_it(rated, serve):
    """A newer rating gives A the wished colour by itself and does not hold B."""
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client:
        first = _published(client, rated)
        with rated.begin() as session:
            session.execute(text(AGAIN))
            newest = "run_id = (SELECT max(id) FROM runs)"
            session.execute(text(f"DELETE FROM ratings WHERE compound_code = 'B' AND {newest}"))
        _post(client, "/ratings", period="2026Q3")
        told = {"A": "新的评级（截至 2026年9月30日）已是所要求的颜色", "B": "不含该小区"}
        for code, words in told.items():
            _post(client, f"/ratings/{first}/object/{code}", colour="red", reason=REASON)
            page = client.get(f"/ratings/{first}/{code}").text
            assert re.search(r"回执号 \d+ · \w+", page)
            assert words in page
        board = client.get("/ratings?period=2026Q3").text  # of the review
        for code, words in told.items():
            assert f'href="/ratings/{first}/{code}"' in board
            assert words in board


def test_a_plaque_hangs_on_when_the_store_moves_to_another_home(
    rated, serve, home, tmp_path, printed
):
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home, **PUBLIC) as client:
        _published(client, rated)
        client.get("/plaques/2026Q3.pdf?code=A")
    (text,) = parse_qs(urlsplit(printed[0].check).query)["t"]
    with serve(rated.urls, role=None, home=tmp_path, **PUBLIC) as client:
        assert "与发布结果一致" in _said(client, "/check", t=text)
        assert "签名不符" in _said(client, "/check", t=text.replace("|yellow|", "|green|"))


def test_after_a_correction_older_plaques_are_valid_or_replaced_but_never_forged(
    rated, serve, home, printed
):
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home, **PUBLIC) as client:
        _published(client, rated)
        client.get("/plaques/2026Q3.pdf")
        first = {one.compound_name[-1]: parse_qs(urlsplit(one.check).query)["t"][0]
                 for one in printed}  # fmt: skip
        _corrected(client, rated)
        for page in ("/check", "/plaques/check"):
            assert _said(client, page, t=first["B"]) == "有效：该标牌由本系统签发，与发布结果一致。"
            assert re.search(
                "已被新的标牌取代：.+起为红牌 治安警示（2026Q3）", _said(client, page, t=first["A"])
            )
            newer = first["A"].replace("|1|", "|2|")
            assert "签名不符" in _said(client, page, t=newer)
        english = _said(client, "/check", t=first["A"], language="en")
        assert "replaced by a newer plaque: Red" in english


def test_staff_check_the_text_or_the_short_code_without_a_public_address(
    rated, serve, home, printed
):
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home) as client:
        _published(client, rated)
        client.get("/plaques/2026Q3.pdf?code=A")
        assert 'href="/plaques/check"' in client.get("/plaques").text
        assert client.get("/check").status_code == 404
        (one, _) = printed
        page = "/plaques/check"
        assert "与发布结果一致" in _said(client, page, t=one.check)
        typed = one.check_label.lower().replace("-", " ")
        found = client.get(page, params={"label": typed, "period": "2026Q3"}).text
        assert "与发布结果一致" in found
        assert "&lt;b&gt;小区A" in found
        assert "没有核验码为" in _said(client, page, label="0000-0000")
        for odd in ("http://[", "WG1|a|b|c|²|x"):
            assert client.get(page, params={"t": odd}).status_code in {200, 404}
    with serve(rated.urls, role=Role.GRID_WORKER, home=home, areas=["530102002"]) as client:
        assert "在您的辖区内没有这样的发布结果" in _said(client, page, t=one.check)
        assert "没有核验码为" in _said(client, page, label=one.check_label)


def _typed(client, check_text) -> str:
    """What is said of the short code of a plaque."""
    return _said(client, "/plaques/check", label=seal.label(check_text), period="2026Q3")


def test_a_short_code_is_found_with_another_key_too_once_it_was_printed(
    rated, serve, home, tmp_path, printed
):
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home) as client:
        _published(client, rated)
        client.get("/plaques/2026Q3.pdf?code=A")
        hangs, never = printed[0].check, seal.text(Sealed("B", "2026Q3", "green", 1), Signer(home))
        assert "与发布结果一致" in _typed(client, hangs)
        assert "没有核验码为" in _typed(client, never)  # nobody has printed it
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=tmp_path) as client:
        assert "与发布结果一致" in _typed(client, hangs)


def test_a_short_code_that_somebody_slips_in_is_not_confirmed(rated, serve, home, tmp_path):
    """Signed by nobody, signed by a stranger's key, and a code that is another text's."""
    genuine = seal.text(Sealed("A", "2026Q3", "yellow", 1), Signer(home))
    green = Sealed("A", "2026Q3", "green", 1)
    slipped = [
        (seal.label(one), one)
        for one in (genuine.replace("yellow", "green"), seal.text(green, Signer(tmp_path)))
    ]
    add = text(
        "INSERT INTO plaque_labels (label, cycle_id, compound_code, area_code, check_text)"
        " VALUES (:label, :cycle, 'A', '530102001001', :check)"
    )
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home) as client:
        cycle = _published(client, rated)
        with rated.begin() as session:
            for label, check in [*slipped, ("AAAA-AAAA", genuine)]:
                session.execute(
                    add, {"label": label.replace("-", ""), "cycle": cycle, "check": check}
                )
        for label in (*(one for one, _ in slipped), "AAAA-AAAA"):
            assert "没有核验码为" in _said(client, "/plaques/check", label=label, period="2026Q3")


def test_plaques_from_before_codes_were_kept_are_found_by_theirs(rated, serve, home):
    """A cycle that is older than the codes, whose plaques were printed then."""
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home) as client:
        _post(client, "/ratings", period="2026Q3")
        with rated.begin() as session:
            older = session.scalars(select(RatingCycle)).one()
            older.labels_kept = False
            at = f"/ratings/{older.id}"
        _post(client, f"{at}/confirm", code="A")
        _post(client, f"{at}/publish", issuer="五华区公安分局", sure="yes")
        hangs = seal.text(Sealed("A", "2026Q3", "red", 1), Signer(home))
        assert "与发布结果一致" in _typed(client, hangs)
        forged = seal.text(Sealed("A", "2026Q3", "green", 1), Signer(home))
        assert "没有核验码为" in _typed(client, forged)


def test_the_key_of_plaques_from_before_keys_were_kept_is_kept_at_the_next_start(
    rated, serve, home, tmp_path
):
    hangs = seal.text(Sealed("A", "2026Q3", "yellow", 1), Signer(home))
    with serve(rated.urls, role=Role.POLICE_LIAISON, home=home) as client:
        _published(client, rated)
    with serve(rated.urls, role=None, home=tmp_path, **PUBLIC) as client:
        assert "签名不符" in _said(client, "/check", t=hangs)
    with serve(rated.urls, role=None, home=home):  # starts once, and prints nothing
        pass
    with serve(rated.urls, role=None, home=tmp_path, **PUBLIC) as client:
        assert "与发布结果一致" in _said(client, "/check", t=hangs)


def test_a_board_counts_what_its_reader_works_in_and_says_so(own_demo, serve):
    """Before the publication as after it; a street's liaison reads the whole district nowhere."""
    counted = "SELECT count(*) FROM ratings JOIN runs ON runs.id = run_id AND period = '2026Q3'"
    with own_demo.begin() as session:
        service.open_cycle(session, district=DISTRICT, period="2026Q3")
        inside = session.scalar(text(f"{counted} WHERE ratings.area_code ^@ '530102001'"))
        assert 0 < inside < session.scalar(text(counted))
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, areas=["530102001"]) as client:
        board = client.get("/ratings?period=2026Q3").text
    assert "只含您的辖区" in board
    figures = board.split('class="figures"')[1].split("</div>\n</div>")[0]
    assert sum(map(int, re.findall(r'figure-value">(\d+)<', figures))) == inside


def test_a_quarter_of_the_district_is_not_opened_from_a_street(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON, areas=["530102001"]) as client:
        _post(client, "/ratings", 403, period="2026Q3")
    with rated.begin() as session:
        assert session.scalars(select(RatingCycle)).all() == []


def test_whoever_is_overtaken_is_told_so(rated, serve):
    with serve(rated.urls, role=Role.POLICE_LIAISON) as client, ThreadPoolExecutor() as pool:
        with rated.begin() as session:  # somebody else takes the quarter up at this moment
            service.open_cycle(session, district=DISTRICT, period="2026Q3")
            second = pool.submit(_post, client, "/ratings", 409, period="2026Q3")
            until_blocked(session, second.done)
        second.result()
