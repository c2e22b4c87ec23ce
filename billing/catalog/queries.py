"""What is on offer."""

from collections.abc import Iterable

from billing.catalog.pricing import Scheme, Tier
from billing.models import Price


def prices_on_offer(currency: str | None = None) -> list[Price]:
    """Prices on sale with plan and tiers; in one currency, or in all."""
    found = Price.objects.filter(active=True, plan__active=True).select_related("plan").prefetch_related("tiers")
    if currency:
        found = found.filter(currency=currency)
    return list(found.order_by("plan__position", "plan__name", "currency", "interval", "id"))


def scheme_of(price: Price) -> Scheme:
    """A price as the pure functions take it."""
    tiers: Iterable[Tier] = (
        Tier(up_to=t.up_to, unit_amount=t.unit_amount, flat_amount=t.flat_amount) for t in price.tiers.all()
    )
    return Scheme(kind=price.scheme, unit_amount=price.unit_amount, tiers=tuple(tiers))
