"""Accounts, rights and tokens through the pages: who may do what, and what is shown once."""

import re

import pytest
from sqlalchemy import text

from gis.access.rights import Role

HERE = {"Sec-Fetch-Site": "same-origin"}
SECRET = re.compile(r'<code class="secret">([^<]+)</code>')


def post(client, path, status=303, **data):
    answer = client.post(path, data=data, headers=HERE)
    assert answer.status_code == status, (answer.status_code, answer.text[:2000])
    return answer


def account_row(store, login):
    asked = text("SELECT role, area_prefixes, state FROM wangge.accounts WHERE login = :login")
    with store.begin() as session:
        return session.execute(asked, {"login": login}).one()


def signed_in(client, login, password):
    """The client as a browser of that account, without the token."""
    del client.headers["authorization"]
    return post(client, "/sign-in", login=login, password=password)


def test_one_makes_an_account_and_another_gives_it_rights(store, serve):
    with serve(store.urls, role=Role.SYSTEM_ADMIN) as client:
        made = post(client, "/accounts", 200, login="huashan")
        first = SECRET.search(made.text)[1]
        assert "只显示这一次" in made.text
        assert first not in client.get("/accounts").text
        assert account_row(store, "huashan") == (None, [], "active")
        post(client, "/accounts/huashan/role", 403, role="planner", area="530102001")
    with serve(store.urls, role=Role.SECURITY_ADMIN) as client:
        post(client, "/accounts", 403, login="other")
        post(client, "/accounts/huashan/lock", 403)
        forgot = post(client, "/accounts/huashan/role", 422, role="planner")
        assert "请至少选择一个辖区" in forgot.text
        post(client, "/accounts/huashan/role", 422, role="king", area="")
        beyond = post(client, "/accounts/huashan/role", 422, role="planner", area="999999")
        assert "999999：不在本区划内" in beyond.text
        assert account_row(store, "huashan") == (None, [], "active")
        post(client, "/accounts/huashan/role", role="planner", area="530102001")
        assert account_row(store, "huashan") == ("planner", ["530102001"], "active")


ONCE = "/api/v1/accounts/first-security-admin"


def test_the_first_security_administrator_is_made_on_the_page_once(store, serve):
    with serve(store.urls, role=Role.SYSTEM_ADMIN) as client:
        assert 'id="first"' in client.get("/accounts").text
        assert "以字母开头" in post(client, "/accounts", 422, first="王小明").text
        own = client.get("/api/v1/auth/me").json()["login"]
        assert "登录名已被使用" in post(client, "/accounts", 422, first=own).text
        given = SECRET.search(made := post(client, "/accounts", 200, first="secadmin").text)[1]
        assert 'id="first"' not in made
        assert 'id="first"' not in client.get("/accounts").text
        post(client, "/accounts", 403, first="second")
        api = client.post(ONCE, json={"login": "second"})
        assert (api.status_code, api.json()["code"]) == (403, "forbidden")
        assert account_row(store, own).role == Role.SYSTEM_ADMIN
        post(client, "/accounts", 200, login="huashan")
    with serve(store.urls, role=None) as client:
        client.headers["authorization"] = ""
        signed_in(client, "secadmin", given)
        early = post(client, "/accounts/huashan/role", 401, role="planner", area="")
        assert early.json()["code"] == "sign_in_incomplete"
        new = "Correct-horse7"
        post(client, "/account/password", old=given, new=new, again=new)
        post(client, "/accounts/huashan/role", role="planner", area="")
    assert account_row(store, "huashan").role == Role.PLANNER


def test_the_first_security_administrator_is_made_by_the_interface_once(store, serve):
    for role in (Role.AUDITOR, Role.DATA_STEWARD):
        with serve(store.urls, role=role) as client:
            assert client.post(ONCE, json={"login": "secadmin"}).status_code == 403
    with serve(store.urls, role=Role.SYSTEM_ADMIN) as client:
        assert client.post(ONCE, json={"login": "secadmin", "role": "auditor"}).status_code == 422
        made = client.post(ONCE, json={"login": "secadmin"})
        assert (made.status_code, made.json()["login"]) == (201, "secadmin")
        assert client.post(ONCE, json={"login": "second"}).status_code == 403
    assert account_row(store, "secadmin") == ("security_admin", [""], "active")


