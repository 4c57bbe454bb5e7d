"""One record of each kind in one's own area, in the area beside it and in the area above both.

Whatever has a name outside one's own area is marked, so that an answer gives itself away.
"""

import re
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pypdf
from sqlalchemy import text

from gis.db.session import User
from gis.errors import NoData
from gis.layers import service
from gis.layers.model import layer
from gis.layers.service import Scope

OWN, BESIDE, ABOVE = "530102001001", "530102001002", "530102001"
WHERE = (OWN, BESIDE, ABOVE)
MARK = "鄰"

# The key of a record of that area itself: a place lies in a community, so a street has none.
FOUND = {
    "area": "SELECT code FROM wangge.areas WHERE code = :area",
    "compound": "SELECT code FROM wangge.compounds WHERE area_code = :area",
    "facility": "SELECT source_key FROM wangge.facilities WHERE area_code = :area",
    "camera": "SELECT camera_key FROM wangge.view_fields WHERE area_code = :area",
    "tile": "SELECT concat_ws(' ', floor((x + 180) / 360 * 32768),"
    " floor((1 - asinh(tand(y)) / pi()) / 2 * 32768)) FROM ("
    " SELECT ST_X(p) AS x, ST_Y(p) AS y FROM (SELECT ST_PointOnSurface(geom) AS p"
    " FROM wangge.areas WHERE code = :area) AS areas) AS spots",
    "spot": "SELECT concat_ws(' ', ST_X(p), ST_Y(p)) FROM ("
    " SELECT ST_PointOnSurface(geom) AS p FROM wangge.areas WHERE code = :area) AS areas",
    "cycle": "SELECT id FROM wangge.rating_cycles WHERE state = 'review'",
    "published": "SELECT max(id) FROM wangge.rating_cycles WHERE state = 'published'",
    "import": "SELECT id FROM wangge.imports WHERE :area <> ''",
}
_DANGER = """danger AS (
    INSERT INTO wangge.dangers (area_code, key, kind, severity, what, place, state, handler,
                                found_at, due_at, due_known, geom)
    VALUES (:area, gen_random_uuid(), 'fire', 'ordinary', :name, :name, 'found', 'community',
            '2026-09-01', '2026-09-02', true, ST_SetSRID(ST_Point(102.7, 25.05), 4326))
    RETURNING id
), step AS (
    INSERT INTO wangge.danger_steps (danger_id, area_code, at, move, state, handler)
    SELECT id, :area, now(), 'report', 'found', 'community' FROM danger
)"""
_JOB = """
    INSERT INTO wangge.jobs (area_code, kind, parameters, asked_by, asked_as, state, result,
                             message_zh, finished_at)
    VALUES (:area, '{kind}', '{{"upload_id": 1, "layer": "coverage", "internal": false}}', :login,
            jsonb_build_object('area_prefixes', ARRAY[CAST(:area AS text)],
                               'rights', ARRAY['coverage:read']), 'done',
            '{{"file": "cells/cells.csv", "workbook": "cells.xlsx"}}', :name, now())
    RETURNING id"""
MADE = {
    "danger": f"WITH {_DANGER} SELECT id FROM danger",
    "photo": f"WITH {_DANGER}"
    " INSERT INTO wangge.danger_photos (danger_id, area_code, added_at, expires_at, jpeg)"
    " SELECT id, :area, now(), now() + interval '1 day', decode(repeat('ff', 200), 'hex')"
    " FROM danger RETURNING id",
    "visit": """
        INSERT INTO wangge.visits (area_code, owner, place_kind, place_code, name, seq, added_at,
                                   geom)
        VALUES (:area, :login, 'compound', 'none', :name, 1, now(),
                ST_SetSRID(ST_Point(102.7, 25.05), 4326)) RETURNING id""",
    "job": _JOB.format(kind="import"),
    "export": _JOB.format(kind="export"),
    "upload": f"WITH job AS ({_JOB.format(kind='import')})"
    " INSERT INTO wangge.uploads (area_code, asked_by, kind, file_name, folder, size_bytes,"
    " sha256, trial_job)"
    " SELECT :area, :login, 'cameras', 'cells.csv', gen_random_uuid(), 10, 'none', id"
    " FROM job RETURNING id",
    "scenario": """
        INSERT INTO wangge.scenarios (area_code, owner, name, as_of, shared)
        VALUES (:area, :login, :name, '2026-09-30', true) RETURNING id""",
    "change": """
        INSERT INTO wangge.scenario_changes (scenario_id, area_code, kind, facility)
        SELECT max(id), :area, 'close', :name FROM wangge.scenarios
        WHERE area_code = :area AND owner = :login RETURNING id""",
    "edit": """
        INSERT INTO wangge.grid_edits (area_code, day, made_by, made_at, ended, made, replaced)
        VALUES (:area, '2026-10-01', :login, now(), '[]', '[]', '[]') RETURNING id""",
    "override": """
        INSERT INTO wangge.colour_overrides (cycle_id, area_code, compound_code, origin,
                                             from_colour, to_colour, reason, asked_by, decision)
        SELECT max(id), :area, gen_random_uuid(), 'review', 'red', 'green', repeat(:name, 10),
               'somebody', 'asked' FROM wangge.rating_cycles WHERE state = 'review' RETURNING id""",
    "account": """
        INSERT INTO wangge.accounts (area_code, login, role, area_prefixes, must_change, made_at)
        VALUES (:area, 'c' || left(md5(CAST(random() AS text)), 12), 'viewer', ARRAY[:area], false,
                now())
        RETURNING login""",
}
_UPLOAD = """
    INSERT INTO wangge.uploads (area_code, asked_by, kind, file_name, folder, size_bytes, sha256,
                                options)
    VALUES (:area, :login, :kind, 'cells.csv', gen_random_uuid(), 10, 'none', '{"frame": "wgs84"}')
    RETURNING id"""
