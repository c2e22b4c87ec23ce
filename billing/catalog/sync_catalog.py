"""Bring plans and prices in from Stripe; the only writer of both."""

from dataclasses import dataclass

from django.db import transaction

from billing.errors import ProviderUnavailable
from billing.gateway.contract import GatewayError, RemotePrice
from billing.gateway.stripe_api import gateway
from billing.models import Plan, Price, PriceTier


@dataclass(frozen=True)
class Synced:
    """How many plans and prices are on sale after a synchronization."""

    plans: int
    prices: int


def sync_catalog() -> Synced:
    """Read every recurring price with its product; what Stripe no longer lists is taken off sale, never deleted.

    Product metadata: seat_portal_minimum, seat_portal_self_service_max, seat_portal_position (whole numbers).
    Raises GatewayError when Stripe does not answer.
    """
    remote = list(gateway().prices())
    with transaction.atomic():
        for price in remote:
            _write(price)
        Price.objects.exclude(stripe_id__in=[p.id for p in remote]).update(active=False)
    return Synced(plans=Plan.objects.filter(active=True).count(), prices=Price.objects.filter(active=True).count())


def bring_in_catalog() -> Synced:
    """As sync_catalog, for people. Raises ProviderUnavailable."""
    try:
        return sync_catalog()
    except GatewayError as error:
        raise ProviderUnavailable from error


def _write(remote: RemotePrice) -> None:
    meta = remote.product_metadata
    plan, _ = Plan.objects.update_or_create(
        stripe_id=remote.product_id,
        defaults={
            "name": remote.product_name,
            "description": remote.product_description,
            "active": remote.product_active,
            "minimum_seats": _number(meta.get("seat_portal_minimum"), 1),
            "self_service_max": _number(meta.get("seat_portal_self_service_max"), 50),
            "trial_max": _number(meta.get("seat_portal_trial_max"), 0) or None,
            "position": _number(meta.get("seat_portal_position"), 0),
        },
    )
    price, _ = Price.objects.update_or_create(
        stripe_id=remote.id,
        defaults={
            "plan": plan,
            "nickname": remote.nickname,
            "currency": remote.currency,
            "interval": remote.interval,
            "interval_count": remote.interval_count,
            "scheme": remote.scheme,
            "unit_amount": remote.unit_amount,
            "active": remote.active,
        },
    )
    for position, tier in enumerate(remote.tiers):
        PriceTier.objects.update_or_create(
            price=price,
            position=position,
            defaults={"up_to": tier.up_to, "unit_amount": tier.unit_amount, "flat_amount": tier.flat_amount},
        )
    price.tiers.filter(position__gte=len(remote.tiers)).delete()


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
