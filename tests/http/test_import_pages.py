"""A file through the wizard's forms, from upload to undo, as data stewards and police do it."""

import io

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import text

from api import jobs
from api.house import House
from data.ingest.template import workbook
from data.ingest.types import Kind
from gis.access.rights import Role
from gis.settings import Settings

HERE = {"Sec-Fetch-Site": "same-origin"}
AREAS = "代码,名称,排序\n530102,五华区,1\n530102001,华山街道,2\n5301,五华外,3\n"


@pytest.fixture
def office(serve, store, tmp_path):
    """(client, work): the service, and what lets a worker do all that waits."""
    house = House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner, home=tmp_path
        )
    )
    with serve(store.urls, home=tmp_path) as client:
        yield client, lambda: jobs.work(house, store.engine, wait=False)


def post(client, path, status=303, **sent):
    answer = client.post(path, headers=HERE, **sent)
    assert answer.status_code == status, (answer.status_code, answer.text[:2000])
    return answer


def upload(client, kind, content, name="名单.csv"):
    """The address of the uploaded file's page."""
    sent = {"data": {"kind": kind}, "files": {"file": (name, content)}}
    return post(client, "/imports", **sent).headers["location"]


def count(store):
    with store.begin() as session:
        return session.scalar(text("SELECT count(*) FROM wangge.areas"))


