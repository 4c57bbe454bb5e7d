"""GB/T 28181 ids, digit by digit."""

import pytest

from gis.video.gb28181 import DeviceId, Fault, faults, parse

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
        ("53010200991189000001", {Fault.INDUSTRY, Fault.TYPE, Fault.NETWORK}),
    ],
)
def test_what_is_wrong_with_one_id(text, expected):
    assert set(faults(text)) == expected
