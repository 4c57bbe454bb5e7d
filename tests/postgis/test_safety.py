"""The rating on real PostGIS: what is counted, what stays frozen, what is revised."""

import hashlib
import io
import json
import struct
from datetime import date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet
import pytest
import shapely
from scipy import stats
from sqlalchemy import insert, select, text
from sqlalchemy.exc import ProgrammingError

from gis import policy as policies
from gis.areas.model import HouseholdCount
from gis.compounds.model import Compound
from gis.errors import BadPeriod, NoData, NotFound
from gis.period import Period
from gis.runs.model import Import, Run
from gis.safety import replay, service
from gis.safety.model import Category, Incident, Rating, RatingInputs

ZONE = ZoneInfo("Asia/Shanghai")
COMMUNITY, OTHER = "530102001001", "530102001002"
Q2, Q3, Q4 = (Period.parse(f"2026Q{quarter}") for quarter in (2, 3, 4))


class World:
    """Adds rows with defaults; each call is one line of the example."""

    def __init__(self, db, policy, wuhua):
        self.db, self.settings, self.number = db, {"policy": policy, "district": wuhua}, 0
        done = Import(
            area_code="530102", kind="incidents", file_name="x", file_sha256="0", read=0,
            kept=0, repaired=0, flagged=0, refused=0, summary={},
        )  # fmt: skip
        db.add(done)
        db.flush()
        self.import_id = done.id

    def _add(self, model, rows):
        for row in rows:
            self.number += 1
            row |= {"source_key": f"k{self.number}", "import_id": self.import_id}
        if rows:
            self.db.execute(insert(model), rows)

    def compound(self, code, *, lon=102.7, lat=25.04, households=300, area=COMMUNITY, **values):
        box = shapely.MultiPolygon([shapely.box(lon, lat, lon + 0.0005, lat + 0.0005)])
        plain = {
            "area_code": area, "code": code, "name": f"小区{code}", "kind": "old", "buildings": 6,
            "households": households, "households_as_of": date(2026, 3, 31),
            "geom": f"SRID=4326;{box.wkt}",
        }  # fmt: skip
        self._add(Compound, [plain | values])

    def counted(self, code, day, households):
        row = {
            "area_code": COMMUNITY, "subject_kind": "compound", "subject_code": code,
            "as_of": day, "households": households,
        }  # fmt: skip
        self._add(HouseholdCount, [row])

    def incidents(self, code, times, *, first=date(2024, 7, 1), days=810, **values):
        """``times`` incidents, evenly over ``days`` days from ``first`` (2024-07 to 2026-09)."""
        at = datetime(first.year, first.month, first.day, 12, tzinfo=ZONE)
        step = timedelta(days=days / max(times, 1))
        self.at(code, [at + step * number for number in range(times)], **values)

    def at(self, code, moments, *, category="theft", severe=False, area=COMMUNITY):
        rows = [
            {
                "area_code": area, "compound_code": code, "occurred_at": moment,
                "category": category, "severe": severe, "geom": "SRID=4326;POINT(102.7 25.04)",
            }
            for moment in moments
        ]  # fmt: skip
        self._add(Incident, rows)

    def rate(self, period=Q3, **others):
        return service.rate(self.db, period=period, **self.settings, **others)

    def rated(self, period=Q3, **others):
        return self.rate(period, **others).results.set_index("compound_code")

    def keep(self, period=Q3):
        return service.save(self.db, self.rate(period))

    def preview(self, code, **others):
        found = service.preview_one(self.db, code=code, **self.settings, **others)
        return found.set_index("compound_code")


@pytest.fixture
def world(db, policy, wuhua):
    return World(db, policy, wuhua)


@pytest.fixture
def street(world):
    """Twelve old compounds of 300 households, 0 to 33 thefts in 27 months."""
    for number in range(12):
        world.compound(f"C{number:02d}", lon=102.70 + number * 0.01)
        world.incidents(f"C{number:02d}", 3 * number)
    return world


