"""The audit trail over HTTP and by the command: what leaves a line, and what the auditor sees."""

import csv
import io

import psycopg2
import pytest
from cells import MADE
from sqlalchemy import text

from api.audit import trail
from api.audit.reads import Looks
from api.files import outputs
from api.house import House, transaction
from data.export import manifest
from data.export.model import Format
from gis.access.rights import Role
from gis.audit import service
from gis.audit.signing import Signer
from gis.db.cluster.urls import libpq_url
from gis.db.session import User
from gis.errors import PurposeMissing
from gis.layers.service import Scope
from gis.settings import Settings


def newest(store, count=1, *, of=None):
    """The last lines, the newest last; those of the client ``of``, where others leave some too."""
    user_id = of.get("/api/v1/auth/me").json()["login"] if of else None
    with store.begin() as session:
        return trail.store.page(session, trail.store.Asked(user_id=user_id), limit=count)[::-1]


@pytest.fixture
def house(store, tmp_path):
    return House(Settings(_env_file=None, home=tmp_path))


def test_a_refusal_leaves_its_line(store, serve):
    with serve(store.urls, serve_internal=False) as client:
        answer = client.get("/api/v1/layers/cameras/features?area=530102001")
    (line,) = newest(store)
    assert answer.status_code == 403
    assert (line["event"], line["result"]) == ("refusal", "refused")
    assert line["target"] == "GET /api/v1/layers/{name}/features"
    assert line["detail"] == {"reason": "withheld"}
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["address"] == "127.0.0.1"


def test_a_refusal_for_the_role_names_the_user(store, serve):
    with serve(store.urls, role=Role.VIEWER) as client:
        assert client.get("/api/v1/audit").status_code == 403
    (line,) = newest(store)
    assert (line["role"], line["detail"]) == ("viewer", {"reason": "forbidden"})
    assert line["user_id"].startswith("t")  # the account that the test made


def test_the_metrics_say_who_is_refused_and_why_without_naming_anybody(store, serve):
    with serve(store.urls, role=Role.VIEWER) as client:
        client.get("/api/v1/layers/cameras/features")
        told = client.get("/metrics").text
    assert 'wangge_refused_total{reason="forbidden",role="viewer"} 1.0' in told
    assert "wangge_store_connections 0.0" in told
    assert "loopback" not in told


@pytest.mark.parametrize("path", ["/api/v1/areas", "/api/v1/audit", "/nothing", "/maps/combined"])
def test_no_value_of_a_query_reaches_the_log(store, serve, capfd, path):
    secrets = ["hunter2-password", "eyJhbGciOi.token.x", "13812345678"]
    with serve(store.urls) as client:
        client.get(path, params={"area": secrets[2], "password": secrets[0], "token": secrets[1]},
                   headers={"Authorization": f"Bearer {secrets[1]}"})  # fmt: skip
    said = capfd.readouterr()
    assert '"request_id"' in said.err
    assert [word for word in secrets if word in said.err + said.out] == []


def test_reads_of_internal_layers_are_noted_and_public_ones_are_not(demo_store, serve):
    with (
        serve(demo_store.urls, role=Role.VIEWER) as viewer,
        serve(demo_store.urls, role=Role.POLICE_LIAISON) as client,
    ):
        client.get("/api/v1/layers/rating/features?limit=3")
        client.get("/api/v1/layers/cameras/features?limit=3&area=530102001")
        client.get("/api/v1/results/rating?limit=3")
        client.get("/api/v1/results/video?limit=2")
        client.get("/api/v1/video/findings?limit=1")
        client.get("/ogc/collections/rating/items?limit=2")
        client.get("/ogc/collections/cameras/items?limit=2&area=530102001")
        client.get("/api/v1/video/working-rate?since=2026-09-01&until=2026-09-02")
        client.get("/api/v1/video/coverage?limit=4")
        client.get("/api/v1/video/incidents-shown?since=2026-09-01&until=2026-09-02&area=530102001")
        viewer.get("/api/v1/video/coverage?limit=4")  # the shares alone are public
        assert newest(demo_store, of=viewer) == []
        lines = newest(demo_store, 9, of=client)
    said = [(one["target"], one["rows"], one["area_code"]) for one in lines]
    assert said == [
        ("cameras", 3, "530102001"),
        ("results rating", 3, ""),
        ("results video", 2, ""),
        ("video_findings", 1, ""),
        ("cameras", 2, "530102001"),
        ("video working_rate", None, ""),
        ("video_coverage", 4, ""),
        ("incidents shown", None, "530102001"),
    ]


