"""Names made to break out of a page: through every import into every page, opened in Chromium."""

import re
from urllib.parse import urlsplit

import hostile
import pytest
from serving import account_of, serving
from sqlalchemy import text

from api import analyses
from api.files import outputs
from data.demo.build import generate
from data.ingest.fields import FIELDS
from data.ingest.service import import_file
from data.ingest.types import Kind, Options, Severity
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.facts import service as facts
from gis.layers.service import Scope

pytestmark = pytest.mark.browser
WIDE = (Role.GRID_SUPERVISOR, Role.PLANNER, Role.POLICE_LIAISON, Role.DATA_STEWARD)
PAGES_EACH = 2  # of one kind of address, such as a compound
LABELS = {one for one in hostile.VALUES if len(one) <= 100}  # a longer one is cut
REFUSED = re.compile("status of 40[34] ").search
UNPUBLISHED = {"/ogc/collections/rating/items", "/ogc/collections/risk/items"}  # none is, here
UNSEEN = re.compile("[\u202a-\u202e]")
LINKS = "a[href]:not([type]), a[href][type='text/html']"  # not to the same as JSON
# What a value could become: an element, a script that ran, an address that runs one.
BROKEN_OUT = """() => [...document.querySelectorAll(
    "[data-hostile], [href^='javascript:' i], [src^='javascript:' i], [autofocus][onfocus]")]
    .map(one => one.outerHTML.slice(0, 200)).concat(window.hostile ? ["ran"] : [])"""
TEXT = """() => [...document.body.children].filter(one => one.tagName !== "SCRIPT")
    .map(one => one.textContent).join(" ")"""  # without the data that scripts carry
OPEN_ALL = f"""async most => {{
    const text = {TEXT};
    let read = "";
    for (const layer of wangge.layers.values()) {{
        wangge.show(layer.name, true);
        for (const key of [...layer.index.key.slice(0, most), ...layer.index.key.slice(-2)]) {{
            await wangge.open(layer.name, key, {{ fly: false }});
            read += text();
        }}
    }}
    return read;
}}"""


@pytest.fixture(scope="module")
def hostile_store(own_store, demo_store, tmp_path_factory):
    """(store, reports by kind): the demo with hostile text in every text field, analysed."""
    folder = tmp_path_factory.mktemp("hostile")
    made = generate(folder / "demo", size="small", seed=1)
    house, reports = demo_store.house, {}
    with own_store() as store:
        with store.begin() as session:
            facts.claim(session, house.district)
        for one in hostile.files(made.files, folder):
            with store.begin() as session:
                reports.setdefault(one.kind, []).append(
                    import_file(
                        session, one.path, one.kind, Options(frame=one.frame or "wgs84"),
                        house.district,
                    )
                )  # fmt: skip
        with store.begin() as session:
            when = analyses.asked(session, house, period=None, as_of=None)
            for one in analyses.chosen("all"):
                analyses.run(session, house, one, when)
        yield store, reports


@pytest.fixture
def visit(chromium):
    """Open an address; collects dialogs and complaints of all pages and frames."""
    contexts, heard = [], []

    def context(**more):
        made = chromium.new_context(service_workers="block", **more)
        contexts.append(made)
        page = made.new_page()
        page.on(
            "dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        page.on(
            "console",
            lambda m: (
                m.type == "error" and not REFUSED(m.text) and heard.append(f"{page.url}: {m.text}")
            ),
        )
        page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
        return page

    yield context
    for made in contexts:
        made.close()
    assert heard == []


def looked_at(page, *, most=16):
    """All text of a ready page with its frames; nothing in it broke out."""
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    read = ""
    for frame in page.frames:
        frame.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        read += frame.evaluate(TEXT)
        if frame.evaluate("() => Boolean(window.wangge?.layers)"):
            read += frame.evaluate(OPEN_ALL, most)
        assert frame.evaluate(BROKEN_OUT) == [], page.url
    assert hostile.COMPUTED not in read, page.url
    return read


def shown(read):
    """Which values can be read literally, but for marks that nobody sees: imports take them off."""
    plain = seen(read)
    return {one for one in hostile.VALUES if seen(one) in plain}


def seen(said):
    return " ".join(UNSEEN.sub("", said).split())


def test_what_is_looked_for_would_be_found(chromium):
    said = []
    for value in hostile.VALUES:
        page = chromium.new_page()  # of its own: a dialog that is open would hold up the next
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.set_content(f"<p title='{value}'>{value}</p><a href='{value}'>1</a>")
        harmless = value.startswith(("$", "\u2028", "`", "&lt;", "<!"))  # elsewhere they are not
        assert (page.evaluate(BROKEN_OUT) == []) == harmless, value
        page.close()
    assert {"3", "5"} <= set(said)


