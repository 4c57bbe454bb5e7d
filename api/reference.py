"""The command and the HTTP surface as docs/commands.md and docs/http.md."""

import inspect
import sys
import typing
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from typing import Any

from typer.models import ArgumentInfo, ParameterInfo

from api.app import create_app
from api.cli import COMMANDS
from api.errors import STATUS
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.errors import ImportRefused
from gis.settings import Settings

_COMMANDS = """# The `wangge` command

Generated from the code; a test keeps this page equal to it. To write it anew:
`python -m api.reference commands > docs/commands.md`. Settings come from the environment
(`WANGGE_*`, see the README).

- With `--json` a command prints exactly one object on stdout; `docs/json/` has the schemas.
  Progress and remarks go to stderr. A refusal is `{"error": {"code", "message"}}`, as in
  `docs/json/error.json`.
- Exit codes: 0 done; 1 refused, nothing changed, or not as it should be (`replay`, `audit verify`);
  2 wrong usage.
- Without `WANGGE_DATABASE_URL` a command starts the private store of the home and the last one
  to end stops it. `wangge up` keeps it running until `wangge down`.
- `status` starts nothing, and two calls with nothing between are equal.
- A period is a quarter (`2026Q3`) or a month (`2026-07`, a preview); without one the last quarter
  that the data complete counts. Nothing reads the clock.
- Camera positions leave the store only with `--internal`; such files are readable by their owner
  alone (mode 0600).
- Whoever may start the command and read the home sees the whole district. `user` makes the accounts
  of everybody else.
- `backup FILE` takes the whole schema and writes `FILE.contents.json` beside it; `restore` needs
  both, replaces all rows in one transaction and needs a backup of the same schema version. Both
  run as the store's owner (`WANGGE_OWNER_URL` on your own server).
- `demo` fills a store that holds nothing about places; accounts may be there. A second run keeps
  files, maps and exports whose digests still hold; a run that was killed is repeated by the same
  command.
"""
_HTTP = """# The HTTP surface

Generated from the service's OpenAPI document (`/api/v1/openapi.json`); a test keeps this page equal
to it. To write it anew: `python -m api.reference http > docs/http.md`.

Every route but `/livez`, `/version` and the doors themselves needs a session (cookie) or a token
(`Authorization: Bearer …`, from `wangge user token`): 401 without one, 403 where the role has no
right. Requests whose Host is not in `WANGGE_ALLOWED_HOSTS` are answered 400. Routes read; those
that write say so.

- Errors are problem documents (RFC 9457, `application/problem+json`) with `type`, `title`,
  `status`, `code` and `detail`; scripts rely on `code`. A 503 says `Retry-After`.
- Every address that takes GET takes HEAD, and answers it alike without the body.
- Every answer has `X-Request-Id`, which the log repeats. The log is one JSON object per line on
  stderr: method, route template, status, milliseconds, request id, user; never a value that was
  asked for.
- Internal layers (camera positions) need the right `video:read`, and are answered 403 to everybody
  where `WANGGE_SERVE_INTERNAL` is off.
- Numbers that are not known are `null`; small rental counts are withheld and marked `suppressed`.
- Coordinates are EPSG:4326, longitude first. Lists have `limit` (at most 10,000) and `offset`.
- `/maps/{name}` pages run under a nonce policy (CSP) and load nothing from another host;
  `/assets/{name}` serves their files by name. `/` leads to the first page of one's role, `/metrics`
  is for Prometheus (route templates as labels).
"""


def commands_page() -> str:
    """The whole page of commands."""
    parts = [_COMMANDS]
    for name, (module, words) in COMMANDS.items():
        parts += [f"## {name}", "", f"{words[0].upper()}{words[1:]}.", ""]
        for typed, function in _functions(module, name):
            parts += [f"### {typed}", "", *_said(function)] if typed != name else []
            parts += [*_parameters(function), ""]
    return "\n".join(parts)


def http_page() -> str:
    """The whole page of routes."""
    document = create_app(Settings(_env_file=None)).openapi()
    parts = [_HTTP]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            words = operation["description"].replace("``", "`")
            parts += [f"## {method.upper()} {path}", "", words, ""]
            if rows := [_query(one, document) for one in operation.get("parameters", [])]:
                parts += ["| parameter | in | values | default | |", "|---|---|---|---|---|", *rows]
                parts.append("")
    parts += ["## Codes", "", "| code | status | |", "|---|---|---|", *_codes(), ""]
    return "\n".join(parts)


