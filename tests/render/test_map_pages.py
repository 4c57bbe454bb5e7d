"""Pages as text: complete, closed to the network, and deaf to hostile records."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import geopandas as gpd
import pytest
import shapely

import maps
from gis.errors import BadInput, NotFound
from gis.legend import Legend
from maps import assets, html, records
from maps.layers import SHEETS, areas, layer, wanted

PAGES = sorted(SHEETS)
LINKS = re.compile(r"""\b(?:src|href|action|poster|data)\s*=\s*["']?\s*(?:https?:)?//""", re.I)
CALLS = re.compile(
    r"""(?:\burl\(\s*["']?|\bfetch\(\s*["'`]|@import\s*["']?)\s*(?:https?:)?//""", re.I
)
HOSTILE = [
    "</script><script>alert(1)</script>",
    "${alert(1)}",
    "<img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "a\u2028b\u2029c",
    "--><!--",
    "'\"`\\",
]


def external_addresses(page: str) -> list[str]:
    """Places in a page that would load something from another machine; a clean page has none."""
    hits = [*LINKS.finditer(page), *CALLS.finditer(page)]
    return [page[hit.start() : hit.end() + 60] for hit in hits]


class Parts(HTMLParser):
    """Tags with their attributes, the text of script and style elements, legend counts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, dict[str, str | None], str]] = []
        self._open: tuple[str, dict[str, str | None]] | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs)) if tag in {"script", "style"} else None

    def handle_data(self, data):
        if self._open:
            self.inside.append((*self._open, data))

    def handle_endtag(self, tag):
        self._open = None

    def counts(self, name: str) -> list[int]:
        """Counts of the legend's classes of one layer, in order."""
        found, current = [], None
        for _, attributes in self.tags:
            current = attributes.get("data-layer", current)
            if current == name and "data-count" in attributes:
                found.append(int(attributes["data-count"]))
        return found


