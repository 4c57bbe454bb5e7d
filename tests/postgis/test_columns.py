"""Columns that ask for more than their row, asked in plain SQL as the application's role."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from api import analyses
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.db.session import User
from gis.errors import NoData, WholeDistrict
from gis.layers import service as layers
from gis.layers.model import layer
from gis.layers.service import Scope
from gis.results import store as results
from gis.runs.model import Analysis, Run
from gis.runs.store import latest_run
from gis.safety import replay
from gis.timeline.store import rated_periods

LETTINGS = ("floating_residents", "rented_dwellings")
GROUND = ("public_m2", "seen_m2", "blind_m2", "entrances_seen", "street_seen_m", "digest")
WITHHELD = {"compounds": LETTINGS, "household_counts": LETTINGS, "video_coverage": GROUND,
            "import_changes": ("withheld",), "ratings": ("counts", "lifted_by")}  # fmt: skip


DRAFTS = {(Capability.RATING, Action.READ), (Capability.DRAFTS, Action.READ)}


def user(role, prefixes=("",)):
    return User.of(role, id="lin", area_prefixes=prefixes)


@pytest.fixture(scope="module")
def told(demo_store, own_demo):
    """The demo with let dwellings, floating residents and a severe event in every compound."""
    with own_demo.begin() as session:
        session.execute(text("UPDATE compounds SET rented_dwellings = 2, floating_residents = 3"))
        session.execute(text("UPDATE household_counts SET rented_dwellings = 1"))
        session.execute(text("UPDATE ratings SET lifted_by = 'robbery'"))
    return own_demo, demo_store.runs["video"]


@pytest.mark.parametrize(
    ("table", "column"), [(t, c) for t, columns in WITHHELD.items() for c in columns]
)
def test_nobody_reads_such_a_column_from_the_table(db, table, column):
    """Not even the command: the columns are taken from the role that everybody logs in as."""
    for asked in (f"SELECT {column} FROM {table}", f"SELECT * FROM {table}",
                  f"SELECT held FROM {table} AS held",
                  f"SELECT 1 FROM {table} WHERE {column} IS NULL",
                  f"UPDATE {table} SET area_code = CAST({column} AS text)"):  # fmt: skip
        with pytest.raises(ProgrammingError, match="permission denied"), db.begin_nested():
            db.execute(text(asked))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("table", ["compounds", "household_counts"])
def test_let_dwellings_in_counts_are_for_who_may_read_rental(told, role, table):
    rental = (Capability.RENTAL, Action.READ) in PERMISSIONS[role]
    opened = Capability.COMPOUNDS if table == "compounds" else Capability.AREAS
    rows = (opened, Action.READ) in PERMISSIONS[role]
    asked = text(f"SELECT count(*), count(rented_dwellings) FROM wangge.whole_{table}")
    with told[0].begin(user(role)) as session:
        every, given = session.execute(asked).one()
        held = session.scalar(text(f"SELECT count(*) FROM wangge.withheld_{table}()"))
    assert (every > 0) is rows
    assert given == (every if rental else 0)
    assert (held > 0) is rental


@pytest.fixture(scope="module")
def previewed(told, demo_store):
    """The run of a month's preview."""
    with told[0].begin() as session:
        when = analyses.asked(session, demo_store.house, period="2026-08", as_of=None)
        return analyses.run(session, demo_store.house, Analysis.RATING, when).run_id


def test_square_metres_in_view_are_for_who_may_read_video(told):
    store, run = told
    asked = text(
        "SELECT count(*), count(ground.public_m2) FROM video_coverage"
        " LEFT JOIN wangge.withheld_video_coverage(:run) AS ground USING (id) WHERE run_id = :run"
    )
    for role in Role:
        with store.begin(user(role)) as session:
            every, given = session.execute(asked, {"run": run}).one()
        assert (every > 0) is ((Capability.RATING, Action.READ) in PERMISSIONS[role])
        assert (given > 0) is ((Capability.VIDEO, Action.READ) in PERMISSIONS[role])


