"""The SQL of an export, loaded by psql into another PostGIS: whole, coloured, never a command."""

import os
import subprocess
from contextlib import closing
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import geopandas as gpd
import psycopg2
import pytest
import shapely

from data.export import styles
from data.export.model import Caption, Format, Watermark
from data.export.service import export
from gis.db.cluster.binaries import find
from gis.layers.model import layer

MARKER = "psql_ran_a_value"  # a file that would lie where psql works
HOSTILE = (
    "'); DROP TABLE victim; --",
    "\\'); DROP TABLE victim; --",
    "\\\\'); DROP TABLE victim; --",
    f"\\! touch {MARKER}",
    f"\n\\! touch {MARKER}\n",
    f"'\n\\! touch {MARKER}\n",
    "\\.\nDROP TABLE victim;\n",
    "$replaced$; DROP TABLE victim; DO $replaced$",
    ":victim :'victim' :\"victim\" %I %s {0} {name}",
    "a\tb\r\nc\u2028d",
    "縗'); DROP TABLE victim; --",  # in GBK its last byte is a backslash
    "'", "''", "\\", "\\'", '"', "--", "/*", "*/", "<![CDATA[ ]]>", "𠮷龘🏘", "",
)  # fmt: skip


def caption(name, *, purpose="月度会议"):
    mark = Watermark("liaison-1", datetime(2026, 10, 1, 8, tzinfo=UTC), purpose, internal=False)
    return Caption("昆明市五华区", layer(name), date(2026, 9, 30), "2026Q3", "2026.3", False, mark)


def square(at):
    return shapely.box(102.7 + at / 100, 25.04, 102.705 + at / 100, 25.044)


def rating(texts=HOSTILE):
    names = [one.name for one in layer("rating").columns]
    frame = gpd.GeoDataFrame(
        {one: [f"{one}{at}" for at in range(len(texts))] for one in names},
        geometry=[square(at) for at in range(len(texts))], crs=4326,
    )  # fmt: skip
    frame = frame.rename_geometry("geom").assign(name=list(texts), reason_zh=list(texts))
    return frame.assign(colour="red", households=[None, *range(1, len(texts))])


@pytest.fixture
def office(own_office, tmp_path):
    """(ask, load): a database with a table of the office's own, and psql's exit code on a file."""
    folder = tmp_path / "where_psql_works"
    folder.mkdir()
    with own_office() as url, closing(psycopg2.connect(url)) as server:
        server.autocommit = True
        server.cursor().execute("CREATE TABLE victim (id integer)")

        def ask(statement):
            with server.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else None

        def load(path, *words, **told):
            done = subprocess.run(
                [find().program("psql"), "-X", "-q", *words, "-f", str(path), url],
                cwd=folder, env=os.environ | told, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert list(folder.iterdir()) == [], "a value was run"
            assert ask("SELECT to_regclass('victim') IS NOT NULL") == [(True,)]
            return done.returncode, done.stderr

        yield ask, load


def written(tmp_path, *parts):
    return export(list(parts), form=Format.PGSQL, out=tmp_path / "layer.sql")


STOPS = ("-v", "ON_ERROR_STOP=1")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"PGCLIENTENCODING": "GBK"},
        {"PGOPTIONS": "-c standard_conforming_strings=off -c backslash_quote=on"},
    ],
    ids=lambda one: " ".join(one.values()) or "plain",
)
def test_psql_loads_every_row_as_it_was(office, tmp_path, told):
    ask, load = office
    frame = rating()
    path = written(tmp_path, (frame, caption("rating", purpose="'; DROP TABLE victim; \\! ls")))
    assert load(path, *STOPS, **told) == (0, "")
    rows = ask("SELECT name, reason_zh, households, ST_AsBinary(geom) FROM rating ORDER BY fid")
    assert [row[0] for row in rows] == [row[1] for row in rows] == list(HOSTILE)
    assert [row[2] for row in rows] == [None, *range(1, len(HOSTILE))]
    there = shapely.from_wkb([bytes(row[3]) for row in rows])
    assert shapely.equals(there, frame.geometry.to_numpy()).all()
    assert ask("SELECT type, srid FROM geometry_columns") == [("MULTIPOLYGON", 4326)]
    ((said,),) = ask("SELECT obj_description('rating'::regclass)")
    for word in ("liaison-1", "'; DROP TABLE victim; \\! ls", "三色评级", "2026Q3"):
        assert word in said


