"""Runs count their revisions, equal reruns are found, results come back as they were given."""

import threading
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from gis import policy
from gis.db import sql
from gis.db.session import User
from gis.grids.model import GridFinding
from gis.runs import digest
from gis.runs import store as runs
from gis.runs.append import append
from gis.runs.model import Analysis, Run
from gis.safety.model import Rating

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
POLICY = policy.load(BUILTIN)
DAY = date(2026, 9, 30)


def line(**other):
    return {
        "analysis": Analysis.GRIDS, "period": None, "as_of": DAY, "policy": POLICY,
        "input_digest": "a", "parameters": {}, "totals": {}, "area_code": "530102", **other,
    }  # fmt: skip


def findings(**columns):
    plain = {
        "area_code": "530102001001", "kind": "gap", "rule": "GRD-1", "grid_codes": "",
        "reason_zh": "盲区", "reason_en": "gap",
    }  # fmt: skip
    return pd.DataFrame({**plain, **columns})


def test_revisions_count_along_analysis_period_and_date(db):
    def revision(**other):
        return db.get(Run, runs.new_run(db, **line(**other))).revision

    assert [revision(), revision(), revision()] == [1, 2, 3]
    assert revision(as_of=date(2026, 6, 30)) == 1
    assert revision(analysis=Analysis.RATING, period="2026Q3") == 1
    assert revision(analysis=Analysis.RATING, period="2026Q3") == 2
    assert revision(analysis=Analysis.RATING, period="2026-09") == 1


def test_the_latest_run_is_the_newest_date_then_the_newest_revision(db):
    assert runs.latest_run(db, Analysis.GRIDS) is None
    newest = runs.new_run(db, **line())
    old = runs.new_run(db, **line(as_of=date(2026, 6, 30)))
    revised = runs.new_run(db, **line(as_of=date(2026, 6, 30)))
    assert runs.latest_run(db, Analysis.GRIDS).id == newest
    assert runs.latest_run(db, Analysis.GRIDS, as_of=date(2026, 6, 30)).id == revised > old
    assert runs.latest_run(db, Analysis.GRIDS, as_of=date(2020, 1, 1)) is None
    assert runs.latest_run(db, Analysis.GRIDS, period="2026Q3") is None


def test_an_equal_rerun_is_found_and_any_change_is_a_new_revision(db, tmp_path):
    results = {GridFinding: findings(area_m2=[1.0, 2.0])}
    first = runs.record(db, **line(), results=results)
    again = runs.record(db, **line(), results=results)
    assert (first.stored, again.stored, again.run_id) == (True, False, first.run_id)
    own = tmp_path / "own.toml"
    own.write_text("[rules.GRD-1]\ngap_min_m2 = 2.0\n")
    changed = [
        runs.record(db, **line(input_digest="b"), results=results),
        runs.record(db, **line(), results=results),  # back to the first inputs: newest again
        runs.record(db, **line(parameters={"networks": ["unified"]}), results=results),
        runs.record(db, **line(policy=policy.load(BUILTIN, own)), results=results),
    ]
    assert [(one.revision, one.stored) for one in changed] == [(n, True) for n in (2, 3, 4, 5)]
    stored = select(GridFinding.run_id, func.count()).group_by(GridFinding.run_id)
    assert {tuple(row) for row in db.execute(stored)} == {
        (run_id, 2) for run_id in [first.run_id, *(one.run_id for one in changed)]
    }


def test_results_come_back_as_they_were_given(db):
    run_id = runs.new_run(db, **line())
    words = ['a "quoted", word\n两行', "\\N", "NULL", "", "x\ty;$1%s"]
    points = [shapely.Point(102.7, 25.04), None, shapely.box(0, 0, 1, 1).normalize(), None, None]
    figures = [0.1 + 0.2, np.nan, 1e-300, -0.0, 1 / 3]
    frame = findings(grid_codes=words, figure=figures, geom=points)
    assert append(db, GridFinding, run_id, frame) == 5
    rows = db.execute(text(
        "SELECT grid_codes, figure, ST_AsBinary(geom), ST_SRID(geom) FROM wangge.grid_findings"
        " ORDER BY id"
    )).all()  # fmt: skip
    assert [row[0] for row in rows] == words
    assert [row[1] for row in rows] == [0.1 + 0.2, None, 1e-300, -0.0, 1 / 3]
    shapes = [row[2] and shapely.from_wkb(bytes(row[2])) for row in rows]
    assert shapes == points
    assert rows[0][3] == 4326


