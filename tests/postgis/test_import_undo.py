"""Undoing the last import of a kind leaves the store as it was before, to the last digit."""

from pathlib import Path

import pytest
import shapely
from sqlalchemy import text

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from data.ingest.undo import undo_import
from gis import district as districts
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.db.session import User
from gis.errors import CannotUndo, Forbidden, NotFound
from gis.runs import store as runs
from gis.schema import METADATA

WUHUA = districts.load(Path(districts.__file__).parents[1] / "data/reference/wuhua.toml")
LETTINGS = (Capability.RENTAL, Action.READ)
HUASHAN, NEIGHBOUR = "530102001001", "530102001002"
BOOKKEEPING = {"imports", "import_changes", "alembic_version", "jobs", "audit_entries"}
# No session may read these, so no import may have touched them.
SECRET = {"account_secrets", "former_passwords", "web_sessions", "tokens"}
TABLES = sorted({table.name for table in METADATA.sorted_tables} - BOOKKEEPING - SECRET)


def box(west, south, side=0.01):
    return shapely.MultiPolygon([shapely.box(west, south, west + side, south + side)]).wkt


def taking(session, folder):
    """Imports rows of texts as a CSV; the id of the import."""

    def take(kind, header, *rows):
        path = folder / f"{kind}.csv"
        path.write_text("\n".join([header, *rows]), encoding="utf-8")
        import_file(session, path, kind, Options(frame="wgs84"), WUHUA)
        return session.scalar(text("SELECT max(id) FROM imports"))

    return take


@pytest.fixture
def take(db, tmp_path):
    return taking(db, tmp_path)


def content(db):
    """Every row of every table of records as text, ids and provenance included."""
    rows = dict.fromkeys(TABLES, "CAST({0} AS text)")
    for result in ("ratings", "video_coverage"):  # no import writes them
        rows[result] = "concat_ws(' ', id, run_id)"
    whole = dict.fromkeys(("compounds", "household_counts"), "whole_{0} AS {0}")
    rows["facility_shares"] = "concat_ws(' ', facility_id, area_code, share)"  # no id of its own
    return {
        name: db.scalars(
            text(f"SELECT {row.format(name)} FROM {whole.get(name, '{0}').format(name)} ORDER BY 1")
        ).all()
        for name, row in rows.items()
    }


def areas(take, east=102.71):
    return take(
        Kind.AREAS, "code,name,geometry",
        "530102,五华区,", "530102001,华山街道,",
        f'{HUASHAN},甲社区,"{box(102.70, 25.04)}"', f'{NEIGHBOUR},乙社区,"{box(east, 25.04)}"',
    )  # fmt: skip


def facilities(take, *rows):
    return take(Kind.FACILITIES, "key,name,function,area_m2,lon,lat,shared_with", *rows)


def test_what_an_import_brought_leaves_and_what_it_changed_comes_back(db, take):
    areas(take)
    facilities(take, f"F1,站一,service_centre,120.125,102.7051234567,25.045,{HUASHAN}:0.25",
               "F2,站二,service_centre,80,102.715,25.045,")  # fmt: skip
    before, moved_on = content(db), runs.newest(db)
    last = facilities(
        take, f"F1,站一改,service_centre,999,102.716,25.046,{NEIGHBOUR}:0.5",
        "F2,站二,service_centre,80,102.715,25.045,", "F3,站三,service_centre,5,102.705,25.045,",
    )  # fmt: skip
    assert content(db) != before
    undone = undo_import(db, last, WUHUA)
    assert (undone.removed, undone.restored) == (1, 2)
    assert content(db) == before
    assert runs.newest(db) not in (moved_on, (last, None))  # no served page of before is kept
    assert db.scalar(text("SELECT count(*) FROM import_changes")) == 0


def test_outlines_come_back_with_the_records_they_held(db, take):
    areas(take)
    take(Kind.INCIDENTS, "key,category,occurred_at,lon,lat", "I1,theft,2026-07-01,102.725,25.045")
    assert db.scalar(text("SELECT area_code FROM incidents")) == "530102"
    before = content(db)
    last = areas(take, east=102.72)
    assert db.scalar(text("SELECT area_code FROM incidents")) == NEIGHBOUR
    undone = undo_import(db, last, WUHUA)
    assert undone.reassigned == {"incidents": 1}
    assert content(db) == before


