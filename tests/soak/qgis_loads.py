"""Run by QGIS' own Python: loads collections of an OGC API with a token and says what is in them.

python3 qgis_loads.py http://127.0.0.1:8000/ogc NAME...    (the token in WANGGE_TOKEN)
"""

import json
import os
import sys

from qgis.core import QgsApplication, QgsNetworkAccessManager, QgsVectorLayer


def loaded(address: str, name: str) -> dict[str, object]:
    """Whether the collection opens, how many features it says it has, and their keys."""
    layer = QgsVectorLayer(f"url='{address}' typename='{name}' pageSize='7'", name, "OAPIF")
    if not layer.isValid():
        return {"opens": False}
    fields = [field.name() for field in layer.fields()]
    found = [(one["code"], one.geometry().isGeosValid()) for one in layer.getFeatures()]
    return {"opens": True, "counted": layer.featureCount(), "fields": fields,
            "keys": sorted(key for key, valid in found if valid)}  # fmt: skip


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
