"""Every page of the application: who reads it, where it is, and the store that gives it rows."""

import io
import re
from dataclasses import dataclass

import httpx2
from PIL import Image
from serving import account_of
from sqlalchemy import text

from api import analyses
from api.house import House
from gis.access.rights import Role
from gis.audit.signing import Signer
from gis.layers.model import REGISTRY
from gis.publication import seal
from gis.runs.model import Analysis

HERE = {"Sec-Fetch-Site": "same-origin"}
SUPERVISOR, PLANNER, POLICE = Role.GRID_SUPERVISOR, Role.PLANNER, Role.POLICE_LIAISON
STEWARD, SYSTEM, SECURITY = Role.DATA_STEWARD, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN


@dataclass(frozen=True)
class Page:
    """A page as its ``reader`` sees it; ``route`` is the application's own, unless it fails.

    ``address`` where the route is not one already, with names of what `furnished` made; ``sends``
    the form that is sent as it stands there, and leads to the page.
    """

    route: str
    reader: Role | None = None
    address: str = ""
    sends: str = ""
    status: int = 200

    def __str__(self) -> str:
        return " ".join(filter(None, (self.address or self.route, self.sends)))


OPEN = (
    Page("/sign-in"),
    Page("/sign-in", sends="main form", status=401),
    Page("/help"),
    Page("/check"),
    Page("/check", address="/check?t={seal}"),
    Page("/check", address="/check?t=WG1", status=404),
    Page("/open/{area_code}", address="/open/{community}"),
)
WORK = (
    Page("/help", SUPERVISOR),
    Page("/tour", SUPERVISOR),
    Page("/today", SUPERVISOR),
    Page("/map", SUPERVISOR),
    Page("/map", SUPERVISOR, "/map?before=2026Q2"),
    Page("/places/compound/{code}", SUPERVISOR, "/places/compound/{compound}"),
    Page("/dangers", SUPERVISOR),
    Page("/dangers/new", SUPERVISOR),
    Page("/dangers/new", SUPERVISOR, sends="form[data-draft]", status=422),
    Page("/dangers/{id}", SUPERVISOR, "{danger}"),
    Page("/visits", SUPERVISOR),
    Page("/notes/{kind}/{code:path}", SUPERVISOR, "/notes/compound/{compound}"),
    Page("/account", SUPERVISOR),
    Page("/account", SUPERVISOR, sends="form[action='/account/second-factor']"),
    Page("/account/password", SUPERVISOR),
    Page("/sign-in/code", SUPERVISOR),
    Page("/account/tokens", SUPERVISOR),
    Page("/rights", SUPERVISOR),
)
PLANNING = (
    Page("/coverage-board", PLANNER),
    Page("/coverage-board/{code}", PLANNER, "/coverage-board/{community}"),
    Page("/walking", PLANNER),
    Page("/facilities", PLANNER),
    Page("/facilities/new", PLANNER),
    Page("/facilities/new", PLANNER, sends="main form.card", status=422),
    Page("/facilities/{facility:path}", PLANNER, "/facilities/{facility}"),
    Page("/scenarios", PLANNER),
    Page("/scenarios/{scenario_id}", PLANNER, "{scenario}"),
    Page("/scenarios/{scenario_id}/walking", PLANNER, "{scenario}/walking"),
    Page("/grids", PLANNER),
    Page("/grids/{community}", PLANNER, "/grids/{community}"),
)
SHARP_EYES = (
    Page("/sharp-eyes", POLICE),
    Page("/sharp-eyes/findings", POLICE),
    Page("/sharp-eyes/blind", POLICE),
    Page("/sharp-eyes/covered", POLICE),
    Page("/sharp-eyes/watched", POLICE),
    Page("/sharp-eyes/points/{camera}", POLICE, "/sharp-eyes/points/SP000001"),
    Page("/sharp-eyes/plan", POLICE),
    Page("/sharp-eyes/plan", POLICE, "/sharp-eyes/plan?compound={compound}"),
)
LIAISON = (
    Page("/ratings", POLICE, "/ratings?period=2026Q1"),
    Page("/ratings", POLICE, "/ratings?period=2026Q2"),
    Page("/ratings", POLICE, "/ratings?period=2026Q2&replay=yes"),
    Page("/ratings", POLICE, "/ratings?period=2026Q3"),
    Page("/ratings/{cycle_id}/{code:path}", POLICE, "{change}"),
    Page("/plaques", POLICE),
    Page("/plaques/check", POLICE, "/plaques/check?t={seal}"),
    *SHARP_EYES,
    Page("/rankings", POLICE),
    Page("/bulletins", POLICE),
    Page("/imports", POLICE),
    Page("/exports", POLICE),
    Page("/exports", POLICE, sends="form[action='/exports']", status=422),
)
ADMINISTRATION = (
    Page("/imports", STEWARD),
    Page("/imports/{upload_id}", STEWARD, "{upload}"),
    Page("/jobs", STEWARD),
    Page("/jobs/{job_id}", STEWARD, "/jobs/1"),
    Page("/accounts", SYSTEM),
    Page("/accounts/{login}", SECURITY, "/accounts/{login}"),
    Page("/areas", SECURITY),
    Page("/policy", SECURITY),
    Page("/audit", Role.AUDITOR),
    Page("/health", Role.AUDITOR),
)
OGC = (
    Page("/ogc", PLANNER),
    Page("/ogc/conformance", PLANNER),
    Page("/ogc/api", PLANNER),
    Page("/ogc/collections", PLANNER),
    Page("/ogc/collections/{name}", PLANNER, "/ogc/collections/facilities"),
    Page("/ogc/collections/{name}/queryables", PLANNER, "/ogc/collections/facilities/queryables"),
    Page("/ogc/collections/{name}/items", PLANNER, "/ogc/collections/facilities/items"),
    Page("/ogc/collections/{name}/items/{key:path}", PLANNER,
         "/ogc/collections/facilities/items/{facility}"),
)  # fmt: skip
FAILURES = (
    Page("/nothing", SUPERVISOR, status=404),
    Page("/audit", SUPERVISOR, status=403),
    Page("/imports", POLICE, "/imports?kind=nothing", status=422),
    Page("/ratings", POLICE, "/ratings?period=2020Q1", status=404),
)
MAPS = (
    *(Page("/maps/{name}", POLICE, f"/maps/{one.name}") for one in REGISTRY),
    Page("/maps/{name}", POLICE, "/maps/combined"),
    Page("/maps/plan/video", POLICE, "/maps/plan/video?compound={compound}"),
)
PAGES = (*OPEN, *WORK, *PLANNING, *LIAISON, *ADMINISTRATION, *OGC, *FAILURES, *MAPS)