def test_lock_unlock_and_a_new_password(store, serve, account):
    login, _ = account(store.urls, Role.VIEWER)
    with serve(store.urls, role=Role.SYSTEM_ADMIN) as client:
        post(client, f"/accounts/{login}/lock")
        assert account_row(store, login).state == "locked"
        assert "已锁定" in client.get(f"/accounts/{login}").text
        post(client, f"/accounts/{login}/unlock")
        answer = post(client, f"/accounts/{login}/password", 200).text
        given = SECRET.search(answer)[1]
        other = re.search(r'href="([^"]+)" lang="en"', answer)[1]
        assert other == f"/accounts/{login}?language=en"
        assert client.get(other).status_code == 200
        entered = signed_in(client, login, given)
        assert entered.status_code == 303
        assert client.get("/rights").json()["code"] == "sign_in_incomplete"


def test_nobody_changes_the_own_account(store, serve, account):
    for role, step in ((Role.SYSTEM_ADMIN, "lock"), (Role.SECURITY_ADMIN, "role")):
        login, password = account(store.urls, role)
        with serve(store.urls) as client:
            signed_in(client, login, password)
            assert "由另一位管理员更改" in client.get(f"/accounts/{login}").text
            post(client, f"/accounts/{login}/{step}", 403, role="planner", area="")
        assert account_row(store, login).role == role


def test_a_login_that_is_taken_or_malformed_comes_back_with_the_reason(store, serve):
    with serve(store.urls, role=Role.SYSTEM_ADMIN) as client:
        post(client, "/accounts", 200, login="station")
        assert "登录名已被使用" in post(client, "/accounts", 422, login="station").text
        assert "以字母开头" in post(client, "/accounts", 422, login="王小明").text


@pytest.mark.parametrize("role", [Role.PLANNER, Role.POLICE_LIAISON, Role.DATA_STEWARD])
def test_accounts_are_hidden_from_everybody_else_and_rights_are_not(store, serve, role):
    with serve(store.urls, role=role) as client:
        assert client.get("/accounts").status_code == 403
        assert client.get("/areas").status_code == 403
        assert "角色与权限" in client.get("/rights").text
    with serve(store.urls, role=None) as client:
        assert client.get("/rights", follow_redirects=False).status_code in {303, 401}


def test_areas_show_who_reaches_them(demo_store, serve):
    with serve(demo_store.urls, role=Role.SECURITY_ADMIN) as client:
        page = client.get("/areas").text
        assert "530102001001" in page


def test_a_token_is_shown_once_reads_and_ends(store, serve, account):
    login, password = account(store.urls, Role.PLANNER)
    with serve(store.urls) as client:
        signed_in(client, login, password)
        assert "请填写用途" in post(client, "/account/tokens", 422, label="", days="9").text
        post(client, "/account/tokens", 422, label="x", days="0")
        made = post(client, "/account/tokens", 200, label="QGIS", days="9", scope="read")
        token = SECRET.search(made.text)[1]
        listed = client.get("/account/tokens").text
        assert "QGIS" in listed
        assert token not in listed
        (number,) = re.findall(r"/account/tokens/(\d+)/revoke", listed)
        client.cookies.clear()
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/v1/layers", headers=bearer).status_code == 200
        asked = client.post("/api/v1/runs", json={"analysis": "grids"}, headers=bearer)
        assert asked.status_code == 403  # it reads only
        signed_in_again = client.post(
            "/sign-in", data={"login": login, "password": password}, headers=HERE
        )
        assert signed_in_again.status_code == 303
        post(client, f"/account/tokens/{number}/revoke")
        client.cookies.clear()
        assert client.get("/api/v1/layers", headers=bearer).status_code == 401
