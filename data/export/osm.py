"""The camera register as OpenStreetMap nodes: ``man_made=surveillance`` and what its tags say."""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement

import pandas as pd

_TYPES = {  # camera:type knows three words
    "dome_ptz": "panning", "ptz": "panning", "dome_remote": "panning", "dome": "dome",
    "fixed": "fixed",
}  # fmt: skip


def nodes(register: pd.DataFrame, out: Path, *, note: str) -> None:
    """Write the points as a file of JOSM and Overpass; ``note`` says what they are.

    A node that came from OpenStreetMap keeps its number, the others have negative ones, as nodes
    that are not on its server have.
    """
    root = Element("osm", version="0.6", generator="wangge", upload="never")
    SubElement(root, "note").text = note
    for number, row in enumerate(register.to_dict("records"), start=1):
        known = str(row["key"]).removeprefix("node/")
        element = SubElement(
            root, "node", id=known if known.isdecimal() else str(-number), version="1",
            lat=repr(float(row["lat"])), lon=repr(float(row["lon"])),
        )  # fmt: skip
        for tag, value in _tags(row).items():
            SubElement(element, "tag", k=tag, v=value)
    ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _tags(row: dict[Any, Any]) -> dict[str, str]:
    said = {
        "man_made": "surveillance", "surveillance:type": "camera", "name": row["name"],
        "ref": row["key"], "camera:type": _TYPES.get(row["kind"]),
        "camera:direction": row["direction_deg"], "camera:angle": row["horizontal_fov_deg"],
        "camera:mount": row["mount"], "height": row["height_m"], "operator": row["owner_unit"],
        "surveillance:zone": row["place_kind"],
        "surveillance": {True: "indoor", False: "outdoor"}.get(row["indoor"]),
    }  # fmt: skip
    return {tag: _text(value) for tag, value in said.items() if not pd.isna(value)}


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
