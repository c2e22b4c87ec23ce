"""Invoice items: what a customer owes besides the periods of a subscription, and the lines that they become."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from . import redemptions, taxes
from .catalog import draft_price, keep_price
from .errors import Obj, StripeError
from .events import emit
from .fields import assign, merged
from .lines import product_name
from .pricing import full_amount
from .proration import rounded
from .world import World

AMOUNTS = (
    "amount", "currency", "price", "price_data", "pricing", "quantity", "quantity_decimal", "unit_amount",
    "unit_amount_decimal",
)  # fmt: skip


def build(
    world: World,
    customer: Obj,
    params: Obj,
    *,
    param: str = "",
    currency: str | None = None,
    subscription: str | None = None,
    store: bool = True,
) -> Obj:
    """An invoice item as parameters say, stored nowhere. `currency` is that of the invoice that will take it, `store`
    says that a price made for it is kept. Raises Stripe's 400s.
    """
    now = world.now_of(customer)
    item = world.shape(
        "invoiceitem",
        "ii",
        customer=customer["id"],
        date=now,
        description=params.get("description"),
        frozen_fields=[],
        metadata=merged(None, params.get("metadata")),
        parent={
            "subscription_details": {"subscription": subscription},
            "type": "subscription_details",
        }
        if subscription
        else None,
        period=params.get("period", {"end": now, "start": now}),
        proration=False,
        tax_rates=taxes.rates_of(world, params.get("tax_rates"), _name(param, "tax_rates")),
        test_clock=customer["test_clock"],
        _discounts=[],
        _tax_behavior=params.get("tax_behavior"),
    )
    price(world, item, params, param, currency, store=store)
    item["discountable"] = params.get("discountable", item["amount"] > 0)
    discount(world, item, params, param)
    return item


def price(world: World, item: Obj, params: Obj, param: str, currency: str | None, *, store: bool) -> None:
    """Give the item its amount: of a price, of a unit and a quantity, or as it is."""
    quantity, pricing = params.get("quantity", 1), None
    id = params.get("price") or params.get("pricing", {}).get("price")
    if id is not None or "price_data" in params:
        name = _name(param, "price_data" if id is None else "price" if "price" in params else "pricing[price]")
        found = _price(world, params, id, name, store=store)
        item["currency"] = currency if currency in found["currency_options"] else found["currency"]
        item["amount"] = rounded(full_amount(found, quantity, item["currency"]))
        item["description"] = item["description"] or product_name(world, found)
        unit = found["currency_options"].get(item["currency"], found)["unit_amount_decimal"]
        pricing = {
            "price_details": {"price": found["id"], "product": found["product"]}, "type": "price_details",
            "unit_amount_decimal": unit,
        }  # fmt: skip
    else:
        item["currency"] = str(params.get("currency") or currency or "").lower()
        if not item["currency"]:
            name = _name(param, "currency")
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
        item["amount"] = _amount(params, quantity, param)
    if currency is not None and item["currency"] != currency:
        raise StripeError(
            f"The currency of the invoice item ({item['currency']}) is not that of the invoice ({currency}).",
            param=_name(param, "currency"),
        )
    item |= {
        "net_amount": item["amount"], "pricing": pricing, "quantity": quantity, "quantity_decimal": str(quantity),
    }  # fmt: skip


def _price(world: World, params: Obj, id: str | None, param: str, *, store: bool) -> Obj:
    if id is None:
        found = draft_price(world, params["price_data"])
        if store:
            keep_price(world, found)
    else:
        found = world.store.get("price", id, param)
    if found["type"] != "one_time":
        raise StripeError(
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.",
            param=param,
        )
    if not found["active"]:
        raise StripeError("The price specified is inactive. This field only accepts active prices.", param=param)
    return found


def _amount(params: Obj, quantity: int, param: str) -> int:
    if "amount" in params:
        return int(params["amount"])
    unit: Any = params.get("unit_amount_decimal", params.get("unit_amount"))
    if unit is None:
        name = _name(param, "amount")
        raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    try:
        return rounded(Fraction(Decimal(unit)) * quantity)
    except InvalidOperation:
        raise StripeError(f"Invalid decimal: {unit}", param=_name(param, "unit_amount_decimal")) from None


def discount(world: World, item: Obj, params: Obj, param: str) -> None:
    """Give the item the discounts of the parameters; none, when they name none."""
    if "discounts" not in params:
        redemptions.put(item, item["_discounts"])
        return
    redemptions.put(item, redemptions.wanted(
        world, params["discounts"] or [], holder=item, currency=item["currency"], at=world.now_of(item),
        param=_name(param, "discounts"), owner={"customer": item["customer"], "invoice_item": item["id"]},
    ))  # fmt: skip


def changed(world: World, item: Obj, params: Obj, param: str, *, store: bool = True) -> None:
    """Write an update's parameters into an item. Raises the 400 for the amount of a proration, but in a preview."""
    amounts = {name: params[name] for name in AMOUNTS if name in params}
    if amounts and item["proration"] and store:
        raise StripeError("The amount of a proration cannot be changed.", param=next(iter(amounts)))
    assign(item, params, "description", "discountable", "period")
    if item["proration"] and "amount" in amounts:
        item |= {"amount": amounts["amount"], "net_amount": amounts["amount"]}
    elif amounts:
        if item["pricing"] and not {"price", "pricing", "price_data", "amount"} & amounts.keys():
            amounts["price"] = item["pricing"]["price_details"]["price"]
        elif not {"price", "pricing", "price_data", "amount", "unit_amount", "unit_amount_decimal"} & amounts.keys():
            amounts["amount"] = item["amount"]
        price(world, item, amounts, param, item["currency"], store=store)
    if "tax_rates" in params:
        item["tax_rates"] = taxes.rates_of(world, params["tax_rates"], "tax_rates")
    if "tax_behavior" in params:
        item["_tax_behavior"] = params["tax_behavior"]
    discount(world, item, params, param)
    item["metadata"] = merged(item["metadata"], params.get("metadata"))