def thefts_of(world, code, start, end):
    """Second opinion: every incident read one by one and counted by Python."""
    rows = world.db.execute(select(Incident.compound_code, Incident.occurred_at)).all()
    return sum(own == code and start <= at.astimezone(ZONE).date() < end for own, at in rows)


# -- what is counted --------------------


def test_counts_are_those_of_the_window_in_local_time(world, street):
    found = street.rated()
    for number in range(12):
        code = f"C{number:02d}"
        wanted = thefts_of(world, code, date(2024, 10, 1), date(2026, 10, 1))
        assert found.loc[code, "observed"] == wanted
        assert found.loc[code, "counts"] == ({"theft": wanted} if wanted else {})


def test_the_window_ends_at_local_midnight(world, street):
    before = street.rated().loc["C00", "observed"]
    world.at("C00", [datetime(2026, 9, 30, 23, 59, 59, tzinfo=ZONE)])
    assert street.rated().loc["C00", "observed"] == before + 1
    world.at("C00", [datetime(2026, 10, 1, tzinfo=ZONE)])
    world.at("C00", [datetime(2024, 9, 30, 23, 59, 59, tzinfo=ZONE)])
    assert street.rated().loc["C00", "observed"] == before + 1


def test_the_first_run_expects_what_happened_in_all(street):
    found = street.rated()
    assert found["expected"].sum() == pytest.approx(found["observed"].sum())
    assert found["expected"].tolist() == pytest.approx([found["observed"].mean()] * 12)


def test_probabilities_are_those_of_the_stored_prior(street):
    run = street.rate()
    prior = run.parameters["priors"]["old"]
    row = run.results.set_index("compound_code").loc["C11"]
    shape, scale = row["observed"] + prior["nu"], 1 / (row["expected"] + prior["alpha"])
    assert row["p_red"] == pytest.approx(stats.gamma.sf(1.5, shape, scale=scale), rel=1e-9)
    assert row["relative_risk"] == pytest.approx(shape * scale)
    assert run.results["colour"].tolist()[0] == "green"
    assert row["colour"] == "red"


def test_telecom_fraud_is_shown_and_not_rated(world, street):
    before = street.rated().loc["C00"]
    world.incidents("C00", 40, category="telecom_fraud", first=date(2025, 1, 1), days=300)
    after = street.rated().loc["C00"]
    assert after["counts"] == {"telecom_fraud": 40}
    assert after["colour"] == before["colour"]
    assert after["observed"] == before["observed"]
    assert after["p_red"] == pytest.approx(before["p_red"])


def test_incidents_outside_compounds_are_told(world, street):
    world.incidents(None, 7, first=date(2026, 1, 1), days=100)
    world.incidents("gone", 2, first=date(2026, 1, 1), days=100)
    totals = street.rate().totals
    assert totals["incidents_outside_compounds"] == 7
    assert totals["compounds"] == 12
    colours = ("green", "yellow", "red", "unrated")
    assert sum(totals[colour] for colour in colours) == 12


def test_households_follow_their_counts(world, street):
    world.counted("C05", date(2025, 9, 15), 900)
    found = street.rated()
    # The first count also speaks for the months before it; the register's 300 are of March 2026:
    # 17 months with 900 (October 2024 to February 2026), 7 with 300.
    share = (17 * 900 + 7 * 300) / (24 * 300)
    assert found.loc["C05", "expected"] / found.loc["C06", "expected"] == pytest.approx(share)
    assert found.loc["C05", "households"] == 300


def test_an_undated_figure_speaks_for_its_own_version(world, street):
    first, then = {"valid_to": date(2025, 1, 1)}, {"valid_from": date(2025, 1, 1)}
    world.compound("V", households=900, households_as_of=None, **first)
    world.compound("V", households=300, households_as_of=None, **then)
    assert street.rated().loc["V", "households"] == 300