def test_a_version_that_was_ended_is_open_again(db, take):
    areas(take)
    head = "code,name,kind,valid_from,geometry"
    take(Kind.COMPOUNDS, head, f'C1,小区,old,2020-01-01,"{box(102.701, 25.041, 0.002)}"')
    take(Kind.INCIDENTS, "key,category,occurred_at,lon,lat", "I1,theft,2026-07-01,102.7045,25.0415")
    before = content(db)
    last = take(Kind.COMPOUNDS, head, f'C1,小区,old,2026-01-01,"{box(102.703, 25.041, 0.002)}"')
    ended = "SELECT count(*) FROM compounds WHERE valid_to IS NOT NULL"
    assert db.scalar(text(ended)) == 1
    undo_import(db, last, WUHUA)
    assert content(db) == before


def test_records_of_before_know_the_outlines_of_today(db, take):
    areas(take)
    head = "key,category,occurred_at,lon,lat"
    take(Kind.INCIDENTS, head, "I1,theft,2026-07-01,102.725,25.045")
    last = take(Kind.INCIDENTS, head, "I1,theft,2026-07-01,102.705,25.045")
    areas(take, east=102.72)  # now the first place lies in the second community
    undo_import(db, last, WUHUA)
    assert db.scalar(text("SELECT area_code FROM incidents")) == NEIGHBOUR


def test_only_the_last_of_a_kind_is_undone_and_once(db, take):
    first = areas(take)
    head = "key,category,occurred_at,lon,lat"
    one = take(Kind.INCIDENTS, head, "I1,theft,2026-07-01,102.705,25.045")
    two = take(Kind.INCIDENTS, head, "I2,theft,2026-07-02,102.705,25.045")
    with pytest.raises(CannotUndo, match="not the last one of incidents"):
        undo_import(db, one, WUHUA)
    undo_import(db, two, WUHUA)
    with pytest.raises(CannotUndo, match="undone already"):
        undo_import(db, two, WUHUA)
    with pytest.raises(CannotUndo, match="not the last"):
        undo_import(db, one, WUHUA)
    with pytest.raises(NotFound):
        undo_import(db, 10**9, WUHUA)
    assert first


def test_what_later_imports_build_on_stays(db, take):
    first = areas(take)
    grids = take(Kind.GRIDS, "code,name,geometry", f'{HUASHAN}001,格,"{box(102.70, 25.04)}"')
    with pytest.raises(CannotUndo, match=rf"import {grids} \(grids\) builds on it"):
        undo_import(db, first, WUHUA)
    undo_import(db, grids, WUHUA)
    undo_import(db, first, WUHUA)
    assert db.scalar(text("SELECT count(*) FROM areas")) == 0


def test_an_equal_import_takes_nothing_from_the_one_before(db, take):
    rows = "530102,五华区"
    first = take(Kind.AREAS, "code,name", rows)
    assert take(Kind.AREAS, "code,name", rows) == first
    undo_import(db, first, WUHUA)
    assert db.scalar(text("SELECT count(*) FROM areas")) == 0


def steward(*areas):
    return User.of(Role.DATA_STEWARD, id="steward", area_prefixes=areas)


@pytest.fixture
def taken(store, tmp_path):
    """Takes lines in as somebody and gives the number of the import; two communities are there."""

    def done(user, kind, *lines):
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        with store.begin(user) as session:
            import_file(session, path, kind, Options(frame="wgs84"), WUHUA)
            return session.scalar(text("SELECT max(id) FROM imports"))

    done(
        None,
        Kind.AREAS,
        "code,name,geometry",
        "530102,五华区,",
        "530102001,华山街道,",
        f'{HUASHAN},甲社区,"{box(102.70, 25.04)}"',
        f'{NEIGHBOUR},乙社区,"{box(102.71, 25.04)}"',
    )
    return done


STATIONS = ("key,name,function,area_m2,lon,lat", "F1,站一,service_centre,9,102.705,25.045",
            "F2,站二,service_centre,9,102.715,25.045")  # fmt: skip


