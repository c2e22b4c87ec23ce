"""Customers, their balance, and the account itself."""

from __future__ import annotations

from .errors import Obj, StripeError
from .events import differences, emit
from .fields import assign, copied, given, merged
from .lists import matching, page
from .payment_methods import attach_to, of_customer
from .render import render
from .routes import route
from .tax_api import make_id
from .world import Request, World

_PLAIN = ("address", "description", "email", "name", "phone", "shipping", "preferred_locales", "tax_exempt")


@route("GET", "/v1/account")
def account(request: Request) -> Obj:
    return {
        "id": "acct_simulator",
        "object": "account",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "simulator@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
        "settings": {"dashboard": {"display_name": "Local Stripe simulator", "timezone": "Etc/UTC"}},
    }


@route("POST", "/v1/customers")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    clock = params.get("test_clock")
    if clock is not None:
        world.store.get("test_helpers.test_clock", clock, "test_clock")
    customer = world.create(
        "customer",
        "cus",
        **{"balance": params.get("balance", 0), "created": world.now(clock), "delinquent": False},
        invoice_prefix=params.get("invoice_prefix") or world.new_id("x", 8)[2:].upper(),
        invoice_settings={
            "custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None,
        },
        metadata=merged(None, params.get("metadata")),
        next_invoice_sequence=params.get("next_invoice_sequence", 1),
        test_clock=clock,
        _discounts=[],
        **{"preferred_locales": [], "tax_exempt": "none"} | given(params, *_PLAIN),
    )  # fmt: skip
    if "payment_method" in params:
        method = attach_to(world, params["payment_method"], customer["id"])
        if params.get("invoice_settings", {}).get("default_payment_method") == params["payment_method"]:
            customer["invoice_settings"]["default_payment_method"] = method["id"]
    elif "invoice_settings" in params:
        _invoice_settings(world, customer, params["invoice_settings"])
    emit(world, "customer.created", customer)
    for spec in params.get("tax_id_data", ()):
        make_id(world, customer, spec)
    return customer


@route("GET", "/v1/customers")
def list_customers(request: Request) -> Obj:
    rows = matching(request.world.store.all("customer"), request.params, "email", "test_clock")
    return page(request, rows, "customer")


@route("GET", "/v1/customers/{customer}")
def retrieve(request: Request) -> Obj:
    gone = request.world.store.find("_deleted_customer", request.id)
    return gone["shown"] if gone else request.world.store.get("customer", request.id)


@route("POST", "/v1/customers/{customer}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    customer = world.store.change("customer", request.id)
    before = copied(render(world, customer))
    assign(customer, params, *_PLAIN, "invoice_prefix", "next_invoice_sequence")
    customer["metadata"] = merged(customer["metadata"], params.get("metadata"))
    if "balance" in params:
        move_balance(world, customer, params["balance"] - customer["balance"], "adjustment")
    if "invoice_settings" in params:
        _invoice_settings(world, customer, params["invoice_settings"])
    emit(world, "customer.updated", customer, differences(before, render(world, customer)))
    return customer


def _invoice_settings(world: World, customer: Obj, settings: Obj) -> None:
    if "default_payment_method" in settings:
        method = settings["default_payment_method"] or None
        if method is not None:
            of_customer(world, method, customer["id"], "invoice_settings[default_payment_method]")
        customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": method}
        retry_with_new_card(world, customer["id"])


def retry_with_new_card(world: World, customer: str) -> None:
    """Where the account wishes so, a new default card is tried at once on the open invoices of late subscriptions."""
    if not world.settings["retry_on_new_card"]:
        return
    for subscription in world.store.of_customer("subscription", customer):
        latest = world.store.find("invoice", subscription["latest_invoice"] or "")
        if subscription["status"] in ("past_due", "unpaid") and latest and latest["status"] == "open":
            world.store.change("invoice", latest["id"])["_retry_now_at"] = world.now_of(subscription)


# Balance: negative means that the customer has credit.


def move_balance(
    world: World, customer: Obj, amount: int, kind: str, *, invoice: Obj | None = None, credit_note: str | None = None
) -> Obj | None:
    """Add to a customer's balance (the customer was taken by `change`); answers the transaction, if it moves."""
    return _book(world, customer, amount, kind, invoice=invoice, credit_note=credit_note) if amount else None


def _book(world: World, customer: Obj, amount: int, kind: str, *, invoice: Obj | None = None, **fields: object) -> Obj:
    customer["balance"] += amount
    plain = {
        "amount": amount, "created": world.now_of(customer), "type": kind, "metadata": {}, "customer": customer["id"],
        "currency": invoice["currency"] if invoice else customer["currency"] or "usd",
        "ending_balance": customer["balance"], "invoice": invoice["id"] if invoice else None,
    }  # fmt: skip
    return world.create("customer_balance_transaction", "cbtxn", **(plain | fields))


@route("POST", "/v1/customers/{customer}/balance_transactions")
def create_balance_transaction(request: Request) -> Obj:
    world, params = request.world, request.params
    customer = world.store.change("customer", request.id)
    customer["currency"] = customer["currency"] or params["currency"]
    if params["amount"] == 0:
        raise StripeError("Invalid amount: it must not be zero.", param="amount")
    made = _book(
        world,
        customer,
        params["amount"],
        "adjustment",
        currency=params["currency"],
        description=params.get("description"),
        metadata=merged(None, params.get("metadata")),
    )
    emit(world, "customer.updated", customer, {"balance": customer["balance"] - params["amount"]})
    return made


@route("GET", "/v1/customers/{customer}/balance_transactions")
def list_balance_transactions(request: Request) -> Obj:
    store = request.world.store
    store.get("customer", request.id)
    rows = matching(store.of_customer("customer_balance_transaction", request.id), request.params, "invoice")
    return page(request, rows, "customer_balance_transaction")


@route("GET", "/v1/customers/{customer}/balance_transactions/{transaction}")
def retrieve_balance_transaction(request: Request) -> Obj:
    return request.world.store.get("customer_balance_transaction", request.ids[1])


@route("POST", "/v1/customers/{customer}/balance_transactions/{transaction}")
def update_balance_transaction(request: Request) -> Obj:
    entry = request.world.store.change("customer_balance_transaction", request.ids[1])
    assign(entry, request.params, "description")
    entry["metadata"] = merged(entry["metadata"], request.params.get("metadata"))
    return entry
