"""The ``wangge`` command: exit code 0 done, 1 refused (nothing changed), 2 wrong usage."""

import sys
from typing import NoReturn

import click
import typer

from api.commands import demo, inputs, outputs, runs, serve, store
from api.output import json_out, say
from gis.errors import GisError

app = typer.Typer(
    name="wangge", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="网格：城市网格管理与公共安全 GIS / grid management and public-safety GIS of a district.",
)  # fmt: skip
for part in (store, demo, inputs, runs, outputs, serve):
    app.add_typer(part.app)


def main() -> NoReturn:
    """Entry point; a refusal is one line on stderr (and one object with ``--json``), no trace."""
    try:
        app(standalone_mode=False)
    except GisError as exc:
        say(f"{exc.code}: {exc}")
        if "--json" in sys.argv:
            json_out({"error": {"code": exc.code, "message": str(exc)}})
        sys.exit(1)
    except click.exceptions.Exit as exc:
        sys.exit(exc.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as exc:
        exc.show()
        sys.exit(2)
    sys.exit(0)