@pytest.mark.parametrize("role", Role)
def test_kinds_of_incidents_in_a_rating_are_for_who_may_read_incidents(told, demo_store, role):
    """In plain SQL, and where results are read; everybody else reads the counts without kinds."""
    run, incidents = demo_store.runs["rating"], (Capability.INCIDENTS, Action.READ)
    asked = text("SELECT counts, lifted_by FROM wangge.withheld_ratings(:run)")
    page = {"level": None, "code": None, "area_prefix": "", "limit": 1_000, "offset": 0}
    with told[0].begin(user(role)) as session:
        held = session.execute(asked, {"run": run}).all()
        rows = results.read(session, Analysis.RATING, run, **page).rows
    for given in (held, rows[["counts", "lifted_by"]].to_numpy().tolist()):
        assert any(counts for counts, _ in given) is (incidents in PERMISSIONS[role])
        assert any(lifted for _, lifted in given) is (incidents in PERMISSIONS[role])
    assert rows["observed"].any() == (PERMISSIONS[role] >= DRAFTS)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-08-31 00:00+08", "2026-10-01 00:00+08"), ("2026-09-01 00:00+08", "2026-09-30 00:00+08"),
     ("2026-09-01 00:00+09", "2026-10-01 00:00+08"), ("2026-09-01 00:00Z", "2026-10-01 00:00Z")],
)  # fmt: skip
def test_counts_of_incidents_by_days_are_for_who_may_read_incidents(told, since, until):
    """Also where somebody else's months are meant: the store knows its own zone."""
    asked = text("SELECT sum(incidents) FROM wangge.incident_counts(:a, :b)")
    edges = {"a": since, "b": until}
    with told[0].begin(user(Role.POLICE_LIAISON)) as session:
        assert session.scalar(asked, edges) > 0
    with (
        told[0].begin(user(Role.VIEWER)) as session,
        pytest.raises(ProgrammingError, match="whole months"),
        session.begin_nested(),
    ):
        session.execute(asked, edges)


def test_counts_of_incidents_by_whole_months_are_for_who_may_read_ratings(told):
    """As many as those who may read each of them count, in plain SQL."""
    edges = {"a": "2026-07-01 00:00+08", "b": "2026-10-01 00:00+08"}
    by_hand = text("SELECT compound_code, count(*) FROM incidents WHERE occurred_at >= :a"
                   " AND occurred_at < :b AND compound_code IS NOT NULL GROUP BY 1")  # fmt: skip
    asked = text("SELECT * FROM wangge.incident_counts(:a, :b)")
    with told[0].begin(user(Role.POLICE_LIAISON)) as session:
        every = dict(session.execute(by_hand, edges).all())
    with told[0].begin(user(Role.VIEWER)) as session:
        assert session.execute(by_hand, edges).all() == []
        assert dict(session.execute(asked, edges).all()) == every != {}


def test_the_layer_of_incidents_asks_for_whole_months(told, demo_store):
    at, shown = demo_store.house, {}
    for role in (Role.VIEWER, Role.POLICE_LIAISON):
        with told[0].begin(user(role)) as session:
            shown[role] = layers.read(
                session, layer("incidents"), district=at.district, policy=at.policy, scope=Scope()
            ).features["incidents"].tolist()  # fmt: skip
    assert shown[Role.VIEWER] == shown[Role.POLICE_LIAISON]
    assert sum(shown[Role.VIEWER]) > 0


def test_a_store_that_knows_no_time_zone_counts_no_months(db, store):
    asked = text("SELECT * FROM wangge.incident_counts('2026-07-01 00:00+08', 'infinity')")
    assert db.execute(asked).all() == []  # the command may read incidents
    with (
        store.begin(user(Role.VIEWER)) as session,
        pytest.raises(ProgrammingError, match="whole months"),
        session.begin_nested(),
    ):
        session.execute(asked)