@dataclass(frozen=True)
class Office:
    """A service at work: its address, a session's cookie for each role, names of what there is."""

    base: str
    cookies: dict[Role, dict[str, str]]
    names: dict[str, str]

    def address(self, page: Page) -> str:
        return self.base + (page.address or page.route).format(**self.names)


def entered(base: str, urls) -> dict[Role, httpx2.Client]:
    """A client for each role that has signed in."""
    found = {}
    for role in Role:
        login, password = account_of(urls, role)
        found[role] = httpx2.Client(base_url=base, headers=HERE, timeout=60, verify=False)
        said = {"login": login, "password": password}
        found[role].post("/api/v1/auth/sign-in", json=said).raise_for_status()
    return found


def sent(client: httpx2.Client, path: str, *, files=None, **data: str) -> str:
    """Where a form leads that was taken."""
    answer = client.post(path, data=data, files=files)
    assert answer.status_code == 303, (path, answer.status_code, answer.text[-2_000:])
    return answer.headers["location"]


def furnished(store, house: House, clients: dict[Role, httpx2.Client]) -> dict[str, str]:
    """Something of everything, made by the forms that people use; its names for the addresses."""
    for period in ("2026Q1", "2026Q2", "2026Q3"):
        with store.begin() as session:
            when = analyses.asked(session, house, period=period, as_of=None)
            analyses.run(session, house, Analysis.RATING, when)
    with store.begin() as session:
        names = dict(session.execute(text(NAMES)).mappings().one())
    police = clients[POLICE]
    names |= supervised(clients[SUPERVISOR], names) | planned(clients[PLANNER], names)
    names |= published(police)
    with store.begin() as session:
        colour = session.execute(text(HANGS), names).scalar_one()
    claim = seal.Sealed(names["compound"], "2026Q2", colour, 1)
    names["seal"] = seal.text(claim, Signer(house.settings.home))
    sent(police, "/bulletins", area=names["community"], month="2026-09")
    sent(police, "/exports", layer="risk", format="gpkg", purpose="季度会")
    sheet = ("一机一档.csv", "点位名称,点位编号,经度,纬度\n大门,A-1,102.70,25.04\n后门,A-2,,\n")
    names["upload"] = sent(clients[STEWARD], "/imports", files={"file": sheet}, kind="cameras")
    made = clients[SYSTEM].post("/accounts", data={"login": "post-1"})
    assert made.status_code == 200
    return names | {"login": "post-1"}


