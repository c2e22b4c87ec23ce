"""Who may change whom, by table."""

import pytest

from accounts.errors import LastOwner, NotYours
from accounts.members.rules import check_removal, check_role_change, may_grant
from accounts.models import Role


@pytest.mark.parametrize(
    ("by", "may"),
    [
        ("owner", set(Role.values)),
        ("admin", set(Role.values) - {"owner"}),
        ("team_manager", {"member"}),
        ("billing", set()),
        ("member", set()),
        ("viewer", set()),
    ],
)
def test_who_may_bring_in_whom(by: str, may: set[str]) -> None:
    assert {role for role in Role.values if may_grant(by=by, role=role)} == may


@pytest.mark.parametrize(
    ("by", "role", "new_role", "owners", "error"),
    [
        ("owner", "member", "owner", 1, None),
        ("owner", "owner", "admin", 2, None),
        ("owner", "owner", "admin", 1, LastOwner),
        ("admin", "member", "viewer", 1, None),
        ("admin", "admin", "member", 1, None),
        ("admin", "member", "owner", 1, NotYours),
        ("admin", "owner", "member", 2, NotYours),
        ("team_manager", "member", "viewer", 1, NotYours),
        ("member", "member", "admin", 1, NotYours),
    ],
)
def test_role_changes(by: str, role: str, new_role: str, owners: int, error: type[Exception] | None) -> None:
    if error is None:
        check_role_change(by=by, role=role, new_role=new_role, owners=owners)
    else:
        with pytest.raises(error):
            check_role_change(by=by, role=role, new_role=new_role, owners=owners)


@pytest.mark.parametrize(
    ("by", "role", "owners", "oneself", "error"),
    [
        ("owner", "member", 1, False, None),
        ("owner", "owner", 2, False, None),
        ("owner", "owner", 1, True, LastOwner),
        ("admin", "admin", 1, False, None),
        ("admin", "owner", 2, False, NotYours),
        ("member", "member", 1, True, None),
        ("member", "viewer", 1, False, NotYours),
        ("owner", "owner", 2, True, None),
    ],
)
def test_removals(by: str, role: str, owners: int, oneself: bool, error: type[Exception] | None) -> None:
    if error is None:
        check_removal(by=by, role=role, owners=owners, oneself=oneself)
    else:
        with pytest.raises(error):
            check_removal(by=by, role=role, owners=owners, oneself=oneself)