_NAMES = """
    SELECT table_name, column_name FROM information_schema.columns
    JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'wangge' AND table_type = 'BASE TABLE'
      AND column_name IN ('name', 'address', 'compound_name', 'title')
      AND table_name NOT IN ('published_ratings', 'import_profiles', 'audit_entries')"""
# The key of plaques is public, and noted by whoever prints the first.
_TABLES = """
    SELECT table_name, string_agg(column_name, ', ' ORDER BY column_name)
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'wangge' AND table_type = 'BASE TABLE'
      AND has_column_privilege(format('wangge.%I', table_name), column_name, 'SELECT')
      AND table_name NOT IN ('audit_entries', 'web_sessions', 'account_secrets', 'tokens',
                             'former_passwords', 'plaque_keys')
    GROUP BY table_name HAVING bool_or(column_name = 'area_code')"""
_HELD = """
    SELECT md5(coalesce(string_agg(held, '' ORDER BY held), ''))
    FROM (SELECT CAST(ROW({columns}) AS text) AS held FROM wangge.{table}
          WHERE NOT area_code ^@ :own) AS outside"""
_CODES = re.compile(rb"(?<!\d)530102(?:\d{9}|\d{6}|\d{3})(?!\d)")


def record(store, kind, area, *, login):
    """The key of a record of ``kind`` in ``area``, made or found; None where there is none.

    In the caller's own area it is the caller's own record.
    """
    owner = login if area == OWN else "somebody"
    name = "自己" if area == OWN else MARK * 2
    statement = FOUND.get(kind) or MADE[kind]
    asked = {"area": area, "login": owner, "name": name}
    asked = {key: value for key, value in asked.items() if f":{key}" in statement}
    with store.begin(replace(User.command(), id=owner)) as session:
        return session.scalar(text(statement), asked)


def upload(store, user, area, *, kind):
    """The id of an upload that the user has sent."""
    asked = {"area": area, "login": user.id, "kind": kind}
    with store.begin(user) as session:
        return session.scalar(text(_UPLOAD), asked)


def lay_out(home, store, upload, *, words="点位编码,名称\n"):
    """The files that an upload and its jobs speak of."""
    asked = text("SELECT folder FROM wangge.uploads WHERE id = :id")
    with store.begin() as session:
        folder = session.scalar(asked, {"id": upload})
    lying = {
        f"uploads/{folder}/cells.csv": words, "exports/cells/cells.csv": "a\n",
        "exports/cells/cells.csv.manifest.json": "{}", "reports/cells.xlsx": "",
    }  # fmt: skip
    for name, body in lying.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(body, "utf-8")


def held(session, *, own):
    """A digest of what each table holds outside the area ``own``."""
    return {
        table: session.scalar(text(_HELD.format(table=table, columns=columns)), {"own": own})
        for table, columns in session.execute(text(_TABLES)).all()
    }


def feature(session, house, name, area):
    """The key of a feature of a layer in that area itself; None where there is none."""
    scope, one = Scope(area_prefix=area, internal=True), layer(name)
    try:
        shown = service.read(
            session, one, district=house.district, policy=house.policy, scope=scope
        ).features
    except NoData:
        return None
    places = shown["area_code"] if "area_code" in shown else shown[one.key]
    return next(iter(shown.loc[places == area, one.key]), None)


def mark_names(session):
    """Mark every name that belongs to no area of the caller's; divisions keep theirs, in public."""
    for table, column in session.execute(text(_NAMES)).all():
        if table != "areas":
            session.execute(
                text(f"UPDATE wangge.{table} SET {column} = {column} || :mark"
                     " WHERE NOT area_code ^@ :own AND NOT :own ^@ area_code"),
                {"mark": MARK, "own": OWN},
            )  # fmt: skip


def strangers(answer):
    """What an answer tells of areas that are neither the caller's nor above them."""
    return strangers_in(_read(answer.headers.get("content-type", ""), answer.content))


def strangers_in(body):
    """Codes of other areas, and the mark of other areas' names."""
    codes = {one.decode() for one in _CODES.findall(body)}
    found = {one for one in codes if not one.startswith(OWN) and not OWN.startswith(one)}
    return found | ({MARK} if MARK.encode() in body else set())


def _read(kind, body):
    """The text that a person would find in a file."""
    if kind == "application/pdf":
        pages = pypdf.PdfReader(BytesIO(body)).pages
        return "".join(page.extract_text() for page in pages).encode()
    if body[:2] == b"PK":
        with ZipFile(BytesIO(body)) as file:
            return b"".join(file.read(name) for name in file.namelist())
    return body
