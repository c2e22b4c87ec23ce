"""Take a person out of an account; tells member_left."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import MemberGone
from accounts.facts import member_left
from accounts.members.authority import authority_of, lock_owners
from accounts.members.rules import check_removal
from accounts.models import Account, Membership, Role
from accounts.webhooks.emit_events import emit_event, member_data


@transaction.atomic
def remove_member(*, account: Account, membership: Membership, actor: Actor, at: datetime) -> Membership:
    """End the membership; the row stays, so that history has a name. Raises MemberGone, NotYours, LastOwner."""
    locked = lock_owners(account, also=membership)
    person = next((row for row in locked if row.pk == membership.pk), None)
    if person is None:
        raise MemberGone
    check_removal(
        by=authority_of(account, actor),
        role=person.role,
        owners=sum(row.role == Role.OWNER for row in locked),
        oneself=actor.user is not None and actor.user.pk == person.user_id,
    )
    person.left_at = at
    person.save(update_fields=["left_at"])
    record_audit(
        account=account,
        actor=actor,
        action="member.left",
        target=person.public_id,
        summary=person.user.get_full_name(),
        role=person.role,
    )
    emit_event(account=account, kind="member.left", data={"member": member_data(person)}, at=at)
    member_left.send(sender=Membership, membership=person, actor=actor, at=at)
    return person