def test_a_compound_that_began_later_counts_from_then(world, street):
    world.compound("NEW", lon=102.9, valid_from=date(2026, 4, 1))
    world.incidents("NEW", 5, first=date(2025, 1, 1), days=200)  # before there was a compound
    world.incidents("NEW", 2, first=date(2026, 5, 1), days=60)
    row = street.rated().loc["NEW"]
    assert row["observed"] == 2
    assert row["quality_notes"] == "short_window"


def test_a_closed_compound_is_not_rated(world, street):
    world.compound("OLD", lon=102.9, valid_to=date(2026, 7, 1))
    assert "OLD" not in street.rated().index
    assert "OLD" in street.rated(Q2).index


def test_a_compound_renumbered_after_the_quarter_keeps_its_incidents_in_it(world, street):
    """C11 becomes N11 in October, C01 N01a and N01b, and what lay in them carries the new codes."""
    when = [datetime(2026, 8, day, 12, tzinfo=ZONE) for day in (1, 2)]
    world.at("C01", when, category="fire", severe=True)
    before = street.rated()
    later = {"valid_from": date(2026, 10, 1)}
    world.compound("N11", lon=102.81, **later)
    world.compound("N01a", lon=102.71, **later)
    world.compound("N01b", lon=102.7102, **later)
    for code, new, lon in (("C11", "N11", 102.8101), ("C01", "N01a", 102.7101)):
        world.db.execute(
            text("UPDATE compounds SET valid_to = '2026-10-01' WHERE code = :code"), {"code": code}
        )
        world.db.execute(
            text("UPDATE incidents SET compound_code = :new, geom = ST_SetSRID(ST_MakePoint("
                 ":lon, 25.0401), 4326) WHERE compound_code = :code"),
            {"code": code, "new": new, "lon": lon},
        )  # fmt: skip
    later_half = text(
        "UPDATE incidents SET compound_code = 'N01b', geom = ST_Translate(geom, 0.0003, 0)"
        " WHERE compound_code = 'N01a' AND id % 2 = 0"
    )
    world.db.execute(later_half)
    found = street.rated()
    shown = ["observed", "counts", "colour", "lifted_by"]
    assert found[shown].to_dict() == before[shown].to_dict()
    assert found.loc["C01", "lifted_by"] == "fatal_fire,fatal_fire"
    assert street.rate().totals["incidents_outside_compounds"] == 0
    street.keep()
    alone = street.preview("C01", period=Period.parse("2026-09")).loc["C01"]
    assert alone["observed"] == before.loc["C01", "observed"]
    now = street.rated(Q4)
    assert {"N11", "N01a", "N01b"} <= set(now.index)
    assert not {"C01", "C11"} & set(now.index)


def test_urban_villages_are_a_peer_group_of_their_own(world, street):
    for number in range(12):
        world.compound(f"V{number:02d}", lon=102.7 + number * 0.01, lat=25.1, kind="urban_village")
        world.incidents(f"V{number:02d}", 30 + 3 * number)
    found = street.rated()
    same_count = found.loc[["C11", "V01"]]
    assert same_count["observed"].diff().iloc[1] == 0
    assert same_count["colour"].tolist() == ["red", "green"]


def test_severe_events_of_the_quarter_lift(world, street):
    world.at("C00", [datetime(2026, 8, 1, 3, tzinfo=ZONE)], category="fire", severe=True)
    world.at("C01", [datetime(2026, 6, 30, 3, tzinfo=ZONE)], category="robbery", severe=True)
    world.at("C02", [datetime(2026, 8, 1, 3, tzinfo=ZONE)], category="fire")
    found = street.rated()
    assert found["lifted_by"].tolist()[:3] == ["fatal_fire", None, None]
    assert found["colour"].tolist()[:3] == ["yellow", "green", "green"]
    assert "重大事件" in found.loc["C00", "reason_zh"]


