"""The district file: what is read, and how a wrong one is refused."""

from pathlib import Path

import pytest

from gis.areas.levels import Level
from gis.district import load
from gis.errors import BadDistrict

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    path
    for folder in ("data/reference", "tests/districts")
    for path in (ROOT / folder).glob("*.toml")
    if "srid" in path.read_text("utf-8")
)
WUHUA = ROOT / "data" / "reference" / "wuhua.toml"
GOOD = """
code = "530102"
name_zh = "五华区"
name_en = "Wuhua"
srid = 4543
time_zone = "Asia/Shanghai"
language = "zh"
bounds = [102.4, 24.9, 102.8, 25.5]
[codes]
city = '\\d{4}00'
district = '\\d{6}'
street = '\\d{9}'
community = '\\d{12}'
"""


def read(tmp_path, text):
    file = tmp_path / "district.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_file_of_ours_is_good(path):
    district = load(path)
    west, south, east, north = district.bounds
    assert west < east
    assert south < north
    assert district.zone.key == district.time_zone


def test_wuhua_is_in_kunming():
    """Division code of the ministry's list; CGCS2000 with the central meridian 102 E is 4543."""
    wuhua = load(WUHUA)
    assert (wuhua.code, wuhua.srid, wuhua.time_zone) == ("530102", 4543, "Asia/Shanghai")
    west, south, east, north = wuhua.bounds
    assert west < 102.704 < east  # the district government, lon/lat
    assert south < 25.043 < north
    assert wuhua.chinese_frames


def test_a_code_has_the_level_whose_pattern_fits_in_full(tmp_path):
    district = read(tmp_path, GOOD)
    found = {code: district.level_of(code) for code in ("530102", "530102001", "530102001001")}
    assert list(found.values()) == [Level.DISTRICT, Level.STREET, Level.COMMUNITY]
    assert district.level_of("530100") is Level.CITY
    for nothing in ("", "5301020", "530102 ", "x530102", "530102001001001"):
        assert district.level_of(nothing) is None


def test_it_cannot_be_changed(tmp_path):
    district = read(tmp_path, GOOD)
    with pytest.raises(ValueError, match="frozen"):
        district.code = "1"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("srid = 4543", "srid = 4326", "srid.*metres"),
        ("srid = 4543", "srid = 3857", "srid.*distorts"),
        ("srid = 4543", "srid = 2227", "srid.*metres"),  # California zone 3, US survey feet
        ("srid = 4543", "srid = 999999", "srid.*does not exist"),
        ("srid = 4543", 'srid = "many"', "srid"),
        ("Asia/Shanghai", "Asia/Nowhere", "time_zone.*Asia/Nowhere"),
        ("Asia/Shanghai", "../etc/passwd", "time_zone"),
        ('"zh"', '"fr"', "language"),
        ("[102.4, 24.9, 102.8, 25.5]", "[102.8, 24.9, 102.4, 25.5]", "bounds.*west < east"),
        ("[102.4, 24.9, 102.8, 25.5]", "[24.9, 102.4, 25.5, 102.8]", "bounds"),
        ("[102.4, 24.9, 102.8, 25.5]", "[102.4, 24.9]", "bounds"),
        ("'\\d{9}'", "'('", "codes.street"),
        ("city =", "planet =", "codes"),
        ('code = "530102"', 'code = "5301"', "code '5301' matches neither"),
        ('code = "530102"', 'code = "530102001"', "matches neither"),
        ('code = "530102"', "", "code"),
        ('name_en = "Wuhua"', 'name_en = "Wuhua"\nnothing = 1', "nothing"),
        ("srid = 4543", "srid = ", "line 5"),
    ],
)
def test_a_wrong_file_is_refused_with_field_and_reason(tmp_path, old, new, wanted):
    assert old in GOOD
    with pytest.raises(BadDistrict, match=wanted) as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert "district.toml" in str(refused.value)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path):
    with pytest.raises(BadDistrict, match="cannot be read"):
        load(tmp_path / "nothing.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes("名 = 1".encode("gbk"))
    with pytest.raises(BadDistrict, match=r"binary\.toml"):
        load(binary)


def test_a_citys_prefix_reaches_its_districts():
    kunming = load(ROOT / "data" / "reference" / "kunming.toml")
    assert kunming.prefix_of("530100") == "5301"
    assert "530102001".startswith(kunming.prefix_of("530100"))
    assert kunming.prefix_of("530102") == "530102"
