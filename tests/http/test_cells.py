"""Cell by cell: every route × every role × own area, the area beside it and the area above.

The routes are the application's own: one without a sample for its parameters fails here.
"""

import re
import secrets
from datetime import UTC, datetime
from html import unescape
from typing import ClassVar

import cells
import pytest
from bodies import asked
from cells import ABOVE, BESIDE, OWN, WHERE
from fastapi.testclient import TestClient
from routes import INSIDE, OPEN, TILE, asked_of, every
from sqlalchemy import text

from api import analyses
from api.analyses import NEEDED
from api.app import create_app
from api.audit.exported import may_take
from api.auth.identity import own_session
from api.deps import Needs, near_or_health, needs, shown_layer, tiled_layer
from api.files.asked import ExportIn
from api.house import House
from api.routers.results import shown
from api.tasks.perform import perform
from data.export.model import Format
from gis.access import administration
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.db.session import User
from gis.errors import Forbidden
from gis.jobs import service as jobs
from gis.jobs.model import JobKind, JobState
from gis.layers.model import REGISTRY, layer
from gis.publication import service as publication
from gis.runs.model import Analysis
from gis.settings import Settings
from gis.uploads.model import Upload

# What stands in a path, by its beginning and the parameter's name; the first that fits counts.
PARAMETERS = [
    ("/api/v1/areas", "code", "area"), ("/coverage-board", "code", "area"),
    ("/grids", "community", "area"), ("/grids", "edit_id", "edit"), ("", "key", "feature"),
    ("", "code", "compound"), ("", "facility", "facility"), ("", "camera", "camera"),
    ("/dangers/photos", "id", "photo"),
    ("/dangers", "id", "danger"), ("/visits", "id", "visit"),
    ("/ratings/{cycle_id}/object", "cycle_id", "published"),
    ("", "cycle_id", "cycle"),
    ("", "override_id", "override"), ("/api/v1/exports", "job_id", "export"),
    ("", "job_id", "job"), ("", "upload_id", "upload"), ("", "import_id", "import"),
    ("", "scenario_id", "scenario"), ("", "change_id", "change"), ("", "login", "account"),
]  # fmt: skip
FEATURES = {
    "/api/v1/layers/{name}/features", "/ogc/collections/{name}/items",
    "/tiles/{name}/{z}/{x}/{y}.mvt",
}  # fmt: skip
CHOICES = {"step": "dry-run", "period": "2026Q3", "kind": "cameras", "z": "15", "form": "qml"}
# Records of the district that everybody sees, and nobody changes.
OF_ALL = {"cycle", "published", "import"}
# Names and codes of divisions are public, and the trail is the whole district's.
WHOLE = re.compile(r"(/accounts|/areas$|(/api/v1)?/audit)")
FINE = {200, 201, 202, 204, 303}
NOT_THERE = {403, 404}
# What nobody who works in a part of the district can have done.
OF_DISTRICT = {
    ("POST", "/api/v1/accounts/first-security-admin"): "gives roles in the whole district",
    ("GET", "/api/v1/results/rating/replay"): "computes the whole district's rating again",
    ("POST", "/api/v1/runs"): "an analysis takes in the whole district",
    ("POST", "/jobs/runs"): "an analysis takes in the whole district",
    ("POST", "/policy"): "the rules are the whole district's",
    ("POST", "/policy/set"): "the rules are the whole district's",
    ("POST", "/ratings"): "the quarter is opened for the whole district",
    ("POST", "/ratings/{cycle_id}/publish"): "the quarter is published for the whole district",
}
UNDO = "/imports/{upload_id}/undo/{import_id}"  # the import is of another file
# What may be answered in one's own area besides: a second one of the kind, or none to be had.
BESIDES = {
    "/ratings/{cycle_id}/ask/{code:path}": {409},  # asked for already by the role before
    "/ratings/{cycle_id}/object/{code:path}": {409},
    "/exports/sheet": {422},  # by who may take no layer
    UNDO: {409},
    f"/api/v1{UNDO}": {409},
}


