"""Make our customer and card say what Stripe says; the only writer of both."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from billing.gateway.stripe_api import gateway
from billing.models import Customer, PaymentMethod


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
        if remote.card is None:
            PaymentMethod.objects.filter(customer=customer).delete()
        else:
            PaymentMethod.objects.update_or_create(
                customer=customer,
                defaults={
                    "stripe_id": remote.card.id,
                    "kind": remote.card.kind,
                    "brand": remote.card.brand,
                    "last4": remote.card.last4,
                    "exp_month": remote.card.exp_month,
                    "exp_year": remote.card.exp_year,
                },
            )
    customer.refresh_from_db()
    return customer
