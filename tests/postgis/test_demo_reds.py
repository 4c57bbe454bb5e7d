"""How often red is right: the page on the demo says what a rating of its seed really gives."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from data.demo.build import generate
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.period import Period
from gis.safety import service

PAGE = Path(__file__).parents[2] / "docs" / "methods" / "demo.md"
READ = {Kind.AREAS, Kind.COMPOUNDS, Kind.HOUSEHOLDS, Kind.INCIDENTS}  # by a rating; the rest is not
HIGH = 1.5  # a compound is rightly red when its true relative risk is above the red cut


@pytest.fixture
def rated(db, policy, wuhua, tmp_path) -> pd.DataFrame:
    """Kind, households, true risk ``theta`` and colour of each compound, as `wangge demo` rates."""
    made = generate(tmp_path, size="district", seed=1)
    for one in made.files:
        if one.kind in READ:
            import_file(db, one.path, one.kind, Options(frame=one.frame), wuhua)
    quarter = Period.parse("2026Q3")
    before = service.rate(db, policy=policy, district=wuhua, period=quarter.previous())
    service.save(db, before)  # colours have a past
    found = service.rate(db, policy=policy, district=wuhua, period=quarter)
    truth = pd.DataFrame(json.loads(made.truth.read_text("utf-8"))["compounds"]).set_index("code")
    return truth.assign(colour=found.results.set_index("compound_code")["colour"])


def percent(flags: "pd.Series[bool]") -> str:
    return f"{100 * flags.mean():.0f} %"


def test_the_page_says_how_often_red_is_right(rated):
    red, theta, weight = rated["colour"] == "red", rated["theta"], rated["households"]
    of_kind = (theta * weight).groupby(rated["kind"]).sum() / weight.groupby(rated["kind"]).sum()
    against_kind = theta / rated["kind"].map(of_kind)
    hot = rated.loc[rated["hot"], "colour"].value_counts()
    page = " ".join(PAGE.read_text("utf-8").split())
    told = re.search(
        r"One run at district size \(seed 1, 2026Q3, ([\d,]+) compounds\) gave (\d+) red\. "
        r"(\d+ %) of them have a true θ above 1\.5; (\d+ %) do when .*?"
        r"\(([\d.]+) to ([\d.]+), .*?All (\d+) have θ above 1\. "
        r"Of the compounds with θ above 1\.5, (\d+ %) are red \((\d+ %) by the second reading\); "
        r"of the (\d+) hot ones (\d+) are red and (\d+) yellow\.",
        page,
    )
    assert told is not None
    assert list(told.groups()) == [
        f"{len(rated):,}", str(red.sum()),
        percent(theta[red] > HIGH), percent(against_kind[red] > HIGH),
        f"{of_kind.min():.2f}", f"{of_kind.max():.2f}", str((theta[red] > 1).sum()),
        percent(red[theta > HIGH]), percent(red[against_kind > HIGH]),
        str(hot.sum()), str(hot["red"]), str(hot["yellow"]),
    ]  # fmt: skip
    assert (theta[red] > 1).all()
