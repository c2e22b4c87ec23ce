"""Stripe's limits for one subscription, on new invoices and on changes of quantity; off unless the settings say so."""

from __future__ import annotations

from .errors import Obj, StripeError
from .world import World

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_INVOICES = ((_MINUTE, 10), (_DAY, 20))
_QUANTITIES = (_HOUR, 200)


def new_invoice(world: World, subscription: Obj) -> None:
    """Raises the 429 when the subscription has had its 10 invoices of a minute, or its 20 of a day."""
    if not world.settings["rate_limits"]:
        return
    now = world.now_of(subscription)
    made = [
        invoice["created"]
        for invoice in world.store.of_customer("invoice", subscription["customer"])
        if invoice["_subscription"] == subscription["id"]
    ]
    for seconds, most in _INVOICES:
        if sum(at > now - seconds for at in made) >= most:
            raise _refusal()


def new_quantity(world: World, subscription: Obj) -> None:
    """Count a change of quantity on a subscription taken by `change`. Raises the 429 after 200 in an hour."""
    if not world.settings["rate_limits"]:
        return
    now = world.now_of(subscription)
    seconds, most = _QUANTITIES
    recent = [at for at in subscription.get("_quantities", ()) if at > now - seconds]
    if len(recent) >= most:
        raise _refusal()
    subscription["_quantities"] = [*recent, now]


def _refusal() -> StripeError:
    return StripeError(
        "Request rate limit exceeded for this subscription. Wait before you try again.", status=429, code="rate_limit",
        executed=False, headers={"Stripe-Rate-Limited-Reason": "resource-specific"},
    )  # fmt: skip
