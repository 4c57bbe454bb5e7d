"""Run by QGIS' own Python: how it draws each source named on the command line, as JSON.

A source is a file, or the table of a PostGIS as QGIS writes one: ``dbname=… table="public"."x"``.
"""

import json
import sys

from qgis.core import QgsApplication, QgsVectorLayer


def drawn(source: str) -> dict[str, object]:
    """Number of features, kind of renderer, its attribute, and value and colour of each class."""
    provider = "postgres" if source.startswith("dbname=") else "ogr"
    layer = QgsVectorLayer(source, "opened", provider)  # takes the default style of layer_styles
    assert layer.isValid(), source
    renderer = layer.renderer()
    found = {"features": layer.featureCount(), "renderer": renderer.type(), "classes": []}
    if renderer.type() == "categorizedSymbol":
        found["attribute"] = renderer.classAttribute()
        found["classes"] = [
            [one.value(), one.label(), one.symbol().color().name().upper()]
            for one in renderer.categories()
        ]
    if renderer.type() == "RuleRenderer":
        found["classes"] = [
            [rule.filterExpression(), rule.label(), rule.symbol().color().name().upper()]
            for rule in renderer.rootRule().children()
        ]
    return found


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    sys.stdout.write(json.dumps([drawn(source) for source in sys.argv[1:]]))
    sys.stdout.flush()
    application.exitQgis()