def test_the_supervisors_first_page_shows_points_and_leaves_a_line(demo_store, serve):
    area = "530102001001"
    with serve(demo_store.urls, role=Role.GRID_SUPERVISOR, areas=[area]) as client:
        assert client.get("/today", headers={"accept": "text/html"}).status_code == 200
        line, rental = newest(demo_store, 2, of=client)
    with demo_store.begin() as session:
        points = session.execute(
            text("SELECT count(*) FROM cameras WHERE area_code ^@ :area"), {"area": area}
        ).scalar_one()
    said = (line["event"], line["target"], line["rows"], line["area_code"])
    assert said == ("read", "cameras", points, area)
    assert (rental["event"], rental["target"], rental["area_code"]) == ("read", "rental", area)


ASKED = [
    "/api/v1/layers/rental/features?limit=3", "/api/v1/layers/risk/features?limit=2",
    "/ogc/collections/rental_h3/items?limit=2", "/tiles/rental/11/1608/876.mvt",
    "/api/v1/results/rental?limit=2", "/api/v1/results/rating?limit=3",
    "/api/v1/results/rating/replay?which=2026Q3", "/places/compound/{code}",
]  # fmt: skip
TOLD = {
    Role.POLICE_LIAISON: ["rental", "risk", "rental_h3", "tiles rental", "results rental",
                          "results rating", "rating replay", "compound"],
    Role.PLANNER: ["rental", "risk", "rental_h3", "tiles rental", "results rental", "refused",
                   "compound"],
    Role.VIEWER: ["refused"] * 5,
}  # fmt: skip


@pytest.mark.parametrize("role", TOLD)
def test_whoever_is_given_incidents_or_rental_housing_leaves_one_line_each(demo_store, serve, role):
    with demo_store.begin() as session:
        homes, code = session.execute(text(
            "SELECT count(*), min(compound_code) FROM ratings JOIN runs ON runs.id = run_id"
            " WHERE period = '2026Q3'"
        )).one()  # fmt: skip
    with serve(demo_store.urls, role=role) as client:
        for path in ASKED:
            client.get(path.format(code=code))
        mine = newest(demo_store, len(TOLD[role]) + 1, of=client)
    assert ["refused" if one["event"] == "refusal" else one["target"] for one in mine] == TOLD[role]
    if role is Role.POLICE_LIAISON:
        assert [one["rows"] for one in mine] == [3, 2, 2, None, 2, 3, homes, 1]
        assert mine[-1]["detail"] == {"code": code, "of": ["incidents", "rental", "video"]}


def test_whoever_sees_a_photo_of_a_danger_leaves_a_line(store, serve):
    with store.begin() as session:
        made = session.execute(text(MADE["photo"]), {"area": "530102001001", "name": "松动"})
        photo = made.scalar_one()
    with serve(store.urls, role=Role.GRID_WORKER) as client:
        assert client.get(f"/dangers/photos/{photo}").status_code == 200
    (line,) = newest(store)
    assert (line["event"], line["target"], line["detail"]) == (
        "read", "danger photo", {"photo": photo}
    )  # fmt: skip


def test_looking_at_a_map_of_internal_points_leaves_one_line_an_hour(demo_store, serve):
    with serve(demo_store.urls, role=Role.POLICE_LIAISON) as client:
        for x in range(1606, 1610):
            assert client.get(f"/tiles/cameras/11/{x}/876.mvt").status_code == 200
            client.get(f"/tiles/rating/11/{x}/876.mvt")
        mine = newest(demo_store, 10, of=client)
    assert [(one["event"], one["target"]) for one in mine] == [("read", "tiles cameras")]


def test_a_look_counts_anew_for_another_hour_user_and_layer():
    looks = Looks()
    asked = [("a", "x", 7), ("a", "x", 7), ("b", "x", 7), ("a", "y", 7), ("a", "x", 8)]
    found = [looks.first(user, layer, hour=hour) for user, layer, hour in asked]
    assert found == [True, False, True, True, True]


def test_the_auditor_pages_without_repeats_while_lines_are_written(store, serve):
    with store.begin() as session:
        for number in range(5):
            service.note(session, event="export", target=f"t{number}")
    with serve(store.urls, role=Role.AUDITOR) as client:
        first = client.get("/api/v1/audit?event=export&limit=3").json()
        rest = client.get(
            f"/api/v1/audit?event=export&limit=3&before={first['next_before']}"
        ).json()
    assert [one["target"] for one in first["lines"]] == ["t4", "t3", "t2"]
    assert [one["target"] for one in rest["lines"]] == ["t1", "t0"]
    assert rest["next_before"] is None


@pytest.mark.parametrize(
    ("words", "count"),
    [("user=command", 1), ("user=somebody", 0), ("target=rating", 1), ("result=refused", 0),
     ("area=530102", 1), ("area=530103", 0), ("since=2100-01-01T00:00:00Z", 0),
     ("until=2100-01-01T00:00:00", 1)],
)  # fmt: skip
def test_the_auditor_filters(own_trail, words, count):
    assert len(own_trail.get(f"/api/v1/audit?event=export&{words}").json()["lines"]) == count


