"""Invite, send again, withdraw, expire.

The token is not kept. It is derived from the row's id and nonce with the server's secret key, so that the mail task
can make it whenever it runs, while a stolen table opens nothing; the row keeps the token's hash to look it up by.
A new nonce is a new token, and the old link ends.
"""

from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import AlreadyMember, BadAddress, InvitationGone
from accounts.facts import invitation_closed
from accounts.members.authority import authority_of, membership_behind
from accounts.members.details import NO_DETAILS, Details
from accounts.members.rules import check_grant
from accounts.members.structure import hold_place
from accounts.models import Account, Department, Invitation, Membership
from accounts.webhooks.emit_events import emit_event, invitation_data
from seatportal.kit.ids import public_id
from seatportal.kit.queue import ring
from seatportal.kit.tokens import token_hash, token_hashes

LIFETIME = timedelta(days=7)
State = Invitation.State


def token_of(invitation: Invitation) -> str:
    """The secret of the invitation's link."""
    return token_hash(f"{invitation.public_id}:{invitation.nonce}", purpose="invitation-link")


def hash_of(token: str) -> str:
    """What a token is kept as."""
    return token_hash(token, purpose="invitation")


def hashes_of(token: str) -> list[str]:
    """What a token may have been kept as."""
    return token_hashes(token, purpose="invitation")


def open_by_token(token: str, *, at: datetime) -> Invitation | None:
    """The invitation that a link opens, while it is open."""
    return (
        Invitation.objects.filter(
            token_hash__in=hashes_of(token), state=State.OPEN, expires_at__gt=at, account__closed_at__isnull=True
        )
        .select_related("account", "invited_by__user")
        .first()
    )


@transaction.atomic
def invite_member(
    *,
    account: Account,
    email: str,
    role: str,
    department: Department | None,
    name: str,
    actor: Actor,
    at: datetime,
    details: Details = NO_DETAILS,
) -> tuple[Invitation, bool]:
    """Invite an address once: an open invitation is returned as it is, with False, and no second mail is sent.

    Raises BadAddress, AlreadyMember, NotYours, BadSetting.
    """
    address = _address(email)
    check_grant(by=authority_of(account, actor), role=role)
    department = hold_place(account, department, field="department")
    hold_place(account, details.region, field="region")
    if Membership.objects.filter(account=account, user__email=address, left_at__isnull=True).exists():
        raise AlreadyMember(field="email")
    found = Invitation.objects.select_for_update().filter(account=account, email=address, state=State.OPEN).first()
    if found is not None and found.expires_at > at:
        return found, False
    if found is not None:
        close_invitation(found, State.EXPIRED, Actor.system("task"), at)
    invitation = Invitation(
        public_id=public_id("ivt"),
        account=account,
        email=address,
        name=name.strip(),
        role=role,
        department=department,
        invited_by=membership_behind(account, actor),
        **details.fields,
    )
    _renew(invitation, at)
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError:
        # Two invited the address at once: the index invitation_open_once_per_address let the other one win.
        return Invitation.objects.get(account=account, email=address, state=State.OPEN), False
    _note(invitation, "invitation.made", actor, role=role)
    emit_event(
        account=account,
        kind="invitation.made",
        data={"invitation": invitation_data(invitation), "role": role, "ends_at": invitation.expires_at},
        at=at,
    )
    ring("accounts.send_invitation", invitation_id=invitation.pk)
    return invitation, True


@transaction.atomic
def resend_invitation(*, account: Account, invitation: Invitation, actor: Actor, at: datetime) -> Invitation:
    """Send a fresh link that lives its full time; the old link ends. Raises InvitationGone."""
    locked = _lock_open(account, invitation)
    check_grant(by=authority_of(account, actor), role=locked.role)
    _renew(locked, at)
    locked.save(update_fields=["nonce", "token_hash", "expires_at", "sent_at"])
    _note(locked, "invitation.resent", actor)
    ring("accounts.send_invitation", invitation_id=locked.pk)
    return locked


@transaction.atomic
def revoke_invitation(*, account: Account, invitation: Invitation, actor: Actor, at: datetime) -> Invitation:
    """Withdraw it: the link ends at once. Raises InvitationGone, NotYours."""
    locked = _lock_open(account, invitation)
    check_grant(by=authority_of(account, actor), role=locked.role)
    close_invitation(locked, State.REVOKED, actor, at)
    return locked


def expire_invitations(*, at: datetime) -> int:
    """End what is past its time, each in its own transaction; return how many. Safe to run twice at once."""
    due = Invitation.objects.filter(state=State.OPEN, expires_at__lte=at).order_by("pk").values_list("pk", flat=True)
    return sum(_expire(pk, at) for pk in list(due))


@transaction.atomic
def _expire(pk: int, at: datetime) -> bool:
    # Against a resend, an acceptance or another sweep of the same row: whoever holds it is left alone.
    row = (
        Invitation.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, state=State.OPEN, expires_at__lte=at)
        .first()
    )
    if row is None:
        return False
    close_invitation(row, State.EXPIRED, Actor.system("task"), at)
    return True


def _lock_open(account: Account, invitation: Invitation) -> Invitation:
    """Lock one open invitation, against an acceptance or a withdrawal at the same moment."""
    row = Invitation.objects.select_for_update().filter(account=account, pk=invitation.pk, state=State.OPEN).first()
    if row is None:
        raise InvitationGone(_("This invitation has already ended."))
    return row


def _renew(invitation: Invitation, at: datetime) -> None:
    invitation.nonce = token_urlsafe(16)
    invitation.token_hash = hash_of(token_of(invitation))
    invitation.expires_at = at + LIFETIME
    invitation.sent_at = None


def close_invitation(invitation: Invitation, state: Invitation.State, actor: Actor, at: datetime) -> None:
    """End a locked invitation, and tell who holds or keeps something for it."""
    invitation.state = state
    invitation.closed_at = at
    invitation.save(update_fields=["state", "closed_at"])
    _note(invitation, f"invitation.{state}", actor)
    emit_event(
        account=invitation.account,
        kind=f"invitation.{state}",
        data={"invitation": invitation_data(invitation)},
        at=at,
    )
    invitation_closed.send(sender=Invitation, invitation=invitation, actor=actor, at=at)


def _note(invitation: Invitation, action: str, actor: Actor, **data: str) -> None:
    record_audit(
        account=invitation.account,
        actor=actor,
        action=action,
        target=invitation.public_id,
        summary=invitation.email,
        **data,
    )


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadAddress(field="email") from error
    return address