class Cell:
    """One area as one caller asks for it; its records are made or found when they are wanted."""

    found: ClassVar[dict] = {}

    def __init__(self, store, house, area, login):
        self.store, self.house, self.area, self.login = store, house, area, login

    def of(self, kind, name=""):
        if (kind, name, self.area) not in self.found:
            key = self._of(kind, name)
            if kind in cells.MADE and self.area == OWN:  # whatever is done to it, the next is new
                return key
            self.found[kind, name, self.area] = key
        return self.found[kind, name, self.area]

    def _of(self, kind, name):
        if kind == "feature":
            with self.store.begin() as session:
                return cells.feature(session, self.house, name, self.area)
        key = cells.record(self.store, kind, self.area, login=self.login)
        if kind == "upload":
            cells.lay_out(self.house.settings.home, self.store, key)
        return key

    def path(self, route, name):
        """The route's address with this area's records, and their kinds; None where one lacks."""
        values, kinds = {"name": name, "analysis": name}, set()
        if "/tiles/" in route.path:
            values |= dict(zip("xy", self.of("tile").split(), strict=True))
        for one in route.param_convertors:
            kind = next(
                (k for start, n, k in PARAMETERS if n == one and route.path.startswith(start)), None
            )
            if kind is not None:
                values[one], kinds = self.of(kind, name), kinds | {kind}
        if None in values.values():
            return None, kinds
        return route.path_format.format(**{**CHOICES, **kind_in(route.path), **values}), kinds


def kind_in(path):
    return {"kind": "compound"} if path.startswith("/notes") else {}


class Walk:
    """Every route, as one role that is at work in `OWN`, in each of the three areas."""

    def __init__(self, client, role, login, store, house):
        self.client, self.role, self.held = client, role, PERMISSIONS[role]
        self.areas = {one: Cell(store, house, one, login) for one in WHERE}
        self.wrong, self.pages, self.done = [], {}, set()

    def go(self, routes):
        for route in routes:
            for name in names_of(route):
                for method in route.methods - {"HEAD"}:
                    self.meet(route, method, name)

    def meet(self, route, method, name):
        needed = rights_of(route, name)
        if not needed <= self.held:
            path, kinds = self.areas[BESIDE].path(route, name)  # nothing is made for nobody
            sent = asked(self.areas[BESIDE], route, method)
            answer = self.client.request(method, path or "/none", **sent)
            self.judge(route, method, path, OWN, kinds, needed, answer, set())
            return
        for where in places_of(route):
            cell = self.areas[where]
            path, kinds = cell.path(route, name)
            if path is None or not news(route, where, kinds):
                continue
            sent = asked(cell, route, method)
            answer = self.client.request(
                method, path, **sent, follow_redirects=False, headers={"accept": "text/html, */*"}
            )
            if where == OWN and answer.status_code < 400:
                self.done.add((method, route.path))
            told = set() if WHOLE.match(route.path) else cells.strangers(answer)
            told = {one for one in told if one not in f"{path} {sent}"}  # our own words are no news
            self.judge(route, method, path, where, kinds, needed, answer, told)

    def judge(self, route, method, path, where, kinds, needed, answer, told):
        if where == BESIDE and '"features":[{' in answer.text.replace(" ", ""):
            told.add("features")
        may = needed <= self.held
        right = answer.status_code in statuses(route, path, where, method, kinds, may)
        if told or not right:
            self.wrong.append((method, path, where, answer.status_code, sorted(told)[:3]))
        if answer.status_code == 200 and "text/html" in answer.headers.get("content-type", ""):
            self.pages[path] = answer.text


SEEN = set()


def news(route, where, kinds):
    """A page without a record or an area of its own is asked for beside by one role alone."""
    if where == OWN or kinds or any(one.alias == "area" for one in queries(route.dependant)):
        return True
    first = route.path not in SEEN
    SEEN.add(route.path)
    return first


def places_of(route):
    """The areas a route is asked for: all where it names a record or an area."""
    named = route.param_convertors.keys() - {"name", "analysis", "period"}
    area = any(one.alias == "area" for one in queries(route.dependant))
    return WHERE if named or area else (OWN, BESIDE)


