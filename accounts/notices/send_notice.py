"""Tell people of an account something by mail, once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import Account, Membership, Notice, Role, User
from seatportal.kit.queue import ring

# Who hears about money.
BILLING_CONTACTS = (Role.OWNER, Role.BILLING)


@transaction.atomic
def send_notice(
    *,
    account: Account,
    kind: str,
    key: str,
    context: Mapping[str, Any],
    at: datetime,
    to: Collection[User | None] = (),
    roles: Collection[str] = BILLING_CONTACTS,
) -> int:
    """Write a mail for everybody concerned and ring its delivery after commit; returns how many are new.

    Call it in the transaction of what it tells of, so that both stand or fall together. Nothing is sent here.

    kind: the template `emails/<kind>.txt`, with the partials `subject`, `body` and, if there is a `link` in the
        context, `action` (its label). It is rendered at delivery in each reader's language and time zone; plain text
        and HTML come from the same words. Read emails/receipt.txt as the example.
    key: what it is about, such as `receipt:chg_…`; the same key never reaches the same person twice, so call again
        as often as you like. A message that is to be sent again needs another key (`reduction:dec_…:7`).
    context: JSON values only. Names ending in `_at` are datetimes and stay so; amounts are minor units with their
        currency beside them (`{{ amount|money:currency }}`). `link` is a path of this site or a full address; with
        `sign`, a purpose and a text, it ends with their signature (kit/links.py). `stop_link` is a further one that
        stops mails of this kind for its reader. `watched` says that the first use of its `link`, a path of this site,
        is noted. `personal` says that the mail is about its reader, not about an
        account that they look after.
        The template also has `account`, `reader` and `site`.
    to: people to tell besides those with one of `roles`, such as the buyer. Only present members get anything.
    """
    named = [user.pk for user in to if user is not None]
    people = Membership.objects.filter(
        Q(role__in=roles) | Q(user_id__in=named), account=account, left_at__isnull=True, user__is_active=True
    )
    ids = set(people.values_list("user_id", flat=True))
    known = set(Notice.objects.filter(key=key, user_id__in=ids).values_list("user_id", flat=True))
    rows = [
        Notice(account=account, user_id=pk, kind=kind, key=key, context=dict(context), next_try_at=at)
        for pk in sorted(ids - known)
    ]
    # Two who tell the same thing at once: the constraint lets one of them win.
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    ours = [row.public_id for row in rows]
    fresh = list(Notice.objects.filter(public_id__in=ours).order_by("pk").values_list("pk", flat=True))
    for pk in fresh:
        ring("accounts.deliver_notice", notice_id=pk)
    return len(fresh)
