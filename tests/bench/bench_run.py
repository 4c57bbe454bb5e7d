"""`wangge run all` against its SQL run by hand plus its pure array work on data in memory.

Every analysis runs once (computed, worded, digested and stored) in a transaction that is rolled
back, then the same again with its statements and its pure calls noted. The noted statements run on
a bare connection of the driver with every row fetched, the noted calls on the very frames they got.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from city import City, Undone, undone
from measure import Cost, Meter
from recording import Recording, bare, calls_of, statements_of

from api import analyses
from api.analyses import Asked
from api.house import transaction
from gis.audit import service as audit
from gis.db.cluster.urls import libpq_url
from gis.runs.model import Analysis
from gis.timeline import service as timeline

ROUNDS = 3
LONG_S = 60.0  # a run that takes longer is measured once: noise is a small part of it


def measure(city: City) -> dict[str, Any]:
    """Per analysis and for all: what the run costs, its SQL by hand, its pure work, the ratios."""
    with transaction(city.engine) as session:
        latest = timeline.default_period(session, city.house.district)
    when = Asked(latest, latest.last_day)
    parts = {one.value: _one(city, one, when) for one in analyses.chosen("all")}
    total = {
        name: sum((part[name] for part in parts.values()), Cost())
        for name in ("run", "sql", "pure")
    }
    return {
        **_ratios(**total),
        "limit": 1.5,
        "period": latest.label,
        "analyses": {name: _ratios(**part) for name, part in parts.items()},
    }


def _ratios(*, run: Cost, sql: Cost, pure: Cost) -> dict[str, Any]:
    by_hand = sql + pure
    return {
        "ratio": round(run.wall_s / by_hand.wall_s, 3),
        "cpu_ratio": round(run.cpu_s / by_hand.cpu_s, 3),
        "run": run.as_json(),
        "sql_by_hand": sql.as_json(),
        "pure_in_memory": pure.as_json(),
    }


def _one(city: City, analysis: Analysis, when: Asked) -> dict[str, Cost]:
    """The best of the rounds; in each round the three stand side by side in time."""
    recording = Recording()
    first = _next_run_id(city)
    with statements_of(city.engine, recording), calls_of(recording):
        _run(city, analysis, when)  # fills the caches of all three
    with closing(bare(libpq_url(city.engine.url.render_as_string(hide_password=False)))) as by_hand:
        rounds = [_round(city, analysis, when, recording, by_hand, first)]
        while len(rounds) < ROUNDS and rounds[0]["run"].wall_s < LONG_S:
            rounds.append(_round(city, analysis, when, recording, by_hand, first))
    return min(rounds, key=lambda costs: sum(cost.wall_s for cost in costs.values()))


def _round(
    city: City, analysis: Analysis, when: Asked, recording: Recording, by_hand: Any, first: int
) -> dict[str, Cost]:
    meter = Meter(city.postmaster)
    with meter.measure() as run:
        _run(city, analysis, when)
    with _by_hand(city, by_hand, first) as cursor, meter.measure() as sql:
        recording.repeat_statements(cursor)
    with meter.measure() as pure:
        recording.repeat_calls()
    return {"run": run[0], "sql": sql[0], "pure": pure[0]}


def _run(city: City, analysis: Analysis, when: Asked) -> None:
    """Rolled back, so that the next round stores its run again."""
    with undone(city) as session:
        outcome = analyses.run(session, city.house, analysis, when)
        assert outcome.stored, "the store held this run already: nothing would be written"
        audit.forget_pending(session)  # what is undone leaves no line, which would be a second turn
        raise Undone


def _next_run_id(city: City) -> int:
    """The id that the next run gets; the noted statements name it."""
    with psycopg2.connect(city.admin) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT last_value + is_called::int FROM wangge.runs_id_seq")
        return int(cursor.fetchone()[0])


@contextmanager
def _by_hand(city: City, connection: Any, first: int) -> Iterator[Any]:
    """A cursor whose work is rolled back; the next run gets the id that was noted."""
    with psycopg2.connect(city.admin) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT setval('wangge.runs_id_seq', %s, false)", [first])
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