def test_hostile_text_comes_in_by_every_field_as_text(hostile_store):
    _, reports = hostile_store
    assert set(reports) == set(FIELDS) == set(Kind)
    for kind, several in reports.items():
        for report in several:
            refused = [note for note in report.notes if note.severity is Severity.REFUSED]
            assert report.inserted >= report.read - 1, (kind, refused[:3])


@pytest.mark.slow
def test_saved_maps_show_names_as_text(hostile_store, demo_store, visit, tmp_path):
    store, _ = hostile_store
    names = outputs.pages("all", internal=True)
    with store.begin() as session:
        written, lacking = outputs.write_maps(
            session, demo_store.house, names, Scope(internal=True), tmp_path
        )
    assert lacking == {}
    page, read = visit(), ""
    for path in written:
        page.goto(path.as_uri())
        read += looked_at(page)
    assert shown(read) == set(hostile.VALUES)


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_every_page_that_somebody_can_walk_to_shows_names_as_text(hostile_store, visit, role):
    store, _ = hostile_store
    with serving(store.urls, role=None, serve_internal=True) as client:
        page, base = visit(), str(client.base_url).rstrip("/")
        cookies = entered(client, store.urls, role)
        page.context.add_cookies([one | {"url": base} for one in cookies])
        written_by_hand(client, store)
        read = walked(page, base, ["/", "/maps/combined", "/account", "/ogc", "/ogc/collections"])
    assert {"/account", "/account/tokens", "/account/password", "/help", "/rights"} <= set(read)
    assert ("/ogc" in read) == ((Capability.AREAS, Action.READ) in PERMISSIONS[role])
    assert shown(read["/account/tokens"]) == LABELS
    if role in WIDE:
        assert len(read) >= 12, list(read)
        assert shown(" ".join(read.values())) == set(hostile.VALUES)
    if role is Role.AUDITOR:
        assert shown(read["/audit"]) >= LABELS


def entered(client, urls, role):
    """The cookies of a session of that role, which the client has from now on."""
    login, password = account_of(urls, role)
    client.headers["Sec-Fetch-Site"] = "same-origin"
    said = {"login": login, "password": password}
    client.post("/api/v1/auth/sign-in", json=said).raise_for_status()
    return [{"name": name, "value": value} for name, value in client.cookies.items()]


def walked(page, base, waiting):
    """The text of the pages that one comes to from those that wait, by kind of address."""
    read, tried = {}, []
    while waiting:
        path = waiting.pop(0)
        like = re.sub(r"(?<=.)/[^/]*[^a-z/_-][^/]*", "/*", urlsplit(path).path)
        if tried.count(like) >= PAGES_EACH:
            continue
        tried.append(like)
        answer = page.goto(base + path)  # None: another place of the page that is open
        status = 200 if answer is None else answer.status
        assert status in {200, 403} or (status == 404 and like in UNPUBLISHED), path
        found = looked_at(page, most=4)
        if status == 200:
            read[like] = read.get(like, "") + found
        links = page.eval_on_selector_all(LINKS, "all => all.map(one => one.href)")
        waiting += [link.removeprefix(base) for link in links if walkable(link, base)]
    return read


def walkable(link, base):
    path = urlsplit(link).path
    files = r"\.(pdf|png|csv|xlsx|json|jpg|svg|mvt)$|^/(api|tiles|assets|sign-)"
    return link.startswith(f"{base}/") and "download=" not in link and not re.search(files, path)


def written_by_hand(client, store):
    """What users write themselves: notes where the role may, labels, and what is refused them."""
    with store.begin() as session:
        code = session.scalar(
            text("SELECT min(code) FROM wangge.compounds WHERE code ~ '^[\\w-]+$'")
        )
    for number, value in enumerate(hostile.VALUES):
        client.post(f"/notes/compound/{code}", data={"body": value, "key": f"a-note-{number:08}"})
        client.post("/account/tokens", data={"label": value, "days": "1", "scope": "read"})
        client.get("/audit/lines.csv", params={"purpose": value})


def test_no_answer_of_the_api_is_read_as_a_page(hostile_store):
    store, _ = hostile_store
    with serving(store.urls, role=Role.DATA_STEWARD, serve_internal=True) as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
        for path in (one for one, verbs in paths.items() if "get" in verbs and "{" not in one):
            answer = client.get(path)
            assert answer.headers["x-content-type-options"] == "nosniff", path
            if "hostile" in answer.text:
                assert answer.headers["content-type"].partition(";")[0] in {
                    "application/json", "application/geo+json", "text/csv", "text/html",
                }, path  # fmt: skip
