"""Policy, audit, jobs and health through the pages: who sees them, what they say and change."""

import csv
import io
from datetime import UTC, datetime
from functools import partial

import psycopg2
import pytest
from sqlalchemy import text

from api import jobs
from api.house import REFERENCE, House
from api.policies import rulebook
from gis.access.rights import Role
from gis.audit.service import note, write_pending
from gis.db.cluster.urls import libpq_url
from gis.errors import BadPolicy
from gis.jobs import service
from gis.jobs.model import JobKind
from gis.runs.model import TITLES
from gis.settings import Settings

HERE = {"Sec-Fetch-Site": "same-origin"}
STRICTER = 'version = "2026.2-wuhua"\n[rules.FAC-1]\nm2_per_100_households = 3000.0\n'
PAGES = {
    "/jobs": {Role.SYSTEM_ADMIN, Role.DATA_STEWARD, Role.PLANNER, Role.POLICE_LIAISON,
              Role.GRID_SUPERVISOR},
    "/audit": {Role.AUDITOR},
    "/health": {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR, Role.DATA_STEWARD},
    "/policy": {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.DATA_STEWARD, Role.PLANNER,
                Role.POLICE_LIAISON},
    "/accounts": {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR},
    "/imports": {Role.DATA_STEWARD, Role.POLICE_LIAISON},
}  # fmt: skip


def post(client, path, status=303, **data):
    answer = client.post(path, data=data, headers=HERE)
    assert answer.status_code == status, (answer.status_code, answer.text[:2000])
    return answer


@pytest.mark.parametrize("role", Role)
def test_each_page_opens_for_its_roles_alone_and_everybody_starts_somewhere(
    demo_store, serve, role, tmp_path
):
    with serve(demo_store.urls, role=role, home=tmp_path) as client:
        for path, roles in PAGES.items():
            assert client.get(path).status_code == (200 if role in roles else 403), path
        home = client.get("/", headers={"Accept": "text/html"}, follow_redirects=True)
        assert home.status_code == 200
        assert str(home.url.path) != "/help"


def test_a_policy_shows_what_it_would_turn_before_it_is_set(own_demo, serve, tmp_path):
    with serve(own_demo.urls, role=Role.SECURITY_ADMIN, home=tmp_path) as client:
        before = client.get("/version").json()["policy"]
        wrong = post(client, "/policy", 422, text='version = "x"\n[rules.FAC-1]\nm2 = 3\n')
        assert "第 3 行 FAC-1.m2：没有这条规则或名称" in wrong.text
        assert str(tmp_path) not in wrong.text
        assert "不同于现行的" in post(client, "/policy", 422, text=f'version = "{before}"').text
        seen = post(client, "/policy", 200, text=STRICTER).text
        assert "每百户面积不少于" in turned_of(seen)  # and its name in the file beside it
        with own_demo.begin() as session:
            communities = session.scalars(text(
                "SELECT name FROM wangge.areas WHERE level = 'community' AND valid_to IS NULL"
            )).all()  # fmt: skip
            stored = session.scalar(text("SELECT count(*) FROM wangge.runs"))
        turned = seen.partition('id="turned"')[2].partition("</section>")[0]
        assert any(name in turned for name in communities)  # no place has 3,000 m² per 100
        assert client.get("/version").json()["policy"] == before
        post(client, "/policy/set", text=STRICTER)
        assert client.get("/version").json()["policy"] == "2026.2-wuhua"
        assert "-2026.2-wuhua.toml" in client.get("/policy").text
        post(client, "/policy/set", text=STRICTER.replace("-wuhua", "-second"))
    with own_demo.begin() as session:
        noted = session.scalars(text(
            "SELECT target FROM wangge.audit_entries WHERE event = 'policy' ORDER BY number"
        )).all()  # fmt: skip
        assert noted == ["2026.2-wuhua", "2026.2-second"]
        assert session.scalar(text("SELECT count(*) FROM wangge.runs")) == stored
    assert len(rulebook.versions(tmp_path)) == 2
    assert (tmp_path / "policy.toml").read_text() == STRICTER.replace("-wuhua", "-second")


