"""Invoices that are still drafts: made by hand, and changed line by line."""

from __future__ import annotations

from . import invoices, items, redemptions, taxes
from .agenda import HOUR
from .drawing import settle
from .errors import Obj, StripeError
from .events import differences, emit
from .fields import assign, copied, merged
from .lines import line_of_waiting, waiting
from .payment_methods import of_customer
from .render import render
from .routes import route
from .world import Request, World

_ONLY_IN_DRAFT = (
    "automatic_tax", "collection_method", "currency", "default_tax_rates", "discounts", "number", "effective_at",
    "automatically_finalizes_at",
)  # fmt: skip
_PLAIN = ("auto_advance", "custom_fields", "default_payment_method", "description", "footer", "statement_descriptor")
_UNSUPPORTED = ("from_invoice", "shipping_cost", "transfer_data", "application_fee_amount")


def edit(world: World, id: str, param: str) -> Obj:
    """A draft, to be written. Raises Stripe's 400 for an invoice that is one no more."""
    invoice = world.store.change("invoice", id, param)
    if invoice["status"] != "draft":
        raise StripeError(
            f"Finalized invoices can't be updated in this way. This invoice has the status {invoice['status']}.",
            code="invoice_not_editable", param=param,
        )  # fmt: skip
    return invoice


def put_lines(world: World, invoice: Obj, lines: list[Obj]) -> None:
    """Let a draft have these lines, and add it up anew."""
    for line in lines:
        line["invoice"] = invoice["id"]
    invoice["lines"] = lines
    settle(world, invoice, world.store.get("customer", invoice["customer"])["balance"])
    invoice["ending_balance"] = None


@route("POST", "/v1/invoices")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    for name in _UNSUPPORTED:
        if name in params:
            raise StripeError(f"The local Stripe simulator does not know `{name}` on an invoice.", param=name)
    if "customer" not in params:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = world.store.change("customer", params["customer"], "customer")
    subscription = None
    if "subscription" in params:
        subscription = world.store.get("subscription", params["subscription"], "subscription")
    currency = str(params.get("currency") or customer["currency"] or "usd").lower()
    swept = _swept(world, customer, subscription, params)
    if subscription is not None and not swept:
        raise StripeError(
            "Nothing to invoice for subscription.", code="invoice_no_subscription_line_items", param="subscription"
        )
    currency = subscription["currency"] if subscription else swept[0]["currency"] if swept else currency
    invoice = invoices.create(
        world, customer, [], reason="manual", currency=currency, subscription=subscription, swept=swept
    )
    invoice["_manual"] = True
    _write(world, invoice, params)
    return invoice


def _swept(world: World, customer: Obj, subscription: Obj | None, params: Obj) -> list[Obj]:
    """The pending items that an invoice made by hand takes: none unless asked for, or all of its subscription."""
    if subscription is not None:
        return waiting(world, customer["id"], subscription["id"])
    if params.get("pending_invoice_items_behavior", "exclude") == "exclude":
        return []
    found = [item for item in waiting(world, customer["id"], None) if item["parent"] is None]
    currency = params.get("currency", found[0]["currency"] if found else None)
    return [item for item in found if item["currency"] == currency]


