"""Withdraw several invitations, and take that back: all or none of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import AlreadyMember, InvitationGone
from accounts.members.authority import authority_of
from accounts.members.invitations import close_invitation
from accounts.members.rules import check_grant
from accounts.models import Account, Invitation, Membership
from accounts.webhooks.emit_events import emit_event, invitation_data

State = Invitation.State
UNDO_WITHIN = timedelta(minutes=15)


@transaction.atomic
def withdraw_invitations(
    *, account: Account, invitations: Sequence[Invitation], actor: Actor, at: datetime
) -> list[Invitation]:
    """Their links end at once. Raises InvitationGone, NotYours."""
    rows = _lock(account, invitations, State.OPEN)
    by = authority_of(account, actor)
    for row in rows:
        check_grant(by=by, role=row.role)
    # All of them first: or the seat of one would go on to another of them, who waits.
    Invitation.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.REVOKED, closed_at=at)
    for row in rows:
        close_invitation(row, State.REVOKED, actor, at)
    return rows


@transaction.atomic
def reopen_invitations(
    *, account: Account, invitations: Sequence[Invitation], actor: Actor, at: datetime
) -> list[Invitation]:
    """Take a withdrawal back within 15 minutes: the links that were sent work again. What they held is not looked at.

    Raises InvitationGone when it is too late or the address was invited anew, AlreadyMember, NotYours.
    """
    rows = _lock(account, invitations, State.REVOKED)
    by = authority_of(account, actor)
    if Membership.objects.filter(
        account=account, left_at__isnull=True, user__email__in=[row.email for row in rows]
    ).exists():
        raise AlreadyMember
    for row in rows:
        check_grant(by=by, role=row.role)
        if row.closed_at is None or at - row.closed_at > UNDO_WITHIN or row.expires_at <= at:
            raise InvitationGone
        row.state, row.closed_at = State.OPEN, None
        try:
            with transaction.atomic():
                row.save(update_fields=["state", "closed_at"])
        except IntegrityError as error:  # invitation_open_once_per_address
            raise InvitationGone from error
        record_audit(
            account=account, actor=actor, action="invitation.reopened", target=row.public_id, summary=row.email
        )
        emit_event(
            account=account,
            kind="invitation.made",
            data={"invitation": invitation_data(row), "role": row.role, "ends_at": row.expires_at},
            at=at,
        )
    return rows


def _lock(account: Account, invitations: Sequence[Invitation], state: str) -> list[Invitation]:
    """All of them before anything else is locked."""
    ids = {one.pk for one in invitations}
    rows = list(
        Invitation.objects.select_for_update(of=("self",))
        .select_related("department")
        .filter(account=account, pk__in=ids, state=state)
        .order_by("pk")
    )
    if len(rows) != len(ids):
        raise InvitationGone
    return rows