def test_in_a_large_district_a_job_compares_and_the_page_shows_what_it_found(
    own_demo, serve, tmp_path, monkeypatch
):
    house = House(Settings(_env_file=None, home=tmp_path))
    with serve(own_demo.urls, role=Role.SECURITY_ADMIN, home=tmp_path) as client:
        at_once = post(client, "/policy", 200, text=STRICTER).text
        monkeypatch.setattr("api.policies.turns.AT_ONCE", 10)
        page = post(client, "/policy", text=STRICTER).headers["location"]
        working = client.get(page).text
        job = page.rpartition("=")[2]
        assert f'data-address="/policy/jobs/{job}"' in working
        assert 'id="turned"' not in working
        jobs.work(house, own_demo.engine, wait=False)
        assert turned_of(client.get(page).text) == turned_of(at_once)
        with client.stream("GET", f"/policy/jobs/{job}/events") as events:
            assert '"state":"done"' in next(one for one in events.iter_lines() if "data:" in one)
        stopped = post(client, "/policy", text=STRICTER).headers["location"]
        at = f"/policy/jobs/{stopped.rpartition('=')[2]}"
        assert client.delete(at, headers=HERE).json()["state"] == "cancelled"
        assert 'id="turned"' not in client.get(stopped).text
        post(client, "/policy/set", text=STRICTER.replace("-wuhua", "-other"))
        assert "请再预览一次" in client.get(page).text  # it was compared with what held before
    with serve(own_demo.urls, role=Role.SECURITY_ADMIN, home=tmp_path) as another:
        assert another.get(page).status_code == 404
    with serve(own_demo.urls, role=Role.SYSTEM_ADMIN, home=tmp_path) as another:
        assert another.get(page).status_code == 404
        assert another.get(f"/api/v1/jobs/{job}").json()["result"] == {}
        assert another.get(f"/policy/jobs/{job}/events").status_code == 403


def turned_of(page):
    return page.partition('id="turned"')[2].partition("<form")[0]


def test_a_policy_that_is_set_holds_in_every_process_of_the_home(tmp_path):
    house = House(Settings(_env_file=None, home=tmp_path))  # a worker that started before
    assert house.policy["FAC-1", "m2_per_100_households"] == 30
    (tmp_path / "policy.toml").write_text(STRICTER)
    assert house.policy["FAC-1", "m2_per_100_households"] == 3000
    own = tmp_path / "named.toml"
    own.write_text(STRICTER.replace("3000", "40"))
    named = House(Settings(_env_file=None, home=tmp_path, policy_file=own))
    assert named.policy["FAC-1", "m2_per_100_households"] == 40  # a named file wins


def test_a_map_page_kept_before_shows_the_policy_that_was_set_since(demo_store, serve, tmp_path):
    with serve(demo_store.urls, role=Role.PLANNER, home=tmp_path) as client:
        assert "2026.2-kept" not in client.get("/maps/coverage").text
        (tmp_path / "policy.toml").write_text('version = "2026.2-kept"')
        assert "2026.2-kept" in client.get("/maps/coverage").text