def test_the_planner_knows_the_results_before_anybody_asks(db):
    """Unknown, a join of weak points with covered ground takes seconds instead of 0.03."""
    runs.record(db, **line(), results={GridFinding: findings(area_m2=[1.0] * 321)})
    known = "SELECT reltuples FROM pg_class WHERE oid = 'wangge.grid_findings'::regclass"
    assert db.execute(text(known)).scalar_one() == 321


def test_json_integers_truth_and_missing_values(db):
    run_id = runs.new_run(db, **line(analysis=Analysis.RATING, period="2026Q3"))
    rating = {
        "area_code": "530102001001", "compound_name": "翠湖", "peer_group": "old",
        "colour": "green", "observed": 1, "quality": "A", "rule": "SAF-1", "reason_zh": "绿",
        "reason_en": "green",
    }  # fmt: skip
    frame = pd.DataFrame(
        {
            "compound_code": ["a", "b"], "households": [12.0, np.nan], "low_count": [True, False],
            "counts": [{"theft": 1, "词": None}, {}], **rating,
        }
    )  # fmt: skip
    append(db, Rating, run_id, frame)
    asked = (
        "SELECT households, low_count, given.counts FROM ratings"
        " JOIN wangge.withheld_ratings(:run) AS given USING (id) ORDER BY compound_code"
    )
    assert db.execute(text(asked), {"run": run_id}).all() == [
        (12, True, {"theft": 1, "词": None}), (None, False, {}),
    ]  # fmt: skip


def test_wrong_columns_are_refused_by_name(db):
    run_id = runs.new_run(db, **line())
    with pytest.raises(ValueError, match=r"no columns.*surprise"):
        append(db, GridFinding, run_id, findings(area_m2=[1.0], surprise=1))
    with pytest.raises(ValueError, match=r"needs the columns.*'kind'"):
        append(db, GridFinding, run_id, findings(area_m2=[1.0]).drop(columns="kind"))
    assert append(db, GridFinding, run_id, findings(area_m2=[])) == 0


def test_two_runs_at_once_get_two_revisions(store):
    def run():
        with store.begin(User.command()) as session:
            runs.new_run(session, **line())

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.begin(User.command()) as session:
        assert sorted(session.scalars(select(Run.revision))) == [1, 2, 3, 4, 5, 6]


def test_an_analysis_and_an_import_wait_for_each_other(store):
    def waits(take) -> bool:
        """Whether somebody else already holds the lock that ``take`` asks for."""
        with store.begin(User.command()) as other:
            other.execute(text("SET LOCAL lock_timeout = '200ms'"))
            try:
                take(other)
            except OperationalError:
                other.rollback()
                return True
        return False

    with store.begin(User.command()) as reading:
        runs.hold_still(reading, Analysis.RATING)
        assert waits(lambda other: other.execute(sql.load("data.ingest")["lock_imports"]))
        assert waits(lambda other: runs.hold_still(other, Analysis.RATING))
        assert not waits(lambda other: runs.hold_still(other, Analysis.VIDEO))


def test_the_digest_sees_values_and_nothing_else():
    frame = pd.DataFrame({"code": ["a", None], "n": [1.0, np.nan], "day": [DAY, None]})
    same = frame[["n", "day", "code"]].astype({"code": object})
    assert digest.of_frames({"x": frame}) == digest.of_frames({"x": same})
    whole = pd.DataFrame({"n": [1, 2]})
    assert digest.of_frames({"x": whole}) == digest.of_frames({"x": whole.astype("float64")})
    for other in (frame.iloc[::-1], frame.assign(n=[1.0, 0.0]), frame.rename(columns={"n": "m"})):
        assert digest.of_frames({"x": other}) != digest.of_frames({"x": frame})
    assert digest.of_frames({"y": frame}) != digest.of_frames({"x": frame})