@pytest.fixture(scope="module")
def own_trail(own_store, serve):
    """A service over a trail of one export."""
    with own_store() as store:
        with store.begin() as session:
            service.note(session, event="export", target="rating", area_code="530102001",
                         purpose="=1+1")  # fmt: skip
        with serve(store.urls, role=Role.AUDITOR) as client:
            yield client


def test_the_trail_leaves_as_csv_that_runs_nothing(own_trail):
    answer = own_trail.get("/api/v1/audit/lines.csv?event=export&target=rating&purpose=检查")
    header, line = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    assert dict(zip(header, line, strict=True))["purpose"] == "'=1+1"
    (noted,) = own_trail.get("/api/v1/audit?event=export&target=audit").json()["lines"]
    assert (noted["rows"], noted["purpose"]) == (1, "检查")


def test_the_trail_leaves_page_by_page_and_keeps_no_connection(store, monkeypatch):
    monkeypatch.setattr(trail, "_PAGE", 2)
    with store.begin() as session:
        for number in range(5):
            service.note(session, event="export", target=f"t{number}")
    with store.begin() as session:
        standing, rows = trail.store.standing(session, trail.store.Asked(event="export"))
    lines = trail.streamed(store.engine, {"user": User.command()}, standing)
    assert next(lines).startswith("\ufeffnumber,")
    assert next(lines).count("\n") == 2
    assert store.engine.pool.checkedout() == 0
    with store.begin() as session:  # what comes later is not of this file
        service.note(session, event="export", target="late")
    rest = "".join(lines)
    assert (rows, rest.count("\n"), "late" in rest) == (5, 3, False)


def test_without_a_purpose_the_trail_stays(own_trail):
    assert own_trail.get("/api/v1/audit/lines.csv").status_code == 422


def test_the_verification_says_whole(own_trail):
    assert own_trail.get("/api/v1/audit/verification").json()["whole"] is True


# -- exports --------------------


def test_an_export_has_its_manifest_and_its_line(demo_store, tmp_path):
    out = tmp_path / "rating.csv"
    house = House(demo_store.house.settings.model_copy(update={"home": tmp_path}))
    scope = Scope(area_prefix="530102001")
    with transaction(demo_store.engine) as session:
        _, rows = outputs.write_export(
            session, house, "rating", scope, Format.CSV, out, purpose=" 月度\n会议 "
        )
    (line,) = newest(demo_store)
    said = manifest.check(out, Signer(tmp_path).holds)
    assert (line["event"], line["target"], line["rows"]) == ("export", "rating", rows)
    assert line["detail"] == {"format": "csv", "sha256": said["sha256"]}
    assert said["filter"]["area"] == "530102001"
    assert (said["rows"], said["purpose"], said["exported_by"]) == (rows, "月度 会议", "command")
    assert said["policy_version"] == [house.policy.version]
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == rows + 1


def test_an_internal_layer_stays_without_a_purpose(demo_store, tmp_path):
    out = tmp_path / "cameras.csv"
    with pytest.raises(PurposeMissing), transaction(demo_store.engine) as session:
        outputs.write_export(
            session, demo_store.house, "cameras", Scope(internal=True), Format.CSV, out
        )
    (line,) = newest(demo_store)
    assert (line["target"], line["result"]) == ("cameras", "refused")
    assert list(tmp_path.iterdir()) == []


# -- signed heads --------------------


def test_a_trail_that_a_restore_replaces_takes_the_place_of_no_other(own_store, house):
    """Two trails of one line each, as one that a restore has brought back and that has gone on."""
    for target in ("rating", "rental"):
        with own_store() as one:
            with transaction(one.engine) as session:
                service.note(session, event="export", target=target)
            with transaction(one.engine) as session:
                trail.keep_replaced(session, house)
    kept = sorted(house.settings.home.glob("audit-replaced-1-*.csv"))
    assert sorted(read(file)[1][7] for file in kept) == ["rating", "rental"]
    signed = Signer(house.settings.home)
    assert [manifest.check(file, signed.holds)["rows"] for file in kept] == [1, 1]
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}


def read(file):
    return list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))


def test_verify_holds_the_trail_to_the_signed_heads(cluster, store, house):
    for target in ("a", "b", "c"):
        with store.begin() as session:
            service.note(session, event="export", target=target)
    with store.begin() as session:
        assert trail.sign_head(session, house)["number"] == 3
        found = trail.verify(session, house)
        assert (found.lines, found.signed_heads, found.findings) == (3, 1, ())
    cut_tail(cluster, store)
    with store.begin() as session:
        (finding,) = trail.verify(session, house).findings
    assert (finding.code, finding.number) == ("cut", 2)


def cut_tail(cluster, store):
    with psycopg2.connect(libpq_url(cluster.url("postgres", store.engine.url.database))) as forger:
        cursor = forger.cursor()
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM wangge.audit_entries WHERE number = 3")
