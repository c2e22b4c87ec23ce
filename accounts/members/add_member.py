"""Put a person into an account; tells member_joined."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import AlreadyMember
from accounts.facts import member_joined
from accounts.members.managers import link_managers
from accounts.models import Account, Invitation, Membership, User
from accounts.webhooks.emit_events import emit_event, member_data


@transaction.atomic
def add_member(
    *,
    account: Account,
    user: User,
    role: str,
    at: datetime,
    actor: Actor,
    invitation: Invitation | None = None,
    **details: Any,
) -> Membership:
    """Add a person; details: title, department, region, employment, ends_on, level, external_id, manager_email.

    The caller has made sure that the actor may. Raises AlreadyMember.
    """
    try:
        with transaction.atomic():
            # The partial unique index member_once_per_account decides between two joins at once.
            membership = Membership.objects.create(account=account, user=user, role=role, joined_at=at, **details)
    except IntegrityError as error:
        raise AlreadyMember from error
    link_managers(membership)
    record_audit(
        account=account,
        actor=actor,
        action="member.joined",
        target=membership.public_id,
        summary=user.get_full_name(),
        role=role,
        invitation=invitation.public_id if invitation else "",
    )
    emit_event(
        account=account,
        kind="member.joined",
        data={
            "member": member_data(membership),
            "role": role,
            "invitation_id": invitation.public_id if invitation else None,
        },
        at=at,
    )
    member_joined.send(sender=Membership, membership=membership, invitation=invitation, actor=actor, at=at)
    return membership
