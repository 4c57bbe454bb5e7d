"""What goes with a request: the area, and whatever else the route cannot do without, for it."""

import json
from datetime import UTC, datetime

import shapely
from cells import OWN
from sqlalchemy import text

from gis.db.session import User
from gis.facilities import register
from gis.grids.drawing import sheet

POINTS = "点位编码,点位名称,经度,纬度\nT1,新点,{lon},{lat}\n"
SEPTEMBER = {"since": "2026-09-01", "until": "2026-09-30"}
PURPOSE = {"purpose": "a test"}
OTHER_COLOUR = """
    SELECT CASE colour WHEN 'yellow' THEN 'green' ELSE 'yellow' END
    FROM wangge.ratings JOIN wangge.rating_cycles USING (run_id)
    WHERE compound_code = :compound AND state = :state ORDER BY rating_cycles.id DESC LIMIT 1"""
COLOURED = {  # which quarter a form asks another colour of
    "/ratings/{cycle_id}/ask/{code:path}": "review",
    "/ratings/{cycle_id}/object/{code:path}": "published",
}
OF_OWN = {  # what is asked for in one's own area whatever the cell is
    "/exports": {"period": "", "area": OWN},
    "/plaques/print": {"colour": "", "area": OWN},
}


def asked(cell, route, method):
    """The parts of a request as the client takes them."""
    compound = cell.of("compound") or "none"
    params = params_of(cell, route, compound)
    if method == "GET":
        return {"params": params}
    if route.path in ("/imports", "/api/v1/imports"):
        lon, lat = cell.of("spot").split()
        return {"params": params, "files": {"file": ("t.csv", POINTS.format(lon=lon, lat=lat))}}
    if route.path.startswith("/api/"):
        return {"params": params, "json": json_of(cell, route.path, compound)}
    return {"params": params, "data": form_of(cell, route.path, compound)}


def params_of(cell, route, compound):
    lon, lat = cell.of("spot").split()
    plan = {"compound": compound, "budget": 1, "every_deg": 180}
    alone = {"/api/v1/video/plan": plan, "/sharp-eyes/plan": plan,
             "/sharp-eyes/plan.geojson": plan | PURPOSE}  # fmt: skip
    if route.path in alone:  # a compound instead of an area
        return alone[route.path]
    named = not route.path.startswith("/ogc") or "/items" in route.path
    return ({"area": cell.area} if named else {}) | {
        "/api/v1/layers/{name}/at": {"lon": lon, "lat": lat},
        "/api/v1/video/working-rate": SEPTEMBER, "/api/v1/video/repairs": SEPTEMBER,
        "/api/v1/video/incidents-shown": SEPTEMBER,
        "/api/v1/audit/lines.csv": PURPOSE, "/audit/lines.csv": PURPOSE,
        "/reports/{period}.pdf": PURPOSE, "/scenarios/{scenario_id}/print": PURPOSE,
        "/sheets/{name}.pdf": PURPOSE, "/dangers/new": {"lon": lon, "lat": lat},
        "/api/v1/results/rating/replay": {"which": "2026Q3"},
        "/imports": {"kind": "cameras"}, "/api/v1/imports": {"kind": "cameras"},
    }.get(route.path, {})  # fmt: skip


def json_of(cell, path, compound):
    camera = cell.of("camera") or "none"
    lon, lat = map(float, cell.of("spot").split())
    return {
        "/api/v1/runs": {"analysis": "grids"},
        "/api/v1/exports": {"layer": "coverage", "format": "csv", "area": OWN},
        "/api/v1/accounts": {"login": f"n{cell.area}"},
        "/api/v1/accounts/first-security-admin": {"login": f"s{cell.area}"},
        "/api/v1/accounts/{login}/role": {"role": "viewer", "area_prefixes": [cell.area]},
        "/api/v1/video/observations": {
            "camera": camera, "state": "down", "observed_at": "2026-09-30T08:00:00+08:00"
        },
        "/api/v1/video/what-if": {"compound": compound, "lon": lon, "lat": lat, "direction_deg": 0},
        "/api/v1/video/plan": {"compound": compound, "budget": 1, "every_deg": 180},
    }.get(path, {})  # fmt: skip


def form_of(cell, path, compound):
    """Every field that some form has, with values that would do."""
    lon, lat = cell.of("spot").split()
    kind = {"/dangers": "fire", "/scenarios/{scenario_id}/changes": "close"}.get(path, "compound")
    point = f'{{"type": "Point", "coordinates": [{lon}, {lat}]}}'
    return {
        "kind": kind, "severity": "ordinary", "what": "出口被堵", "key": f"key-{cell.area}",
        "lon": lon, "lat": lat, "code": compound, "area": cell.area, "name": "新站",
        "body": "门禁坏了", "move": "assign", "remark": "请处理", "login": f"f{cell.area}",
        "role": "viewer", "decision": "approve", "reason": "经复核与现场情况不符，请改颜色",
        "colour": "yellow", "origin": "review", "issuer": "综治中心", "sure": "yes",
        "month": "2026-09", "period": "2026Q3", "shared": "no", "as_of": "2026-09-30",
        "facility": cell.of("facility") or "none", "shapes": point, "function": "service_station",
        "provision": "new_build", "ownership": "public", "status": "open", "floor_area_m2": "50",
        "geometry": point, "geom": point, "community": cell.area, "area_m2": "50", "part": "50",
        "text": "version = ''", "purpose": "a test", "layer": "coverage", "format": "csv",
        "sheet_purpose": "a test", "sheet_layer": "rating", "paper": "a4",
        "closed_on": "2026-09-30", "step": "save",
        **special(cell, path, compound, shapely.Point(float(lon), float(lat))),
    }  # fmt: skip


def special(cell, path, compound, spot):
    """What one form alone must fit: a colour that is another, a drawing that changes something."""
    if path in OF_OWN:
        return OF_OWN[path]
    if path in COLOURED:
        asked_of = {"compound": compound, "state": COLOURED[path]}
        with cell.store.begin() as session:
            return {"colour": session.scalar(text(OTHER_COLOUR), asked_of) or "yellow"}
    if path.startswith("/facilities/{") and cell.of("facility"):
        with cell.store.begin(User.command()) as session:
            record = register.find(session, cell.of("facility"))
            record.status, record.closed_on = "open", None  # others have closed it before
            session.flush()
            return {"mark": register.mark(record)}
    if path == "/grids/{community}/reshape":
        around = shapely.to_geojson(spot.buffer(1e-4))
        return {"how": "carve", "shape": around, "shapes": drawing([], "")}
    if path == "/grids/{community}" and len(cell.area) == 12:
        with cell.store.begin(User.command()) as session:
            table = sheet(session, cell.area)
        named = drawing(table.drawn, f"新名{cell.login[:6]}")
        today = datetime.now(UTC).date().isoformat()  # behind the district's at most
        return {"shapes": named, "mark": table.mark, "day": today}
    return {}


def drawing(drawn, name):
    """Grids as the map sends them, the first with a new name."""
    return json.dumps({"features": [
        {"geometry": json.loads(shapely.to_geojson(one.geom)),
         "properties": {"code": one.code, "households": one.households,
                        "name": name if one is drawn[0] else one.name}}
        for one in drawn
    ]})  # fmt: skip
