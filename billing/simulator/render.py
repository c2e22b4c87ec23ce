"""From stored objects to what leaves: lists, prices in full, and `expand`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .errors import Obj, StripeError
from .world import World

_REFERENCES = {
    "billing_portal.session": {"configuration": "billing_portal.configuration"},
    "discount": {"customer": "customer", "promotion_code": "promotion_code"},
    "charge": {"customer": "customer", "payment_intent": "payment_intent"},
    "credit_note": {
        "customer": "customer", "customer_balance_transaction": "customer_balance_transaction", "invoice": "invoice",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "checkout.session": {
        "customer": "customer", "invoice": "invoice", "payment_intent": "payment_intent",
        "setup_intent": "setup_intent", "subscription": "subscription",
    },
    "customer": {"test_clock": "test_helpers.test_clock"},
    "promotion_code": {"customer": "customer"},
    "customer_balance_transaction": {"customer": "customer", "invoice": "invoice"},
    "invoice": {
        "customer": "customer", "default_payment_method": "payment_method", "discounts": "discount",
        "test_clock": "test_helpers.test_clock",
    },
    "invoice_payment": {"invoice": "invoice"},
    "invoiceitem": {"customer": "customer", "discounts": "discount", "invoice": "invoice"},
    "line_item": {"discounts": "discount", "subscription": "subscription"},
    "payment_intent": {"customer": "customer", "payment_method": "payment_method", "latest_charge": "charge"},
    "payment_method": {"customer": "customer"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "refund": {"charge": "charge", "customer": "customer", "payment_intent": "payment_intent"},
    "setup_intent": {"customer": "customer", "payment_method": "payment_method"},
    "subscription": {
        "customer": "customer", "default_payment_method": "payment_method", "discounts": "discount",
        "latest_invoice": "invoice",
        "pending_setup_intent": "setup_intent", "schedule": "subscription_schedule",
        "test_clock": "test_helpers.test_clock",
    },
    "subscription_item": {"discounts": "discount"},
    "subscription_schedule": {"customer": "customer", "subscription": "subscription"},
    "tax_id": {"customer": "customer"},
}  # fmt: skip

# References inside a plain part of an object, by the kind of the object around it.
_INNER = {
    "customer": {"default_payment_method": "payment_method"},
    "credit_note": {"discount": "discount", "refund": "refund", "tax_rate": "tax_rate"},
    "discount": {"coupon": "coupon"},
    "invoice": {"subscription": "subscription", "discount": "discount", "tax_rate": "tax_rate"},
    "invoice_payment": {"payment_intent": "payment_intent"},
    "line_item": {
        "subscription": "subscription",
        "price": "price",
        "product": "product",
        "discount": "discount",
        "tax_rate": "tax_rate",
    },
    "promotion_code": {"coupon": "coupon"},
    "subscription_schedule": {"price": "price"},
}
_DEPTH = 4


def render(world: World, obj: Obj, expand: Iterable[str] = ()) -> Obj:
    """The object as Stripe shows it, with the paths of `expand` filled in."""
    shown = _show(world, obj)
    for path in expand:
        parts = path.split(".")
        if len(parts) - (parts[0] == "data") > _DEPTH:
            raise StripeError("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(world, shown, parts, shown.get("object"), path)
    return shown


def list_of(data: list[Obj], url: str, *, has_more: bool = False, **more: Any) -> Obj:
    return {"object": "list", "data": data, "has_more": has_more, "url": url} | more


def _show(world: World, obj: Obj) -> Obj:
    shown = {key: value for key, value in obj.items() if key[0] != "_"}
    match obj.get("object"):
        case "list" | "search_result":
            shown["data"] = [_show(world, item) for item in obj["data"]]
        case "subscription" if "items" in obj:
            items = [_show(world, item) for item in obj["items"]]
            url = f"/v1/subscription_items?subscription={obj['id']}"
            shown["items"] = list_of(items, url, total_count=len(items))
            if pending := obj["pending_update"]:
                inner = [_show(world, item) for item in pending["subscription_items"] or ()]
                shown["pending_update"] = pending | {"subscription_items": inner or None}
        case "subscription_item" if "price" in obj:
            shown["price"] = _show(world, world.store.get("price", obj["price"]))
        case "item" if isinstance(obj["price"], str):
            shown["price"] = _show(world, world.store.get("price", obj["price"]))
        case "invoice" if "lines" in obj:
            lines = [_show(world, line) for line in obj["lines"][:10]]
            more, url = len(obj["lines"]) > 10, f"/v1/invoices/{obj['id']}/lines"
            shown["lines"] = list_of(lines, url, has_more=more, total_count=len(obj["lines"]))
        case "customer" if obj.get("discount"):
            shown["discount"] = _show(world, obj["discount"])
        case "coupon":
            shown.pop("applies_to", None)
            shown.pop("currency_options", None)
        case "credit_note":
            lines = [_show(world, line) for line in obj["lines"][:10]]
            more, url = len(obj["lines"]) > 10, f"/v1/credit_notes/{obj['id']}/lines"
            shown["lines"] = list_of(lines, url, has_more=more, total_count=len(obj["lines"]))
        case "price":
            shown.pop("tiers", None)
            shown.pop("currency_options", None)
    return shown


# Parts of an object that it shows only on request


def _payments(world: World, invoice: Obj) -> Obj:
    found = [world.store.get("invoice_payment", id) for id in invoice.get("_payments", ())]
    return list_of([_show(world, payment) for payment in found], f"/v1/invoice_payments?invoice={invoice['id']}")


def _confirmation_secret(world: World, invoice: Obj) -> Obj | None:
    intent = invoice.get("_payment_intent")
    if intent is None:
        return None
    secret = world.store.get("payment_intent", intent)["client_secret"]
    return {"client_secret": secret, "type": "payment_intent"}


def _subscriptions(world: World, customer: Obj) -> Obj:
    found = [s for s in world.store.of_customer("subscription", customer["id"]) if s["status"] != "canceled"]
    url = f"/v1/customers/{customer['id']}/subscriptions"
    return list_of([_show(world, sub) for sub in reversed(found)][:10], url, has_more=len(found) > 10)


def _refunds(world: World, charge: Obj) -> Obj:
    found = [made for made in world.store.all("refund") if made["charge"] == charge["id"]]
    return list_of([_show(world, made) for made in reversed(found)], f"/v1/charges/{charge['id']}/refunds")


def _tax_ids(world: World, customer: Obj) -> Obj:
    found = world.store.of_customer("tax_id", customer["id"])
    return list_of(list(reversed(found)), f"/v1/customers/{customer['id']}/tax_ids")


def _line_items(world: World, session: Obj) -> Obj:
    return list_of([_show(world, item) for item in session["_line_items"]], f"{session['id']}/line_items")


_ON_REQUEST: dict[tuple[str, str], Callable[[World, Obj], Any]] = {
    ("charge", "refunds"): _refunds,
    ("invoice", "payments"): _payments,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("price", "tiers"): lambda _, price: price["tiers"],
    ("price", "currency_options"): lambda _, price: price["currency_options"] or {price["currency"]: _option(price)},
    ("coupon", "applies_to"): lambda _, coupon: coupon["applies_to"],
    ("coupon", "currency_options"): lambda _, coupon: coupon["currency_options"] or {},
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax_ids"): _tax_ids,
    ("customer", "tax"): lambda *_: {"automatic_tax": "not_collecting", "ip_address": None, "location": None,
                                     "provider": "stripe"},
    ("checkout.session", "line_items"): _line_items,
}  # fmt: skip


def _option(price: Obj) -> Obj:
    return {key: price[key] for key in ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")}


def _expand(world: World, node: Any, parts: list[str], kind: str | None, path: str) -> None:
    """Fill in one path below a node; `kind` is the object that a plain part belongs to."""
    if isinstance(node, list):
        for item in node:
            _expand(world, item, parts, kind, path)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("object") or kind
    head, rest = parts[0], parts[1:]
    if kind is not None and node.get("object") == kind and (show := _ON_REQUEST.get((kind, head))):
        raw = world.store.find(kind, node["id"])
        if head not in node:
            node[head] = show(world, raw or node)
    elif head not in node:
        raise StripeError(
            f"This property cannot be expanded ({path}). You may want to try expanding an object that has it.",
            param="expand",
        )
    value = node[head]
    if isinstance(value, str):
        target = _REFERENCES.get(kind or "", {}).get(head) or _INNER.get(kind or "", {}).get(head)
        if target is None:
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
        found = world.store.find(target, value)
        node[head] = value = _show(world, found) if found else value
    elif isinstance(value, dict) and "object" not in value:
        node[head] = value = dict(value)
    elif isinstance(value, list):
        kind_of = _REFERENCES.get(kind or "", {}).get(head)
        node[head] = value = [_copy_or_find(world, item, kind_of) for item in value]
    if rest:
        _expand(world, value, rest, kind, path)


def _copy_or_find(world: World, item: Any, kind: str | None) -> Any:
    if isinstance(item, str) and kind is not None and (found := world.store.find(kind, item)) is not None:
        return _show(world, found)
    return dict(item) if isinstance(item, dict) else item
