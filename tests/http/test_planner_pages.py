"""The planner's pages over HTTP: figures as planted, downloads, refusals, rights."""

import csv
import io
import json
import re
from html import unescape

HERE = {"Sec-Fetch-Site": "same-origin"}


def _table(client, query=""):
    answer = client.get(f"/coverage-board?download=csv{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_board_ranks_the_planted_gaps_and_the_file_holds_what_is_seen(client, demo_store):
    planted = sorted(demo_store.truth["communities"], key=lambda one: -one["gap_m2"])
    rows = _table(client, "&columns=code&columns=verdict&columns=to_build_m2")
    assert list(rows[0]) == ["编码", "结论", "需建 m²"]
    assert [row["编码"] for row in rows[:2]] == [one["code"] for one in planted[:2]]
    assert [float(row["需建 m²"]) for row in rows] == [one["gap_m2"] for one in planted]
    assert "需建 m²" in client.get("/coverage-board").text


def test_a_filter_cuts_chart_table_and_file_alike(client):
    page = client.get("/coverage-board?verdict=met").text
    drawn = json.loads(unescape(re.search(r'data-bars="([^"]*)"', page)[1]))
    assert drawn["threshold"] == 30
    assert min(drawn["values"]) >= 30
    assert len(drawn["names"]) == len(_table(client, "&verdict=met"))


def test_a_verdict_opens_to_rule_source_figures_and_history(client):
    code = _table(client, "&columns=code")[0]["编码"]
    page = client.get(f"/coverage-board/{code}").text
    for part in ("FAC-1", "五发〔2018〕6号", "每百户面积不少于", "规则版本"):
        assert part in page
    assert client.get("/coverage-board/999999999999").status_code == 404
