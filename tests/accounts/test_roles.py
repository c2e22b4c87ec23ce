"""The table of roles and capabilities."""

import pytest

from accounts.access.roles import CAPABILITIES, capabilities_of, roles_with
from accounts.models import Role

ALL = set(CAPABILITIES)
EXPECTED = {
    "owner": ALL,
    "admin": ALL,
    "billing": {
        "seats.view",
        "seats.buy",
        "billing.view",
        "billing.manage",
        "usage.view",
        "audit.view",
        "requests.make",
    },
    "team_manager": {"seats.view", "seats.assign", "usage.view", "requests.make", "requests.decide"},
    "member": {"requests.make"},
    "viewer": {"seats.view", "usage.view", "requests.make"},
}


@pytest.mark.parametrize("role", Role.values)
def test_each_role_may_do_exactly_this(role: str) -> None:
    assert capabilities_of(role) == EXPECTED[role]


def test_an_unknown_role_may_do_nothing() -> None:
    assert capabilities_of("boss") == frozenset()


def test_roles_that_may_manage_people() -> None:
    assert roles_with("members.manage") == {"owner", "admin"}
