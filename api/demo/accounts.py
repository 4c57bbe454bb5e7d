"""Accounts of a demonstration: one per role, with random passwords in a file of the home."""

import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from api.demo import ACCOUNTS
from api.house import House
from gis.access import administration, store
from gis.access.rights import Role
from gis.areas.levels import Level
from gis.areas.store import first_code
from gis.files import write_whole

# A grid worker and a supervisor work in the first area of a level, the others everywhere.
_PLACE = {Role.GRID_WORKER: Level.COMMUNITY, Role.GRID_SUPERVISOR: Level.STREET}


def make(session: Session, house: House) -> Path:
    """Make what is missing and write ``<home>/demo-accounts.json`` (mode 0600).

    Passwords that are in the file stay; without the file everybody gets a new one.
    """
    path = house.settings.home / ACCOUNTS
    logins = {role.replace("_", "-"): role for role in Role}
    missing = {login for login in logins if store.by_login(session, login) is None}
    if path.exists() and not missing:
        return path
    made, now = [], datetime.now(UTC)
    for login, role in logins.items():
        areas = [first_code(session, _PLACE[role]) if role in _PLACE else ""]
        if login in missing:
            administration.add_without_password(
                session, login, district=house.district, role=role, area_prefixes=areas, now=now
            )
        password = administration.give_password(session, login, now=now, must_change=False)
        made.append({"login": login, "password": password, "role": role, "areas": areas})
    told = {"demo": True, "accounts": made}
    write_whole(path, json.dumps(told, ensure_ascii=False, indent=2))
    return path