def rights_table() -> str:
    """What each role may, capability by capability."""
    roles = list(Role)
    rows = [f"| | {' | '.join(role.replace('_', ' ') for role in roles)} |", "|---" * 10 + "|"]
    for capability in Capability:
        cells = [
            "".join(one[0] for one in Action if (capability, one) in PERMISSIONS[role])
            for role in roles
        ]
        rows.append(f"| `{capability}` | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _functions(module: str, name: str) -> Iterator[tuple[str, Any]]:
    """What is typed and the function behind it; of a group of commands, one after the other."""
    top = import_module(f"api.commands.{module}").app
    for one in top.registered_commands:
        if name == (one.name or one.callback.__name__):
            yield name, one.callback
    for group in top.registered_groups:
        if name == group.name:
            for one in group.typer_instance.registered_commands:
                yield f"{name} {one.name}", one.callback


def _said(function: Any) -> list[str]:
    return [(function.__doc__ or "").splitlines()[0], ""]


def _parameters(function: Any) -> Iterator[str]:
    """A table row per argument and option, read from the function's annotations."""
    yield "| | values | default | |"
    yield "|---|---|---|---|"
    hints = typing.get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        kind, info = typing.get_args(hints[name])[:2]
        assert isinstance(info, ParameterInfo)
        shown = name.upper() if isinstance(info, ArgumentInfo) else _option(name, info)
        default = parameter.default
        plain = default is inspect.Parameter.empty or not default
        yield f"| `{shown}` | {_values(kind)} | {'' if plain else f'`{default}`'} | {info.help} |"


def _option(name: str, info: ParameterInfo) -> str:
    declared: Any = info.param_decls or (f"--{name.strip('_').replace('_', '-')}",)
    return str(declared[0])


def _values(kind: Any) -> str:
    """The closed list of values, where there is one."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{one}`" for one in kind)
    if typing.get_origin(kind) is typing.Literal:
        return ", ".join(f"`{one}`" for one in typing.get_args(kind))
    kinds = (kind, *typing.get_args(kind))
    return "repeatable" if list in {typing.get_origin(one) for one in kinds} else ""


def _query(parameter: dict[str, Any], document: dict[str, Any]) -> str:
    schema = parameter["schema"]
    schema = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)
    if name := schema.get("$ref", "").rpartition("/")[2]:
        schema = document["components"]["schemas"][name]
    bounds = [schema.get("minimum"), schema.get("maximum", schema.get("exclusiveMaximum"))]
    words = {
        "integer": "{} to {}".format(*bounds), "number": "{} to {}".format(*bounds),
        "string": schema.get("format") or _form(schema), "boolean": "`true`, `false`",
    }  # fmt: skip
    values = ", ".join(f"`{one}`" for one in schema.get("enum", [])) or words[schema["type"]]
    default = parameter["schema"].get("default")
    shown = "" if default in (None, "") else f"`{default}`"
    about = parameter.get("description", "")
    return f"| `{parameter['name']}` | {parameter['in']} | {values} | {shown} | {about} |"


def _form(schema: dict[str, Any]) -> str:
    """The pattern of a text, or how long it may be."""
    if pattern := schema.get("pattern"):
        return f"`{pattern}`".replace("|", "\\|")
    return f"text, at most {schema.get('maxLength')}"


def _codes() -> Iterator[str]:
    own = {
        "bad_request": (422, "A parameter is missing, malformed or out of bounds."),
        "bad_host": (400, "The Host is not on the list."),
        "method_not_allowed": (405, "Another method; Allow names the right one."),
        "too_slow": (503, "The statement took longer than `WANGGE_STATEMENT_TIMEOUT_MS`."),
        "busy": (503, "All connections to the store are in use."),
        "internal_error": (500, "A bug; the log has its place."),
    }
    known = {
        kind.code: (status, (kind.__doc__ or "").splitlines()[0])
        for kind, status in STATUS.items()
        if kind is not ImportRefused  # there is no import over HTTP
    }
    for code, (status, words) in sorted((known | own).items()):
        yield f"| `{code}` | {status} | {words} |"


_PAGES = {"commands": commands_page, "http": http_page, "rights": rights_table}

if __name__ == "__main__":
    sys.stdout.write(_PAGES[sys.argv[1]]())
