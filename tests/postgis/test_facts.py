"""Facts of the store: whose it is, and that nothing real and nothing invented are mixed."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from gis import district as districts
from gis.access import administration
from gis.errors import BadInput
from gis.facts import service as facts
from gis.runs.by_hand import by_hand
from gis.scenarios.model import Scenario
from gis.visits.model import PlaceNote

WUHUA = districts.load(Path(__file__).parents[2] / "data" / "reference" / "wuhua.toml")
CODE = "530102001001"


def _scenario():
    return Scenario(area_code=CODE, owner="command", name="再建一处", as_of=date(2026, 9, 30))


def _note():
    return PlaceNote(
        area_code=CODE, key="0123456789", place_kind="compound", place_code=CODE, name="社区",
        body="灯坏了", written_at=datetime(2026, 9, 30, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(("row", "table"), [(_scenario, "scenarios"), (_note, "place_notes")])
def test_a_demo_is_not_mixed_with_what_came_in_no_file(db, row, table):
    db.add(row())
    db.flush()
    with pytest.raises(BadInput, match=f"holds rows of {table}, and invented ones"):
        facts.claim_demo(db, WUHUA, "small, seed 1", files=[])
    assert not facts.is_demo(db)


def test_a_demo_is_not_mixed_with_an_import_that_left_no_row(db):
    by_hand(db, kind="incidents", area_code=CODE, rows=0)
    with pytest.raises(BadInput, match="holds rows of imports, and"):
        facts.claim_demo(db, WUHUA, "small, seed 1", files=[])


def test_a_store_knows_the_time_zone_of_the_district_that_it_serves(db):
    said = text("SELECT value FROM store_facts WHERE key = 'time_zone'")
    facts.confirm(db, WUHUA)
    assert db.scalar(said) is None  # it serves any
    facts.claim(db, WUHUA)
    assert db.scalar(said) == "Asia/Shanghai"
    facts.confirm(db, WUHUA.model_copy(update={"time_zone": "Asia/Urumqi"}))
    assert db.scalar(said) == "Asia/Urumqi"


def test_accounts_do_not_stand_in_the_way_of_a_demo(db):
    administration.add_without_password(
        db, "somebody", district=WUHUA, now=datetime(2026, 9, 30, tzinfo=UTC)
    )
    facts.claim_demo(db, WUHUA, "small, seed 1", files=[])
    assert facts.is_demo(db)


def test_a_demo_is_not_repeated_over_a_file_that_is_none_of_its_own(db):
    again = {"district": WUHUA, "made_from": "small, seed 1", "files": ["d1"]}
    facts.claim_demo(db, **again)
    for digest in ("d1", ""):  # its own, and by hand
        by_hand(db, kind="areas", area_code=CODE).file_sha256 = digest
    facts.claim_demo(db, **again)
    other = by_hand(db, kind="incidents", area_code=CODE)
    other.file_sha256 = "9f"
    with pytest.raises(BadInput, match=r"imports of other files \(incidents\)"):
        facts.claim_demo(db, **again)
    other.undone_at = datetime(2026, 9, 30, tzinfo=UTC)
    facts.claim_demo(db, **again)
