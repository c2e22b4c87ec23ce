"""Checkout Sessions: the first purchase, or a card for later, on a hosted page."""

from __future__ import annotations

from . import customers, invoices
from .cards import known
from .errors import Obj, StripeError, card_error
from .events import emit
from .fields import merged, web_address
from .lists import matching, page
from .payment_methods import attach_to, from_number
from .payments import attempt, new_intent
from .pricing import full_amount
from .proration import rounded
from .render import list_of
from .routes import route
from .setup_intents import confirm_setup, new_setup
from .subscriptions import start
from .world import Request, World

_DAY = 86_400


@route("POST", "/v1/checkout/sessions")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    mode = params.get("mode")
    if mode not in ("payment", "setup", "subscription"):
        raise StripeError("Missing required param: mode.", code="parameter_missing", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The local Stripe simulator knows hosted pages only.", param="ui_mode")
    if "success_url" not in params:
        raise StripeError("Missing required param: success_url.", code="parameter_missing", param="success_url")
    web_address(params, "success_url")
    customer = world.store.get("customer", params["customer"], "customer") if "customer" in params else None
    if mode == "setup" and "currency" not in params and "allowed_payment_method_types" not in params:
        raise StripeError("Missing required param: currency.", code="parameter_missing", param="currency")
    items = [_line_item(world, spec, n, params) for n, spec in enumerate(params.get("line_items", ()))]
    if mode != "setup" and not items:
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    clock = customer["test_clock"] if customer else None
    now, total = world.now(clock), sum(item["amount_total"] for item in items)
    id = world.new_id("cs_test", 40)
    return world.store.add("checkout.session", world.shape(
        "checkout.session",
        "cs_test",
        amount_subtotal=None if mode == "setup" else total,
        amount_total=None if mode == "setup" else total,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        branding_settings={
            "background_color": "#ffffff", "border_style": "rounded", "button_color": "#4338ca",
            "display_name": "Local Stripe simulator", "font_family": "default", "icon": None, "logo": None,
        },
        cancel_url=web_address(params, "cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        created=now,
        currency=items[0]["currency"] if items else params.get("currency"),
        custom_fields=[],
        custom_text=dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        customer=customer and customer["id"],
        customer_email=params.get("customer_email"),
        excluded_payment_method_types=[],
        expires_at=params.get("expires_at", now + _DAY),
        metadata=merged(None, params.get("metadata")),
        mode=mode,
        payment_method_collection="always",
        payment_method_types=["card"],
        payment_status="no_payment_required" if mode == "setup" else "unpaid",
        shipping_options=[],
        status="open",
        success_url=params["success_url"],
        ui_mode="hosted_page",
        url=f"{world.base_url}/checkout/{id}",
        _line_items=items,
        _subscription_data=params.get("subscription_data", {}),
        _setup_intent_data=params.get("setup_intent_data", {}),
        _payment_intent_data=params.get("payment_intent_data", {}),
    ) | {"id": id})  # fmt: skip


def _line_item(world: World, spec: Obj, number: int, params: Obj) -> Obj:
    if "price" not in spec:
        raise StripeError(
            "The local Stripe simulator needs `price` on a line item.", param=f"line_items[{number}][price]"
        )
    price = world.store.get("price", spec["price"], f"line_items[{number}][price]")
    if params.get("mode") == "payment" and price["type"] == "recurring":
        raise StripeError(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            param=f"line_items[{number}][price]",
        )
    currency = str(params.get("currency") or price["currency"])
    quantity = spec.get("quantity", 1)
    amount = rounded(full_amount(price, quantity, currency))
    product = world.store.get("product", price["product"])
    return {
        "id": world.new_id("li"), "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0,
        "amount_total": amount, "currency": currency, "description": product["name"], "price": price["id"],
        "quantity": quantity, "adjustable_quantity": None, "metadata": {},
    }  # fmt: skip


@route("GET", "/v1/checkout/sessions")
def list_sessions(request: Request) -> Obj:
    rows = matching(request.world.store.all("checkout.session"), request.params, "customer", "subscription", "status")
    return page(request, rows, "checkout.session")


@route("GET", "/v1/checkout/sessions/{session}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("checkout.session", request.id)


@route("GET", "/v1/checkout/sessions/{session}/line_items")
def line_items(request: Request) -> Obj:
    session = request.world.store.get("checkout.session", request.id)
    return list_of(session["_line_items"], request.path)


@route("POST", "/v1/checkout/sessions/{session}/expire")
def expire(request: Request) -> Obj:
    session = request.world.store.change("checkout.session", request.id)
    if session["status"] != "open":
        raise StripeError(f"Only open sessions can be expired; this one is {session['status']}.")
    session |= {"status": "expired", "url": None}
    emit(request.world, "checkout.session.expired", session)
    return session


def needs_challenge(number: str) -> bool:
    card = known(number)
    return card is not None and card.challenge != "never"


def complete(world: World, session: Obj, number: str, *, email: str | None, authenticated: bool) -> str:
    """The customer pays, or leaves the card, on the page. Answers where the browser goes.

    Nothing exists before the card said yes. Raises the card_error that the page shows.
    """
    if session["status"] != "open":
        raise StripeError(f"This session is {session['status']}.")
    customer = _customer(world, session, email)
    method = from_number(world, number)
    if session["mode"] == "setup":
        data = session["_setup_intent_data"]
        setup = new_setup(world, customer=customer["id"], metadata=merged(None, data.get("metadata")))
        confirm_setup(world, setup, method["id"], authenticated=authenticated)
        session["setup_intent"] = setup["id"]
    elif session["mode"] == "payment":
        _pay(world, session, customer, attach_to(world, method["id"], customer["id"]), authenticated=authenticated)
    else:
        attach_to(world, method["id"], customer["id"])
        _subscribe(world, session, customer, method, authenticated=authenticated)
    now = world.now_of(customer)
    session |= {
        "status": "complete", "url": None, "customer": customer["id"],
        "customer_details": {
            "address": None, "business_name": None, "email": customer["email"], "individual_name": None,
            "name": customer["name"], "phone": None, "tax_exempt": "none", "tax_ids": [],
        },
    }  # fmt: skip
    emit(world, "checkout.session.completed", session | {"created": session["created"] or now})
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _customer(world: World, session: Obj, email: str | None) -> Obj:
    if session["customer"] is not None:
        return world.store.change("customer", session["customer"])
    params = {"email": email or session["customer_email"]}
    return customers.create(Request(world, "POST", "/v1/customers", params))


def _subscribe(world: World, session: Obj, customer: Obj, method: Obj, *, authenticated: bool) -> None:
    params = dict(session["_subscription_data"])
    params |= {
        "customer": customer["id"], "currency": session["currency"], "default_payment_method": method["id"],
        "items": [{"price": item["price"], "quantity": item["quantity"]} for item in session["_line_items"]],
        "payment_behavior": "default_incomplete",
    }  # fmt: skip
    subscription = start(world, params)
    invoice = world.store.change("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        outcome = invoices.collect(world, invoice, method, authenticated=authenticated)
        if outcome != "paid":
            raise invoices.refusal(world, invoice, outcome, code="authentication_required")
    session |= {
        "subscription": subscription["id"], "invoice": invoice["id"],
        "payment_status": "paid" if invoice["amount_paid"] else "no_payment_required",
    }  # fmt: skip


def _pay(world: World, session: Obj, customer: Obj, method: Obj, *, authenticated: bool) -> None:
    """One payment without an invoice. Raises the 402 of the card."""
    data = session["_payment_intent_data"]
    intent = new_intent(
        world, amount=session["amount_total"], currency=session["currency"], customer=customer,
        description=data.get("description"),
    )  # fmt: skip
    intent["metadata"] = merged(None, data.get("metadata"))
    if attempt(world, intent, method, authenticated=authenticated) != "succeeded":
        error = intent["last_payment_error"]
        raise card_error(error["message"], code=error["code"], decline_code=error.get("decline_code"))
    session |= {"payment_intent": intent["id"], "payment_status": "paid"}