def test_an_import_of_two_areas_is_known_in_both_and_its_rows_are_each_ones_own(store, taken):
    two = taken(steward(HUASHAN, NEIGHBOUR), Kind.FACILITIES, *STATIONS)
    for area, key in ((HUASHAN, "F1"), (NEIGHBOUR, "F2")):
        with store.begin(steward(area)) as one:
            assert two in one.scalars(text("SELECT id FROM imports")).all()
            assert one.scalars(text("SELECT source_key FROM facilities")).all() == [key]
    with store.begin(steward("530102002")) as elsewhere:
        assert two not in elsewhere.scalars(text("SELECT id FROM imports")).all()


def test_an_import_in_a_part_makes_that_of_the_whole_no_longer_the_last(store, taken):
    two = taken(steward(HUASHAN, NEIGHBOUR), Kind.FACILITIES, *STATIONS)
    mine = taken(steward(NEIGHBOUR), Kind.FACILITIES, STATIONS[0],
                 "F2,站二,service_centre,20,102.715,25.045")  # fmt: skip
    taken(steward(HUASHAN), Kind.FACILITIES, STATIONS[0],
          "F1,站一,service_centre,10,102.705,25.045")  # fmt: skip
    with pytest.raises(CannotUndo, match="not the last one"), store.begin() as session:
        undo_import(session, two, WUHUA)
    with store.begin(steward(NEIGHBOUR)) as session:  # the one next door does not matter
        assert undo_import(session, mine, WUHUA).restored == 1


def test_nobody_undoes_half_of_what_reaches_beyond_the_own_areas(store, taken):
    two = taken(steward(HUASHAN, NEIGHBOUR), Kind.FACILITIES, *STATIONS)
    with pytest.raises(CannotUndo, match="beyond your areas"), store.begin(steward(HUASHAN)) as one:
        undo_import(one, two, WUHUA)
    with store.begin(steward("530102001")) as street:
        assert undo_import(street, two, WUHUA).removed == 2


# -- columns that ask for a right of their own ---------------------------------------------------

KEPT = "SELECT before, withheld FROM wangge.whole_import_changes"


def compounds(take, floating):
    head = "code,name,kind,floating_residents,rented_dwellings,geometry"
    return take(Kind.COMPOUNDS, head, f'C1,小区,old,{floating},7,"{box(102.701, 25.041, 0.002)}"')


def narrowed(store, *missing):
    """A session of a data steward whose token lacks some rights."""
    held = PERMISSIONS[Role.DATA_STEWARD] - set(missing)
    return store.begin(User(id="steward", area_prefixes=("",), rights=held))


@pytest.fixture
def let(store, tmp_path):
    """A store in which an import has changed how many let dwellings a compound has."""
    with store.begin() as session:
        for floating in (3, 4):
            compounds(taking(session, tmp_path), floating)
    return store


def test_let_dwellings_come_back_with_the_compound(let):
    with narrowed(let) as session:
        undo_import(session, runs.latest_import(session, Kind.COMPOUNDS), WUHUA)
        given = "SELECT floating_residents, rented_dwellings FROM wangge.whole_compounds"
        assert session.execute(text(given)).one() == (3, 7)


def test_whoever_may_not_read_let_dwellings_finds_none_among_what_an_import_changed(let):
    with narrowed(let) as session:
        before, withheld = session.execute(text(KEPT)).one()
    assert withheld == {"floating_residents": "3", "rented_dwellings": "7"}
    assert before["name"] == "小区"
    assert not before.keys() & withheld.keys()
    with narrowed(let, LETTINGS) as session:
        assert session.execute(text(KEPT)).one() == (before, None)


def test_whoever_may_not_read_let_dwellings_neither_overwrites_nor_undoes_them(let, tmp_path):
    with pytest.raises(Forbidden), narrowed(let, LETTINGS) as session:
        compounds(taking(session, tmp_path), 5)
    with pytest.raises(Forbidden), narrowed(let, LETTINGS) as session:
        undo_import(session, runs.latest_import(session, Kind.COMPOUNDS), WUHUA)
    with narrowed(let) as session:
        given = "SELECT floating_residents FROM wangge.whole_compounds"
        assert session.scalars(text(given)).all() == [4]