def test_small_neighbours_within_the_distance_are_rated_together(world, street):
    plain = {"households": 30, "buildings": 1, "lat": 25.2}
    world.compound("S1", lon=102.7000, **plain)
    world.compound("S2", lon=102.7015, **plain)  # 0.0010 degrees of ground between: about 100 m
    world.compound("S3", lon=102.7100, **plain)  # 800 m away
    world.incidents("S1", 1)
    found = street.rated()
    assert found.loc[["S1", "S2"], "rated_with"].tolist() == ["S1", "S1"]
    assert found.loc["S3", "colour"] == "unrated"
    assert "30户" in found.loc["S3", "reason_zh"]
    assert found.loc["S1", "colour"] != "red"
    assert found.loc["S2", "counts"] == {}


# -- what stays, what is revised --------------------


def test_an_equal_rerun_is_found_and_a_late_report_is_a_revision(world, street):
    first = street.keep()
    assert street.keep() == type(first)(first.run_id, 1, stored=False)
    world.at("C03", [datetime(2026, 8, 1, tzinfo=ZONE)])
    second = street.keep()
    assert (second.revision, second.stored) == (2, True)
    observed = dict(
        world.db.execute(
            select(Rating.run_id, Rating.observed).where(Rating.compound_code == "C03")
        ).all()
    )
    assert observed[second.run_id] == observed[first.run_id] + 1
    rules = select(Rating.rule).where(Rating.run_id == second.run_id)
    assert world.db.scalars(rules).all() == ["SAF-1"] * 12


def test_reference_rates_stay_those_of_the_first_quarter(world, street):
    street.keep(Q3)
    first = world.db.execute(select(Run.parameters)).scalar_one()["reference"]
    for number in range(12):
        world.incidents(f"C{number:02d}", 60, first=date(2026, 10, 1), days=90)
    run = street.rate(Q4)
    assert run.parameters["reference"] == first
    # the same households over the same 24 months: the same is expected, whatever happened
    assert run.results["expected"].tolist() == pytest.approx(street.rated()["expected"].tolist())
    assert (run.results["relative_risk"] > 1).all()


def test_the_first_quarter_rated_again_derives_its_reference_again(world, street):
    street.keep(Q3)
    world.incidents("C00", 50, first=date(2025, 1, 1), days=300)  # a file that had been forgotten
    found = street.rated()
    assert found["expected"].sum() == pytest.approx(found["observed"].sum())


def test_red_is_yellow_first(world, street):
    street.keep(Q2)
    assert street.rated(Q2).loc["C11", "colour"] == "red"
    world.db.execute(text("DELETE FROM incidents WHERE compound_code = 'C11'"))
    row = street.rated(Q3).loc["C11"]
    assert (row["previous_colour"], row["colour"]) == ("red", "yellow")
    street.keep(Q3)
    assert street.rated(Q4).loc["C11", "colour"] == "green"


@pytest.mark.parametrize("unrated_in_between", [True, False])
def test_a_gap_leads_no_red_compound_to_green(world, street, unrated_in_between):
    street.keep(Q2)
    world.db.execute(text("DELETE FROM incidents WHERE compound_code = 'C11'"))
    if unrated_in_between:
        households = "UPDATE compounds SET households = {} WHERE code = 'C11'"
        world.db.execute(text(households.format("NULL")))
        assert street.rated(Q3).loc["C11", "colour"] == "unrated"
        street.keep(Q3)
        world.db.execute(text(households.format(300)))
    row = street.rated(Q4).loc["C11"]
    assert (row["previous_colour"], row["colour"]) == ("red", "yellow")


def test_a_replay_gives_the_same_bits(street):
    one, other = street.rate(), street.rate()
    assert one.input_digest == other.input_digest
    pd.testing.assert_frame_equal(one.results, other.results, check_exact=True)
    assert (one.parameters, one.totals) == (other.parameters, other.totals)


