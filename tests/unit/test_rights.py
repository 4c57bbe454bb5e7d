"""The one table of permissions: who is kept apart from what."""

import pytest

from gis.access.rights import EVERYTHING, PERMISSIONS, Action, Capability, Role
from gis.db.session import User

_ADMINISTRATION = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}


def test_every_role_has_rights_and_every_capability_a_role():
    assert set(PERMISSIONS) == set(Role)
    assert all(PERMISSIONS.values())
    given = {capability for rights in PERMISSIONS.values() for capability, _ in rights}
    assert given == set(Capability)


@pytest.mark.parametrize("role", sorted(_ADMINISTRATION))
def test_administrators_see_no_places(role):
    places = {"grids", "compounds", "incidents", "rental", "video", "dangers", "rating"}
    assert not {capability for capability, _ in PERMISSIONS[role]} & places


def test_nobody_makes_an_account_and_gives_it_rights():
    for role, rights in PERMISSIONS.items():
        both = {(Capability.ACCOUNTS, Action.WRITE), (Capability.ACCOUNTS, Action.PUBLISH)}
        assert not both <= rights, role


def test_only_the_auditor_reads_the_audit_and_the_auditor_changes_nothing():
    readers = {role for role in Role if (Capability.AUDIT, Action.READ) in PERMISSIONS[role]}
    assert readers == {Role.AUDITOR}
    assert {action for _, action in PERMISSIONS[Role.AUDITOR]} == {Action.READ, Action.EXPORT}


def test_whoever_reads_nothing_of_a_capability_does_nothing_else_with_it():
    for role, rights in PERMISSIONS.items():
        for capability, _ in rights:
            assert (capability, Action.READ) in rights, (role, capability)


def test_a_user_may_what_the_role_gives():
    user = User.of(Role.VIEWER, id="v", area_prefixes=("530102001",))
    assert user.may(Capability.COVERAGE)
    assert not user.may(Capability.VIDEO)
    assert not user.may(Capability.COVERAGE, Action.EXPORT)
    assert User.command().rights == EVERYTHING
    assert not User(id="nobody", area_prefixes=()).may(Capability.AREAS)
