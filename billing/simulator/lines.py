"""Invoice lines: a whole period, a proration, or an item waiting since a change."""

from __future__ import annotations

from datetime import UTC, datetime

from . import proration
from .errors import Obj
from .events import emit
from .fields import copied
from .periods import Grid
from .pricing import full_amount, money
from .redemptions import running
from .world import World


def grid(subscription: Obj, price: Obj) -> Grid:
    recurring = price["recurring"]
    return Grid(
        subscription["billing_cycle_anchor"],
        recurring["interval"],
        recurring["interval_count"],
        subscription["_anchor_day"],
    )


def product_name(world: World, price: Obj) -> str:
    product = world.store.find("product", price["product"])
    return str(product["name"]) if product else str(price["product"])


def line(
    world: World,
    subscription: Obj,
    *,
    item: str,
    price: Obj,
    quantity: int,
    amount: int,
    start: int,
    end: int,
    description: str,
    is_proration: bool,
    rates: list[Obj] | None = None,
    discounts: list[Obj] | None = None,
) -> Obj:
    """One line of a subscription's invoice, on no invoice yet, with its own tax rates and discounts."""
    return world.shape(
        "line_item",
        "il",
        amount=amount,
        currency=subscription["currency"],
        description=description,
        discount_amounts=[],
        discountable=not is_proration,
        discounts=[discount["id"] for discount in discounts or ()],
        metadata=dict(subscription["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": is_proration,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item,
            },
            "type": "subscription_item_details",
        },
        period={"end": end, "start": start},
        pretax_credit_amounts=[],
        pricing={
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=subscription["id"],
        subtotal=amount,
        taxes=[],
        _discounts=discounts or [],
        _tax_behavior=None,
        _tax_rates=rates or None,
    )


def proration_line(
    world: World,
    subscription: Obj,
    part: proration.Line,
    at: int,
    rates: list[Obj] | None = None,
    discounts: list[Obj] | None = None,
) -> Obj:
    """A proration, its discounts already in its amount; `proration_discounts=itemized` shows them beside it instead."""
    discounts = discounts or []
    itemized = (subscription["billing_mode"]["flexible"] or {}).get("proration_discounts") == "itemized"
    count = "" if part.quantity == 1 else f"{part.quantity} × "
    words = "Unused time on" if part.credit else "Remaining time on"
    made = line(
        world,
        subscription,
        item=part.item,
        price=world.store.get("price", part.price),
        quantity=part.quantity,
        amount=part.amount + (part.discount if itemized else 0),
        start=part.start,
        end=part.end,
        description=f"{words} {count}{part.name} after {datetime.fromtimestamp(at, UTC):%d %b %Y}",
        is_proration=True,
        rates=rates,
        discounts=discounts,
    )
    made["discount_amounts"] = [
        {"amount": part.discount if itemized and number == 0 else 0, "discount": discount["id"]}
        for number, discount in enumerate(discounts)
    ]
    return made


def period_line(world: World, subscription: Obj, item: Obj, start: int, end: int) -> Obj:
    """A whole period of an item at its present price and quantity, or the part before a first anchor."""
    price = world.store.get("price", item["price"])
    currency, quantity = subscription["currency"], item["quantity"]
    full = full_amount(price, quantity, currency)
    whole_start, whole_end = grid(subscription, price).around(start)
    partial = end == whole_end and start > whole_start
    amount = proration.share(full, whole_start, whole_end, start) if partial else proration.rounded(full)
    recurring = price["recurring"]
    every = recurring["interval"] if recurring["interval_count"] == 1 else (
        f"every {recurring['interval_count']} {recurring['interval']}s"
    )  # fmt: skip
    unit = price["currency_options"].get(currency, price)["unit_amount"]
    cost = "tiered" if unit is None else f"at {money(unit, currency)}"
    return line(
        world,
        subscription,
        item=item["id"],
        price=price,
        quantity=quantity,
        amount=amount,
        start=start,
        end=end,
        description=f"{quantity} × {product_name(world, price)} ({cost} / {every})",
        is_proration=False,
        rates=item["tax_rates"],
        discounts=running(item, start),
    )


def trial_line(world: World, subscription: Obj, item: Obj, start: int, end: int) -> Obj:
    price = world.store.get("price", item["price"])
    return line(
        world,
        subscription,
        item=item["id"],
        price=price,
        quantity=item["quantity"],
        amount=0,
        start=start,
        end=end,
        description=f"Trial period for {product_name(world, price)}",
        is_proration=False,
    )


def waiting(world: World, customer: str, subscription: str | None) -> list[Obj]:
    """Pending invoice items that the subscription's next invoice takes: its own, and those of no subscription."""
    found = []
    for item in world.store.of_customer("invoiceitem", customer):
        owner = (item["parent"] or {}).get("subscription_details") or {}
        if item["invoice"] is None and owner.get("subscription") in (None, subscription):
            found.append(item)
    billed = world.store.find("subscription", subscription) if subscription else None
    return [item for item in found if billed is None or item["currency"] == billed["currency"]]


def line_of_waiting(world: World, item: Obj) -> Obj:
    """The line that a pending invoice item becomes."""
    parent: Obj = {"invoice_item_details": None, "subscription_item_details": None}
    owner = (item["parent"] or {}).get("subscription_details")
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
    }
    if owner and "subscription_item" in owner:
        parent["type"] = "subscription_item_details"
        parent["subscription_item_details"] = details | owner
    else:
        parent["type"] = "invoice_item_details"
        parent["invoice_item_details"] = details | {"subscription": owner and owner["subscription"]}
    return world.shape(
        "line_item",
        "il",
        amount=item["amount"],
        currency=item["currency"],
        description=item["description"],
        discount_amounts=copied(item["proration_details"]["discount_amounts"]) if item["proration"] else [],
        discountable=item["discountable"],
        discounts=item["discounts"],
        metadata=dict(item["metadata"]),
        parent=parent,
        period=item["period"],
        pretax_credit_amounts=[],
        pricing=item["pricing"],
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        subscription=owner and owner["subscription"],
        subtotal=item["amount"],
        taxes=[],
        _discounts=item["_discounts"],
        _tax_behavior=item["_tax_behavior"],
        _tax_rates=item["tax_rates"] or None,
    )


def leave_waiting(world: World, subscription: Obj, lines: list[Obj]) -> None:
    """Keep proration lines as pending invoice items, for the next invoice."""
    for entry in lines:
        details = entry["parent"]["subscription_item_details"]
        item = world.create(
            "invoiceitem",
            "ii",
            amount=entry["amount"],
            currency=entry["currency"],
            customer=subscription["customer"],
            date=world.now_of(subscription),
            description=entry["description"],
            discountable=False,
            discounts=entry["discounts"],
            frozen_fields=[],
            metadata={},
            net_amount=entry["amount"] - sum(taken["amount"] for taken in entry["discount_amounts"]),
            parent={
                "subscription_details": {
                    "subscription": subscription["id"],
                    "subscription_item": details["subscription_item"],
                },
                "type": "subscription_details",
            },
            period=entry["period"],
            pricing=entry["pricing"],
            proration=True,
            proration_details={"credited_items": None, "discount_amounts": entry["discount_amounts"]},
            quantity=entry["quantity"],
            quantity_decimal=entry["quantity_decimal"],
            tax_rates=entry["_tax_rates"] or [],
            test_clock=subscription["test_clock"],
            _discounts=entry["_discounts"],
            _tax_behavior=None,
        )
        emit(world, "invoiceitem.created", item)
