"""Edits made at Stripe, by its dashboard, its portal or another program: accepted, told to the owner, and held where a
price can no longer be trusted."""

from datetime import datetime

from django.urls import reverse

from accounts.notices.send_notice import send_notice
from billing.gateway.contract import RemoteSubscription
from billing.mirror.freeze import freeze, thaw
from billing.mirror.queries import seat_item
from billing.models import Drift, QuantityChange, ScheduledDecrease, Subscription
from billing.models.drift import Kind, Severity
from billing.models.subscription import ENDED

State = QuantityChange.State

type Shape = tuple[tuple[tuple[str, str], ...], str, str]


def shape_of(row: Subscription) -> Shape:
    """Lines with their prices, currency, billing mode: what prices are made from."""
    items = tuple(sorted((item.stripe_id, item.price.stripe_id) for item in row.items.all()))
    return items, row.currency, row.billing_mode


def hold_changed_shape(*, subscription: Subscription, before: Shape, at: datetime) -> None:
    """Freeze when a read found other lines, prices, currency or mode, and no change of ours asked for them."""
    after = shape_of(subscription)
    if not before[0] or before == after or subscription.status in ENDED or _was_asked_for(subscription, before, after):
        return
    if freeze(subscription=subscription, why=Subscription.Frozen.SHAPE, at=at):
        item = seat_item(subscription)
        tell_of_shape(subscription=subscription, price=str(item.price) if item else "", at=at)
        # What staff have set aside has moved on since, so it is on the list again.
        Drift.objects.filter(kind=Kind.SHAPE, subject=subscription.stripe_id, state=Drift.State.IGNORED).update(
            state=Drift.State.FOUND, ours=_words(before), theirs=_words(after), last_seen=at
        )
        Drift.objects.get_or_create(
            kind=Kind.SHAPE,
            subject=subscription.stripe_id,
            state=Drift.State.FOUND,
            defaults={
                "account": subscription.account,
                "subscription": subscription,
                "severity": Severity.GRAVE,
                "ours": _words(before),
                "theirs": _words(after),
                "first_seen": at,
                "last_seen": at,
            },
        )


def tell_of_shape(*, subscription: Subscription, price: str, at: datetime) -> None:
    """A mail to those who hear of money: price, plan or currency was changed at Stripe, and nothing can be bought.

    price: the present one in words; empty where it was not taken over yet. In the transaction that freezes.
    """
    send_notice(
        account=subscription.account,
        kind="price_edited_at_stripe",
        key=f"price_edited:{subscription.public_id}:{subscription.version}",
        context={
            "price": price,
            "seen_at": at,
            "link": reverse("billing:plan", args=[subscription.account.slug]),
        },
        at=at,
    )


def hold_foreign_update(*, subscription: Subscription, remote: RemoteSubscription, at: datetime) -> None:
    """Freeze while an update waits for its payment that is not ours, and go on when it has settled."""
    stamp = (remote.pending_metadata or {}).get("seat_change_id", "")
    foreign = remote.pending_metadata is not None and not _is_ours(subscription, stamp)
    if foreign:
        freeze(subscription=subscription, why=Subscription.Frozen.FOREIGN_PENDING, at=at)
    elif subscription.frozen == Subscription.Frozen.FOREIGN_PENDING:
        thaw(subscription=subscription)


def tell_owner(*, subscription: Subscription, before: int, after: int, at: datetime) -> None:
    """A mail to those who hear of money: the number of seats was changed at Stripe. Open prices end by the version."""
    send_notice(
        account=subscription.account,
        kind="edited_at_stripe",
        key=f"edited:{subscription.public_id}:{subscription.version}",
        context={
            "before": before,
            "after": after,
            "seen_at": at,
            "link": reverse("seats:ledger", args=[subscription.account.slug]),
        },
        at=at,
    )


def _was_asked_for(subscription: Subscription, before: Shape, after: Shape) -> bool:
    """A plan change of ours that has come through, or a reduction of ours, whose schedule may make the line anew."""
    same_money = before[1:] == after[1:]
    old, new = {price for _, price in before[0]}, {price for _, price in after[0]}
    if same_money and old == new:
        return ScheduledDecrease.objects.filter(subscription=subscription, public_id=subscription.stamp).exists()
    wanted = QuantityChange.objects.filter(
        subscription=subscription, target_price_stripe_id__in=new - old, state__in=(State.APPLIED, *QuantityChange.OPEN)
    )
    return same_money and len(before[0]) == len(after[0]) and wanted.exists()


def _is_ours(subscription: Subscription, stamp: str) -> bool:
    return bool(stamp) and (
        QuantityChange.objects.filter(subscription=subscription, public_id=stamp).exists()
        or ScheduledDecrease.objects.filter(subscription=subscription, public_id=stamp).exists()
    )


def _words(shape: Shape) -> str:
    lines = ", ".join(f"{item} {price}" for item, price in shape[0])
    return f"{lines}, {shape[1]}, {shape[2]}"[:300]
