"""Is the price shown the price charged? S1, S2, S10, S11, S13."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import batched, product
from math import ceil, floor
from typing import Any

import stripe

from billing.quotes.params import preview_params, update_params
from billing.stripe_contract.questions import Answer, holds, question, unanswerable
from billing.stripe_contract.shop import DAY, Customer, Seats, Shop, period_of, quantity_of


@dataclass(frozen=True)
class Shape:
    """One way to be billed."""

    scheme: str
    interval: str
    mode: str
    currency: str
    extra: str

    def __str__(self) -> str:
        return " ".join(vars(self).values()).strip()


SHAPES = tuple(
    Shape(*parts)
    for parts in product(
        ("flat", "graduated", "volume"),
        ("month", "year"),
        ("flexible", "classic"),
        ("usd", "jpy"),
        ("", "tax", "coupon", "balance"),
    )
)


@question(
    "S1",
    "Does the pinned update charge exactly what the preview showed, in every shape?",
    if_bad="That shape is not sold by one click; a difference on an invoice opens an incident.",
)
def preview_is_charge(shop: Shop) -> Answer:
    equal, different = 0, []
    plain: dict[Shape, int] = {}
    extras = _extras(shop)
    for shapes in batched([s for s in SHAPES if s.extra in extras], 3, strict=False):
        clock = shop.clock()
        scenes = [(shape, _subscribed(shop, shop.customer(clock=clock), shape, extras)) for shape in shapes]
        shop.advance(clock, to=shop.now(clock) + 10 * DAY + 12_345)
        for shape, seats in scenes:
            quoted, charged = _raise(shop, seats, 12, at=shop.now(clock) - 3_600)
            plain.setdefault(replace(shape, extra=""), quoted["total"])
            if not _shows(shape, quoted, plain):
                different.append(f"{shape}: without effect")
            elif (quoted["total"], quoted["amount_due"]) == (charged["total"], charged["amount_due"]):
                equal += 1
            else:
                different.append(f"{shape}: {quoted['total']} → {charged['total']}")
    unknown = sorted({s.extra for s in SHAPES} - extras.keys())
    seen = f"{equal} of {len(SHAPES)} shapes equal to the minor unit"
    seen += f"; different: {', '.join(different)}" if different else ""
    seen += f"; not known here: {', '.join(unknown)}" if unknown else ""
    return holds(not different and equal > 0, seen)


def _shows(shape: Shape, quoted: dict[str, Any], plain: dict[Shape, int]) -> bool:
    """Whether the extra is in the price at all; equal amounts that both ignore it would prove nothing.

    `plain`: totals without an extra, which come first. All are asked at the same part of the same period, and a
    prorated line has its discount in its amount.
    """
    if shape.extra == "balance":
        return bool(quoted["amount_due"] != quoted["total"])
    return not shape.extra or quoted["total"] != plain[replace(shape, extra="")]


def _extras(shop: Shop) -> dict[str, dict[str, Any]]:
    """Parameters of a subscription for each extra that this Stripe knows."""
    found: dict[str, dict[str, Any]] = {"": {}, "balance": {}}
    try:
        found["coupon"] = {"discounts": [{"coupon": shop.coupon()}]}
        found["tax"] = {"default_tax_rates": [shop.tax_rate()]}
    except stripe.InvalidRequestError:
        pass
    return found


def _subscribed(shop: Shop, customer: Customer, shape: Shape, extras: dict[str, dict[str, Any]]) -> Seats:
    """Ten seats, paid; a balance of 15.00 (or 1500 yen) in the customer's favour where the shape has one."""
    price = shop.price(shape.scheme, shape.interval, shape.currency)
    seats = shop.subscribe(customer, price, 10, mode=shape.mode, **extras[shape.extra])
    if shape.extra == "balance":
        shop.client.v1.customers.balance_transactions.create(customer.id, {"amount": -1500, "currency": shape.currency})
    return seats