def test_a_month_is_a_preview_against_the_last_quarter(world, street):
    street.keep(Q2)
    run = street.rate(Period.parse("2026-08"))
    assert run.preview
    assert run.parameters["window"] == ["2024-09", "2026-08"]
    assert run.results["previous_colour"].notna().all()


# -- computed again --------------------


@pytest.fixture
def rated(world, street):
    """Run of a quarter with colours before, small neighbours, a lift and unknown households."""
    plain = {"households": 30, "buildings": 1, "lat": 25.2}
    world.compound("S1", lon=102.7000, **plain)
    world.compound("S2", lon=102.7015, **plain)
    world.compound("U", lon=102.9, households=None)
    world.counted("C05", date(2025, 9, 15), 900)
    world.at("C00", [datetime(2026, 8, 1, 3, tzinfo=ZONE)], category="robbery", severe=True)
    world.incidents("C01", 5, category="telecom_fraud", first=date(2026, 1, 1), days=90)
    street.keep(Q2)
    return world.db.get_one(Run, street.keep(Q3).run_id)


def again(world, run, **others):
    return replay.replay(world.db, run, **{"policy": world.settings["policy"], **others})


def rows_of(world, run):
    asked = text("SELECT * FROM wangge.withheld_ratings(:run)")
    held = world.db.execute(asked, {"run": run.id}).all()
    open_columns = select(Rating.compound_code, Rating.colour, Rating.p_red, Rating.reason_en)
    return held, world.db.execute(open_columns.where(Rating.run_id == run.id)).all()


def test_a_quarter_is_computed_again_bit_for_bit_whatever_is_corrected_later(world, rated):
    before = rows_of(world, rated)
    world.db.execute(text("DELETE FROM incidents WHERE compound_code IN ('C11', 'C00')"))
    world.db.execute(text("UPDATE incidents SET category = 'fraud', severe = true"))
    world.db.execute(text("UPDATE compounds SET households = 77, kind = 'urban_village'"))
    world.db.execute(text("UPDATE compounds SET valid_to = '2025-01-01' WHERE code = 'C03'"))
    world.db.execute(text("DELETE FROM household_counts"))
    rerun = world.keep()
    assert (rerun.stored, rerun.revision) == (True, 2)
    assert rows_of(world, world.db.get_one(Run, rerun.run_id)) != before
    for run in (rated, world.db.get_one(Run, rerun.run_id)):
        found = again(world, run)
        assert (found.equal, found.differences) == (True, ())
        assert (
            found.figures == found.compounds * 20
        )  # every column but the name, which nobody rates
    assert again(world, rated).compounds == 15