@pytest.mark.parametrize("role", Role)
def test_the_inputs_of_a_rating_are_for_who_may_read_incidents_everywhere(told, demo_store, role):
    """Whoever works in a part of the district gets none: the file holds all of it."""
    incidents = (Capability.INCIDENTS, Action.READ) in PERMISSIONS[role]
    asked = text("SELECT count(*) FROM rating_inputs")
    run, policy = demo_store.runs["rating"], demo_store.house.policy
    for prefixes, given in (("530102",), incidents), (("530102001", "530102002"), False):
        with told[0].begin(user(role, prefixes)) as session:
            assert (session.scalar(asked) > 0) is given
            kept = session.get(Run, run)
            if given:
                assert replay.replay(session, kept, policy=policy).compounds > 50
            elif kept is not None:
                refused = NoData if prefixes == ("530102",) else WholeDistrict
                with pytest.raises(refused):
                    replay.replay(session, kept, policy=policy)


@pytest.mark.parametrize("role", Role)
def test_a_months_preview_is_for_who_may_read_incidents(told, previewed, role):
    """Two months side by side tell which compound had a severe event in the later one."""
    incidents = (Capability.INCIDENTS, Action.READ) in PERMISSIONS[role]
    rows = text("SELECT count(*) FROM ratings WHERE run_id = :run")
    with told[0].begin(user(role)) as session:
        found = latest_run(session, Analysis.RATING, "2026-08")
        assert (found is not None) is incidents
        assert ("2026-08" in rated_periods(session)) is incidents
        assert (session.scalar(rows, {"run": previewed}) > 0) is incidents
        assert (latest_run(session, Analysis.RATING) is not None) is (PERMISSIONS[role] >= DRAFTS)


@pytest.mark.parametrize(("role", "seen"), [
    (Role.GRID_WORKER, False), (Role.PLANNER, False), (Role.VIEWER, False),
    (Role.GRID_SUPERVISOR, True), (Role.POLICE_LIAISON, True), (Role.DATA_STEWARD, True),
])  # fmt: skip
def test_single_dwellings_are_for_who_exports_or_keeps_them(told, role, seen):
    """Others read figures of places, whose small counts are suppressed."""
    with told[0].begin(user(role)) as session:
        for table in ("dwellings", "standing_lettings"):
            assert (session.scalar(text(f"SELECT count(*) FROM {table}")) > 0) is seen
        assert session.scalar(text("SELECT count(*) FROM rental_results")) > 0 or (
            role is Role.VIEWER
        )


def test_they_are_given_in_the_own_area_alone(told):
    store = told[0]
    with store.begin() as session:
        streets = session.scalars(
            text("SELECT DISTINCT left(area_code, 9) FROM compounds ORDER BY 1")
        ).all()
    with store.begin(user(Role.POLICE_LIAISON, (streets[0],))) as session:
        held = session.scalars(
            text("SELECT DISTINCT left(area_code, 9) FROM wangge.whole_compounds"
                 " WHERE rented_dwellings IS NOT NULL")
        ).all()  # fmt: skip
        other = session.scalar(
            text("SELECT count(*) FROM wangge.withheld_compounds() AS held"
                 " WHERE NOT EXISTS (SELECT FROM compounds WHERE compounds.id = held.id)")
        )  # fmt: skip
    assert held == streets[:1]
    assert other == 0


def test_the_views_have_the_rights_of_who_asks_and_every_column(db):
    views = text(
        "SELECT relname, reloptions FROM pg_class WHERE relkind = 'v'"
        " AND relnamespace = to_regnamespace('wangge') ORDER BY 1"
    )
    assert db.execute(views).all() == [
        ("shown_ratings", ["security_invoker=true"]),
        ("whole_compounds", ["security_invoker=true"]),
        ("whole_household_counts", ["security_invoker=true"]),
        ("whole_import_changes", ["security_invoker=true"]),
    ]
    columns = text(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('wangge.' || :name)"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    for table in ("compounds", "household_counts", "import_changes"):
        view = db.scalars(columns, {"name": f"whole_{table}"}).all()
        assert view == db.scalars(columns, {"name": table}).all()
