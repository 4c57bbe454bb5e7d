"""Hidden dangers from the report to the end, with due times and photos (SAF-4, EVT-1)."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from sqlalchemy import text
from waiting import until_blocked

from gis import district as districts
from gis import policy as policies
from gis import worktime
from gis.access import administration
from gis.access.rights import Role
from gis.audit import service as audit
from gis.audit import store as trail
from gis.dangers import photo, service
from gis.dangers.analysis import WrongMove
from gis.dangers.model import Handler, Kind, Move, Severity
from gis.db.session import User
from gis.errors import ChangedMeanwhile, NotFound
from gis.privacy import PersonalText

REFERENCE = Path(districts.__file__).parents[1] / "data/reference"
WUHUA = districts.load(REFERENCE / "wuhua.toml")
KUNMING = ZoneInfo("Asia/Shanghai")
RULES = service.Rules(
    policies.load(REFERENCE / "policy.toml"), worktime.load(REFERENCE / "holidays.toml", KUNMING)
)
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=KUNMING)
COMMUNITY = """
INSERT INTO wangge.imports (area_code, kind, file_name, file_sha256, read, kept, repaired, flagged,
                            refused, summary)
VALUES ('530102', 'areas', 'f', '0', 1, 1, 0, 0, 0, '{}');
INSERT INTO wangge.areas (area_code, source_key, import_id, code, level, name, geom)
SELECT '530102001001', 'a', max(id), '530102001001', 'community', '华山社区',
       ST_Multi(ST_MakeEnvelope(102.70, 25.03, 102.72, 25.05, 4326))
