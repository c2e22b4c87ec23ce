"""Keys, replays and events: S9, S12, S15."""

from collections.abc import Callable
from typing import Any

import stripe

from billing.quotes.params import preview_params, update_params
from billing.stripe_contract.questions import Answer, holds, question, unanswerable
from billing.stripe_contract.shop import Seats, Shop, period_of, quantity_of


@question(
    "S9",
    "Does each process's restricted key allow what the process does, and nothing that it must not?",
    if_bad="The table of permissions in docs/stripe.md changes.",
)
def restricted_keys(shop: Shop) -> Answer:
    if not shop.process_clients:
        return unanswerable("no restricted keys are set (STRIPE_WEB_KEY, STRIPE_WORKER_KEY, STRIPE_RECONCILER_KEY)")
    seats = shop.subscribe(shop.customer(), shop.price(), 10)
    start = period_of(shop.read(seats))[0]
    wrong, tried = [], 0
    for process, client in shop.process_clients.items():
        for name, call in _calls(client, seats, start, shop).items():
            tried += 1
            allowed = _allowed(call)
            if allowed is not (process in MAY[name]):
                wrong.append(f"{process} {'may' if allowed else 'may not'} {name}")
    return holds(not wrong, f"{tried} calls tried" + (f"; {', '.join(wrong)}" if wrong else ", all as in the table"))


# Which process makes which call; docs/stripe.md shows the same as permissions.
MAY = {
    "read subscriptions": {"web", "worker", "reconciler"},
    "read invoices": {"web", "worker", "reconciler"},
    "read customers": {"web", "worker", "reconciler"},
    "read prices": {"web", "worker", "reconciler"},
    "read events": {"worker", "reconciler"},
    "preview an invoice": {"web", "worker"},
    "update a subscription": {"web", "worker"},
    "write a product": set[str](),
    "read invoice items": {"web", "worker", "reconciler"},
    "write an invoice item": {"worker"},
    "read refunds": {"web", "worker", "reconciler"},
    "refund a payment": {"web", "worker"},
}


def _calls(client: Any, seats: Seats, start: int, shop: Shop) -> dict[str, Callable[[], Any]]:
    """One harmless call for each row of the table."""
    shown = preview_params(
        customer_id=seats.customer.id, subscription_id=seats.id, item_id=seats.item, quantity=11, proration_date=start
    )
    return {
        "read subscriptions": lambda: client.v1.subscriptions.retrieve(seats.id),
        "read invoices": lambda: client.v1.invoices.list({"subscription": seats.id}),
        "read customers": lambda: client.v1.customers.retrieve(seats.customer.id),
        "read prices": lambda: client.v1.prices.list({"limit": 1}),
        "read events": lambda: client.v1.events.list({"limit": 1}),
        "preview an invoice": lambda: client.v1.invoices.create_preview(shown),
        "update a subscription": lambda: client.v1.subscriptions.update(seats.id, {"metadata": shop.tag}, shop.key()),
        "write a product": lambda: client.v1.products.create({"name": "Never", "active": False}, shop.key()),
        "read invoice items": lambda: client.v1.invoice_items.list({"customer": seats.customer.id}),
        "write an invoice item": lambda: client.v1.invoice_items.create({"customer": "cus_none"}, shop.key()),
        "read refunds": lambda: client.v1.refunds.list({"limit": 1}),
        "refund a payment": lambda: client.v1.refunds.create({"payment_intent": "pi_none"}, shop.key()),
    }


def _allowed(call: Callable[[], Any]) -> bool:
    """A refusal for want of permission is a 403; any other answer came from behind that door."""
    try:
        call()
    except stripe.PermissionError:
        return False
    except stripe.InvalidRequestError:
        return True
    return True


@question(
    "S12",
    "Does a replayed key return the first answer although the subscription has moved on?",
    if_bad="Nothing: the portal reads after every call, replayed or not.",
)
def replay_is_a_photograph(shop: Shop) -> Answer:
    seats = shop.subscribe(shop.customer(), shop.price(), 10)
    start = period_of(shop.read(seats))[0]
    params = update_params(change_id="change-1", item_id=seats.item, quantity=12, proration_date=start)
    key = shop.key()
    shop.update(seats, params, **key)
    shop.update(seats, {"items": [{"id": seats.item, "quantity": 15}], "proration_behavior": "none"})
    replayed = shop.update(seats, params, **key)
    now = quantity_of(shop.read(seats))
    seen = f"the replay says {quantity_of(replayed)} seats, a read {now}"
    return holds((quantity_of(replayed), now) == (12, 15), seen)


@question(
    "S15",
    "Do events carry the key of the request that caused them?",
    if_bad="What became of an unanswered call would be decided by reads alone; thin events stay unused.",
)
def key_in_events(shop: Shop) -> Answer:
    seats = shop.subscribe(shop.customer(), shop.price(), 10)
    key = shop.key()
    shop.update(seats, {"items": [{"id": seats.item, "quantity": 11}], "proration_behavior": "none"}, **key)
    rows = shop.client.v1.events.list({"type": "customer.subscription.updated", "limit": 20}).to_dict(for_json=True)
    keys = {(row.get("request") or {}).get("idempotency_key") for row in rows["data"]}
    found = key["idempotency_key"] in keys
    return holds(found, f"our key is {'in' if found else 'not in'} the event; thin events need a public address")