def queries(dependant):
    yield from dependant.query_params
    for one in dependant.dependencies:
        yield from queries(one)


def names_of(route):
    """What stands for the route's layer or analysis: every layer where its features come out."""
    if route.path in FEATURES:
        return [one.name for one in REGISTRY]
    if route.path == "/maps/{name}":
        return ["combined", "rating"]
    if "{name}" in route.path:
        return ["rating", "cameras"]
    return list(Analysis) if "{analysis}" in route.path else [""]


def needs_of(route):
    return {(o.capability, o.action) for o in asked_of(route) if isinstance(o, Needs)}


def rights_of(route, name):
    calls, needed = asked_of(route), needs_of(route)
    if (
        {shown_layer, tiled_layer} & set(calls)
        or route.path == TILE
        or (route.path == "/maps/{name}" and name != "combined")
    ):
        needed.add((layer(name).capability, Action.READ))
    if route.path == "/maps/{name}":
        needed.add((Capability.AREAS, Action.READ))
    if route.path.startswith("/sheets"):
        needed.add((layer(name).capability, Action.EXPORT))
    if near_or_health in calls:
        needed.add((Capability.HEALTH, Action.READ))
    if shown in calls:
        needed.add((NEEDED[name], Action.READ))
    if route.path.startswith("/api/v1/exports") or (
        route.path == "/exports" and "POST" in route.methods
    ):
        needed.add((Capability.COVERAGE, Action.EXPORT))
    return needed


def statuses(route, path, where, method, kinds, may):
    """What may be answered in an area; a record of the area beside or above is not there."""
    if not may:  # whether a file may leave is asked once it is found
        return NOT_THERE if path.startswith("/api/v1/exports/") else {403}
    if (method, route.path) in OF_DISTRICT:
        return {403}
    if where != OWN and (method, route.path) == ("GET", "/sharp-eyes/plan"):
        return {422}  # the form again, which says that there is no such compound
    if where != OWN and kinds - OF_ALL and not (where == ABOVE and kinds == {"area"}):
        return {404} if method == "GET" else NOT_THERE
    return FINE | BESIDES.get(route.path, set()) | (NOT_THERE if where != OWN else set())


# -- the walk ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(own_demo, tmp_path_factory):
    home = tmp_path_factory.mktemp("cells")
    urls = own_demo.urls
    return House(Settings(
        _env_file=None, home=home, database_url=urls.app, owner_url=urls.owner,
        export_limit="100000/minute",
    ))  # fmt: skip


@pytest.fixture(scope="module")
def marked(own_demo, house):
    """The demo with strangers' names marked and its quarter published; what others hold in it."""
    with own_demo.begin() as session:
        cells.mark_names(session)
        cycle = publication.open_cycle(session, district=house.district, period="2026Q3")
        codes = publication.changes(session, cycle)["code"].tolist()
        publication.confirm(session, cycle.id, codes)
        publication.publish(session, cycle.id, issuer="综治中心")
        when = analyses.asked(session, house, period="2026Q2", as_of=None)
        analyses.run(session, house, Analysis.RATING, when)
        publication.open_cycle(session, district=house.district, period="2026Q2")
    return own_demo


@pytest.fixture(scope="module")
def app(house):
    return create_app(house.settings)


@pytest.fixture(scope="module")
def before(marked, house):
    """What others hold before anybody walks, their records made."""
    for area in (BESIDE, ABOVE):
        for kind in cells.MADE:
            Cell(marked, house, area, "somebody").of(kind)
    with marked.begin() as session:
        return cells.held(session, own=OWN)


class Walks(dict):
    """Each role's walk, made when it is first looked at."""

    def __init__(self, client, store, house, token_for):
        self.client, self.store, self.house, self.token_for = client, store, house, token_for

    def __missing__(self, role):
        token = self.token_for(self.store.urls, role, [OWN])
        self.client.headers["authorization"] = f"Bearer {token}"
        login = self.client.get("/api/v1/auth/me").json()["login"]
        self[role] = Walk(self.client, role, login, self.store, self.house)
        self[role].go(one for one in every(self.client.app.routes) if not skipped(one))
        return self[role]


