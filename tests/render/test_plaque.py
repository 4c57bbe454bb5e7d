"""Plaques: what is printed, in which colour, and that a stranger's reader finds the check text."""

import io
from dataclasses import replace
from datetime import date

import pypdf
import pytest
import zxingcpp
from PIL import Image

from maps.plaque import Paper, Plaque, book, pdf, png
from maps.typeset import Mark

A4_MM, A3_MM = (210, 297), (297, 420)
RED = Plaque(
    compound_name="翠湖北苑", colour="red", period="2026年第3季度",
    advice=("近期电动车被盗较多，请停车入库。", "离家关好门窗。"), issuer="华山街道办事处",
    issued_on=date(2026, 10, 8), check="WG1 530102001001-X001 2026Q3 red 1 ABCDEFG",
    check_label="7K3F-9Q2M", entrance=2, entrances=3,
)  # fmt: skip


def _reader(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def _text(made: bytes) -> str:
    return "".join(page.extract_text() for page in _reader(made).pages).replace(" ", "")


def _picture(plaque: Plaque, dpi: float = 72) -> Image.Image:
    return Image.open(io.BytesIO(png(plaque, dpi=dpi))).convert("RGB")


@pytest.mark.parametrize(
    ("colour", "word", "plate"),
    [("red", "治安警示", "红牌"), ("yellow", "治安提示", "黄牌"), ("green", "治安良好", "绿牌")],
)
def test_a_plaque_has_the_words_of_its_colour(colour, word, plate):
    text = _text(pdf([replace(RED, colour=colour)]))
    assert word in text
    assert plate in text
    for said in ("翠湖北苑", "2026年第3季度", "华山街道办事处", "2026-10-08", "2/3", "7K3F-9Q2M"):
        assert said in text
    assert "近期电动车被盗较多" in text


@pytest.mark.parametrize(
    ("colour", "fill"),
    [("red", (165, 0, 38)), ("yellow", (255, 217, 47)), ("green", (102, 194, 165))],
)
def test_the_upper_half_has_the_colour_itself(colour, fill):
    assert _picture(replace(RED, colour=colour)).getpixel((20, 200)) == fill


def test_the_three_shapes_differ_without_colour():
    grey = [_picture(replace(RED, colour=one)).convert("L") for one in ("red", "yellow", "green")]
    box = (230, 100, 365, 190)  # where the shape stands, in points
    outlines = []
    for picture in grey:
        ground = picture.getpixel((20, 200))
        part = picture.crop(box)
        outlines.append(part.point([255 if abs(v - ground) > 40 else 0 for v in range(256)]))
    shapes = {one.tobytes() for one in outlines}
    assert len(shapes) == 3
    assert all(one.getbbox() for one in outlines)


def test_a_phone_reads_the_check_text():
    found = zxingcpp.read_barcodes(_picture(RED, dpi=150))
    assert [one.text for one in found] == [RED.check]


@pytest.mark.parametrize(("paper", "mm"), [(Paper.A4, A4_MM), (Paper.A3, A3_MM)])
def test_pages_have_the_paper_asked_for(paper, mm):
    box = _reader(pdf([RED], paper=paper)).pages[0].mediabox
    assert (float(box.width) / 72 * 25.4, float(box.height) / 72 * 25.4) == pytest.approx(mm, abs=1)


def test_a_batch_is_one_page_each_and_the_same_bytes_again():
    batch = [replace(RED, entrance=n + 1, entrances=4) for n in range(4)]
    made = pdf(batch)
    assert len(_reader(made).pages) == 4
    assert pdf(batch) == made


def test_a_book_of_many_is_one_file_in_order_that_says_how_far_it_is():
    many = [replace(RED, check_label=f"{n:04}-0000", entrance=n) for n in range(1, 61)]
    mark, said = Mark("li", "2026-10-10 10:00:00+0800", "上墙", printed=False), []
    reader = _reader(book(many, mark=mark, say=said.append))
    labels = [page.extract_text() for page in reader.pages]
    assert [f"{n:04}-0000" in text for n, text in enumerate(labels, 1)] == [True] * 60
    assert reader.metadata["/Author"] == "li"
    assert (said[0], said[-1], len(said) > 2, said == sorted(said)) == (0, 60, True, True)


def test_a_book_ends_where_somebody_stops_it():
    def stop(done):
        if done:
            raise StopIteration

    with pytest.raises(StopIteration):
        book([RED] * 60, say=stop)


def test_the_chinese_font_is_inside():
    fonts = _reader(pdf([RED])).pages[0]["/Resources"]["/Font"]
    names = set()
    for font in fonts.values():
        child = font["/DescendantFonts"][0]
        assert {"/FontFile2", "/FontFile3"} & set(child["/FontDescriptor"])
        names.add(child["/BaseFont"])
    assert all("NotoSansCJK" in name for name in names)


def test_a_name_is_text_whatever_it_holds():
    hostile = '#read("x") *b* $1+1$ <b>&'
    assert hostile.replace(" ", "") in _text(pdf([replace(RED, compound_name=hostile)]))


def test_a_long_name_stays_on_one_page():
    long = replace(RED, compound_name="翠湖北苑" * 15, advice=("停车入库，加装防盗锁。" * 3,) * 9)
    assert len(_reader(pdf([long])).pages) == 1


def test_demo_data_say_so():
    assert "演示数据" not in _text(pdf([RED]))
    assert "演示数据" in _text(pdf([replace(RED, demo=True)]))


@pytest.mark.parametrize("colour", ["unrated", "purple"])
def test_without_a_colour_there_is_no_plaque(colour):
    with pytest.raises(ValueError, match="gets no plaque"):
        pdf([replace(RED, colour=colour)])
    with pytest.raises(ValueError, match="no plaques"):
        pdf([])
