"""QGIS itself opens every layer in the legend's classes and colours (`make qgis`).

From its GeoPackage, and from an office's own PostGIS that the export for it was loaded into.
"""

import json
import os
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from psycopg2.extensions import parse_dsn

from data.export import styles
from data.export.model import Caption, Format, Watermark
from data.export.service import export, suffix
from gis.db.cluster.binaries import find
from gis.layers.model import REGISTRY, Geometry
from gis.legend import Legend, Ramp

PYTHON = shutil.which("python3", path="/usr/bin") or "python3"  # the one that Debian's QGIS is for
RENDERERS = {Legend: "categorizedSymbol", Ramp: "RuleRenderer"}


@pytest.fixture(scope="module", params=[Format.GPKG, Format.PGSQL])
def opened(request, tmp_path_factory, own_office):
    """What QGIS says of each layer, by layer name."""
    told = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": ""}
    if subprocess.run([PYTHON, "-c", "import qgis.core"], env=told, check=False).returncode:
        pytest.skip("no QGIS here: apt-get install --no-install-recommends python3-qgis")
    folder, form = tmp_path_factory.mktemp("qgis"), request.param
    paths = [_written(one, form, folder / f"{one.name}{suffix(form)}") for one in REGISTRY]
    if form is Format.GPKG:
        yield _drawn(paths, told)
        return
    with own_office() as url:
        for path in paths:
            words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(path), url]
            subprocess.run([find().program("psql"), *words], check=True)
        said = parse_dsn(url)
        words = {"dbname": said.pop("dbname"), **said}
        at = " ".join(f"{key}='{value}'" for key, value in words.items())
        tables = [f'{at} key=\'fid\' table="public"."{one.name}" (geom)' for one in REGISTRY]
        yield _drawn(tables, told)


def _drawn(sources, told):
    """What QGIS says of each source, by the layer's name."""
    reader = Path(__file__).with_name("qgis_reads.py")
    done = subprocess.run(
        [PYTHON, str(reader), *map(str, sources)],
        env=told, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout[done.stdout.index("[") :])
    return {one.name: drawn for one, drawn in zip(REGISTRY, found, strict=True)}


def _written(one, form, path):
    """Three features of a layer; their attributes do not matter for how the classes look."""
    spots = gpd.GeoSeries(shapely.points([[102.70, 25.04], [102.71, 25.04], [102.72, 25.04]]))
    shapes = spots if one.geometry is Geometry.POINT else spots.buffer(0.001)
    rows = [{c.name: f"{c.short}{at}" for c in one.columns} for at in range(3)]
    frame = gpd.GeoDataFrame(rows, geometry=shapes.to_numpy(), crs=4326).rename_geometry("geom")
    mark = Watermark("liaison-1", datetime(2026, 10, 1, 8, tzinfo=UTC), "月度会议", internal=False)
    caption = Caption("昆明市五华区", one, date(2026, 9, 30), "2026Q3", "2026.3", False, mark)
    export([(frame, caption)], form=form, out=path)
    return path


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_qgis_draws_the_legends_classes(opened, one):
    drawn, legend = opened[one.name], one.legend
    assert drawn["features"] == 3
    assert drawn["renderer"] == RENDERERS.get(type(legend), "singleSymbol")
    if isinstance(legend, Legend):
        assert drawn["attribute"] == legend.column
        assert [value for value, _, _ in drawn["classes"]] == [e.value for e in legend.entries]
    if isinstance(legend, Legend | Ramp):
        entries = styles.entries(one)
        assert [fill for _, _, fill in drawn["classes"]] == [e.fill.upper() for e in entries]
        for entry, (_, label, _) in zip(entries, drawn["classes"], strict=True):
            assert entry.zh in label
            assert entry.en in label
