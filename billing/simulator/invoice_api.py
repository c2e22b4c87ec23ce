"""The endpoints of invoices from their finalization on, and of their payments."""

from __future__ import annotations

from . import invoices
from .cards import SHORTCUTS
from .errors import Obj, StripeError
from .events import emit
from .lists import matching, page
from .payment_methods import attach_to, of_customer
from .routes import route
from .world import Request, World


@route("GET", "/v1/invoices")
def list_invoices(request: Request) -> Obj:
    store, params = request.world.store, request.params
    rows = store.of_customer("invoice", params["customer"]) if "customer" in params else store.all("invoice")
    rows = matching(rows, params, "status", "collection_method")
    if "subscription" in params:
        rows = [row for row in rows if row["_subscription"] == params["subscription"]]
    return page(request, rows, "invoice")


@route("GET", "/v1/invoices/{invoice}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("invoice", request.id, "invoice")


@route("POST", "/v1/invoices/{invoice}/finalize")
def finalize(request: Request) -> Obj:
    invoice = request.world.store.change("invoice", request.id, "invoice")
    if invoice["status"] != "draft":
        raise StripeError("This invoice is already finalized, you can't re-finalize it.", code="invoice_not_editable")
    invoice["auto_advance"] = request.params.get("auto_advance", invoice["auto_advance"])
    invoices.finalize(request.world, invoice)
    return invoice


@route("POST", "/v1/invoices/{invoice}/pay")
def pay(request: Request) -> Obj:
    world, params = request.world, request.params
    invoice = world.store.change("invoice", request.id, "invoice")
    if invoice["status"] == "paid":
        raise StripeError("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    if invoice["status"] == "paid":
        return invoice
    if invoice["status"] not in ("open", "uncollectible"):
        raise StripeError(f"Invoices with status {invoice['status']} cannot be paid.", code="invoice_not_editable")
    if params.get("paid_out_of_band"):
        invoices.mark_paid(world, invoice, off_stripe=True)
        return invoice
    method = invoices.method_for(world, invoice)
    if wanted := params.get("payment_method"):
        method = _chosen(world, wanted, invoice["customer"])
    outcome = invoices.collect(world, invoice, method)
    if outcome != "paid":
        error = invoices.refusal(world, invoice, outcome, code="invoice_payment_intent_requires_action")
        error.keep = True  # The attempt happened: it is counted and told, though the answer is an error.
        raise error
    return invoice


@route("POST", "/v1/invoices/{invoice}/void")
def void(request: Request) -> Obj:
    invoice = request.world.store.change("invoice", request.id, "invoice")
    invoices.void(request.world, invoice)
    return invoice


@route("POST", "/v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(request: Request) -> Obj:
    world = request.world
    invoice = world.store.change("invoice", request.id, "invoice")
    if invoice["status"] != "open":
        raise StripeError("You can only mark open invoices uncollectible.", code="invoice_not_editable")
    invoices.write_off(world, invoice, "user_forgiven")
    return invoice


@route("DELETE", "/v1/invoices/{invoice}")
def delete(request: Request) -> Obj:
    world = request.world
    invoice = world.store.get("invoice", request.id, "invoice")
    if invoice["status"] != "draft" or invoice["_subscription"]:
        raise StripeError("You can only delete draft invoices that belong to no subscription.")
    world.store.remove("invoice", request.id)
    emit(world, "invoice.deleted", invoice)
    return {"id": request.id, "object": "invoice", "deleted": True}


@route("GET", "/v1/invoices/{invoice}/lines")
def list_lines(request: Request) -> Obj:
    invoice = request.world.store.get("invoice", request.id, "invoice")
    return page(request, invoice["lines"], "line_item", newest_first=False)


@route("GET", "/v1/invoice_payments")
def list_payments(request: Request) -> Obj:
    rows = matching(request.world.store.all("invoice_payment"), request.params, "invoice", "status")
    if intent := request.params.get("payment", {}).get("payment_intent"):
        rows = [row for row in rows if row["payment"]["payment_intent"] == intent]
    return page(request, rows, "invoice_payment")


@route("GET", "/v1/invoice_payments/{invoice_payment}")
def retrieve_payment(request: Request) -> Obj:
    return request.world.store.get("invoice_payment", request.id, "invoice_payment")


@route("POST", "/v1/payment_intents/{intent}/confirm")
def confirm_intent(request: Request) -> Obj:
    world, params = request.world, request.params
    intent = world.store.change("payment_intent", request.id, "intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise StripeError(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    invoice = world.store.change("invoice", intent["_invoice"])
    wanted = params.get("payment_method") or intent["payment_method"]
    if wanted is None:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    method = _chosen(world, wanted, intent["customer"])
    outcome = invoices.collect(world, invoice, method, return_url=params.get("return_url"))
    if outcome == "requires_payment_method":
        error = invoices.refusal(world, invoice, outcome, code="")
        error.keep = True
        raise error
    return intent


def _chosen(world: World, method: str, customer: str) -> Obj:
    """The named payment method of the customer; a shortcut such as pm_card_visa is attached first."""
    if method in SHORTCUTS:
        return attach_to(world, method, customer)
    return of_customer(world, method, customer, "payment_method")
