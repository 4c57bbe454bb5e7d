"""Rows become frames: the same types with and without rows, geometries in EPSG:4326."""

import datetime

import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from gis.db import sql
from gis.db.sql import frame, table

TYPES = """
SELECT * FROM (VALUES
    (1, 1::smallint, 0.5::float8, 1.25::numeric, true, '五华', DATE '2026-07-01',
     TIMESTAMPTZ '2026-07-01 08:00+08', ARRAY['a', 'b']))
    AS t (n, small, share, price, open, name, day, at, words)
"""


def test_types_are_those_of_the_columns(db):
    row = table(db, text(TYPES))
    assert row["n"].dtype == row["small"].dtype == np.int64
    assert row["share"].dtype == row["price"].dtype == np.float64
    assert row["open"].dtype == np.bool_
    assert row["at"].dtype == "datetime64[us, UTC]"
    first = row.iloc[0]
    assert first["at"] == pd.Timestamp("2026-07-01T00:00Z")
    assert (first["name"], first["day"]) == ("五华", datetime.date(2026, 7, 1))
    assert (first["price"], first["words"]) == (1.25, ["a", "b"])


def test_no_rows_have_the_same_types(db):
    one, none = table(db, text(TYPES)), table(db, text(f"{TYPES} WHERE n = 2"))
    assert none.empty
    pd.testing.assert_series_equal(one.dtypes, none.dtypes)


def test_null_is_nan_in_numbers_and_none_elsewhere(db):
    row = table(
        db,
        text(
            "SELECT CAST(NULL AS int) AS n, CAST(NULL AS text) AS name,"
            " CAST(NULL AS timestamptz) AS at, CAST(NULL AS bool) AS open"
        ),
    ).iloc[0]
    assert np.isnan(row["n"])
    assert row["at"] is pd.NaT
    assert row["name"] is None
    assert row["open"] is None


def test_parameters_are_bound(db):
    hostile = "'; DROP TABLE areas; --"
    assert table(db, text("SELECT CAST(:v AS text) AS v"), {"v": hostile})["v"][0] == hostile


def test_two_columns_of_one_name_are_refused(db):
    with pytest.raises(ValueError, match="same name"):
        table(db, text("SELECT 1 AS id, 2 AS id"))


def test_a_frame_has_geometries_in_4326(db):
    places = frame(
        db,
        text(
            "SELECT 7 AS id, ST_AsBinary(ST_Point(102.7, 25.04, 4326)) AS geom"
            " UNION ALL SELECT 8, NULL ORDER BY id"
        ),
    )
    assert places.crs.to_epsg() == 4326
    assert places.geometry.name == "geom"
    assert shapely.equals_exact(places.geometry[0], shapely.Point(102.7, 25.04))
    assert places.geometry[1] is None


def test_an_empty_frame_is_still_a_frame(db):
    places = frame(db, text("SELECT 7 AS id, CAST(NULL AS bytea) AS geom WHERE false"))
    assert places.empty
    assert places.crs.to_epsg() == 4326
    assert places["id"].dtype == np.int64


def test_a_frame_without_geometry_is_refused(db):
    with pytest.raises(ValueError, match="no column geom"):
        frame(db, text("SELECT 1 AS id"))


MANY = """
SELECT n, 'word ' || n % 3 AS word, ST_AsBinary(ST_SetSRID(ST_Point(n, 0), 4326)) AS geom,
       (SELECT count(*) FROM pg_cursors WHERE name LIKE 'c\\_%') AS cursors
FROM generate_series(1, 10) AS n WHERE n <= :most ORDER BY n
"""


@pytest.mark.parametrize("most", [0, 1, 3, 4, 10])
def test_rows_that_the_server_sends_in_parts_are_the_same_rows(db, monkeypatch, most):
    monkeypatch.setattr(sql, "_ROWS", 3)
    whole = frame(db, text(MANY), {"most": most})
    parts = frame(db, text(MANY), {"most": most}, streamed=True)
    assert len(parts) == most
    assert set(whole["cursors"]) <= {0}
    assert set(parts["cursors"]) <= {1}
    pd.testing.assert_frame_equal(
        whole.drop(columns="cursors"), parts.drop(columns="cursors"), check_like=False
    )
    assert parts.crs == 4326


def test_equal_words_of_a_part_are_one_object(db):
    words = frame(db, text(MANY), {"most": 10}, streamed=True)["word"]
    assert len({id(word) for word in words}) == 3
