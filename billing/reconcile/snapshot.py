"""Our side of one subscription at one moment, so that a purchase that arrives meanwhile is no drift."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from accounts.models import Account
from billing import facts
from billing.facts import SeatBooks
from billing.mirror.queries import COUNTING
from billing.models import QuantityChange, ScheduledDecrease, Subscription
from billing.reconcile.rules import Mirrored, OpenChange


@transaction.atomic
def snapshot(subscription_id: int) -> tuple[Mirrored, SeatBooks | None]:
    """The mirror and the seats' books. The lock is the one under which the mirror writes both (mirror/refresh.py)."""
    row = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscription_id)
    items = list(row.items.select_related("price").order_by("id"))
    open_change = QuantityChange.objects.filter(subscription=row, state__in=QuantityChange.OPEN).first()
    ours = set(QuantityChange.objects.filter(subscription=row).values_list("public_id", flat=True))
    ours |= set(ScheduledDecrease.objects.filter(subscription=row).values_list("public_id", flat=True))
    quantity = items[0].quantity if items else 0
    mirrored = Mirrored(
        stripe_id=row.stripe_id,
        item_id=items[0].stripe_id if items else "",
        quantity=quantity,
        counted=quantity if row.status in COUNTING else 0,
        standing=(
            row.status,
            row.collection_method,
            row.cancel_at,
            row.trial_end,
            row.paused,
            row.schedule_stripe_id,
        ),
        items=tuple(sorted((item.stripe_id, item.price.stripe_id) for item in items)),
        currency=row.currency,
        billing_mode=row.billing_mode,
        change=OpenChange(open_change.public_id, open_change.state, open_change.confirmed_at) if open_change else None,
        ours=frozenset(ours),
    )
    return mirrored, books_of(row.account)


def books_of(account: Account, invoices: Collection[str] = ()) -> SeatBooks | None:
    """What the apps above have written down; None when nobody answers. Call it in a transaction."""
    answers: list[tuple[Any, Any]] = list(facts.books_wanted.send(sender=Account, account=account, invoices=invoices))
    return next((answer for _, answer in answers if isinstance(answer, SeatBooks)), None)
