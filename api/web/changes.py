"""The changes of colour of a quarter as a table: what hung, what was rated, what people decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.web import tables
from api.web.desk import Desk
from gis.access.rights import Capability
from gis.legend import RATING, Entry
from gis.publication.model import CycleState, Decision, RatingCycle
from gis.publication.together import looked_at_alone

Row = Mapping[str, Any]
_STATUSES = ("waiting", "confirmed", "asked", "approved", "rejected")


def view(desk: Desk, rows: Sequence[Row], cycle: RatingCycle) -> tables.View:
    """The rows that `gis.publication.service.changes` gives, each with its ``status``.

    Once the cycle is published each has the colour of its plaque beside the rule's.
    """
    told = [{**row, "status": _status(row), "published": _published(row)} for row in rows]
    return tables.view(
        desk, told, _columns(desk, published=cycle.state == CycleState.PUBLISHED), name="changes",
        title=desk.t("ratings.changes"), capability=Capability.RATING, kept=("period",),
        href=lambda row: f"/ratings/{cycle.id}/{row['code']}", filters=_filters(desk),
    )  # fmt: skip


def waiting(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Codes to be reviewed: several ``together``, or each ``alone`` beside its reasons."""
    found: dict[str, list[str]] = {"together": [], "alone": []}
    for row in rows:
        if row["status"] == "waiting":
            alone = looked_at_alone(stands=row["stands"], quality=row["quality"])
            found["alone" if alone else "together"].append(row["code"])
    return found


def _columns(desk: Desk, *, published: bool) -> list[tables.Column]:
    t, column = desk.t, tables.Column

    def status(row: Row) -> str:
        return t(f"ratings.status_{row['status']}")

    def wish(row: Row) -> str:
        return "—" if row["to_colour"] is None else desk.chip(_class(row, "to_colour"))["word"]

    hangs = column("published", t("ratings.published"), chip=lambda row: _class(row, "published"))
    before = t("ratings.hung" if published else "ratings.before")
    return [
        column("name", t("ratings.compound"), link=True),
        column("code", t("ratings.code"), at_first=False),
        column("area_code", t("ratings.community"), at_first=False),
        column("colour_before", before, chip=lambda row: _class(row, "colour_before")),
        column("colour", t("ratings.now"), chip=lambda row: _class(row, "colour")),
        *([hangs] if published else ()),
        column("observed", t("ratings.observed"), number=True),
        column("expected", t("ratings.expected"), number=True),
        column("quality", t("ratings.quality")),
        column("status", t("ratings.status"), text=status),
        column("to_colour", t("ratings.wish"), text=wish, at_first=False),
        column("reason", t("ratings.reason"), at_first=False),
    ]


def _filters(desk: Desk) -> list[tables.Filter]:
    states = [(one, desk.t(f"ratings.status_{one}")) for one in _STATUSES]
    colours = [(one.value, desk.either(one.zh, one.en)) for one in RATING.entries]
    return [
        tables.Filter("status", desk.t("ratings.status"), states, lambda row: row["status"]),
        tables.Filter("colour", desk.t("ratings.now"), colours, lambda row: row["colour"]),
    ]


def _status(row: Row) -> str:
    """Where a change stands: its newest asked-for colour decides, else its review."""
    if row["decision"] is not None:
        return str(row["decision"])
    return "confirmed" if row["reviewed_by"] is not None else "waiting"


def _published(row: Row) -> str:
    """What a cycle publishes of a compound: what was asked for and approved, else what stood."""
    return str(row["to_colour"] if row["decision"] == Decision.APPROVED else row["stands"])


def _class(row: Row, name: str) -> Entry:
    return RATING.entry(row[name])
