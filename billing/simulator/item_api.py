"""The endpoints of invoice items."""

from __future__ import annotations

from . import items, redemptions
from .drafts import edit, put_lines
from .errors import Obj, StripeError
from .events import differences, emit
from .fields import copied
from .lines import line_of_waiting
from .lists import matching, page
from .render import render
from .routes import route
from .world import Request


@route("POST", "/v1/invoiceitems")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if "invoice" in params:
        invoice = edit(world, params["invoice"], "invoice")
        customer = world.store.get("customer", invoice["customer"])
        if params.get("customer", customer["id"]) != customer["id"]:
            raise StripeError("The invoice belongs to another customer.", param="customer")
        item = items.build(world, customer, params, currency=invoice["currency"])
        item["invoice"] = invoice["id"]
        items.keep(world, item)
        put_lines(world, invoice, [*invoice["lines"], line_of_waiting(world, item)])
        return item
    if "customer" not in params:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = world.store.get("customer", params["customer"], "customer")
    subscription = params.get("subscription")
    if subscription is not None:
        world.store.get("subscription", subscription, "subscription")
    return items.keep(world, items.build(world, customer, params, subscription=subscription))


@route("GET", "/v1/invoiceitems")
def list_items(request: Request) -> Obj:
    store, params = request.world.store, request.params
    rows = store.of_customer("invoiceitem", params["customer"]) if "customer" in params else store.all("invoiceitem")
    rows = matching(rows, params, "invoice")
    if "pending" in params:
        rows = [row for row in rows if (row["invoice"] is None) == params["pending"]]
    return page(request, rows, "invoiceitem")


@route("GET", "/v1/invoiceitems/{invoiceitem}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("invoiceitem", request.id, "invoiceitem")


@route("POST", "/v1/invoiceitems/{invoiceitem}")
def update(request: Request) -> Obj:
    """Change an item that waits, or that is on a draft."""
    world = request.world
    item = world.store.change("invoiceitem", request.id, "invoiceitem")
    invoice = edit(world, item["invoice"], "invoiceitem") if item["invoice"] else None
    before = copied(render(world, item))
    items.changed(world, item, request.params, "")
    redemptions.store_new(world, item["_discounts"], item)
    if invoice is not None:
        put_lines(world, invoice, [
            line_of_waiting(world, item) | {"id": line["id"]} if items.item_of(line) == item["id"] else line
            for line in invoice["lines"]
        ])  # fmt: skip
    emit(world, "invoiceitem.updated", item, differences(before, render(world, item)))
    return item


@route("DELETE", "/v1/invoiceitems/{invoiceitem}")
def delete(request: Request) -> Obj:
    world = request.world
    item = world.store.get("invoiceitem", request.id, "invoiceitem")
    if item["invoice"] is not None:
        invoice = edit(world, item["invoice"], "invoiceitem")
        put_lines(world, invoice, [line for line in invoice["lines"] if items.item_of(line) != item["id"]])
    world.store.remove("invoiceitem", request.id)
    emit(world, "invoiceitem.deleted", item)
    return {"id": request.id, "object": "invoiceitem", "deleted": True}
