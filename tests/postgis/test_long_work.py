"""Long work says how far it is, ends where that is answered with a stop, and is done once."""

import threading
import time
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import text

from api.house import House
from api.serving.works import Asker, Works
from api.shelf import SlowShelf
from gis.errors import Stopped
from gis.facilities.model import Function
from gis.scenarios import nearness
from gis.scenarios.analysis import Change
from gis.scenarios.model import ChangeKind
from gis.settings import Settings
from gis.video.siting import planning
from gis.video.siting.ask import Ask
from gis.walking import service as walking

DAY = date(2026, 9, 30)
SOON_S = 20.0
ENDLESS = text("SELECT count(*) FROM generate_series(1, 1000000000)")


def rules():
    house = House(Settings(_env_file=None))
    return {"policy": house.policy, "district": house.district, "as_of": DAY}


def plan(session, say):
    return planning.propose(
        session, ask=Ask(area_prefix="530102001001", budget=3), say=say, **rules()
    )


def circle(session, say):
    return walking.circle(session, say=say, **rules())


def walks(session, say):
    asked = text("SELECT source_key FROM facilities WHERE function = :kind ORDER BY 1 LIMIT 1")
    closed = session.scalar(asked, {"kind": Function.SERVICE_STATION})
    change = Change(ChangeKind.CLOSE, closed, "530102001001", {}, None)
    return nearness.nearness(session, [change], say=say, **rules())


@pytest.mark.parametrize(
    ("work", "words"),
    [(plan, ["ground", "places", "views 0 / ", "choosing", "adds"]),
     (circle, ["streets", "compounds", "kind 1 / ", "own street 1 / "]),
     (walks, ["streets", "compounds", "kind 1 / 1", "scenario"])],
)  # fmt: skip
def test_long_work_tells_its_phases_and_ends_at_the_one_that_is_stopped(demo_store, work, words):
    told = []
    with demo_store.begin() as session:
        work(session, lambda share, zh, en: told.append((share, zh, en)))
        shares = [share for share, _, _ in told]
        assert shares == sorted(shares)
        assert shares[0] == 0
        assert shares[-1] < 1
        english = [en for _, _, en in told]
        at = [next(n for n, one in enumerate(english) if word in one) for word in words]
        assert at == sorted(at)

        last = []

        def stop(share, zh, en):
            last.append(en)
            if len(last) == at[-1] + 1:
                raise Stopped

        with pytest.raises(Stopped):
            work(session, stop)
        assert last == english[: at[-1] + 1]


# -- one work, many who wait --------------------


@pytest.fixture
def shelf(demo_store):
    """Asks in a thread and a transaction of its own; what came of it, or the error."""
    kept = SlowShelf(3, Works())

    @contextmanager
    def asked(make):
        asker, came = Asker(), []

        def ask():
            try:
                with demo_store.begin() as session:
                    came.append(kept.worked(session, "it", asker, lambda say: make(session, say)))
            except Exception as exc:
                came.append(exc)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield asker, came, thread
        finally:
            asker.leave()
            thread.join(SOON_S)
            assert not thread.is_alive()

    return asked


def until(true):
    end_s = time.monotonic() + SOON_S
    while not true() and time.monotonic() < end_s:
        time.sleep(0.01)
    assert true()


def test_two_who_ask_for_the_same_wait_for_one_work_that_goes_on_when_one_leaves(shelf):
    begun, go = [], threading.Event()

    def make(_session, say):
        begun.append(1)
        while not go.wait(0.01):
            say(0.4, "一半", "half")
        say(0.9, "将完", "nearly")
        return "made"

    with shelf(make) as (first, came, _), shelf(make) as (second, also, other):
        until(lambda: first.heard == second.heard == (0.4, "一半", "half"))
        first.leave()
        time.sleep(0.05)
        go.set()
        other.join(SOON_S)
        assert also == ["made"]
        assert came == ["made"]  # nobody reads it
        assert begun == [1]


def test_the_last_who_leaves_ends_the_work_and_the_next_begins_anew(shelf):
    made = []

    def make(_session, say):
        made.append(1)
        while len(made) == 1:
            time.sleep(0.01)
            say(0.4, "一半", "half")
        return "again"

    with shelf(make) as (first, came, one), shelf(make) as (second, also, other):
        until(lambda: first.heard and second.heard)
        first.leave()
        second.leave()
        one.join(SOON_S)
        other.join(SOON_S)
        assert [type(exc) for exc in came + also] == [Stopped, Stopped]
        with shelf(make) as (_, then, third):
            third.join(SOON_S)
            assert then == ["again"]


def test_a_statement_under_way_is_cancelled(shelf):
    def make(session, say):
        say(0.1, "读取", "reading")
        session.execute(ENDLESS)

    with shelf(make) as (asker, came, thread):
        until(lambda: asker.heard == (0.1, "读取", "reading"))
        time.sleep(0.1)
        asker.leave()
        thread.join(SOON_S)
        assert [type(exc) for exc in came] == [Stopped]


def test_what_is_wrong_with_the_work_is_told_to_all_who_wait(shelf):
    go = threading.Event()

    def make(_session, say):
        say(0.1, "开始", "begun")
        go.wait(SOON_S)
        raise ValueError("no ground")

    with shelf(make) as (first, came, one), shelf(make) as (second, also, other):
        until(lambda: first.heard and second.heard)
        go.set()
        one.join(SOON_S)
        other.join(SOON_S)
        assert [str(exc) for exc in came + also] == ["no ground"] * 2
