"""Which reads say only what our rows say. To write those would write nothing and tell nobody."""

from collections.abc import Collection, Mapping

from django.db.models import Exists, OuterRef

from billing.gateway.contract import RemoteSubscription
from billing.mirror.mirror_customer import same_card
from billing.mirror.mirror_invoice import FINAL, is_news
from billing.mirror.write_subscription import ITEMS, mirrored
from billing.models import Invoice, QuantityChange, ScheduledDecrease, Subscription
from billing.models.subscription import ENDED


def as_mirrored(remotes: Collection[RemoteSubscription], *, unmoved: Collection[str] = ()) -> set[str]:
    """The ids of those, with three statements however many there are.

    Where a purchase or a planned reduction is open, time may move it as well as a read, so these are never among them;
    `unmoved` names subscriptions whose open purchase was judged by the caller and stays where it is.
    """
    of_row = OuterRef("pk")
    rows = (
        Subscription.objects.filter(stripe_id__in=[remote.id for remote in remotes])
        .select_related("customer__payment_method")
        .prefetch_related(ITEMS)
        .annotate(
            buying=Exists(QuantityChange.objects.filter(subscription=of_row, state__in=QuantityChange.OPEN)),
            reducing=Exists(ScheduledDecrease.objects.filter(subscription=of_row, state__in=ScheduledDecrease.OPEN)),
        )
    )
    ours = {row.stripe_id: row for row in rows}
    bills = {bill.stripe_id: bill for bill in Invoice.objects.filter(stripe_id__in=_latest(remotes))}
    found = set[str]()
    for remote in remotes:
        row = ours.get(remote.id)
        if row is None or row.reducing or (row.buying and remote.id not in unmoved):
            continue
        if _says_the_same(row, remote) and not _bills_anew(row, remote, bills):
            found.add(remote.id)
    return found


def _latest(remotes: Collection[RemoteSubscription]) -> list[str]:
    return [remote.latest_invoice.id for remote in remotes if remote.latest_invoice is not None]


def _bills_anew(row: Subscription, remote: RemoteSubscription, kept: Mapping[str, Invoice]) -> bool:
    """Whether its newest invoice is not ours yet, or is still to move."""
    bill = remote.latest_invoice
    if bill is None:
        return False
    return bill.status not in FINAL or is_news(kept.get(bill.id), row, bill)


def _says_the_same(row: Subscription, remote: RemoteSubscription) -> bool:
    # An update that is not ours holds self-service, and its end gives it free again; a wish to end a pause is settled
    # by any read while it lasts.
    held = row.frozen == Subscription.Frozen.FOREIGN_PENDING
    if held or remote.pending_metadata is not None or remote.status == "paused":
        return False
    if remote.card is not None and remote.status not in ENDED and not same_card(row.customer, remote.card):
        return False
    lines = [(i.stripe_id, i.price.stripe_id, i.quantity, i.period_start, i.period_end) for i in row.items.all()]
    theirs = [(i.id, i.price_id, i.quantity, i.period_start, i.period_end) for i in remote.items]
    return sorted(lines) == sorted(theirs) and all(
        getattr(row, name) == value for name, value in mirrored(remote).items()
    )
