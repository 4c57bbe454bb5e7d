"""GB/T 28181 ids, digit by digit."""

from importlib.resources import files

import pytest

from data.reference.codes import kunming
from gis import policy as policies
from gis.areas.levels import Level
from gis.video.gb28181 import PROVINCES, DeviceId, Fault, faults, parse, place_fault

GOOD = "53010200011327000001"  # a community network camera of Wuhua on the internet


def test_the_parts_of_an_id():
    assert parse(GOOD) == DeviceId(
        county="530102", access_unit="00", industry="01", type="132", network="7", serial="000001"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5301020001132700000",
        GOOD + "0",
        GOOD[:-1] + "x",
        f" {GOOD[1:]}",
        "５３０１０２０００１１３２７００００００１",
        GOOD + "\n",
    ],
)
def test_anything_but_twenty_ascii_digits_is_no_id(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, set()),
        (None, {Fault.MISSING}),
        ("  ", {Fault.MISSING}),
        ("5301020001132700001", {Fault.FORM}),
        ("53010200461327000001", {Fault.INDUSTRY}),
        ("53010200451327000001", set()),
        ("53010200011187000001", {Fault.TYPE}),  # 118: a recorder
        ("53010200011317000001", set()),
        ("53010200011329000001", {Fault.NETWORK}),
        ("99010200011327000001", {Fault.PLACE}),  # no province has 99
        ("53010200991189000001", {Fault.INDUSTRY, Fault.TYPE, Fault.NETWORK}),
    ],
)
def test_what_is_wrong_with_one_id(text, expected):
    assert set(faults(text)) == expected


LISTED = {"530102", "530103"}


@pytest.mark.parametrize(
    ("county", "outlined", "stands_in", "expected"),
    [
        ("530102", LISTED, "530102", None),
        ("530103", LISTED, "530102", Fault.AREA),  # a neighbour's code on our ground
        ("530199", LISTED, "530102", Fault.PLACE),  # Kunming has no such county
        ("900102", LISTED, "530102", Fault.PLACE),  # nor China such a province
        ("110105", LISTED, "530102", Fault.AREA),  # perhaps Beijing's, not where it stands
        ("530102", {"530102"}, None, Fault.AREA),  # outside the outline it names
        ("530103", {"530102"}, None, None),  # exists, and nobody has drawn it
        ("110105", {"530102"}, None, Fault.UNLISTED),  # nothing is known of it
    ],
)
def test_the_division_of_an_id_exists_and_is_where_the_point_stands(
    county, outlined, stands_in, expected
):
    assert place_fault(county, listed=LISTED, outlined=outlined, stands_in=stands_in) is expected


def test_the_listed_counties_are_those_of_the_reference_file_and_there_are_34_provinces():
    policy = policies.load(files("data.reference") / "policy.toml")
    divisions = {one.code for one in kunming() if one.level is Level.DISTRICT}
    assert set(policy["VID-1", "counties"]) == divisions
    assert len(PROVINCES) == 34  # 23 provinces, 5 regions, 4 municipalities, Hong Kong and Macau