def test_a_file_goes_from_upload_over_trial_and_commit_to_undo(office, store):
    client, work = office
    page = upload(client, "areas", AREAS.encode("gb18030"))
    seen = client.get(page).text
    assert "五华区" in seen
    assert "gb18030" in seen.lower()
    post(client, f"{page}/dry-run")
    assert "data-job" in client.get(page).text
    work()
    tried = client.get(page).text
    assert "试运行结果" in tried
    assert "拒收" in tried
    assert count(store) == 0
    post(client, f"{page}/commit")
    work()
    done = client.get(page).text
    assert "导入结果" in done
    left = "未导入的列 / columns that were not taken: 排序"
    assert [left in page for page in (seen, tried, done)] == [True, True, True]
    assert count(store) == 2
    answer = client.get(f"{page}/report.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [str(cell.value) for sheet in book for row in sheet for cell in row]
    assert any("5301" in one for one in cells)
    address = done.split('action="')[1:]
    (undo,) = [one.split('"')[0] for one in address if "/undo/" in one]
    post(client, undo)
    assert count(store) == 0
    assert "已撤销：删除 2 行" in client.get(page).text
    assert "已撤销" in client.get("/imports").text
    post(client, f"{page}/remove/now")
    assert "还没有上传过文件" in client.get("/imports").text


def test_columns_that_are_not_recognised_are_chosen_from_select_boxes(office):
    client, _ = office
    page = upload(client, "areas", "甲,乙\n530102,五华区\n")
    assert "还不能导入" in client.get(page).text
    assert ">Parent code<" in client.get(f"{page}?language=en").text
    assert ">上级编码<" in client.get(f"{page}?language=zh").text
    post(
        client, f"{page}/mapping", data={"field-code": "甲", "field-name": "乙", "save_as": "民政"}
    )
    assert "还不能导入" not in client.get(page).text
    again = upload(client, "areas", "甲,乙\n530102,五华区\n")
    assert "民政" in client.get(again).text
    post(client, f"{again}/mapping", data={"profile": "民政"})
    assert "还不能导入" not in client.get(again).text


def test_a_trial_after_a_refused_import_is_the_one_that_is_shown(office):
    client, work = office
    page = upload(client, "areas", "甲,乙\n530102,五华区\n")
    post(client, f"{page}/commit")
    work()
    assert "试运行结果" not in client.get(page).text
    post(client, f"{page}/mapping", data={"field-code": "甲", "field-name": "乙"})
    post(client, f"{page}/dry-run")
    assert "data-job" in client.get(page).text
    work()
    tried = client.get(page).text
    assert "试运行结果" in tried
    assert "拒收原因" not in tried
    assert client.get(f"/api/v1{page}/report").json()["result"]["report"]["dry_run"]


def test_a_file_of_a_kind_that_one_may_not_write_is_listed_without_a_link(office, serve, store):
    client, _ = office
    page = upload(client, "areas", AREAS)
    assert f'href="{page}"' in client.get("/imports").text
    with serve(store.urls, role=Role.POLICE_LIAISON) as liaison:
        listed = liaison.get("/imports").text
        assert "名单.csv" in listed
        assert f'href="{page}"' not in listed
        assert liaison.get(page).status_code == 403


def test_the_wizard_is_for_those_who_import_and_kinds_for_those_who_write_them(serve, store, home):
    for role, seen in ((Role.PLANNER, 403), (Role.SYSTEM_ADMIN, 403), (Role.AUDITOR, 403)):
        with serve(store.urls, home=home, role=role) as client:
            assert client.get("/imports").status_code == seen
    with serve(store.urls, home=home, role=Role.POLICE_LIAISON) as client:
        page = client.get("/imports").text
        assert 'value="cameras"' in page
        assert 'value="grids"' not in page
        sent = {"data": {"kind": "grids"}, "files": {"file": ("a.csv", b"code\n1\n")}}
        post(client, "/imports", 403, **sent)


@pytest.mark.parametrize("kind", Kind)
def test_a_template_needs_no_mapping(kind, tmp_path):
    from data.ingest.mapping import resolve
    from data.ingest.types import Options

    book = openpyxl.load_workbook(io.BytesIO(workbook(kind)))
    headings = [cell.value for cell in book["填报"][1]]
    found = resolve(tmp_path / "x.xlsx", kind, headings, Options()).columns
    assert found
    assert set(found.values()) <= set(headings)
    required = [row[1].value for row in book["说明"].iter_rows(min_row=2) if row[2].value]
    assert set(required) <= set(found)


def test_a_new_quarter_is_imported_rated_from_the_page_and_reviewed(
    demo_copy, demo_store, serve, token_for, tmp_path
):
    last = pd.read_csv(demo_store.files / "incidents.csv", dtype=str).iloc[[-1]]
    last = last.assign(
        key="N1", occurred_at="2026-10-05T12:00:00+08:00", occurred_precision="minute"
    )
    with demo_copy() as store, serve(store.urls, home=tmp_path) as steward:
        urls = {"database_url": store.urls.app, "owner_url": store.urls.owner}
        house = House(Settings(_env_file=None, home=tmp_path, **urls))
        page = upload(steward, "incidents", last.to_csv(index=False).encode())
        post(steward, f"{page}/mapping", data={"frame": "wgs84"})
        post(steward, f"{page}/commit")
        jobs.work(house, store.engine, wait=False)
        token = token_for(store.urls, Role.POLICE_LIAISON)
        client = steward  # the same service, asked by another one from here on
        client.headers["Authorization"] = f"Bearer {token}"
        form = client.get("/ratings").text.split('id="rate"')[1]
        assert "<option>2026Q4</option><option selected>2026Q3</option>" in form
        for period, leads_to in (
            ("2026Q4", "/ratings?period=2026Q4"),
            ("2026-10", "/map?period=2026-10"),
        ):
            asked = {"analysis": "rating", "period": period}
            job = post(client, "/jobs/runs", data=asked).headers["location"]
            assert "data-job-cancel" in client.get(job).text
            jobs.work(house, store.engine, wait=False)
            assert f'href="{leads_to}"' in client.get(job).text
        assert "开始复核 2026Q4" in client.get("/ratings").text
        post(client, "/ratings", data={"period": "2026Q4"})
        assert "变色的小区" in client.get("/ratings?period=2026Q4").text
        assert 'href="/map?period=2026-10"' in client.get("/ratings").text
        post(client, "/jobs/runs", 422, data={"analysis": "weather"})


def test_whoever_works_in_a_part_is_offered_no_analysis(demo_copy, serve):
    part = {"role": Role.POLICE_LIAISON, "areas": ["530102001"]}
    with demo_copy() as store, serve(store.urls, **part) as client:
        assert "由负责全区并有权运行分析的人员启动" in client.get("/ratings").text
        assert "/jobs/runs" not in client.get("/jobs").text
        post(client, "/jobs/runs", 403, data={"analysis": "rating"})


def test_the_sharp_eyes_start_their_analysis_where_none_has_run(serve, store):
    with serve(store.urls, role=Role.POLICE_LIAISON) as client:
        for page in ("/jobs", "/sharp-eyes/covered"):
            assert 'action="/jobs/runs"' in client.get(page).text
