"""Real clients of OGC API Features, with a token: GDAL's driver (as in QGIS) and OWSLib."""

import json
import os
import subprocess

import pytest
import shapely
from owslib.ogcapi.features import Features

from gis.access.rights import Role


@pytest.fixture(scope="module")
def supervised(serve, demo_store):
    """The service as a grid supervisor of one street finds it."""
    with serve(demo_store.urls, role=Role.GRID_SUPERVISOR, areas=["530102001"]) as client:
        yield client


def gdal(client, *command):
    """What a GDAL command prints; the token goes in as QGIS's authentication hands it on."""
    header = f"Authorization: {client.headers['authorization']}"
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "GDAL_HTTP_HEADERS": header, "GDAL_HTTP_MAX_RETRY": "0"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def source(client, path="/ogc"):
    return f"OAPIF:{str(client.base_url).rstrip('/')}{path}"


def ours(client, name, **query):
    path = f"/ogc/collections/{name}/items"
    return client.get(path, params={"limit": 10_000, **query}).json()["features"]


def test_ogrinfo_lists_the_layers_of_the_role(supervised):
    listed = gdal(supervised, "ogrinfo", "-q", source(supervised))
    for one in supervised.get("/ogc/collections").json()["collections"]:
        assert one["id"] in listed
    assert "cameras" in listed  # internal, and a supervisor reads video


@pytest.mark.parametrize("name", ["rating", "grids", "facilities"])
def test_ogr2ogr_takes_what_the_api_gives(supervised, tmp_path, name):
    out = tmp_path / "out.json"
    paging = ("-oo", "PAGE_SIZE=7")
    gdal(supervised, "ogr2ogr", "-f", "GeoJSON", str(out), source(supervised), name, *paging,
         "-lco", "COORDINATE_PRECISION=9")  # fmt: skip
    theirs = {one["properties"]["code"]: one for one in json.loads(out.read_text())["features"]}
    expected = {one["id"]: one for one in ours(supervised, name)}
    assert theirs.keys() == expected.keys() != set()
    for key, one in expected.items():
        shape = shapely.geometry.shape(theirs[key]["geometry"])
        assert shape.equals_exact(shapely.geometry.shape(one["geometry"]), 1e-7)
        for column, value in one["properties"].items():
            if column in theirs[key]["properties"]:
                shown = theirs[key]["properties"][column]
                assert str(shown).replace("/", "-") == str(value) or shown == value


def test_gdal_hands_its_filter_and_box_on(supervised):
    box = ("-spat", "102.692", "25.042", "102.702", "25.052")
    told = gdal(supervised, "ogrinfo", "-ro", "-so", *box, source(supervised), "rating")
    count = len(ours(supervised, "rating", bbox="102.692,25.042,102.702,25.052"))
    assert f"Feature Count: {count}\n" in told
    told = gdal(supervised, "ogrinfo", "-ro", "-so", "-where", "colour = 'green'",
                source(supervised), "rating")  # fmt: skip
    count = len(ours(supervised, "rating", filter="colour='green'"))
    assert f"Feature Count: {count}\n" in told


def test_without_a_token_gdal_is_refused(supervised):
    done = subprocess.run(
        ["ogrinfo", source(supervised)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "401" in done.stderr + done.stdout


def test_owslib_reads_the_same(supervised):
    headers = {"Authorization": supervised.headers["authorization"]}
    there = Features(f"{str(supervised.base_url).rstrip('/')}/ogc", headers=headers)
    assert "rating" in there.feature_collections()
    assert there.conformance()["conformsTo"]
    assert there.collection("rating")["id"] == "rating"
    assert "colour" in there.collection_queryables("rating")["properties"]
    page = there.collection_items("rating", limit=5)
    assert page["features"] == ours(supervised, "rating")[:5]
    first = page["features"][0]
    alone = there.collection_item("rating", first["id"])
    assert alone["properties"] == first["properties"]
    chosen = there.collection_items("rating", filter="colour='green'", limit=1000)
    assert chosen["features"] == ours(supervised, "rating", filter="colour='green'")


def test_a_role_without_the_right_sees_no_layer(serve, demo_store):
    """Layer.capability opens layers, tiles, TileJSON and collections alike."""
    paths = ["/api/v1/layers/{}/features", "/tiles/{}/11/1608/876.mvt", "/tiles/{}.json",
             "/ogc/collections/{}", "/ogc/collections/{}/items", "/ogc/collections/{}/queryables",
             "/ogc/collections/{}/items/x"]  # fmt: skip
    with serve(demo_store.urls, role=Role.VIEWER) as client:
        listed = {one["id"] for one in client.get("/ogc/collections").json()["collections"]}
        assert {"compounds", "facilities", "incidents", "coverage", "rating", "risk"} <= listed
        assert not listed & {"grids", "rental", "rental_h3", "cameras", "grid_audit"}
        for name in ("grids", "rental", "rental_h3", "grid_audit"):
            for path in paths:
                assert client.get(path.format(name)).status_code == 403, path
    with serve(demo_store.urls, role=None) as client:
        for path in ("/ogc", "/ogc/collections", *paths):
            assert client.get(path.format("rating")).status_code == 401, path
