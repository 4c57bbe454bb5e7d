"""The ``wangge`` command: exit code 0 done, 1 refused (nothing changed), 2 wrong usage."""

import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from api.output import json_out, refuse
from gis.errors import GisError, PurposeMissing, Withheld

COMMANDS = {  # name: module of `api.commands`, what it does
    "up": ("store", "启动本机数据库 / start the private store and let it run"),
    "down": ("store", "停止本机数据库 / stop the private store"),
    "status": ("store", "查看状态 / say what there is, without starting anything"),
    "migrate": ("store", "升级数据库结构 / bring the store to this version's schema"),
    "backup": ("store", "备份 / write the whole store into one file"),
    "restore": ("store", "恢复 / replace the store's content by a backup"),
    "demo": ("demo", "演示 / load the demo district and show all that the software does"),
    "import": ("inputs", "导入 / take a file into the store, or say row by row why not"),
    "import-undo": ("inputs", "撤销导入 / undo the last import of a kind"),
    "run": ("runs", "运行分析 / compute and store an analysis"),
    "replay": ("runs", "复算评级 / compute a stored rating again and compare every bit"),
    "counts": ("counts", "现状统计 / count what stands on a day, between two runs"),
    "map": ("outputs", "出图 / write map pages that need no network"),
    "export": ("outputs", "导出 / write a layer to a file"),
    "video": ("video", "视频点位 / video points: register, checks, plans"),
    "worker": ("worker", "处理后台任务 / work on the queue of jobs"),
    "audit": ("audit", "审计日志 / the audit trail: verify, sign, export"),
    "user": ("user", "账户 / accounts, one-time passwords, tokens"),
    "serve": ("serve", "启动服务 / open the service"),
}


class Commands(TyperGroup):
    """Loads the module of the one command that is called: GDAL and pandas take seconds."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of a first day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command called so; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"api.commands.{COMMANDS[cmd_name][0]}")
        return get_group(module.app).get_command(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """What each does, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


# What lets pass what was refused.
_OPTIONS: Mapping[type[GisError], str] = {PurposeMissing: "--purpose", Withheld: "--internal"}

app = typer.Typer(
    name="wangge", cls=Commands, no_args_is_help=True, add_completion=False,
    rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip


@app.callback()
def wangge() -> None:
    """网格：城市网格管理与公共安全 GIS / grid management and public-safety GIS of a district."""


def main() -> NoReturn:
    """Entry point; a refusal is one line on stderr (and one object with ``--json``), no trace."""
    json = "--json" in sys.argv
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except GisError as exc:
        option = next((word for kind, word in _OPTIONS.items() if isinstance(exc, kind)), None)
        refuse(exc.code, f"{exc} ({option})" if option else str(exc), json=json)
        sys.exit(1)
    except SystemExit as done:
        if done.code == 2 and json:
            json_out({"error": {"code": "usage", "message": "wrong usage: stderr says what"}})
        raise
    except Exception:
        refuse("internal_error", "an unexpected error, its trace follows", json=json)
        raise
    sys.exit(0)


def _terminated(number: int, frame: object) -> NoReturn:
    """Leave as after an error, so that a store that was started is stopped."""
    sys.exit(128 + number)