def test_a_policy_file_is_not_endless(tmp_path):
    with pytest.raises(BadPolicy, match="bytes"):
        rulebook.checked(REFERENCE / "policy.toml", "#" * 300_000, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_policy_that_no_run_could_use_is_refused_when_it_is_looked_at(tmp_path):
    with pytest.raises(BadPolicy, match="deepest"):
        rulebook.checked(REFERENCE / "policy.toml", "[rules.VID-2]\ndeepest = 1\n", tmp_path)


def test_only_the_security_administrator_sets_a_policy(store, serve, tmp_path):
    for role in (Role.SYSTEM_ADMIN, Role.PLANNER, Role.DATA_STEWARD):
        with serve(store.urls, role=role, home=tmp_path) as client:
            post(client, "/policy", 403, text=STRICTER)
            post(client, "/policy/set", 403, text=STRICTER)
            assert "由安全管理员启用" in client.get("/policy").text
    part = ["530102001"]  # a comparison shows compounds of the whole district
    with serve(store.urls, role=Role.SECURITY_ADMIN, areas=part, home=tmp_path) as client:
        post(client, "/policy", 403, text=STRICTER)
    own = tmp_path / "named.toml"
    own.write_text('version = "named"')
    with serve(store.urls, role=Role.SECURITY_ADMIN, home=tmp_path, policy_file=own) as client:
        assert "WANGGE_POLICY_FILE" in post(client, "/policy/set", 422, text=STRICTER).text
    assert not (tmp_path / "policy.toml").exists()


def test_the_auditor_filters_verifies_and_takes_lines_along(store, serve, tmp_path):
    with serve(store.urls, role=Role.PLANNER, home=tmp_path) as client:
        assert client.get("/audit").status_code == 403  # leaves a line
    with serve(store.urls, role=Role.AUDITOR, home=tmp_path) as client:
        page = client.get("/audit?result=refused&event=refusal").text
        assert "GET /audit" in page
        assert "planner" not in page or "规划人员" in page
        assert "没有符合条件的日志" in client.get("/audit?user=nobody-at-all").text
        assert client.get("/audit?since=yesterday").status_code == 422
        assert "没有符合条件的日志" in client.get("/audit?since=2099-01-01").text
        assert "完整：" in post(client, "/audit/verification", 200).text
        file = client.get("/audit/lines.csv", params={"result": "refused", "purpose": "季度检查"})
        lines = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
        assert {line["result"] for line in lines} == {"refused"}


def test_pages_of_the_trail_go_back_without_repeats(store, serve, tmp_path):
    with store.begin() as session:
        for number in range(150):
            note(session, event="counted", target=f"T{number:03d}")
    with serve(store.urls, role=Role.AUDITOR, home=tmp_path) as client:
        first = client.get("/audit?event=counted").text
        older = first.partition('href="/audit?event=counted&amp;before=')[2].partition('"')[0]
        second = client.get(f"/audit?event=counted&before={older}").text
    row = '<td data-label="对象">T'
    assert (first.count(row), second.count(row)) == (100, 50)


def test_a_job_is_followed_cancelled_and_led_from(store, serve, tmp_path):
    with serve(store.urls, home=tmp_path) as client:
        waiting = client.post("/api/v1/runs", json={"analysis": "grids"}).json()["id"]
        assert f'data-job="{waiting}"' in client.get(f"/jobs/{waiting}").text
        post(client, f"/jobs/{waiting}/cancel")
        assert "已取消" in client.get(f"/jobs/{waiting}").text
        with store.begin() as session:
            service.ask(session, JobKind.AUDIT, {}, district_code="530102")
        assert "日志核验" in client.get("/jobs").text
        assert "日志核验" not in client.get("/jobs?whose=mine").text.partition("<tbody>")[2]


def test_health_says_that_no_worker_is_alive_and_counts_refusals(store, serve, tmp_path):
    house = House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner, home=tmp_path
        )
    )
    with serve(store.urls, role=Role.PLANNER, home=tmp_path) as client:
        client.get("/audit")
        client.post("/api/v1/runs", json={"analysis": "grids"})
    with serve(store.urls, role=Role.AUDITOR, home=tmp_path) as client:
        page = client.get("/health").text
        assert "没有运行中的后台进程" in page
        assert "wangge backup" in page.partition("最近备份")[2]
        with store.begin() as session:
            note(session, event="backup", target="store")
        assert "wangge backup" not in client.get("/health").text
        assert "3." in page  # PostGIS
        refused = page.partition("按角色")[2]
        assert "规划人员</dt><dd>1<" in refused
        jobs.work(house, store.engine, wait=False)
        assert "一天内未完成" in client.get("/health").text


