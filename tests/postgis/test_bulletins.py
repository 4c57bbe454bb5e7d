"""A community's monthly page: counts against SQL by hand, small ones withheld, pages that stand."""

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.access.rights import Role
from gis.bulletins import service
from gis.db.session import User
from gis.errors import BadPeriod, NoData, NotFound

MONTH = "2026-08"


@pytest.fixture(scope="module")
def busiest(demo_store) -> tuple[str, dict[str, int]]:
    """The community with most incidents of the month, counted from the demo's file by pandas."""
    where = "SELECT area_code, category, occurred_at FROM incidents"
    with demo_store.begin() as session:
        rows = pd.DataFrame(session.execute(text(where)).all(), columns=["area", "category", "at"])
    local = rows["at"].dt.tz_convert("Asia/Shanghai").dt.strftime("%Y-%m")
    rows = rows[(local == MONTH) & (rows["area"].str.len() == 12)]
    code = str(rows["area"].value_counts().index[0])
    return code, rows.loc[rows["area"] == code, "category"].value_counts().to_dict()


def _compose(demo_store, code, month=MONTH):
    house = demo_store.house
    with demo_store.begin() as session:
        return service.compose(
            session, district=house.district, policy=house.policy, area_code=code, month=month
        )


def test_counts_are_those_of_the_month_without_small_ones(demo_store, busiest):
    code, counts = busiest
    found = _compose(demo_store, code)
    large = {kind: times for kind, times in counts.items() if times >= 5}
    assert found["incidents"]["kinds"] == large
    rest = sum(times for times in counts.values() if times < 5)
    assert found["incidents"]["rest"] == (rest if rest == 0 or rest >= 5 else None)
    assert found["coverage"]["rule"] == "FAC-1"
    assert list(found["documents"]) == ["S0", "S1", "S3"]  # as FAC-1 stands in the policy file
    assert found["documents"]["S3"][0].startswith("广元市")
    assert found["coverage"]["as_of"] == demo_store.truth["as_of"]  # of no run of August
    assert found["households"] > 0
    assert sum(found["facilities"].values()) > 0


def test_only_months_and_communities_have_a_page(demo_store, busiest):
    with pytest.raises(BadPeriod):
        _compose(demo_store, busiest[0], "2026Q3")
    with pytest.raises(NotFound):
        _compose(demo_store, "530102999999")
    with pytest.raises(NotFound):
        _compose(demo_store, "530102")


def test_a_month_before_two_communities_were_merged_is_told_of_each(db, policy, wuhua, tmp_path):
    """Both are one from September on; its August is told under the codes that they had."""
    west, east, both = (
        f"POLYGON(({x} 25.04,{x + w} 25.04,{x + w} 25.05,{x} 25.05,{x} 25.04))"
        for x, w in ((102.70, 0.01), (102.71, 0.01), (102.70, 0.02))
    )
    old, new = "2020-01-01,2026-09-01", "2026-09-01,"
    thefts = [f"I{n},theft,2026-08-{n + 1:02d},102.7{n % 3 // 2}5,25.045" for n in range(18)]
    for kind, lines in {
        Kind.AREAS: [
            "code,name,valid_from,valid_to,geometry",
            f'{WEST},甲,{old},"{west}"', f'{EAST},乙,{old},"{east}"', f'{MERGED},丙,{new},"{both}"',
        ],
        Kind.INCIDENTS: ["key,category,occurred_at,lon,lat", *thefts],
        Kind.FACILITIES: ["key,name,function,lon,lat", "F1,站,service_station,102.715,25.045"],
    }.items():  # fmt: skip
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(lines), "utf-8")
        import_file(db, path, kind, Options(frame="wgs84"), wuhua)
    assert set(db.scalars(text("SELECT area_code FROM incidents"))) == {MERGED}
    asked = {"district": wuhua, "policy": policy, "month": MONTH}
    of_west, of_east = (service.compose(db, **asked, area_code=code) for code in (WEST, EAST))
    assert (of_west["incidents"]["total"], of_east["incidents"]["total"]) == (12, 6)
    assert (of_west["facilities"], of_east["facilities"]) == ({}, {"service_station": 1})


WEST, EAST, MERGED = "530102001001", "530102001002", "530102001003"


def test_a_published_page_stands_and_a_second_one_is_a_revision(db, demo_store):
    house = demo_store.house
    db.execute(text(
        "INSERT INTO imports (area_code, kind, file_name, file_sha256, read, kept, repaired,"
        " flagged, refused, summary) VALUES ('530102', 'areas', 'f', '0', 1, 1, 0, 0, 0, '{}')"
    ))  # fmt: skip
    db.execute(text(
        "INSERT INTO areas (area_code, code, level, name, source_key, import_id)"
        " SELECT '530102001001', '530102001001', 'community', '社区', 'k', max(id) FROM imports"
    ))  # fmt: skip
    asked = {"district": house.district, "policy": house.policy, "area_code": "530102001001"}
    first = service.publish(db, **asked, month=MONTH)
    second = service.publish(db, **asked, month=MONTH)
    assert (first.revision, second.revision) == (1, 2)
    assert service.published(db, "530102001001").id == second.id
    assert second.content["incidents"] == {"kinds": {}, "rest": 0, "total": 0}
    with pytest.raises(NoData):
        service.published(db, "530102001001", "2026-01")
    with pytest.raises(DBAPIError, match="never changed"), db.begin_nested():
        db.execute(text("UPDATE bulletins SET month = '2026-01'"))


def test_a_viewer_reads_pages_and_publishes_none(store):
    viewer = User.of(Role.VIEWER, id="public", area_prefixes=("",))
    with pytest.raises(DBAPIError, match="row-level security"), store.begin(viewer) as session:
        session.execute(text(
            "INSERT INTO bulletins (area_code, month, revision, content, published_by)"
            " VALUES ('530102001001', '2026-08', 1, '{}', 'x')"
        ))  # fmt: skip