def item_of(line: Obj) -> str | None:
    """The invoice item that a line was made of."""
    parent = line["parent"] or {}
    details = parent.get("invoice_item_details") or parent.get("subscription_item_details") or {}
    found: str | None = details.get("invoice_item")
    return found


def keep(world: World, item: Obj) -> Obj:
    """Store an item: it waits for an invoice, or is on the draft that it names."""
    redemptions.store_new(world, item["_discounts"], item)
    world.store.add("invoiceitem", item)
    emit(world, "invoiceitem.created", item)
    return item


def beside(world: World, subscription: Obj, params: Obj) -> list[Obj]:
    """The items of `add_invoice_items`, stored nowhere: they come with a subscription's creation or change."""
    customer = world.store.get("customer", subscription["customer"])
    found = []
    for number, spec in enumerate(params.get("add_invoice_items") or ()):
        period = _period(subscription, spec.get("period"), world.now_of(subscription))
        found.append(build(
            world, customer, spec | {"period": period}, param=f"add_invoice_items[{number}]",
            currency=subscription["currency"], subscription=subscription["id"],
        ))  # fmt: skip
    return found


def _period(subscription: Obj, spec: Obj | None, now: int) -> Obj:
    if spec is None:
        return {"end": now, "start": now}
    start, end = spec["start"], spec["end"]
    if start["type"] == "max_item_period_start":
        first = max(item["current_period_start"] for item in subscription["items"])
    else:
        first = start.get("timestamp", now) if start["type"] == "timestamp" else now
    if end["type"] == "min_item_period_end":
        last = min(item["current_period_end"] for item in subscription["items"])
    else:
        last = end.get("timestamp", now)
    return {"end": last, "start": first}


def _name(param: str, name: str) -> str:
    """`currency` on its own, `invoice_items[0][currency]` inside a list, also for names such as `pricing[price]`."""
    if not param:
        return name
    head, bracket, rest = name.partition("[")
    return f"{param}[{head}]{bracket}{rest}"
