"""Write what the ledger's lines meant in recurring revenue. A night's job: late or twice is harmless."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction

from accounts.models import Account
from billing.models import Price, QuantityChange, SubscriptionItem
from billing.models.subscription import ENDED
from seats.insight.recurring import Standing, parts_of
from seats.models import LedgerEntry, RecurringChange
from seats.pool.pools import lock_pool

log = structlog.get_logger(__name__)

# A line that is older when it is counted may have had another price than the mirror shows now.
PROMPT = timedelta(days=1)

# Accounts with a purchase that is not counted, or whose price is another than the one last counted.
_DUE = """
    SELECT account_id FROM seats_ledgerentry l
    WHERE kind = ANY(%(kinds)s) AND NOT EXISTS (SELECT FROM seats_recurringchange r WHERE r.entry_id = l.id)
    UNION
    SELECT b.account_id
    FROM billing_subscription b
    JOIN billing_subscriptionitem i ON i.subscription_id = b.id
    JOIN billing_price p ON p.id = i.price_id
    CROSS JOIN LATERAL (
        SELECT price_stripe_id, quantity FROM seats_recurringchange r
        WHERE r.account_id = b.account_id ORDER BY r.at DESC, r.id DESC LIMIT 1
    ) AS last
    WHERE b.status <> ALL(%(ended)s) AND last.quantity > 0 AND last.price_stripe_id <> p.stripe_id
    ORDER BY 1
"""


def record_recurring(*, at: datetime) -> int:
    """Count what is not counted yet, account by account; returns how many rows. One that fails never stops the rest."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"kinds": [str(kind) for kind in LedgerEntry.PURCHASES], "ended": list(ENDED)})
        due = [row[0] for row in cursor.fetchall()]
    written = 0
    for account in Account.objects.filter(pk__in=due).order_by("pk"):
        try:
            written += record_recurring_of(account=account, at=at)
        except Exception:
            log.exception("recurring_not_counted", account=account.public_id)
    return written


@transaction.atomic
def record_recurring_of(*, account: Account, at: datetime) -> int:
    """One account's lines, the oldest first; returns how many rows. The pool's lock keeps a second run out."""
    lock_pool(account)
    last = RecurringChange.objects.filter(account=account).order_by("-at", "-pk").first()
    counted = RecurringChange.objects.filter(account=account, entry__isnull=False).values("entry")
    entries = list(
        LedgerEntry.objects.filter(account=account, kind__in=LedgerEntry.PURCHASES)
        .exclude(pk__in=counted)
        .order_by("at", "pk")
    )
    known = _prices_by_change(entries)
    item = (
        SubscriptionItem.objects.filter(subscription__account=account)
        .exclude(subscription__status__in=ENDED)
        .select_related("price")
        .order_by("pk")
        .first()
    )
    present = item.price if item else None
    was = Standing(Price.objects.get(stripe_id=last.price_stripe_id), last.quantity) if last else Standing(None, 0)
    rows: list[RecurringChange] = []
    for number, entry in enumerate(entries):
        price = known.get(entry.change_id)
        sure = price is not None
        if price is None and number == len(entries) - 1 and at - entry.at < PROMPT and present is not None:
            price, sure = present, True
        if price is None:
            # What it had before; for a start, what is known next.
            following = (known[later.change_id] for later in entries[number:] if later.change_id in known)
            price = (was.price if was.quantity else None) or next(following, None) or present or was.price
        new = Standing(price, entry.purchased_after)
        rows += _rows(account, was, new, entry.at, entry=entry, assumed=not sure)
        was = new
    if present is not None and was.quantity and was.price is not None and was.price.pk != present.pk:
        new = Standing(present, was.quantity)
        rows += _rows(account, was, new, at)
    RecurringChange.objects.bulk_create(rows)
    return len(rows)


def _rows(
    account: Account,
    old: Standing,
    new: Standing,
    at: datetime,
    *,
    entry: LedgerEntry | None = None,
    assumed: bool = False,
) -> list[RecurringChange]:
    kind = entry.kind if entry else ""
    return [
        RecurringChange(
            account=account,
            at=at,
            cause=part.cause,
            currency=part.price.currency,
            before=part.before,
            after=part.after,
            quantity=new.quantity,
            price_stripe_id=part.price.stripe_id,
            undone=kind == LedgerEntry.Kind.UNDONE,
            assumed=assumed,
            entry=entry,
        )
        for part in parts_of(old, new, kind)
    ]


def _prices_by_change(entries: Sequence[LedgerEntry]) -> dict[str, Price]:
    """The price after each of our own changes: its row names it."""
    changes = QuantityChange.objects.filter(public_id__in={entry.change_id for entry in entries} - {""})
    ids = {row.public_id: row.target_price_stripe_id or row.price_stripe_id for row in changes}
    prices = {price.stripe_id: price for price in Price.objects.filter(stripe_id__in=ids.values())}
    return {change: prices[price] for change, price in ids.items() if price in prices}
