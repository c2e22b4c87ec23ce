"""Change some of what an account notes about a person, the role among it: all of it or nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.authority import lock_owners
from accounts.members.change_role import change_role
from accounts.members.managers import hold_managers
from accounts.members.structure import hold_place
from accounts.members.update_member import update_member
from accounts.models import Account, Membership

DETAILS = ("title", "department", "region", "employment", "ends_on", "level", "manager")


def lock_member(*, account: Account, membership: Membership, changes: Mapping[str, Any]) -> None:
    """The locks of edit_member, in the order of everybody: places, managers, then owners and the person."""
    hold_place(account, changes.get("department", membership.department), field="department_id")
    hold_place(account, changes.get("region", membership.region), field="region_id")
    if changes.get("manager", membership.manager_id) is not None:
        hold_managers(account)
    lock_owners(account, also=membership)
    membership.refresh_from_db()


@transaction.atomic
def edit_member(
    *, account: Account, membership: Membership, changes: Mapping[str, Any], actor: Actor, at: datetime
) -> Membership:
    """Change the named ones of role, title, department, region, employment, ends_on, level, manager or manager_email
    (of one who is still to join), and external_id.

    Raises MemberGone, NotYours, LastOwner, and what update_member raises.
    """
    lock_member(account=account, membership=membership, changes=changes)
    if "role" in changes:
        change_role(account=account, membership=membership, role=changes["role"], actor=actor, at=at)
    details = {name: changes[name] if name in changes else getattr(membership, name) for name in DETAILS}
    awaited = "" if "manager" in changes else membership.manager_email
    return update_member(
        account=account,
        membership=membership,
        manager_email=changes.get("manager_email", awaited),
        external_id=changes.get("external_id"),
        actor=actor,
        at=at,
        **details,
    )
