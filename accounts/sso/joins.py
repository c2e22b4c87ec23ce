"""Somebody new from a proved domain: let in at once, kept waiting for an admin, or turned away."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.access.roles import roles_with
from accounts.audit.record_audit import record_audit
from accounts.directory.sign_ins import sign_in_at
from accounts.errors import AlreadyMember, JoinDecided, SsoRefused
from accounts.facts import seat_wished
from accounts.members.admit_member import admit_member
from accounts.models import (
    Account,
    DirectoryPerson,
    Invitation,
    JoinRequest,
    Membership,
    SsoConnection,
    SsoPolicy,
)
from accounts.notices.send_notice import send_notice
from accounts.sso.namesakes import make_way
from accounts.sso.queries import member_at, members_who_came_as, policy_of
from accounts.webhooks.emit_events import emit_event, member_data

State = JoinRequest.State
Join = SsoPolicy.Join


@transaction.atomic
def join(
    *, connection: SsoConnection, uid: str, email: str, name: str, actor: Actor, at: datetime
) -> Membership | JoinRequest:
    """Make the owner of the address a member, or ask the account's admins. uid: theirs at the provider.

    Raises SsoRefused.
    """
    account = connection.account
    rule = _rule(connection, uid, email, at)
    if rule == Join.NEVER:
        raise SsoRefused(
            _("%(email)s is not a member of %(account)s. Ask an admin there to invite you.")
            % {"email": email, "account": account.name}
        )
    if rule == Join.APPROVAL:
        return ask(connection, uid=uid, email=email, name=name, actor=actor, at=at)
    make_way(connection, address=email, uid=uid)
    membership = _admit(account, email, name, with_seat=rule == Join.SEAT, actor=actor, at=at)
    # Whoever was asked about before the rule changed waits no longer.
    JoinRequest.objects.filter(account=account, email=email).exclude(state=State.APPROVED).update(
        state=State.APPROVED, decided_at=at, membership=membership
    )
    return membership


@transaction.atomic
def approve_join(*, account: Account, request: JoinRequest, with_seat: bool, actor: Actor, at: datetime) -> Membership:
    """Let somebody in, also one who was refused before; they are told by mail. Raises JoinDecided, SsoRefused."""
    row = _lock(account, request)
    if row.connection is not None and row.uid:
        make_way(row.connection, address=row.email, uid=row.uid)
    membership = _admit(account, row.email, row.name, with_seat=with_seat, actor=actor, at=at)
    _decide(row, State.APPROVED, actor, at, membership)
    send_notice(
        account=account,
        kind="join_approved",
        key=f"join_approved:{row.public_id}",
        context={"link": _way_in(row), "personal": True},
        at=at,
        to=[membership.user],
        roles=(),
    )
    return membership


@transaction.atomic
def refuse_join(*, account: Account, request: JoinRequest, actor: Actor, at: datetime) -> None:
    """Keep somebody out; they read it when they try again. Raises JoinDecided."""
    row = _lock(account, request)
    if row.state != State.OPEN:
        raise JoinDecided
    _decide(row, State.REFUSED, actor, at, None)


def _rule(connection: SsoConnection, uid: str, email: str, at: datetime) -> str:
    """What happens with this address: the account's policy, sharpened by what is known of the person.

    An invitation is an approval. Whom an admin refused, or an admin or the directory took out, does not come in by
    themselves, whatever address their sign-in has by now and whatever the rule has become.
    """
    account = connection.account
    invited = Invitation.objects.filter(
        account=account, email=email, state=Invitation.State.OPEN, expires_at__gt=at
    ).exists()
    if invited:
        return Join.MEMBER
    theirs = (
        Q(user__email=email)
        | Q(user__emailaddress__email__iexact=email, user__emailaddress__verified=True)
        | Q(user__socialaccount__provider=connection.public_id, user__socialaccount__uid=uid)
    )
    told = Q(emails__contains=[{"key": email}])
    if DirectoryPerson.objects.filter(theirs | told, account=account, active=False).exists():
        return Join.NEVER
    rule = policy_of(account).join
    came = Q(pk__in=members_who_came_as(account, email))
    left = Membership.objects.filter(theirs | came, account=account, left_at__isnull=False).exists()
    same = Q(email=email) | Q(connection=connection, uid=uid)
    refused = JoinRequest.objects.filter(same, account=account, state=State.REFUSED).exists()
    return Join.APPROVAL if (left or refused) and rule != Join.NEVER else rule


def ask(connection: SsoConnection, *, uid: str, email: str, name: str, actor: Actor, at: datetime) -> JoinRequest:
    """Keep them waiting for an admin, who is told once."""
    account = connection.account
    row, created = JoinRequest.objects.exclude(state=State.APPROVED).get_or_create(
        account=account,
        email=email,
        defaults={"connection": connection, "uid": uid, "name": name.strip()[:150], "asked_at": at},
    )
    if not created:
        if row.uid != uid and row.state == State.OPEN:
            # Whoever came last is let in, not who came before.
            row.connection, row.uid, row.name = connection, uid, name.strip()[:150]
            row.save(update_fields=["connection", "uid", "name"])
        return row
    record_audit(account=account, actor=actor, action="join.asked", target=row.public_id, summary=name or email)
    emit_event(account=account, kind="join.asked", data={"join": join_data(row)}, at=at)
    send_notice(
        account=account,
        kind="join_asked",
        key=f"join_asked:{row.public_id}",
        context={
            "name": row.name or row.email,
            "email": row.email,
            "provider": connection.name,
            "known": member_at(account, email),
            "link": reverse("accounts:join_requests", args=[account.slug]),
        },
        at=at,
        roles=roles_with("members.manage"),
    )
    return row


def _admit(account: Account, email: str, name: str, *, with_seat: bool, actor: Actor, at: datetime) -> Membership:
    user, _made = sign_in_at(email, name.strip(), account)
    if user.is_staff or user.is_superuser or not user.is_active:
        raise SsoRefused(_("This address signs in in another way."))
    try:
        membership = admit_member(account=account, user=user, actor=actor, at=at, came_as=email)
    except AlreadyMember:
        # Two tabs at once, or an invitation taken meanwhile: they are in.
        return Membership.objects.get(account=account, user=user, left_at__isnull=True)
    if with_seat:
        with translation.override(account.locale):
            reason = gettext("Joined by single sign-on")
        seat_wished.send(sender=Membership, membership=membership, reason=reason, actor=actor, at=at)
    return membership


def _lock(account: Account, request: JoinRequest) -> JoinRequest:
    row = (
        JoinRequest.objects.select_for_update(of=("self",))
        .select_related("account", "connection")
        .filter(account=account, pk=request.pk)
        .exclude(state=State.APPROVED)
        .first()
    )
    if row is None:
        raise JoinDecided
    return row


def _decide(row: JoinRequest, state: str, actor: Actor, at: datetime, membership: Membership | None) -> None:
    row.state, row.decided_at, row.decided_by, row.membership = state, at, actor.user, membership
    row.save(update_fields=["state", "decided_at", "decided_by", "membership"])
    action = "join.approved" if state == State.APPROVED else "join.refused"
    record_audit(account=row.account, actor=actor, action=action, target=row.public_id, summary=row.name or row.email)
    data = {"join": join_data(row)} | ({"member": member_data(membership)} if membership else {})
    emit_event(account=row.account, kind=action, data=data, at=at)


def _way_in(row: JoinRequest) -> str:
    if row.connection is None or row.connection.enabled_at is None:
        return reverse("account_login")
    return reverse("accounts:sso_start", args=[row.connection.public_id])


def join_data(row: JoinRequest) -> dict[str, str]:
    """Somebody who wants to join, as every event names one."""
    return {"id": row.public_id, "email": row.email, "name": row.name}


WAITING = gettext_lazy("An admin of %(account)s has to approve you first. You get a mail when that is done.")
REFUSED = gettext_lazy("An admin of %(account)s refused your request to join. Talk to them if that is wrong.")