def _raise(shop: Shop, seats: Seats, quantity: int, *, at: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The portal's own preview and update of one change: the preview, and the invoice that came of it."""
    quoted = shop.preview(
        preview_params(
            customer_id=seats.customer.id,
            subscription_id=seats.id,
            item_id=seats.item,
            quantity=quantity,
            proration_date=at,
        )
    )
    shop.update(seats, update_params(change_id=shop.run, item_id=seats.item, quantity=quantity, proration_date=at))
    charged: dict[str, Any] = shop.read(seats)["latest_invoice"]
    return quoted, charged


@question(
    "S2",
    "Are pending invoice items in the preview, and in the invoice of the update?",
    if_bad="They must be billed before a price is shown; more charged than quoted opens an incident.",
)
def pending_items(shop: Shop) -> Answer:
    customer = shop.customer()
    seats = shop.subscribe(customer, shop.price(), 10)
    item = {"customer": customer.id, "subscription": seats.id, "amount": 700, "currency": "usd"}
    shop.client.v1.invoice_items.create(item)
    start = period_of(shop.read(seats))[0]
    quoted, charged = _raise(shop, seats, 11, at=start)
    seen = f"preview {quoted['total']}, charged {charged['total']}, of which 5000 for the seat and 700 pending"
    # Never more than was shown; less is logged and stays pending for the renewal.
    return holds(charged["total"] <= quoted["total"], seen)


@question(
    "S10",
    "Does a charge below Stripe's minimum end as a paid invoice with nothing due?",
    if_bad="Such a purchase must not count as applied until its invoice is paid.",
)
def below_minimum(shop: Shop) -> Answer:
    customer = shop.customer()
    seats = shop.subscribe(customer, shop.price(amount=30), 10)
    start = period_of(shop.read(seats))[0]
    _, charged = _raise(shop, seats, 11, at=start)
    after = shop.read(seats)
    seen = f"total {charged['total']}, due {charged['amount_due']}, invoice {charged['status']}"
    fits = (charged["status"], charged["amount_due"], quantity_of(after), after["pending_update"])
    return holds(fits == ("paid", 0, 11, None), seen)


@question(
    "S11",
    "When more seats cost less (volume), is the difference a balance credit and nothing pending?",
    if_bad="Such a change goes to staff instead of one click.",
)
def negative_total(shop: Shop) -> Answer:
    customer = shop.customer()
    seats = shop.subscribe(customer, shop.price("volume"), 10)
    start = period_of(shop.read(seats))[0]
    quoted, charged = _raise(shop, seats, 11, at=start)
    after = shop.read(seats)
    balance = shop.client.v1.customers.retrieve(customer.id).balance
    seen = f"total {charged['total']}, due {charged['amount_due']}, {charged['status']}, balance {balance}"
    fits = (
        quoted["total"] == charged["total"] == balance < 0
        and (charged["status"], charged["amount_due"]) == ("paid", 0)
        and (quantity_of(after), after["pending_update"]) == (11, None)
    )
    return holds(fits, seen)


@question(
    "S13",
    "How is one prorated line rounded?",
    if_bad="Nothing: our arithmetic is for display; amounts to pay are read.",
)
def rounding(shop: Shop) -> Answer:
    customer = shop.customer()
    seats = shop.subscribe(customer, shop.price(amount=3333), 3)
    start, end = period_of(shop.read(seats))
    rules: dict[str, Callable[[Fraction], int]] = {
        "down": floor,
        "up": ceil,
        "half up": lambda x: floor(x + Fraction(1, 2)),
        "half even": round,
    }
    fitting, lines = set(rules), []
    for second in (1, 86_399, 400_000, 1_234_567, 2_000_003):
        shown = shop.preview(
            preview_params(
                customer_id=customer.id,
                subscription_id=seats.id,
                item_id=seats.item,
                quantity=4,
                proration_date=start + second,
            )
        )
        for line in shown["lines"]["data"]:
            exact = Fraction(3333 * line["quantity"] * (end - start - second), end - start)
            exact = exact if line["amount"] >= 0 else -exact
            lines.append(line["amount"])
            fitting &= {name for name, rule in rules.items() if rule(exact) == line["amount"]}
    if not lines:
        return unanswerable("the preview had no lines")
    return holds(True, f"{len(lines)} lines fit: {', '.join(sorted(fitting)) or 'none of our rules'}")