@route("POST", "/v1/invoices/{invoice}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    invoice = world.store.change("invoice", request.id, "invoice")
    if invoice["status"] != "draft" and (names := [name for name in params if name in _ONLY_IN_DRAFT]):
        raise StripeError(
            f"Finalized invoices can't be updated in this way: {', '.join(names)}.", code="invoice_not_editable",
            param=names[0],
        )  # fmt: skip
    before = copied(render(world, invoice))
    _write(world, invoice, params)
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return invoice


def _write(world: World, invoice: Obj, params: Obj) -> None:
    """The parameters that creating and updating share."""
    if params.get("default_payment_method"):
        of_customer(world, params["default_payment_method"], invoice["customer"], "default_payment_method")
    assign(invoice, params, *_PLAIN, "due_date", "collection_method", "number", "effective_at")
    invoice["metadata"] = merged(invoice["metadata"], params.get("metadata"))
    if "due_date" in params:
        invoice["_due_at"] = params["due_date"]
    if "days_until_due" in params:
        invoice["_days_until_due"] = params["days_until_due"]
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = taxes.rates_of(world, params["default_tax_rates"], "default_tax_rates")
    if "automatic_tax" in params:
        invoice["automatic_tax"] |= taxes.automatic(params, invoice["default_tax_rates"])
    if "discounts" in params:
        found = redemptions.wanted(
            world, params["discounts"] or [], holder=invoice, currency=invoice["currency"], at=world.now_of(invoice),
            param="discounts", owner={"customer": invoice["customer"], "invoice": invoice["id"]},
        )  # fmt: skip
        redemptions.store_new(world, found, invoice)
        redemptions.put(invoice, found)
    if invoice["status"] == "draft":
        _plan_finalization(world, invoice, params)
        put_lines(world, invoice, invoice["lines"])


def _plan_finalization(world: World, invoice: Obj, params: Obj) -> None:
    if "automatically_finalizes_at" in params:
        invoice |= {"auto_advance": True, "automatically_finalizes_at": params["automatically_finalizes_at"]}
    elif "auto_advance" in params:
        invoice["automatically_finalizes_at"] = world.now_of(invoice) + HOUR if params["auto_advance"] else None


@route("POST", "/v1/invoices/{invoice}/send")
def send(request: Request) -> Obj:
    world = request.world
    invoice = world.store.change("invoice", request.id, "invoice")
    if invoice["collection_method"] != "send_invoice":
        raise StripeError("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    if invoice["status"] not in ("open", "paid"):
        raise StripeError(f"You cannot send an invoice with the status {invoice['status']}.")
    emit(world, "invoice.sent", invoice)
    return invoice


# Lines


@route("POST", "/v1/invoices/{invoice}/add_lines")
def add_lines(request: Request) -> Obj:
    world, params = request.world, request.params
    invoice = edit(world, request.id, "invoice")
    customer = world.store.get("customer", invoice["customer"])
    before, added = copied(render(world, invoice)), []
    for number, spec in enumerate(params["lines"]):
        param = f"lines[{number}]"
        _refuse_tax_amounts(spec, param)
        if "invoice_item" in spec:
            item = world.store.change("invoiceitem", spec["invoice_item"], f"{param}[invoice_item]")
            if item["invoice"] is not None or item["customer"] != customer["id"]:
                raise StripeError("The invoice item is on an invoice already.", param=f"{param}[invoice_item]")
        else:
            item = items.keep(world, items.build(world, customer, spec, param=param, currency=invoice["currency"]))
        item["invoice"] = invoice["id"]
        added.append(line_of_waiting(world, item))
    put_lines(world, invoice, [*invoice["lines"], *added])
    invoice["metadata"] = merged(invoice["metadata"], params.get("invoice_metadata"))
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return invoice


def _refuse_tax_amounts(spec: Obj, param: str) -> None:
    if spec.get("tax_amounts"):
        raise StripeError("The local Stripe simulator does not know `tax_amounts`.", param=f"{param}[tax_amounts]")


@route("POST", "/v1/invoices/{invoice}/update_lines")
def update_lines(request: Request) -> Obj:
    world, params = request.world, request.params
    invoice = edit(world, request.id, "invoice")
    before = copied(render(world, invoice))
    for number, spec in enumerate(params["lines"]):
        _update_line(world, invoice, spec["id"], spec, f"lines[{number}]")
    put_lines(world, invoice, invoice["lines"])
    invoice["metadata"] = merged(invoice["metadata"], params.get("invoice_metadata"))
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return invoice


@route("POST", "/v1/invoices/{invoice}/lines/{line_item_id}")
def update_line(request: Request) -> Obj:
    world = request.world
    invoice = edit(world, request.id, "invoice")
    before = copied(render(world, invoice))
    _update_line(world, invoice, request.ids[1], request.params, "")
    put_lines(world, invoice, invoice["lines"])
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return next(line for line in invoice["lines"] if line["id"] == request.ids[1])


def _update_line(world: World, invoice: Obj, id: str, spec: Obj, param: str) -> None:
    """Change a line and the item that it was made of; of a subscription's own line only what does not price it."""
    _refuse_tax_amounts(spec, param)
    number = _position(invoice, id, param)
    line = invoice["lines"][number]
    if (owner := items.item_of(line)) is not None:
        item = world.store.change("invoiceitem", owner)
        items.changed(world, item, spec, param)
        redemptions.store_new(world, item["_discounts"], item)
        invoice["lines"][number] = line_of_waiting(world, item) | {"id": line["id"]}
        return
    if names := [name for name in items.AMOUNTS if name in spec]:
        raise StripeError("The amount of a subscription's line cannot be changed.", param=names[0])
    assign(line, spec, "description", "discountable", "period")
    line["metadata"] = merged(line["metadata"], spec.get("metadata"))
    if "tax_rates" in spec:
        line["_tax_rates"] = taxes.rates_of(world, spec["tax_rates"], "tax_rates") or None


def _position(invoice: Obj, id: str, param: str) -> int:
    for number, line in enumerate(invoice["lines"]):
        if line["id"] == id:
            return number
    raise StripeError(f"No such line item: '{id}'", code="resource_missing", param=f"{param}[id]" if param else "id")


@route("POST", "/v1/invoices/{invoice}/remove_lines")
def remove_lines(request: Request) -> Obj:
    world, params = request.world, request.params
    invoice = edit(world, request.id, "invoice")
    before, lines = copied(render(world, invoice)), list(invoice["lines"])
    for number, spec in enumerate(params["lines"]):
        line = lines.pop(_position({"lines": lines}, spec["id"], f"lines[{number}]"))
        if (owner := items.item_of(line)) is None:
            raise StripeError("A subscription's line cannot be removed.", param=f"lines[{number}][id]")
        item = world.store.change("invoiceitem", owner)
        item["invoice"] = None
        if spec["behavior"] == "delete":
            world.store.remove("invoiceitem", owner)
            emit(world, "invoiceitem.deleted", item)
    put_lines(world, invoice, lines)
    invoice["metadata"] = merged(invoice["metadata"], params.get("invoice_metadata"))
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return invoice
