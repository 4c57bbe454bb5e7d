"""The table of permissions, for everybody who is signed in."""

from fastapi import APIRouter, Depends, Response

from api.deps import signed_in
from api.web.desk import AtDesk, Desk
from gis.access.rights import PERMISSIONS, Action, Capability, Role

router = APIRouter()


@router.get("/rights", dependencies=[Depends(signed_in)])
def read_rights(desk: AtDesk) -> Response:
    """What each role may: capabilities down, roles across."""
    rows = [(one, [(role, letters(desk, role, one)) for role in Role]) for one in Capability]
    return desk.page("rights.html", rows=rows, roles=list(Role))


def letters(desk: Desk, role: Role, capability: Capability) -> list[str]:
    """The actions that a role has on a capability, in words."""
    return [
        desk.t(f"accounts.action_{action}")
        for action in Action
        if (capability, action) in PERMISSIONS[role]
    ]