def test_qgis_finds_the_legend_as_the_default_style(office, tmp_path):
    ask, load = office
    assert load(written(tmp_path, (rating(), caption("rating"))), *STOPS)[0] == 0
    ((*where, default, qml, sld),) = ask("""
        SELECT f_table_catalog = current_database(), f_table_schema, f_table_name,
               f_geometry_column, useasdefault, styleqml::text, stylesld::text
        FROM public.layer_styles""")
    assert (*where, default) == (True, "public", "rating", "geom", True)
    assert qml == styles.qml(layer("rating"), family="area")
    categories = ElementTree.fromstring(qml.split("\n", 1)[1]).findall(".//category")
    assert [one.get("value") for one in categories] == ["red", "yellow", "green", "unrated"]
    assert ElementTree.fromstring(sld).tag.endswith("StyledLayerDescriptor")


def test_a_later_file_replaces_the_table_and_leaves_the_offices_own_style(office, tmp_path):
    ask, load = office
    assert load(written(tmp_path, (rating(), caption("rating"))), *STOPS)[0] == 0
    ask("""INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, stylename,
               useasdefault, owner)
           VALUES (current_database(), 'public', 'rating', 'ours', true, 'gis')""")
    assert load(written(tmp_path, (rating(HOSTILE[:3]), caption("rating"))), *STOPS) == (0, "")
    assert ask("SELECT count(*) FROM rating") == [(3,)]
    found = ask("SELECT owner, useasdefault FROM layer_styles ORDER BY owner")
    assert found == [("gis", True), ("wangge", False)]


@pytest.mark.parametrize("words", [STOPS, ()], ids=["stops", "goes_on"])
def test_a_table_of_somebody_else_stops_the_load_and_nothing_is_changed(office, tmp_path, words):
    ask, load = office
    ask("CREATE TABLE rating (own integer); INSERT INTO rating VALUES (7)")
    code, said = load(written(tmp_path, (rating(), caption("rating"))), *words)
    assert "rating is there and none of wangge's" in said
    assert code == (3 if words else 0)
    assert ask("SELECT own FROM rating") == [(7,)]
    assert ask("SELECT to_regclass('layer_styles') IS NULL") == [(True,)]


def test_it_goes_into_the_schema_that_is_current_and_touches_no_other(office, tmp_path):
    ask, load = office
    ask("CREATE SCHEMA risk; CREATE TABLE rating (own integer); INSERT INTO rating VALUES (7)")
    path = written(tmp_path, (rating(), caption("rating")))
    assert load(path, *STOPS, PGOPTIONS="-c search_path=risk,public") == (0, "")
    assert ask("SELECT own FROM public.rating") == [(7,)]
    assert ask("SELECT count(*) FROM risk.rating") == [(len(HOSTILE),)]
    assert ask("SELECT f_table_schema FROM public.layer_styles") == [("risk",)]


def test_layers_of_several_kinds_of_geometry_and_days_in_one_file(office, tmp_path):
    ask, load = office
    names = [one.name for one in layer("facilities").columns]
    shapes = [shapely.Point(102.7, 25.04), square(1), None, shapely.MultiPoint([[102.7, 25.04]])]
    frame = gpd.GeoDataFrame(
        {one: [f"{one}{at}" for at in range(4)] for one in names}, geometry=shapes, crs=4326
    ).rename_geometry("geom")
    frame = frame.assign(opened_on=[date(2024, 2, 29), None, None, None])
    frame['a"; DROP TABLE victim; --'] = True
    parts = (rating(), caption("rating")), (frame, caption("facilities"))
    assert load(written(tmp_path, *parts), *STOPS) == (0, "")
    assert ask("SELECT f_table_name, type FROM geometry_columns ORDER BY 1") == [
        ("facilities_area", "MULTIPOLYGON"), ("facilities_point", "MULTIPOINT"),
        ("rating", "MULTIPOLYGON"),
    ]  # fmt: skip
    assert ask("SELECT code FROM facilities_table") == [("code2",)]
    assert ask("SELECT opened_on FROM facilities_point ORDER BY fid") == [
        (date(2024, 2, 29),), (None,)
    ]  # fmt: skip
    assert ask("SELECT f_table_name FROM layer_styles ORDER BY 1") == [
        ("facilities_area",), ("facilities_point",), ("rating",)
    ]  # fmt: skip
    alone = frame[frame["code"] == "code1"]
    assert load(written(tmp_path, (alone, caption("facilities"))), *STOPS) == (0, "")
    assert ask("SELECT relname FROM pg_class WHERE relname ~ '^facilities' AND relkind = 'r'") == [
        ("facilities",)
    ]


def test_an_empty_layer_is_an_empty_table(office, tmp_path):
    ask, load = office
    assert load(written(tmp_path, (rating().iloc[:0], caption("rating"))), *STOPS) == (0, "")
    assert ask("SELECT count(*) FROM rating") == [(0,)]
