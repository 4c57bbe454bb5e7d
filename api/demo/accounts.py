"""Accounts of a demonstration: one per role, with random passwords in a file of the home."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.house import House
from gis.access import administration, store
from gis.access.rights import Role
from gis.areas.levels import Level
from gis.areas.model import Area

FILE = "demo-accounts.json"
_PLACE = {Role.GRID_WORKER: Level.COMMUNITY, Role.GRID_SUPERVISOR: Level.STREET}


def make(session: Session, house: House) -> Path:
    """Make what is missing and write ``<home>/demo-accounts.json`` (mode 0600).

    Passwords that are in the file stay; without the file everybody gets a new one.
    """
    path = house.settings.home / FILE
    logins = {role.replace("_", "-"): role for role in Role}
    missing = {login for login in logins if store.by_login(session, login) is None}
    if path.exists() and not missing:
        return path
    made, now = [], datetime.now(UTC)
    for login, role in logins.items():
        areas = [_area(session, _PLACE[role]) if role in _PLACE else ""]
        if login in missing:
            administration.add_without_password(
                session, login, district=house.district, role=role, area_prefixes=areas, now=now
            )
        password = administration.give_password(session, login, now=now, must_change=False)
        made.append({"login": login, "password": password, "role": role, "areas": areas})
    _write(path, {"demo": True, "accounts": made})
    return path


def _area(session: Session, level: Level) -> str:
    """The first area of that level, where a grid worker or supervisor of the demo works."""
    codes = select(Area.code).where(Area.level == level).order_by(Area.code).limit(1)
    return session.execute(codes).scalar_one()


def _write(path: Path, content: object) -> None:
    """Readable by the owner alone from the first byte on."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
    part.replace(path)