@pytest.fixture(scope="module")
def pages(frames, inside):
    return {name: maps.build(name, frames, context=inside) for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_from_another_machine(pages, name):
    assert external_addresses(pages[name]) == []
    for tag, attributes in Parts(pages[name]).tags:
        for attribute in ("src", "href", "action"):
            assert (attributes.get(attribute) or "data:").startswith("data:"), (tag, attributes)


def test_the_gate_sees_what_it_must_refuse():
    for bad in (
        '<script src="https://cdn.example/x.js"></script>',
        "<link href=//cdn.example/x.css>",
        "<style>@import 'http://cdn.example/x.css'</style>",
        "<style>a{background:url( 'https://cdn.example/x.png')}</style>",
        "<script>fetch(`https://cdn.example`)</script>",
    ):
        assert len(external_addresses(bad)) == 1, bad


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_of_a_saved_page_names_its_own_scripts_and_forbids_requests(pages, name):
    parts = Parts(pages[name])
    policy = next(a["content"] for t, a in parts.tags if a.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules  # so default-src answers for it
    assert not re.search(r"unsafe|\*", policy)
    for tag, attributes, text in parts.inside:
        if "type" not in attributes:
            assert html.digest(text) in rules[f"{tag}-src"]


@pytest.mark.parametrize("name", PAGES)
def test_no_inline_handlers_and_no_inline_styles(pages, name):
    for tag, attributes in Parts(pages[name]).tags:
        assert not [a for a in attributes if a.startswith("on") or a == "style"], (tag, attributes)


@pytest.mark.parametrize("name", PAGES)
def test_the_legend_counts_the_rows_of_each_class(pages, frames, name):
    parts = Parts(pages[name])
    for one in wanted(name, internal=True):
        scheme, frame = layer(one).legend, frames[one]
        assert sum(parts.counts(one)) == len(frame)
        if isinstance(scheme, Legend):
            by_value = frame[scheme.column].value_counts()
            assert parts.counts(one) == [by_value.get(e.value, 0) for e in scheme.entries]


def test_the_classes_of_a_ramp_are_half_open(samples, inside):
    """0 ≤ x < 5 is the first class, 50 and more the last but one, unknown the last."""
    frame = samples.rental(7)
    frame["rented_per_100"] = [0, 4.999, 5, 49.9, 50, 99, None]
    page = maps.build("rental", {"rental": frame}, context=inside)
    assert Parts(page).counts("rental") == [2, 1, 0, 0, 1, 2, 1]


@pytest.mark.parametrize("column", ["name", "code", "reason_zh", "peer_group", "rule"])
def test_hostile_words_stay_words(samples, inside, column):
    harmless = samples.rating(len(HOSTILE))
    frame = harmless.copy()
    frame[column] = HOSTILE

    page = maps.build("rating", {"rating": frame}, context=inside)

    assert [t for t, _ in Parts(page).tags] == [
        t for t, _ in Parts(maps.build("rating", {"rating": harmless}, context=inside)).tags
    ]
    for raw in ("<script>alert", "<img src=x", "\u2028", "\u2029", "49{%"):
        assert raw not in page
    # Only data blocks hold the words; the code that runs never does.
    for _, attributes, text in Parts(page).inside:
        assert "type" in attributes or "alert(1)" not in text


def test_hostile_divisions_stay_words(samples, frames, inside):
    outlines = frames["community_outlines"].iloc[: len(HOSTILE)].copy()
    outlines["name"] = HOSTILE
    page = maps.build("rating", {**frames, "community_outlines": outlines}, context=inside)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_hostile_district_name_is_escaped(frames, inside):
    context = replace(inside, district_zh=HOSTILE[0], district_en=HOSTILE[2])
    page = maps.build("rating", frames, context=context)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_same_frames_make_the_same_page(pages, samples, inside):
    assert maps.build("combined", samples.frames(), context=inside) == pages["combined"]


def test_a_public_page_has_no_video_points(frames, samples):
    page = maps.build("combined", frames, context=samples.CONTEXT)
    assert "CAM000001" not in page
    assert 'data-layer="cameras"' not in page
    with pytest.raises(BadInput, match="internal layers"):
        maps.build("cameras", frames, context=samples.CONTEXT)


def test_marks_of_demo_and_secrecy(frames, samples, inside):
    assert "演示数据" in maps.build("rating", frames, context=samples.CONTEXT)
    assert "内部" not in maps.build("rating", frames, context=samples.CONTEXT)
    real = maps.build("rating", frames, context=replace(inside, demo=False))
    assert "演示数据" not in real
    assert "内部" in real


def test_rules_show_thresholds_and_the_title_of_their_document(inside):
    rule = inside.rules["FAC-1"]
    assert [t.value_zh for t in rule.thresholds] == ["30 m²"]
    assert "五发〔2018〕6号" in rule.source_zh
    assert "Wufa [2018] No. 6" in rule.source_en
    assert "80 %" in [t.value_en for t in inside.rules["SAF-1"].thresholds]


def test_server_pages_name_only_what_the_server_has(frames, inside):
    context = replace(inside, mode="server", nonce="r4nd0m")
    parts = Parts(maps.build("combined", frames, context=context))
    links = [a.get("src") or a["href"] for t, a in parts.tags if t == "script" and a.get("src")]
    links += [a["href"] for t, a in parts.tags if a.get("rel") == "stylesheet"]
    assert {link.removeprefix("/assets/") for link in links} <= set(assets.files())
    for tag, attributes in parts.tags:
        if tag in {"script", "style"} and "type" not in attributes:
            assert attributes["nonce"] == "r4nd0m"


def test_an_unknown_page_and_wrong_frames_are_refused(frames, inside):
    with pytest.raises(NotFound):
        maps.build("weather", frames, context=inside)
    with pytest.raises(BadInput, match="frame of layer rating"):
        maps.build("rating", {}, context=inside)
    with pytest.raises(records.FrameContract, match="lacks colour"):
        maps.build("rating", {"rating": frames["rating"].drop(columns="colour")}, context=inside)
    with pytest.raises(records.FrameContract, match="4326"):
        maps.build("rating", {"rating": frames["rating"].to_crs(4543)}, context=inside)


def test_an_empty_layer_is_a_page_that_says_so(samples, inside):
    page = maps.build("rating", {"rating": samples.rating(196).iloc[:0]}, context=inside)
    assert Parts(page).counts("rating") == [0, 0, 0, 0]
    assert "没有记录" in page


def test_streets_beyond_the_limit_keep_the_main_ones():
    zigzag = shapely.LineString([(102 + i * 1e-5, 25 + i % 2 * 1e-3) for i in range(70_000)])
    straight = shapely.LineString([(102.6, 25), (102.7, 25)])
    frame = gpd.GeoDataFrame({"kind": ["primary", "residential"]}, geometry=[straight, zigzag])
    assert list(areas.street_lines({"street_lines": frame})) == [True]


def test_missing_libraries_name_the_command(monkeypatch, tmp_path):
    assets.library_folder.cache_clear()
    monkeypatch.setenv("WANGGE_NODE_MODULES", str(tmp_path))
    with pytest.raises(assets.LibrariesMissing, match="npm ci"):
        assets.files()
    assets.library_folder.cache_clear()


def test_every_source_of_the_policy_reads_well_in_both_languages(inside):
    for rule in inside.rules.values():
        assert not re.search(r"[A-Za-z]{4}", rule.source_zh.replace("docs/methods.md", "")), rule
        assert not re.search(r"[\u4e00-\u9fff]{4}", rule.source_en.replace("发改高技", "")), rule