FROM wangge.imports
"""


@pytest.fixture
def community(db):
    db.execute(text(COMMUNITY))
    return db


@pytest.fixture
def town(store):
    """The same community in a store whose sessions commit."""
    with store.begin() as session:
        session.execute(text(COMMUNITY))
    return store


def report(db, *, now=MONDAY, **changes):
    seen = {
        "key": "abcdefgh-1", "kind": Kind.FIRE, "severity": Severity.URGENT,
        "what": "消防通道被杂物堵塞", "lon": 102.71, "lat": 25.04, **changes,
    }  # fmt: skip
    return service.report(
        db, service.Report(**seen), now=now, rules=RULES, district_code=WUHUA.code,
        role=Role.GRID_WORKER,
    )  # fmt: skip


def move(db, danger, step, *, now=MONDAY, **more):
    return service.move(
        db, danger.id, step, now=now, rules=RULES, role=Role.GRID_SUPERVISOR, **more
    )  # fmt: skip


def picture(*, size=(3000, 2000), exif=True) -> bytes:
    made, out = Image.new("RGB", size, "#A50026"), io.BytesIO()
    tags = Image.Exif()
    if exif:
        tags[0x010E] = "13800138000"  # ImageDescription
        tags[0x8825] = {1: "N", 2: (25.0, 2.0, 24.0)}  # GPS
        tags[0x0112] = 6  # turn a quarter clockwise
    made.save(out, "JPEG", exif=tags)
    return out.getvalue()


def test_a_danger_goes_to_the_community_it_lies_in_with_its_due_time(community):
    urgent = report(community)
    ordinary = report(community, key="abcdefgh-2", severity=Severity.ORDINARY)
    assert (urgent.area_code, urgent.state, urgent.handler) == (
        "530102001001", "found", "community",
    )  # fmt: skip
    assert urgent.due_at == MONDAY.replace(hour=18)
    assert ordinary.due_at == datetime(2026, 11, 6, 18, 0, tzinfo=KUNMING)  # forty hours: Friday
    outside = report(community, key="abcdefgh-3", lon=103.5)
    assert outside.area_code == "530102"


def test_a_call_for_help_sent_again_after_a_lost_answer_is_one_call(community):
    """From the street the next call would whistle for the departments."""
    danger = report(community)
    seen = service.read(community, danger.id, now=MONDAY).steps[-1]["id"]
    for _ in range(2):
        called = move(community, danger, Move.ESCALATE, remark="社区无力处理", after=seen)
    assert called.handler == "street"
    with pytest.raises(ChangedMeanwhile):  # what somebody else decides by the old page
        move(community, danger, Move.ESCALATE, after=seen)
    newest = service.read(community, danger.id, now=MONDAY).steps[-1]["id"]
    again = move(community, danger, Move.ESCALATE, remark="社区无力处理", after=newest)
    assert again.handler == "departments"


def test_it_is_assigned_fixed_checked_and_closed_and_each_step_names_a_role(community):
    danger = report(community)
    for step in (Move.ASSIGN, Move.FIX, Move.REJECT, Move.FIX, Move.CHECK, Move.CLOSE):
        move(community, danger, step)
    file = service.read(community, danger.id, now=MONDAY)
    assert [one["state"] for one in file.steps] == [
        "found", "assigned", "fixed", "assigned", "fixed", "checked", "closed",
    ]  # fmt: skip
    assert {one["role"] for one in file.steps} == {"grid_worker", "grid_supervisor"}
    assert file.moves == []
    assert file.danger["closed_at"] == MONDAY


def test_it_is_assigned_to_a_level_and_a_post_within_its_term(community):
    danger = report(community)
    due_at, to = danger.due_at, service.Assignment(Handler.STREET, "物业消防岗")
    move(community, danger, Move.ASSIGN, assigned=to)
    assert (danger.handler, danger.post, danger.due_at) == ("street", "物业消防岗", due_at)
    other = report(community, key="abcdefgh-2")
    with pytest.raises(PersonalText):
        move(community, other, Move.ASSIGN, assigned=service.Assignment(post="电话13800138000"))


def test_what_one_account_fixed_another_one_checks_where_there_is_another(town):
    now = datetime.now(UTC)
    areas = {"first": "530102001001", "second": "530102001", "far": "530102002", "viewer": ""}
    roles = {"viewer": Role.VIEWER}

    def user(login):
        role = roles.get(login, Role.GRID_SUPERVISOR)
        return User.of(role, id=login, area_prefixes=(areas[login],))

    def added(*logins):
        with town.begin() as session:
            for login in logins:
                administration.add_without_password(
                    session, login, district=WUHUA, role=user(login).role,
                    area_prefixes=user(login).area_prefixes, now=now,
                )  # fmt: skip

    def moved(login, *steps):
        with town.begin(user(login)) as session:
            for step in steps:
                move(session, danger, step)

    added("first", "far", "viewer")
    with town.begin() as session:
        danger = report(session)
    moved("first", Move.ASSIGN, Move.FIX, Move.CHECK)  # nobody else may
    with town.begin() as session:
        danger = report(session, key="abcdefgh-2")
    added("second")
    moved("first", Move.ASSIGN, Move.FIX)
    with pytest.raises(service.SameAccount):
        moved("first", Move.CHECK)
    moved("second", Move.CHECK, Move.CLOSE)


@pytest.mark.parametrize("step", [Move.FIX, Move.CHECK, Move.CLOSE, Move.REJECT])
def test_a_state_is_not_skipped(community, step):
    danger = report(community)
    with pytest.raises(WrongMove):
        move(community, danger, step)


def test_the_community_calls_the_street_whistles_and_each_has_a_term_of_its_own(community):
    danger = report(community)
    tuesday = MONDAY + timedelta(days=1)
    move(community, danger, Move.ESCALATE, now=tuesday)
    assert (danger.handler, danger.due_at) == ("street", tuesday.replace(day=4, hour=18))
    move(community, danger, Move.ESCALATE, now=tuesday)
    assert (danger.handler, danger.due_at) == ("departments", tuesday.replace(day=9, hour=18))
    with pytest.raises(WrongMove):
        move(community, danger, Move.ESCALATE)


def test_what_is_overdue_stands_first_and_says_so(community):
    report(community, key="abcdefgh-1", severity=Severity.ORDINARY)
    late = report(community, key="abcdefgh-2")
    rows = service.register(community, area_prefix="530102", now=MONDAY + timedelta(days=1))
    assert rows[0]["id"] == late.id
    assert [one["overdue"] for one in rows] == [True, False]
    assert rows[0]["community"] == "华山社区"
    assert service.register(community, area_prefix="530103", now=MONDAY) == []


def test_sending_the_same_report_twice_adds_it_once(community):
    first = report(community)
    assert report(community, what="别的内容").id == first.id
    assert len(service.register(community, area_prefix="", now=MONDAY)) == 1


def test_nobody_reports_or_sees_dangers_of_another_area(store):
    with store.begin() as session:
        session.execute(text(COMMUNITY))
        report(session)
    own = User.of(Role.GRID_WORKER, id="a", area_prefixes=("530102001001",))
    other = User.of(Role.GRID_WORKER, id="b", area_prefixes=("530102001002",))
    seen = {}
    for user in (own, other):
        with store.begin(user) as session:
            seen[user.id] = len(service.register(session, area_prefix="", now=MONDAY))
    assert seen == {"a": 1, "b": 0}
    with pytest.raises(service.Elsewhere), store.begin(other) as session:
        report(session, key="abcdefgh-9")


def test_a_device_s_key_counts_for_its_own_account_alone(town):
    ids = []
    for login in ("a", "b", "a"):
        user = User.of(Role.GRID_WORKER, id=login, area_prefixes=("5301",))
        with town.begin(user) as session:
            ids.append(report(session).id)
    assert ids[0] == ids[2] != ids[1]


def test_a_report_sent_again_while_the_first_is_being_written_waits_and_finds_it(town):
    def again():
        with town.begin() as session:
            return report(session).id

    with ThreadPoolExecutor(1) as pool:
        with town.begin() as session:
            first = report(session).id
            second = pool.submit(again)
            until_blocked(session, second.done)
        assert second.result(20) == first


@pytest.mark.parametrize("changes", [{"what": "联系电话13800138000"}, {"place": "云A12345车旁"}])
def test_a_report_about_a_person_is_refused_whole(community, changes):
    with pytest.raises(PersonalText):
        report(community, **changes)
    assert service.register(community, area_prefix="", now=MONDAY) == []


def test_a_photo_is_upright_small_and_without_anything_else(community):
    danger = report(community, photo=picture())
    (id,) = service.read(community, danger.id, now=MONDAY).photos
    kept = service.read_photo(community, id, now=MONDAY)
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size) == ("JPEG", (1067, 1600))  # turned, 1,600 high
        assert not image.getexif()
        assert "exif" not in image.info
    assert b"13800138000" not in kept


def test_a_photo_is_gone_when_its_time_has_passed(community):
    danger = report(community, photo=picture(size=(40, 30)))
    (id,) = service.read(community, danger.id, now=MONDAY).photos
    later = MONDAY + timedelta(days=181)
    assert service.read(community, danger.id, now=later).photos == []
    with pytest.raises(NotFound):
        service.read_photo(community, id, now=later)


@pytest.mark.parametrize("body", [b"", b"GIF89a" + bytes(50), b"<svg/>", picture()[:2000]])
def test_what_is_no_photo_is_refused(body):
    with pytest.raises(photo.BadPhoto):
        photo.clean(body)


def test_the_moment_is_kept_to_the_second_whatever_its_zone(community):
    danger = report(community, now=MONDAY.astimezone(UTC))
    assert danger.due_at == MONDAY.replace(hour=18)


def test_the_trail_says_who_reported_and_who_moved_a_danger_on(community):
    danger = report(community)
    move(community, danger, Move.ASSIGN)
    audit.write_pending(community)
    lines = trail.page(community, trail.Asked(target=f"danger {danger.id}"), limit=9)
    assert [(one["event"], one["user_id"], one["area_code"]) for one in lines] == [
        ("danger_moved", "command", "530102001001"), ("danger_reported", "command", "530102001001"),
    ]  # fmt: skip
    assert lines[0]["detail"] == {"move": "assign", "from": "found", "to": "assigned"}