def test_the_rules_of_then_are_used_whatever_is_in_force(world, rated, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('version = "2099.1"\n\n[rules.SAF-1]\nred_enter = { value = 0.99 }\n')
    later = policies.load(files("data.reference") / "policy.toml", own)
    found = again(world, rated, policy=later)
    assert (found.equal, found.rules_now) == (True, False)
    assert (found.policy_version, found.policy_now) == (rated.policy_version, "2099.1")
    assert again(world, rated).rules_now


def test_a_quarter_rated_before_rules_named_their_source_is_computed_as_then(
    world, street, monkeypatch
):
    with monkeypatch.context() as then:
        then.setattr(policies.Policy, "source", lambda *_: "")
        run = world.db.get_one(Run, street.keep(Q3).run_id)
    (kept,) = world.db.scalars(text("SELECT rules FROM rating_inputs")).all()
    assert "source" not in str(kept)
    found = again(world, run)
    assert (found.equal, found.rules_now) == (True, True)


def test_a_months_inputs_are_not_kept(world, rated):
    run = world.db.get_one(Run, world.keep(Period.parse("2026-08")).run_id)
    held = select(RatingInputs.run_id).order_by(RatingInputs.run_id)
    assert run.id not in world.db.scalars(held).all()
    with pytest.raises(BadPeriod, match="preview"):
        again(world, run)


def test_an_equal_rerun_keeps_the_inputs_of_a_run_that_had_none(world, rated):
    world.db.execute(text("DELETE FROM rating_inputs"))
    world.db.expire_all()
    with pytest.raises(NoData, match="not kept"):
        again(world, rated)
    assert not world.keep().stored
    assert again(world, rated).equal


def test_the_digest_of_a_run_is_that_of_the_file_that_was_kept(world, rated):
    """Second opinion: the file read by pandas, the digest put together by hand."""
    kept = world.db.get_one(RatingInputs, rated.id)
    assert digest_by_hand(kept) == rated.input_digest
    table = pd.read_parquet(io.BytesIO(kept.payload)).set_index("code")
    theft = [one.value for one in Category].index("theft")
    wanted = thefts_of(world, "C07", date(2024, 10, 1), date(2026, 10, 1))
    assert table.loc["C07", "incidents_by_category"][theft] == wanted
    assert sum(table.loc["C07", "incidents_by_month"]) == wanted
    assert list(table.loc["C05", "households_by_month"]) == [900.0] * 17 + [300.0] * 7
    assert list(table.loc["S1", "beside"]) == [table.index.get_loc("S2")]


def digest_by_hand(kept):
    table = pd.read_parquet(io.BytesIO(kept.payload))
    about = json.loads(pyarrow.parquet.read_schema(io.BytesIO(kept.payload)).metadata[b"wangge"])
    pairs = [(row, other) for row, beside in enumerate(table["beside"]) for other in beside]
    plain = ["area_code", "buildings", "code", "households", "households_as_of", "peer_group",
             "previous_colour", "severe"]  # fmt: skip
    lists = {
        "counts": ("incidents_by_category", about["categories"]),
        "households": ("households_by_month", [str(at) for at in range(len(about["months"]))]),
        "monthly": ("incidents_by_month", [month[:7] for month in about["months"]]),
    }
    frames = {name: {label: [row[at] for row in table[column]] for at, label in enumerate(labels)}
              for name, (column, labels) in lists.items()}  # fmt: skip
    frames["compounds"] = {name: table[name].tolist() for name in plain}
    frames["compounds"]["households_as_of"] = [
        None if pd.isna(day) else f"{day} 00:00:00" for day in table["households_as_of"]
    ]
    frames["neighbours"] = {"0": [one for one, _ in pairs], "1": [other for _, other in pairs]}
    digest = hashlib.sha256()
    for name in sorted(frames):
        rows = len(pairs) if name == "neighbours" else len(table)
        digest.update(f"frame {name} {rows}\n".encode())
        for column in sorted(frames[name]):
            digest.update(f"column {column}\n".encode() + bytes_by_hand(frames[name][column]))
    whole = digest.hexdigest() + kept.rules + kept.reference + about["as_of"]
    return hashlib.sha256(whole.encode()).hexdigest()


def bytes_by_hand(values):
    if not any(isinstance(value, str) for value in values):
        return struct.pack(f"<{len(values)}d", *values)
    texts = [None if pd.isna(value) else value.encode() for value in values]
    lengths = [-1 if one is None else len(one) for one in texts]
    return struct.pack(f"<{len(values)}q", *lengths) + b"".join(one or b"" for one in texts)


@pytest.mark.parametrize(
    ("tampered", "figure"),
    [
        ("UPDATE ratings SET colour = 'green' WHERE compound_code = 'C11'", "colour"),
        ("UPDATE ratings SET p_red = p_red + 1e-16 WHERE compound_code = 'C11'", "p_red"),
        ("""UPDATE ratings SET counts = '{"theft": 1}' WHERE compound_code = 'C11'""", "counts"),
        ("UPDATE ratings SET reason_zh = '因' WHERE compound_code = 'C11'", "reason_zh"),
        ("DELETE FROM ratings WHERE compound_code = 'C11'", "colour"),
    ],
)
def test_what_was_changed_in_a_compound_is_named(world, rated, tampered, figure):
    (stored,) = world.db.execute(
        select(Rating.colour).where(Rating.compound_code == "C11", Rating.run_id == rated.id)
    ).one()
    assert world.db.execute(text(tampered)).rowcount == 2  # in both quarters
    (one,) = again(world, rated).differences
    assert (one.code, one.figure) == ("C11", figure)
    assert one.stored != one.again
    if figure == "colour":
        assert (one.again, stored) == ("red", "red")


@pytest.mark.parametrize(
    ("tampered", "figure"),
    [
        ("""UPDATE runs SET totals = totals || '{"red": 9}'""", "totals.red"),
        ("UPDATE runs SET parameters = jsonb_set(parameters, '{priors,old,nu}', '3')",
         "parameters.priors.old.nu"),
        ("UPDATE runs SET input_digest = 'x'", "input_digest"),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_run_is_named(world, rated, tampered, figure):
    world.db.execute(text(tampered))
    world.db.expire_all()
    (one,) = again(world, rated).differences
    assert (one.code, one.figure) == (None, figure)


def one_theft_less(kept):
    table = pyarrow.parquet.read_table(io.BytesIO(kept["payload"]))
    at = table.schema.get_field_index("incidents_by_month")
    lists = [row.copy() for row in table["incidents_by_month"].to_pylist()]
    lists[11][-1] -= 1
    column = pyarrow.array(lists, table.schema.field(at).type)
    body = io.BytesIO()
    pyarrow.parquet.write_table(table.set_column(at, "incidents_by_month", column), body)
    return {"payload": body.getvalue()}


@pytest.mark.parametrize(
    ("changed", "figure"),
    [
        (one_theft_less, "input_digest"),
        (lambda kept: {"rules": kept["rules"].replace('"red_enter": 0.8', '"red_enter": 0.7')},
         "input_digest"),
        (lambda kept: {"reference": kept["reference"].replace("2024-07", "2024-08")},
         "input_digest"),
        (lambda kept: {"payload": kept["payload"][:-9]}, "inputs"),
        (lambda kept: {"payload": b"nothing"}, "inputs"),
        (lambda kept: {"rules": "{}"}, "inputs"),
        (lambda kept: {"reference": "{}"}, "inputs"),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_inputs_is_found(world, rated, changed, figure):
    asked = select(RatingInputs.__table__).where(RatingInputs.run_id == rated.id)
    kept = dict(world.db.execute(asked).mappings().one())
    other = changed(kept)
    assert other != {name: kept[name] for name in other}
    world.db.execute(text("DELETE FROM rating_inputs WHERE run_id = :id"), {"id": rated.id})
    world.db.execute(insert(RatingInputs), [kept | other])
    world.db.expire_all()
    (one,) = again(world, rated).differences
    assert (one.code, one.figure) == (None, figure)


def test_inputs_that_were_kept_are_not_written_over(world, rated):
    with pytest.raises(ProgrammingError, match="permission denied"):
        world.db.execute(text("UPDATE rating_inputs SET rules = '{}'"))


# -- one compound --------------------


def test_one_new_incident_updates_one_compound(world, street):
    street.keep(Q3)
    month = Period.parse("2026-09")
    before = street.rated().loc["C04"]
    again = street.preview("C04", period=month).loc["C04"]
    assert again["observed"] == before["observed"]
    assert again["p_red"] == pytest.approx(before["p_red"], rel=1e-12)
    world.at("C04", [datetime(2026, 9, 20, tzinfo=ZONE)])
    after = street.preview("C04").loc["C04"]  # the month of the newest incident
    assert after["observed"] == before["observed"] + 1
    assert after["p_red"] > before["p_red"]


def test_a_preview_of_a_small_compound_brings_its_group(world, street):
    plain = {"households": 30, "buildings": 1, "lat": 25.2}
    world.compound("S1", lon=102.7000, **plain)
    world.compound("S2", lon=102.7015, **plain)
    run = street.keep(Q3).run_id
    assert [service.rated_alone(world.db, run, code) for code in ("S1", "S2", "C00")] == [
        False, False, True,
    ]  # fmt: skip
    world.at("S2", [datetime(2026, 9, 20, tzinfo=ZONE)])
    found = street.preview("S2")
    assert found["observed"].to_dict() == {"S1": 1, "S2": 1}


def test_a_preview_needs_a_run_and_a_rated_compound(street):
    with pytest.raises(NoData, match="wangge run rating"):
        street.preview("C04")
    street.keep()
    with pytest.raises(NotFound):
        street.preview("nowhere")


def test_more_incidents_than_usual_are_an_alarm_beside_the_colour(world, street):
    """As usual: the fifteen months before the watched twelve, drawn towards the group's rate."""
    run = world.db.get_one(Run, street.keep(Q3).run_id)
    asked = {"code": "C02", "period": Period.parse("2026-09"), **street.settings}
    assert service.change_alarm(world.db, **asked) is None
    world.at("C02", [datetime(2026, month, 20, tzinfo=ZONE) for month in (8, 8, 9, 9, 9, 9, 9, 9)])
    added = thefts_of(world, "C02", date(2026, 8, 1), date(2026, 10, 1))
    world.at("C02", [datetime(2026, 9, 20, tzinfo=ZONE)] * 9, category="telecom_fraud")
    alarm = service.change_alarm(world.db, **asked)
    assert (alarm.since, alarm.last) == (date(2026, 8, 1), date(2026, 9, 1))
    assert alarm.observed == added
    prior, rates = run.parameters["priors"]["old"], run.parameters["reference"]["rates"]["old"]
    before = thefts_of(world, "C02", date(2024, 7, 1), date(2025, 10, 1))
    due = 300 * sum(rates.values())
    ratio = (before + prior["nu"]) / (15 * due + prior["alpha"])
    assert alarm.usual == pytest.approx(2 * due * ratio)


def test_an_alarm_needs_a_run_and_a_compound(street):
    for word in ("wangge run rating", "is not there"):
        with pytest.raises(NoData, match=word):
            service.change_alarm(
                street.db, code="nowhere", period=Period.parse("2026-09"), **street.settings
            )
        street.keep()


# -- refusals and defaults --------------------


def test_the_default_is_the_last_complete_quarter(world, street):
    assert street.rate(None).period.label == "2026Q2"  # the data end in August
    world.at("C00", [datetime(2026, 9, 29, tzinfo=ZONE)])
    assert street.rate(None).period.label == "2026Q3"
    world.at("C00", [datetime(2026, 11, 5, tzinfo=ZONE)])
    assert street.rate(None).period.label == "2026Q3"
    assert street.rate(None, as_of=date(2026, 8, 31)).period.label == "2026Q2"


def test_a_period_must_be_over(street):
    with pytest.raises(BadPeriod, match="2026Q3 ends on 2026-09-30"):
        street.rate(Q3, as_of=date(2026, 9, 1))


def test_without_compounds_or_incidents_there_is_no_rating(world):
    with pytest.raises(NoData, match="import incidents"):
        world.rate(None)
    world.incidents(None, 3)
    with pytest.raises(NoData, match="import compounds"):
        world.rate()
    world.compound("C00")
    with pytest.raises(NoData, match="after period"):
        world.rate(Period.parse("2023Q1"))


def test_data_that_begin_later_make_a_short_window(world):
    for number in range(12):
        world.compound(f"C{number:02d}", lon=102.70 + number * 0.01)
        world.incidents(f"C{number:02d}", 5 + number, first=date(2025, 10, 3), days=360)
    run = world.rate()
    assert run.parameters["window"] == ["2025-10", "2026-09"]
    assert set(run.results["quality_notes"]) == {"short_window"}
    assert set(run.results["quality"]) == {"B"}