@pytest.fixture(scope="module")
def walks(marked, house, app, before, token_for):
    """One signed-in client per role walks through every route."""
    with TestClient(app, base_url="http://localhost", headers={"origin": "http://localhost"}) as c:
        yield Walks(c, marked, house, token_for)


def skipped(route):
    """Open doors, and what concerns nothing but one's own account (test_sign_in.py)."""
    return route.path in OPEN | INSIDE - {"/maps/{name}", TILE} or own_session in asked_of(route)


@pytest.mark.parametrize("role", list(Role))
def test_every_cell_is_as_the_table_of_rights_says(walks, role):
    assert walks[role].wrong == []


def test_whoever_has_the_right_is_answered_in_their_own_area(walks, app):
    """Refusals alone would say nothing of rights: each route does what it is for, for some role."""
    asked_for = {
        (method, route.path)
        for route in every(app.routes)
        if not skipped(route)
        for method in route.methods - {"HEAD"}
    }
    done = set().union(*(walks[role].done for role in Role))
    assert asked_for - done == {*OF_DISTRICT, ("POST", UNDO), ("POST", f"/api/v1{UNDO}")}


@pytest.mark.parametrize("role", list(Role))
def test_no_page_links_to_what_the_reader_may_not_open(walks, app, role):
    routes = [one for one in every(app.routes) if hasattr(one, "dependant")]
    dead = {
        (page, address)
        for page, text in walks[role].pages.items()
        for method, address in links(text)
        for route in [leads_to(routes, method, address)]
        if route is not None and not needs_of(route) <= walks[role].held
    }
    assert dead == set()


def links(text):
    """Method and path of each link, form, frame and picture of a page."""
    for form in re.findall(r"<form[^>]*>", text):
        action = re.search(r'action="(/[^"?#]*)', form)
        if action:
            yield ("POST" if 'method="post"' in form else "GET"), unescape(action[1])
    for address in re.findall(r'(?:href|src|hx-get)="(/[^"?#]*)', text):
        yield "GET", unescape(address)


def leads_to(routes, method, address):
    fits = (one for one in routes if method in one.methods and one.path_regex.match(address))
    return next(fits, None)


def test_nothing_of_another_area_was_changed(walks, marked, before):
    assert len([walks[role] for role in Role]) == len(Role)
    with marked.begin() as session:
        after = cells.held(session, own=OWN)
    assert [table for table in before if before[table] != after[table]] == []


@pytest.mark.parametrize(
    "role", [Role.GRID_SUPERVISOR, Role.PLANNER, Role.POLICE_LIAISON, Role.DATA_STEWARD]
)
def test_a_file_that_a_job_writes_holds_ones_own_area_alone(marked, house, role):
    """Every layer that the role may export, for the whole district as far as it is the caller's."""
    user = at_work(marked, house, role, OWN)
    for name in (one.name for one in REGISTRY if takes(user, one.name)):
        secret = layer(name).internal
        asked = ExportIn(layer=name, format=Format.GEOJSON, internal=secret, purpose="a test")
        ended = done(marked, house, user, JobKind.EXPORT, **asked.model_dump(mode="json"))
        assert ended.state == JobState.DONE, (name, ended.message_en)
        body = (house.settings.home / "exports" / ended.result["file"]).read_bytes()
        assert cells.strangers_in(body) == set(), name


@pytest.mark.parametrize("area", [OWN, ABOVE])
@pytest.mark.parametrize("role", [Role.PLANNER, Role.POLICE_LIAISON, Role.DATA_STEWARD])
def test_a_run_that_a_part_asks_for_past_the_door_stores_nothing(marked, house, role, area):
    user = at_work(marked, house, role, area)
    stored = text("SELECT count(*) FROM runs")
    with marked.begin() as session:
        runs = session.scalar(stored)
    for analysis in Analysis:
        ended = done(marked, house, user, JobKind.RUN, analysis=analysis, period=None)
        assert (ended.state, ended.error_code) == (JobState.FAILED, "whole_district"), analysis
    with marked.begin() as session:
        assert session.scalar(stored) == runs


