"""In which looks pages are opened, and what each has to be in all of them."""

import pytest

from maps import assets

SIZES = {"desk": (1280, 800), "phone": (390, 844), "zoomed": (640, 400)}  # 1280 × 800 at 200 %
_PHONE, _DESK = ("phone", "zh"), ("desk", "en")
# A group's main task is done in both looks by `make test`, the others in the second by `make soak`.
MAIN_TASK = pytest.mark.parametrize(("size", "language"), [_PHONE, _DESK])
IN_BOTH = pytest.mark.parametrize(
    ("size", "language"), [_PHONE, pytest.param(*_DESK, marks=pytest.mark.slow)]
)
_AXE = (assets.library_folder() / "axe-core/axe.min.js").read_text("utf-8")
_RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
_AUDIT = f"""async () => (await axe.run(document, {{
    iframes: false, resultTypes: ['violations'], runOnly: {{ type: 'tag', values: {_RULES} }}
}})).violations.map(({{ id, nodes: [one] }}) => [id, one.html.slice(0, 120), one.failureSummary])"""
WIDER = "document.documentElement.scrollWidth > innerWidth"
# Rows of a shown layer whose label point, brought into view, has ink on the layer's own canvas.
INKED = """async ([name, rows]) => {
    const layer = wangge.layers.get(name);
    let inked = 0;
    for (const row of rows) {
        wangge.map.setView([layer.index.lat[row], layer.index.lon[row]], 17, { animate: false });
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        const at = wangge.map.latLngToContainerPoint([layer.index.lat[row], layer.index.lon[row]]);
        const page = wangge.map.getContainer().getBoundingClientRect();
        for (const canvas of wangge.map.getPane("layer-" + name).querySelectorAll("canvas")) {
            const box = canvas.getBoundingClientRect();
            const ratio = canvas.width / box.width;
            const [x, y] = [(at.x + page.x - box.x) * ratio, (at.y + page.y - box.y) * ratio];
            if (x < 0 || y < 0 || x >= canvas.width || y >= canvas.height) continue;
            if (canvas.getContext("2d").getImageData(x, y, 1, 1).data[3] > 0) { inked++; break; }
        }
    }
    return inked;
}"""


def is_sound(page):
    """Accessible and no wider than the screen."""
    page.evaluate(_AXE)
    found = page.evaluate(_AUDIT)
    assert not found, (page.url, found)
    assert not page.evaluate(WIDER), page.url


def sign_in(page, base, login, password):
    """Through the form, as a person does."""
    page.goto(f"{base}/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main form [type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
