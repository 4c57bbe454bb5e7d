"""Map sheets: scale, bar, legend and words on paper, measured on the printed page."""

import io
from datetime import date

import geopandas as gpd
import numpy as np
import pypdf
import pytest
import shapely
from PIL import Image

from gis.layers.model import layer
from maps.plaque import Paper
from maps.sheet import Drawn, Sheet, pdf, png
from maps.sheet.frame import bar, window

SRID = 4543
MM = 72 / 25.4


def _sheet(shapes, colours, **more) -> Sheet:
    features = gpd.GeoDataFrame(
        {"colour": colours}, geometry=gpd.GeoSeries(shapes, crs=SRID).to_crs(4326)
    )
    outlines = gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326)
    asked = {
        "title": "三色评级图", "subtitle": "2026年第3季度", "outlines": outlines, "srid": SRID,
        "day": date(2026, 10, 8), "maker": "五华区综治中心", "mark": "内部资料", "rule": "SAF-1",
    }  # fmt: skip
    return Sheet(layers=(Drawn(layer("rating"), features),), **{**asked, **more})


def _square(x_m: float, y_m: float, side_m: float) -> shapely.Polygon:
    return shapely.box(x_m, y_m, x_m + side_m, y_m + side_m)


def _text(made: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text().replace(" ", "")


SQUARE = _square(570_000, 2_770_000, 1_000)


def test_a_kilometre_has_the_length_the_scale_says():
    sheet = _sheet([SQUARE], ["red"])
    assert "1:10,000" in _text(pdf(sheet))  # 1 km on 176 mm: 1:5,682 does not fit 1:5,000
    picture = np.asarray(Image.open(io.BytesIO(png(sheet, dpi=200))).convert("RGB")).astype(int)
    red = np.abs(picture - (165, 0, 38)).sum(axis=2) < 30
    columns = np.flatnonzero(red.sum(axis=0) > 200)  # not the swatch, not the mark
    width_mm = (columns.max() - columns.min() + 1) / 200 * 25.4
    assert width_mm == pytest.approx(100, abs=0.6)


def test_the_largest_round_scale_that_fits_is_taken():
    bounds = np.array([0, 0, 1_999, 100])
    assert window(bounds, width_mm=200, height_mm=150).scale == 10_000
    assert window(bounds, width_mm=199, height_mm=150).scale == 20_000
    assert window(np.array([5, 5, 5, 5]), width_mm=200, height_mm=150).scale == 100


def test_north_is_up_and_east_is_right():
    place = window(np.array([0, 0, 1_000, 1_000]), width_mm=200, height_mm=100)
    (corner,) = place.on_paper(np.array([[1_000, 1_000]]))
    assert corner == pytest.approx([150, 0])  # at 1:10,000, 1 km is 100 mm


@pytest.mark.parametrize(
    ("scale", "metres"), [(10_000, 200), (25_000, 1_000), (50_000, 2_000), (1_000, 20)]
)
def test_the_bar_is_a_round_length_within_its_place(scale, metres):
    found_m, found_mm = bar(scale, most_mm=45)
    assert found_m == metres
    assert found_mm == pytest.approx(metres * 1_000 / scale)
    assert found_mm <= 45


def test_the_legend_counts_what_is_drawn_and_leaves_out_the_rest():
    shapes = [_square(570_000 + 300 * n, 2_770_000, 200) for n in range(5)]
    text = _text(pdf(_sheet(shapes, ["red", "green", "green", "green", "unrated"])))
    for said in ("红牌治安警示1", "绿牌治安良好3", "未评级1"):
        assert said in text.replace("\n", "")
    assert "黄牌" not in text


def test_a_sheet_says_who_when_and_how_secret():
    text = _text(pdf(_sheet([SQUARE], ["red"], demo=True)))
    for said in ("三色评级图", "2026年第3季度", "五华区综治中心", "2026-10-08", "EPSG:4543",
                 "SAF-1", "内部资料", "北", "演示数据"):  # fmt: skip
        assert said in text


def test_english_sheets_have_english_words():
    text = _text(pdf(_sheet([SQUARE], ["red"], language="en")))
    assert "Legend" in text
    assert "Red:warning" in text
    assert "图例" not in text


@pytest.mark.parametrize(("paper", "mm"), [(Paper.A4, (297, 210)), (Paper.A3, (420, 297))])
@pytest.mark.parametrize("words", [{}, {"title": "题" * 100, "maker": "站" * 100}])
def test_a_sheet_is_one_landscape_page(paper, mm, words):
    made = _sheet([SQUARE], ["red"], paper=paper, subtitle="区" * 60, **words)
    pages = pypdf.PdfReader(io.BytesIO(pdf(made))).pages
    assert len(pages) == 1
    size = (float(pages[0].mediabox.width) / MM, float(pages[0].mediabox.height) / MM)
    assert size == pytest.approx(mm, abs=1)


def test_a_hole_stays_open():
    ring = shapely.Polygon(SQUARE.exterior, [_square(570_400, 2_770_400, 200).exterior])
    whole = Image.open(io.BytesIO(png(_sheet([ring], ["green"]), dpi=100))).convert("RGB")
    green = np.abs(np.asarray(whole).astype(int) - (102, 194, 165)).sum(axis=2) < 30
    area_mm2 = green.sum() / (100 / 25.4) ** 2
    swatch_mm2 = 24
    assert area_mm2 == pytest.approx(100 * 100 - 20 * 20 + swatch_mm2, rel=0.02)


def test_a_hole_is_closed_where_another_of_its_class_lies_over_it():
    """Both wind one way: by even and odd, or with a hole that runs along, it would stay open."""
    hole = _square(570_400, 2_770_400, 200)
    ring = shapely.Polygon(SQUARE.exterior, [hole.exterior])
    over = shapely.box(570_350, 2_770_350, 570_650, 2_770_650).reverse()
    whole = Image.open(io.BytesIO(png(_sheet([ring, over], ["green"] * 2), dpi=100))).convert("RGB")
    green = np.abs(np.asarray(whole).astype(int) - (102, 194, 165)).sum(axis=2) < 30
    assert green.sum() / (100 / 25.4) ** 2 == pytest.approx(100 * 100 + 24, rel=0.02)


def test_a_street_is_a_line_in_its_colour_between_dark_edges():
    line = shapely.LineString([(570_000, 2_770_000), (571_000, 2_770_000)])
    made = png(_sheet([line], ["green"]), dpi=300)  # a kilometre at 1:5,000
    picture = np.asarray(Image.open(io.BytesIO(made)).convert("RGB")).astype(int)
    green = np.abs(picture - (102, 194, 165)).sum(axis=2) < 30
    rows = np.flatnonzero(green.sum(axis=1) > 50 / 25.4 * 300)  # longer than any swatch
    assert green[rows[0]].sum() / 300 * 25.4 == pytest.approx(200, abs=1)
    assert len(rows) / 300 * 25.4 == pytest.approx(0.55, abs=0.15)
    edge = picture[[rows[0] - 2, rows[-1] + 2]][:, green[rows[0]]]
    assert edge.mean() < 110


def test_names_on_the_map_are_text():
    outlines = gpd.GeoDataFrame(
        {"name": ["<script>&社区"]}, geometry=gpd.GeoSeries([SQUARE], crs=SRID).to_crs(4326)
    )
    assert "<script>&社区" in _text(pdf(_sheet([SQUARE], ["red"], outlines=outlines)))


def test_a_sheet_shows_the_whole_area_around_what_is_drawn():
    outlines = gpd.GeoDataFrame(
        {"name": ["华山"]},
        geometry=gpd.GeoSeries([_square(570_000, 2_770_000, 3_000)], crs=SRID).to_crs(4326),
    )
    text = _text(pdf(_sheet([SQUARE], ["red"], outlines=outlines)))
    assert "1:20,000" in text  # 3 km on 176 mm: 1:17,046 does not fit 1:10,000


def test_a_sheet_without_features_shows_its_outlines():
    outlines = gpd.GeoDataFrame(
        {"name": ["华山"]}, geometry=gpd.GeoSeries([SQUARE], crs=SRID).to_crs(4326)
    )
    text = _text(pdf(_sheet([], [], outlines=outlines)))
    assert "华山" in text
    assert "无数据" in text