SENT = {  # kind: head, row, and what the store holds of it in an area
    "households": (
        "对象编码,户数,统计日期", "{area},3210,2026-09-0{day}",
        "SELECT subject_code, households FROM household_counts WHERE area_code = :area",
    ),
    "incidents": (
        "编号,发生时间,类别,经度,纬度", "T{area}{day},2026-09-0{day} 08:00,盗窃,{lon},{lat}",
        "SELECT source_key FROM incidents WHERE area_code = :area",
    ),
}  # fmt: skip
REFUSED = (JobState.FAILED, "outside_areas")
NOTHING = (JobState.FAILED, "nothing_kept")


@pytest.mark.parametrize(("kind", "areas", "ends"), [
    ("households", [OWN], (JobState.DONE, None)), ("incidents", [OWN], (JobState.DONE, None)),
    ("households", [BESIDE], REFUSED), ("incidents", [BESIDE], NOTHING),
    ("households", [OWN, BESIDE], REFUSED),  # the file; of places each row by itself
    ("incidents", [OWN, BESIDE], (JobState.DONE, None)),
])  # fmt: skip
def test_a_file_that_a_part_sends_is_taken_in_for_that_part_alone(marked, house, kind, areas, ends):
    """Counts of households and incidents, looked at, tried and taken in by jobs."""
    user, (head, row, _) = at_work(marked, house, Role.DATA_STEWARD, OWN), SENT[kind]
    upload = cells.upload(marked, user, OWN, kind=kind)
    rows = [row.format(area=area, day=len(areas), **spot(marked, area)) for area in areas]
    cells.lay_out(house.settings.home, marked, upload, words="\n".join([head, *rows]))
    before = {area: held_of(marked, kind, area) for area in (OWN, BESIDE)}
    seen = done(marked, house, user, JobKind.PREVIEW, upload=upload, upload_id=upload)
    assert len(seen.result["preview"]["rows"]) == len(areas)
    for trial in (True, False):
        ended = done(marked, house, user, JobKind.IMPORT, upload_id=upload, dry_run=trial)
        assert (ended.state, ended.error_code) == ends
    assert held_of(marked, kind, BESIDE) == before[BESIDE]
    assert len(held_of(marked, kind, OWN) - before[OWN]) == (ends[0] == JobState.DONE)


def spot(store, area):
    return dict(
        zip(
            ("lon", "lat"), cells.record(store, "spot", area, login="somebody").split(), strict=True
        )
    )


def held_of(store, kind, area):
    with store.begin() as session:
        return {tuple(row) for row in session.execute(text(SENT[kind][2]), {"area": area})}


def at_work(store, house, role, area):
    """Somebody with that role in one area, as an account."""
    user = User.of(role, id=f"t{secrets.token_hex(8)}", area_prefixes=(area,))
    with store.begin() as session:
        administration.add_without_password(
            session, user.id, district=house.district, role=role, area_prefixes=[area],
            now=datetime.now(UTC),
        )  # fmt: skip
    return user


def done(store, house, user, kind, *, upload=None, **parameters):
    """The job that the user asks for, once it has ended."""
    with store.begin(user) as session:
        job = jobs.ask(session, kind, parameters, district_code=house.district.code)
        if upload is not None:
            session.get_one(Upload, upload).preview_job = job.id
    perform(house, store.engine, job.id)
    with store.begin(user) as session:
        return jobs.find(session, job.id)


def takes(user, name):
    try:
        may_take(user, name)
    except Forbidden:
        return False
    return True


def test_a_route_without_a_sample_is_found(marked, house, app):
    app.get("/forgotten/{thing}", dependencies=[needs(Capability.AREAS)])(lambda: "anything")
    try:
        with pytest.raises(KeyError, match="thing"):
            Cell(marked, house, OWN, "somebody").path(list(every(app.routes))[-1], "")
    finally:
        app.router.routes.pop()
