"""The quarterly report: what belongs together stays on one page."""

import io
from datetime import date

import pypdf
import pytest

from maps.report import Report, Section, pdf

HEAD = ("名称", "总分")


def _pages(*sections: Section) -> list[str]:
    report = Report("季度报告", "2026Q3", "综治中心", date(2026, 10, 8), sections)
    pages = pypdf.PdfReader(io.BytesIO(pdf(report))).pages
    return [page.extract_text().replace(" ", "") for page in pages]


@pytest.mark.parametrize("above", range(24, 36, 2))
def test_a_short_table_stands_on_one_page_with_its_title(above):
    filler = Section("前文", head=HEAD, rows=[(f"行{row}", "1") for row in range(above)])
    rows = [(f"{row}号街道", "90") for row in range(1, 12)]
    pages = _pages(filler, Section("街道排名", head=HEAD, rows=rows))
    (page,) = [text for text in pages if "街道排名" in text]
    for name, _ in rows:
        assert name in page


def test_a_long_table_goes_on_under_its_head():
    rows = [(f"{row}号社区", "90") for row in range(1, 102)]
    pages = _pages(Section("社区排名", head=HEAD, rows=rows))
    assert len(pages) > 1
    assert all("总分" in page for page in pages)
    assert sum("号社区" in line for page in pages for line in page.splitlines()) == len(rows)