HANGS = "SELECT colour FROM wangge.published_ratings WHERE compound_code = :compound"
NAMES = """
    SELECT (SELECT compound_code FROM wangge.incidents WHERE compound_code IS NOT NULL
            GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1) AS compound,
           (SELECT min(source_key) FROM wangge.facilities) AS facility,
           (SELECT area_code FROM wangge.grids
            WHERE area_code NOT IN (SELECT area_code FROM wangge.grid_findings)
            GROUP BY 1 HAVING count(*) >= 4 ORDER BY 1 LIMIT 1) AS community
"""


def supervised(client: httpx2.Client, names: dict[str, str]) -> dict[str, str]:
    """A visit, a note and a danger with its photo."""
    photo = io.BytesIO()
    Image.new("RGB", (300, 200), "#66C2A5").save(photo, "JPEG")
    here = {"kind": "compound", "code": names["compound"]}
    sent(client, "/visits/add", **here)
    sent(client, f"/notes/compound/{names['compound']}", key="a-note-of-1", body="北门路灯不亮")
    danger = sent(
        client, "/dangers", key="a-danger-of-1", what="消防通道堵塞", kind="fire",
        severity="urgent", lon="102.70", lat="25.04",
        files={"photo": ("a.jpg", photo.getvalue())},
    )  # fmt: skip
    return {"danger": danger}


def planned(client: httpx2.Client, names: dict[str, str]) -> dict[str, str]:
    """A scenario with a new facility in it."""
    scenario = sent(client, "/scenarios", name="新站", area="530102", as_of="2026-09-30")
    sent(
        client, f"{scenario}/changes", kind="add", community=names["community"],
        area_m2="1000", name="新服务站", function="service_station",
    )  # fmt: skip
    return {"scenario": scenario}


def published(client: httpx2.Client) -> dict[str, str]:
    """One quarter published, the next in review with one change asked for."""
    sent(client, "/ratings", period="2026Q2")
    board = client.get("/ratings?period=2026Q2").text
    cycle = re.findall(r"/ratings/(\d+)/", board)[0]
    for code in re.findall(rf'href="/ratings/{cycle}/([^"]+)"', board):
        sent(client, f"/ratings/{cycle}/confirm", code=code)
    sent(client, f"/ratings/{cycle}/publish", issuer="五华区公安分局", sure="yes")
    sent(client, "/ratings", period="2026Q3")
    board = client.get("/ratings?period=2026Q3").text
    change = re.findall(r'href="(/ratings/\d+/[^"]+)"', board)[0]
    return {"change": change}
