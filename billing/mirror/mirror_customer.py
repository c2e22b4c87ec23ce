"""Make our customer and card say what Stripe says; the only writer of both."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.gateway.contract import RemoteCard, RemoteCustomer
from billing.gateway.stripe_api import gateway
from billing.mirror.fence import raise_fences
from billing.models import Customer, PaymentMethod
from billing.models.subscription import ENDED


def refresh_customer(*, stripe_id: str, at: datetime, tries: int = 4) -> bool | None:
    """Read one customer and write it, again while a newer read was on its way; None when it is not ours.

    False: newer reads were always on their way, and theirs is the truth. Fenced (mirror/fence.py), so a slower, older
    read never overwrites a newer one. Raises GatewayError.
    """
    written = False
    while not written and tries > 0:
        tries -= 1
        fence = raise_fences(Customer, [stripe_id]).get(stripe_id)
        if fence is None:
            return None
        written = write_customer(remote=gateway().customer(stripe_id), fence=fence, at=at)
    return written


@transaction.atomic
def write_customer(*, remote: RemoteCustomer, fence: int, at: datetime) -> bool:
    """Write what was read behind this fence; False when it was raised since."""
    newest = Customer.objects.filter(stripe_id=remote.id, fence=fence)
    if not newest.update(**_mirrored(remote), synced_at=at):
        return False
    customer = Customer.objects.get(stripe_id=remote.id)
    own = customer.subscriptions.exclude(status__in=ENDED).exclude(card_stripe_id="")
    if not own.exists():
        mirror_card(customer=customer, card=remote.card)
    return True


def customers_as_mirrored(remotes: Collection[RemoteCustomer]) -> set[str]:
    """Which of these say only what our rows say."""
    rows = Customer.objects.filter(stripe_id__in=[remote.id for remote in remotes]).select_related("payment_method")
    ours = {row.stripe_id: row for row in rows}
    return {remote.id for remote in remotes if remote.id in ours and _says_the_same(ours[remote.id], remote)}


def _says_the_same(row: Customer, remote: RemoteCustomer) -> bool:
    return all(getattr(row, name) == value for name, value in _mirrored(remote).items()) and same_card(row, remote.card)


def same_card(row: Customer, card: RemoteCard | None) -> bool:
    """Whether this card is the one that our row shows."""
    shown = getattr(row, "payment_method", None)
    if shown is None or card is None:
        return shown is None and card is None
    return all(getattr(shown, name) == value for name, value in _of_card(card).items())


def mirror_card(*, customer: Customer, card: RemoteCard | None) -> None:
    """Write the card that is charged: the subscription's own, or else the customer's (Stripe's order of choice)."""
    if card is None:
        PaymentMethod.objects.filter(customer=customer).delete()
        return
    PaymentMethod.objects.bulk_create(
        [PaymentMethod(customer=customer, **_of_card(card))],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=[*_of_card(card)],
    )


def _mirrored(remote: RemoteCustomer) -> dict[str, Any]:
    return {
        "email": remote.email,
        "currency": remote.currency,
        "balance": remote.balance,
        "livemode": remote.livemode,
    }


def _of_card(card: RemoteCard) -> dict[str, Any]:
    return {
        "stripe_id": card.id,
        "kind": card.kind,
        "brand": card.brand,
        "last4": card.last4,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
    }
