"""Regular mails to members, and the choice not to get them: on a page, or by the link in each mail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise

from accounts.access.roles import roles_with
from accounts.models import Account, Membership, Notice
from accounts.notices.send_notice import send_notice
from seats.models import MailChoice

# Admins get regular mails unless they say no; who may see usage can ask for them.
BY_DEFAULT = roles_with("account.manage")
MAY_HAVE = roles_with("usage.view")
_SALT = "mail-choice"


def readers_of(account: Account, kind: str) -> list[Membership]:
    """Who gets a kind of regular mail: present members who may see usage and want it."""
    members = Membership.objects.filter(
        account=account, left_at__isnull=True, user__is_active=True, role__in=MAY_HAVE
    ).select_related("user")
    said = dict(MailChoice.objects.filter(account=account, kind=kind).values_list("membership_id", "wanted"))
    return [member for member in members.order_by("pk") if said.get(member.pk, member.role in BY_DEFAULT)]


def tell_members(*, account: Account, kind: str, key: str, context: Mapping[str, Any], at: datetime) -> int:
    """Write the mail of each reader, once per key, in the caller's transaction; each has a link that stops it.

    That its reader opened what it leads to is noted."""
    return sum(
        send_notice(
            account=account,
            kind=kind,
            key=key,
            context={
                **context,
                "watched": True,
                "stop_link": reverse("seats:stop_mail", args=[stop_token(member, kind)]),
            },
            at=at,
            to=[member.user],
            roles=(),
        )
        for member in readers_of(account, kind)
    )


def reports_sent(account: Account, *, most: int) -> list[tuple[str | Promise, Notice]]:
    """The newest regular mails to its people, each with the name of its kind."""
    rows = Notice.objects.filter(account=account, kind__in=MailChoice.Kind.values).select_related("user")
    return [(MailChoice.Kind(row.kind).label, row) for row in rows[:most]]


def stop_token(membership: Membership, kind: str) -> str:
    """Signed, so that nobody can stop another one's mail; it holds for as long as the membership."""
    return signing.dumps([membership.public_id, kind], salt=_SALT)


def read_token(token: str) -> tuple[Membership, str] | None:
    """Whose mail of which kind a link stops; None for a link that is not ours, or whose member has left."""
    try:
        member_id, kind = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    member = (
        Membership.objects.filter(public_id=member_id, left_at__isnull=True).select_related("account", "user").first()
    )
    return None if member is None or kind not in MailChoice.Kind.values else (member, kind)


def choices_of(membership: Membership) -> dict[str, bool]:
    """What a member gets, by kind."""
    said = dict(MailChoice.objects.filter(membership=membership).values_list("kind", "wanted"))
    return {kind: said.get(kind, membership.role in BY_DEFAULT) for kind in MailChoice.Kind.values}


@transaction.atomic
def choose_mails(*, membership: Membership, at: datetime, **wanted: bool) -> None:
    """Keep what a member wants, by kind: `weekly_digest=False`."""
    for kind, answer in wanted.items():
        MailChoice.objects.update_or_create(
            account=membership.account,
            membership=membership,
            kind=MailChoice.Kind(kind),
            defaults={"wanted": answer, "changed_at": at},
        )