@pytest.fixture
def trail_shut(store):
    """Call it with False and True: nobody writes lines into the trail, everybody does again."""

    def shut(opened):
        with psycopg2.connect(libpq_url(store.urls.owner)) as owner:
            word = "GRANT {} TO" if opened else "REVOKE {} FROM"
            right = "EXECUTE ON FUNCTION wangge.append_audit"
            owner.cursor().execute(f"{word.format(right)} wangge_app")

    return shut


def test_a_policy_whose_line_cannot_be_committed_does_not_hold(store, serve, tmp_path, trail_shut):
    with serve(store.urls, role=Role.SECURITY_ADMIN, home=tmp_path) as client:
        before = client.get("/version").json()["policy"]
        trail_shut(False)
        post(client, "/policy/set", 500, text=STRICTER)
        assert client.get("/version").json()["policy"] == before
        trail_shut(True)
        assert "2026.2-wuhua" not in client.get("/policy").text
    assert rulebook.versions(tmp_path) == []


@pytest.mark.parametrize("committed", [True, False])
def test_a_service_that_died_while_setting_a_policy_agrees_with_the_trail(
    store, serve, tmp_path, committed
):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "1.toml").write_text(STRICTER)
    (tmp_path / "policy.pending").write_text("1.toml")
    if committed:
        with store.begin() as session:
            note(session, event="policy", target="x", detail={"file": "1.toml"})
    with serve(store.urls, home=tmp_path) as client:
        held = client.get("/version").json()["policy"]
    assert (held == "2026.2-wuhua") is committed
    assert (tmp_path / "policy.toml").is_file() is committed
    assert (tmp_path / "policies" / "1.toml").is_file() is committed
    assert not (tmp_path / "policy.pending").exists()


@pytest.fixture
def setting(db, tmp_path):
    """Sets a policy file in the same moment as all others."""
    now = datetime(2026, 9, 30, tzinfo=UTC)
    return partial(rulebook.setting, tmp_path, now=now, session=db)


def test_what_is_set_is_pending_from_before_the_commit_to_after_it(setting, tmp_path):
    with pytest.raises(KeyError), setting(STRICTER, version="a/b") as lost:
        raise KeyError(lost.name)  # no commit
    assert (tmp_path / "policy.pending").read_text() == lost.name
    assert not (tmp_path / "policy.toml").exists()
    with setting(STRICTER, version="c") as kept:
        pass
    assert (tmp_path / "policy.toml").read_text() == STRICTER
    assert not (tmp_path / "policy.pending").exists()
    assert rulebook.versions(tmp_path) == [kept.name]


def test_policies_of_one_moment_are_kept_apart_and_in_order(setting, tmp_path):
    texts, names = (STRICTER, f"{STRICTER}# again\n", f"{STRICTER}# more\n"), []
    for one, version in zip(texts, "bba", strict=True):
        with setting(one, version=version) as kept:
            names.append(kept.name)
    assert [(tmp_path / "policies" / name).read_text() for name in names] == list(texts)
    assert rulebook.versions(tmp_path) == names[::-1]


def test_a_note_of_what_is_pending_that_was_cut_off_stops_nobody(setting, tmp_path):
    (tmp_path / "policy.pending").touch()
    with setting(STRICTER, version="a"):
        pass
    assert (tmp_path / "policy.toml").read_text() == STRICTER


def test_a_policy_that_was_committed_holds_before_the_next_is_set(setting, db, tmp_path):
    with pytest.raises(KeyError), setting(STRICTER, version="a") as first:
        raise KeyError  # the process ends, but its line is there
    note(db, event="policy", target="a", area_code="", detail={"file": first.name})
    write_pending(db)
    with pytest.raises(KeyError), setting(f"{STRICTER}# again\n", version="b") as second:
        raise KeyError
    assert (tmp_path / "policy.toml").read_text() == STRICTER
    assert (tmp_path / "policy.pending").read_text() == second.name


def test_health_names_the_newest_analysis_in_words(demo_store, serve):
    with serve(demo_store.urls, role=Role.AUDITOR) as client:
        newest = client.get("/health").text.partition("最近分析")[2].partition("</div>")[0]
    assert any(zh in newest for zh, _ in TITLES.values())
