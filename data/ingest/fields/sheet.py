"""The registry as docs/fields.md: what a file of each kind may state, and under which headers."""

from data.ingest.fields import FIELDS, GEOMETRY_OPTIONAL, shape
from data.ingest.fields.model import Field, Shape
from data.ingest.types import Kind

_HEAD = """# Fields of importable files

Generated from the registry (`data/ingest/fields/`); a test keeps this page equal to it. To write it
anew: `python -m data.ingest.fields.sheet > docs/fields.md`.

A column is found by its canonical name, else by a synonym, else by a weak synonym; case, spaces,
underscores and a bracketed remark as in `面积（平方米）` do not count. Synonyms in bold go before
the others, from left to right: they can mean nothing else (`小区名称` before `名称`). The report
names the column that was taken and those that were not. Two columns of one rank are refused with
both names, as are names that may mean different things (`户籍户数` and `常住户数`, `建筑面积` and
`使用面积`), equal headers, and two columns for a longitude or latitude, perhaps in two frames;
`--map FIELD=COLUMN` decides, `--map FIELD==VALUE` states one value for all rows, `--profile
FILE.toml` keeps such choices (`[kind]`, `field = "column"`). **R** marks what
every row must have. Columns that name persons, phones, ids or plates are never read. Words of a
closed list may be given as stored, or by any of the names beside them.
"""
_SHAPES = {
    Shape.NONE: "a table, no geometry",
    Shape.POINT: "points: geometry, or `lon` and `lat`, or WKT in `geometry`",
    Shape.LINE: "lines",
    Shape.POLYGON: "polygons",
    Shape.POINT_OR_POLYGON: "points or polygons: geometry, or `lon` and `lat`, or WKT",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(kind) for kind in Kind)])


def _section(kind: Kind) -> str:
    optional = "; geometry may be missing" if kind in GEOMETRY_OPTIONAL else ""
    lines = [
        f"## {kind}",
        "",
        f"{_SHAPES[shape(kind)].capitalize()}{optional}.",
        "",
        "| field | type | unit, bounds | headers | weak | words or remark |",
        "|---|---|---|---|---|---|",
        *(_line(field) for field in FIELDS[kind]),
        "",
    ]
    return "\n".join(lines)


def _line(field: Field) -> str:
    name = f"`{field.name}`" + (" **R**" if field.required else "")
    cells = [
        name,
        str(field.type),
        _limits(field),
        _headers(field),
        ", ".join(field.weak),
        _words(field),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _headers(field: Field) -> str:
    """The synonyms; those that go first stand first, in bold, equals joined by a plus."""
    first = [" + ".join(f"**{name}**" for name in group) for group in field.first]
    ranked = {name for group in field.first for name in group}
    return ", ".join((*first, *(n for n in (*field.zh, *field.en) if n not in ranked)))


def _limits(field: Field) -> str:
    low = "" if field.low is None else f"{'>' if field.open_low else '>='} {field.low:,g}"
    high = "" if field.high is None else f"<= {field.high:,g}"
    return ", ".join(part for part in (field.unit or "", low, high) if part)


def _words(field: Field) -> str:
    listed = "; ".join(
        f"`{word}` {' '.join(names)}".strip() for word, names in (field.words or {}).items()
    )
    default = f"without a column: `{field.default}`" if field.default else ""
    other = f"unlisted, flagged: `{field.fallback}`" if field.fallback else ""
    return " · ".join(part for part in (field.remark, listed, default, other) if part)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - its output is the page
