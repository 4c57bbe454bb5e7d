"""What goes round every request, tried on applications of three lines; and values as JSON."""

import asyncio
import json
import logging
from datetime import date

import numpy as np
import pandas as pd
import pytest

from api import errors
from api.features import records
from api.serving.gate import Gate
from api.serving.logs import Lines
from api.serving.metrics import Metrics
from gis import errors as meanings


def call(app, **scope):
    """Status, headers and body that leave the gate round ``app``."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": "/x", "query_string": b"lon=102.71234",
        "headers": [(b"host", b"localhost")], **scope,
    }  # fmt: skip
    gate = Gate(app, hosts=["localhost"], metrics=Metrics())
    asyncio.run(gate(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:])


async def broken(scope, receive, send):
    raise ValueError("张三 102.71234")


def test_a_bug_is_answered_mutely_with_all_headers(capsys):
    status, headers, body = call(broken)
    assert status == 500
    assert json.loads(body)["code"] == "internal_error"
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-content-type-options"] == "nosniff"
    assert "102.7" not in body.decode()


def test_the_log_has_the_place_of_a_bug_and_no_value(capsys):
    _, headers, _ = call(broken)
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert entry["error"] == "builtins.ValueError"
    assert entry["at"][-1].endswith(" broken")
    assert entry["request_id"] == headers["x-request-id"]
    assert (entry["method"], entry["route"], entry["status"]) == ("GET", "unmatched", 500)
    assert not any(word in line for word in ("张三", "102.71234", "lon="))


def test_a_bug_after_the_first_bytes_only_ends_the_answer(capsys):
    async def late(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    status, _, body = call(late)
    assert (status, body) == (200, b"")
    assert json.loads(capsys.readouterr().err)["error"] == "builtins.ValueError"


def test_what_libraries_say_is_a_line_of_the_same_kind_without_values(capsys):
    library = logging.getLogger("a.library")
    library.addHandler(lines := Lines())
    try:
        library.warning("Invalid %s\nfuture: 张三", "request")
        try:
            raise ValueError("张三")
        except ValueError:
            library.exception("It broke")
    finally:
        library.removeHandler(lines)
    told, broke = (json.loads(one) for one in capsys.readouterr().err.splitlines())
    assert (told["event"], told["level"], told["logger"]) == (
        "Invalid request", "warning", "a.library",
    )  # fmt: skip
    assert (broke["event"], broke["error"]) == ("It broke", "builtins.ValueError")
    assert "张三" not in f"{told}{broke}"


def test_every_domain_error_has_a_status():
    def kinds(kind):
        return {one for direct in kind.__subclasses__() for one in ({direct} | kinds(direct))}

    stated = set(errors.STATUS)
    assert [kind for kind in kinds(meanings.GisError) if not stated & set(kind.__mro__)] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.nan, None), (np.inf, None), (pd.NaT, None), (pd.NA, None), (None, None),
        (3.0, 3), (3.5, 3.5), (1e300, 1e300), (np.int64(7), 7), (np.bool_(True), True),
        (date(2026, 9, 30), "2026-09-30"), (pd.Timestamp("2026-09-30"), "2026-09-30T00:00:00"),
        ("文字", "文字"), ({"a": 1}, {"a": 1}),
    ],
)  # fmt: skip
def test_values_become_json_values(value, expected):
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    (row,) = records(frame)
    assert row["x"] == expected
    assert type(row["x"]) is type(expected)
    json.dumps(row, allow_nan=False)
