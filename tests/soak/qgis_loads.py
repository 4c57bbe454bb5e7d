"""Run by QGIS' own Python: loads collections of an OGC API with a token, coloured by their style.

python3 qgis_loads.py http://127.0.0.1:8000/ogc NAME...    (the token in WANGGE_TOKEN)
"""

import json
import os
import sys
import tempfile
import urllib.request
from pathlib import Path

from qgis.core import QgsApplication, QgsNetworkAccessManager, QgsRenderContext, QgsVectorLayer


def loaded(address: str, name: str) -> dict[str, object]:
    """Whether the collection opens, how many features it has, their keys and their colours."""
    layer = QgsVectorLayer(f"url='{address}' typename='{name}' pageSize='7'", name, "OAPIF")
    if not layer.isValid():
        return {"opens": False}
    fields = [field.name() for field in layer.fields()]
    drawn, context = styled(layer, address, name), QgsRenderContext()
    drawn.startRender(context, layer.fields())
    colours = {one["code"]: drawn.symbolForFeature(one, context) for one in layer.getFeatures()}
    colours = {key: symbol and symbol.color().name() for key, symbol in colours.items()}
    drawn.stopRender(context)
    found = [(one["code"], one.geometry().isGeosValid()) for one in layer.getFeatures()]
    return {"opens": True, "counted": layer.featureCount(), "fields": fields,
            "keys": sorted(key for key, valid in found if valid), "colours": colours}  # fmt: skip


def styled(layer: QgsVectorLayer, address: str, name: str):
    """The renderer of the layer with the style that the service gives for it."""
    style = f"{address.removesuffix('/ogc')}/api/v1/layers/{name}/style.qml"
    asked = urllib.request.Request(style, headers={"Authorization": token.decode()})
    with tempfile.TemporaryDirectory() as folder, urllib.request.urlopen(asked) as answer:
        path = Path(folder, "style.qml")
        path.write_bytes(answer.read())
        layer.loadNamedStyle(str(path))
    return layer.renderer().clone()


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    token = f"Bearer {os.environ['WANGGE_TOKEN']}".encode()
    # What the configuration "API Header" does; Debian's QGIS 3.22 comes without it.
    QgsNetworkAccessManager.setRequestPreprocessor(
        lambda request: request.setRawHeader(b"Authorization", token)
    )
    address, *names = sys.argv[1:]
    sys.stdout.write(json.dumps({name: loaded(address, name) for name in names}))
    sys.stdout.flush()
    application.exitQgis()
