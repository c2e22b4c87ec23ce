"""Give a person another role."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import MemberGone
from accounts.members.authority import authority_of, lock_owners
from accounts.members.rules import check_role_change
from accounts.models import Account, Membership, Role


@transaction.atomic
def change_role(*, account: Account, membership: Membership, role: str, actor: Actor, at: datetime) -> Membership:
    """Change the role; the same role changes nothing. Raises MemberGone, NotYours, LastOwner."""
    locked = lock_owners(account, also=membership)
    person = next((row for row in locked if row.pk == membership.pk), None)
    if person is None:
        raise MemberGone
    before = person.role
    if before == role:
        return person
    owners = sum(row.role == Role.OWNER for row in locked)
    check_role_change(by=authority_of(account, actor), role=before, new_role=Role(role), owners=owners)
    person.role = role
    person.save(update_fields=["role"])
    record_audit(
        account=account,
        actor=actor,
        action="member.role_changed",
        target=person.public_id,
        summary=person.user.get_full_name(),
        before=before,
        after=role,
    )
    return person
