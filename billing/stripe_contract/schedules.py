"""Reductions at the end of a period: S8 and S14."""

from typing import Any

import stripe

from billing.stripe_contract.questions import Answer, holds, question
from billing.stripe_contract.shop import DAY, Seats, Shop, period_of, quantity_of


def _reduce(shop: Shop, seats: Seats, quantity: int) -> str:
    """The portal's two phases: the running one as it is, then one period with fewer seats, then released."""
    schedules = shop.client.v1.subscription_schedules
    made = schedules.create({"from_subscription": seats.id}, shop.key()).to_dict(for_json=True)
    running = made["phases"][0]
    items = [{"price": item["price"], "quantity": item["quantity"]} for item in running["items"]]
    kept: dict[str, Any] = {}
    if running.get("discounts"):
        kept["discounts"] = [{"discount": row["discount"]} for row in running["discounts"] if row.get("discount")]
    phases = [
        {"items": items, "start_date": running["start_date"], "end_date": running["end_date"], **kept},
        {
            "items": [{**items[0], "quantity": quantity}],
            "proration_behavior": "none",
            "duration": {"interval": "month", "interval_count": 1},
            **kept,
        },
    ]
    schedules.update(
        made["id"], {"end_behavior": "release", "proration_behavior": "none", "phases": phases}, shop.key()
    )
    return str(made["id"])


@question(
    "S8",
    "What becomes of a direct update of the quantity while a schedule is attached?",
    if_bad="Nothing: the portal releases its schedule before it sells, and places it again.",
)
def update_beside_a_schedule(shop: Shop) -> Answer:
    seats = shop.subscribe(shop.customer(), shop.price(), 10)
    schedule = _reduce(shop, seats, 6)
    end = period_of(shop.read(seats))[1]
    try:
        shop.update(seats, {"items": [{"id": seats.item, "quantity": 12}], "proration_behavior": "none"})
    except stripe.InvalidRequestError as error:
        return holds(True, f"refused ({error.code or 'no code'})")
    phase = shop.client.v1.subscription_schedules.retrieve(schedule).to_dict(for_json=True)["phases"][0]
    shop.advance(seats.customer.clock, to=end + 2 * 3600)
    after = quantity_of(shop.read(seats))
    follows = "follows" if phase["items"][0]["quantity"] == 12 else "keeps its own"
    return holds(True, f"the running phase {follows}; after its end: {after} seats")


@question(
    "S14",
    "Does the second phase keep the day of billing and the discount, and let go at its end?",
    if_bad="The list of settings that the portal copies from the running phase grows.",
)
def what_a_phase_keeps(shop: Shop) -> Answer:
    customer = shop.customer()
    try:
        discounts: dict[str, Any] = {"discounts": [{"coupon": shop.coupon()}]}
    except stripe.InvalidRequestError:
        discounts = {}
    seats = shop.subscribe(customer, shop.price(), 10, **discounts)
    before = shop.read(seats)
    _reduce(shop, seats, 6)
    end = period_of(before)[1]
    shop.advance(customer.clock, to=end + 2 * 3600)
    reduced = shop.read(seats)
    bill = reduced["latest_invoice"]
    shop.advance(customer.clock, to=period_of(reduced)[1] + DAY)
    after = shop.read(seats)
    same_day = before["billing_cycle_anchor"] == after["billing_cycle_anchor"] and period_of(reduced)[0] == end
    cheaper = not discounts or bill["total"] == 6 * 5000 * 80 // 100
    seen = (
        f"{quantity_of(reduced)} seats for {bill['total']}; day of billing {'kept' if same_day else 'moved'}; "
        f"discount {'kept' if discounts and cheaper else 'lost' if discounts else 'not known here'}; "
        f"schedule afterwards: {after['schedule'] or 'none'}"
    )
    return holds(
        quantity_of(reduced) == quantity_of(after) == 6 and same_day and cheaper and not after["schedule"], seen
    )
