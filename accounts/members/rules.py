"""Who may change whom. Pure: roles in, an error or nothing out."""

from accounts.errors import LastOwner, NotYours

# Nobody in person (a task, the demo) and staff in Django admin act with an owner's reach.
OWNER, ADMIN, TEAM_MANAGER, MEMBER = "owner", "admin", "team_manager", "member"


def may_grant(*, by: str, role: str) -> bool:
    """May somebody of role `by` bring in people as `role`?

    Owners bring in anybody, admins anybody but owners; team managers bring in members, whom they give seats.
    """
    return by == OWNER or (by == ADMIN and role != OWNER) or (by == TEAM_MANAGER and role == MEMBER)


def check_grant(*, by: str, role: str) -> None:
    """Raise NotYours where may_grant says no."""
    if not may_grant(by=by, role=role):
        raise NotYours(field="role")


def check_role_change(*, by: str, role: str, new_role: str, owners: int) -> None:
    """May `by` turn a person of `role` into `new_role`? owners: how many the account has now."""
    if by not in (OWNER, ADMIN) or (by != OWNER and OWNER in (role, new_role)):
        raise NotYours(field="role")
    if role == OWNER and new_role != OWNER and owners <= 1:
        raise LastOwner(field="role")


def check_removal(*, by: str, role: str, owners: int, oneself: bool) -> None:
    """May `by` take a person of `role` out of the account? Everybody may leave, but the last owner."""
    if not oneself and (by not in (OWNER, ADMIN) or (by != OWNER and role == OWNER)):
        raise NotYours
    if role == OWNER and owners <= 1:
        raise LastOwner
