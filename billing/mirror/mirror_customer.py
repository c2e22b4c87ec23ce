"""Make our customer and card say what Stripe says; the only writer of both."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from billing.gateway.contract import RemoteCard
from billing.gateway.stripe_api import gateway
from billing.models import Customer, PaymentMethod
from billing.models.subscription import ENDED


def refresh_customer(*, stripe_id: str, at: datetime) -> Customer | None:
    """Read one customer and write it; None when it is not ours. A slower, older read never overwrites a newer one.

    Raises GatewayError.
    """
    customer = Customer.objects.filter(stripe_id=stripe_id).first()
    if customer is None:
        return None
    remote = gateway().customer(stripe_id)
    with transaction.atomic():
        newest = Customer.objects.filter(Q(synced_at__isnull=True) | Q(synced_at__lte=at), pk=customer.pk)
        if not newest.update(
            email=remote.email,
            currency=remote.currency,
            balance=remote.balance,
            livemode=remote.livemode,
            synced_at=at,
        ):
            return customer
        own = customer.subscriptions.exclude(status__in=ENDED).exclude(card_stripe_id="")
        if not own.exists():
            mirror_card(customer=customer, card=remote.card)
    customer.refresh_from_db()
    return customer


def mirror_card(*, customer: Customer, card: RemoteCard | None) -> None:
    """Write the card that is charged: the subscription's own, or else the customer's (Stripe's order of choice)."""
    if card is None:
        PaymentMethod.objects.filter(customer=customer).delete()
        return
    PaymentMethod.objects.bulk_create(
        [
            PaymentMethod(
                customer=customer,
                stripe_id=card.id,
                kind=card.kind,
                brand=card.brand,
                last4=card.last4,
                exp_month=card.exp_month,
                exp_year=card.exp_year,
            )
        ],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["stripe_id", "kind", "brand", "last4", "exp_month", "exp_year"],
    )
