"""The legend's colours over HTTP, for clients of `/ogc`; QGIS itself loads them in `make qgis`."""

from xml.etree import ElementTree

from gis.access.rights import Role
from gis.legend import RATING


def _drawn(answer, path):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/xml"
    return ElementTree.fromstring(answer.text.split("<!DOCTYPE")[-1].split("\n", 1)[-1]).findall(
        path
    )


def test_a_layers_style_has_the_legends_classes(client):
    drawn = _drawn(client.get("/api/v1/layers/rating/style.qml"), ".//category")
    assert [one.get("value") for one in drawn][:3] == [one.value for one in RATING.entries][:3]
    ruled = _drawn(client.get("/api/v1/layers/rating/style.sld"), ".//{*}Rule")
    assert len(ruled) == len(RATING.entries)


def test_a_layer_of_several_geometries_is_asked_for_by_geometry(client):
    lines = _drawn(client.get("/api/v1/layers/facilities/style.qml?geometry=line"), ".//symbol")
    assert {one.get("type") for one in lines} == {"line"}
    assert client.get("/api/v1/layers/facilities/style.qml?geometry=cube").status_code == 422
    assert client.get("/api/v1/layers/facilities/style.css").status_code == 422


def test_a_style_is_for_who_may_see_the_layer(serve, demo_store):
    with serve(demo_store.urls, role=Role.GRID_WORKER) as worker:
        assert worker.get("/api/v1/layers/rating/style.qml").status_code == 200
        assert worker.get("/api/v1/layers/cameras/style.qml").status_code == 403
