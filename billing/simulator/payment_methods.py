"""Payment methods: test cards, attached to customers."""

from __future__ import annotations

from datetime import UTC, datetime

from .cards import CARDS, SHORTCUTS, Card, known
from .errors import Obj, StripeError, card_error
from .events import emit
from .fields import assign, merged
from .lists import matching, page
from .routes import route
from .world import Request, World


def make(world: World, card: Card, *, exp: tuple[int, int] | None = None, metadata: Obj | None = None) -> Obj:
    """A payment method for a test card, attached to nobody. Of the number only the last four digits are shown."""
    year = datetime.fromtimestamp(world.now(), UTC).year
    month, year = exp or (12, year + 3)
    return world.create(
        "payment_method",
        "pm",
        allow_redisplay="unspecified",
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        card={
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": f"simulated{card.number[-6:]}",
            "funding": card.funding,
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        created=world.now(),
        metadata=metadata or {},
        type="card",
        _number=card.number,
        _authenticated=False,
    )


def card_of(method: Obj) -> Card:
    return CARDS[method["_number"]]


def from_number(world: World, number: str, *, exp: tuple[int, int] | None = None, metadata: Obj | None = None) -> Obj:
    """A payment method from a typed number. Raises the card_error of a number that is no test card."""
    card = known(number)
    if card is None:
        raise card_error(
            "Your card was declined. Your request was in test mode, but used a non test card."
            if number.replace(" ", "").isdigit()
            else "Your card number is incorrect.",
            code="card_declined" if number.replace(" ", "").isdigit() else "incorrect_number",
            decline_code="test_mode_live_card" if number.replace(" ", "").isdigit() else None,
            param="card[number]",
        )
    return make(world, card, exp=exp, metadata=metadata)


def attach_to(world: World, id: str, customer: str) -> Obj:
    """Attach; a shortcut such as pm_card_visa makes a new payment method. Raises the decline of a refused card."""
    world.store.get("customer", customer, "customer")
    if id in SHORTCUTS:
        method = make(world, CARDS[SHORTCUTS[id]])
    else:
        method = world.store.change("payment_method", id, "payment_method")
        if method["customer"] not in (None, customer):
            raise StripeError("The payment method you provided has already been attached to a customer.")
    card = card_of(method)
    if card.refused_on_attach and card.decline is not None:
        decline = card.decline
        raise card_error(decline.message, code=decline.code, decline_code=decline.decline_code)
    method["customer"] = customer
    emit(world, "payment_method.attached", method)
    return method


def of_customer(world: World, method: str, customer: str, param: str) -> Obj:
    """A payment method attached to the customer. Raises Stripe's 400 when it is not theirs."""
    found = world.store.get("payment_method", method, param)
    if found["customer"] != customer:
        raise StripeError(
            "The customer does not have a payment method with the ID "
            f"{method}. The payment method must be attached to the customer.",
            code="resource_missing",
            param=param,
        )
    return found


@route("POST", "/v1/payment_methods")
def create(request: Request) -> Obj:
    params = request.params
    if params.get("type") != "card" or "card" not in params:
        raise StripeError("The local simulator knows payment methods of the type card only.", param="type")
    card = params["card"]
    if "token" in card:
        number = SHORTCUTS.get("pm_card_" + card["token"].removeprefix("tok_"), "")
        return from_number(request.world, number, metadata=merged(None, params.get("metadata")))
    for name in ("number", "exp_month", "exp_year"):
        if name not in card:
            raise StripeError(f"Missing required param: card[{name}].", code="parameter_missing", param=f"card[{name}]")
    today = datetime.fromtimestamp(request.world.now(), UTC)
    if (card["exp_year"], card["exp_month"]) < (today.year, today.month) or not 1 <= card["exp_month"] <= 12:
        raise card_error("Your card's expiration date is invalid.", code="invalid_expiry_year", param="exp_year")
    method = from_number(
        request.world,
        card["number"],
        exp=(card["exp_month"], card["exp_year"]),
        metadata=merged(None, params.get("metadata")),
    )
    method["billing_details"] |= params.get("billing_details", {})
    return method


@route("GET", "/v1/payment_methods")
def list_all(request: Request) -> Obj:
    store, params = request.world.store, request.params
    rows = store.of_customer("payment_method", params["customer"]) if "customer" in params else []
    return page(request, matching(rows, params, "type"), "payment_method")


@route("GET", "/v1/customers/{customer}/payment_methods")
def list_of_customer(request: Request) -> Obj:
    store = request.world.store
    store.get("customer", request.id, "customer")
    return page(
        request, matching(store.of_customer("payment_method", request.id), request.params, "type"), "payment_method"
    )


@route("GET", "/v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_of_customer(request: Request) -> Obj:
    return of_customer(request.world, request.ids[1], request.id, "payment_method")


@route("GET", "/v1/payment_methods/{payment_method}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("payment_method", request.id, "payment_method")


@route("POST", "/v1/payment_methods/{payment_method}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    method = world.store.change("payment_method", request.id, "payment_method")
    assign(method, params, "allow_redisplay")
    method["billing_details"] |= params.get("billing_details", {})
    method["card"] |= {k: v for k, v in (params.get("card") or {}).items() if k in ("exp_month", "exp_year")}
    method["metadata"] = merged(method["metadata"], params.get("metadata"))
    emit(world, "payment_method.updated", method, {})
    return method


@route("POST", "/v1/payment_methods/{payment_method}/attach")
def attach(request: Request) -> Obj:
    if "customer" not in request.params:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    return attach_to(request.world, request.id, request.params["customer"])


@route("POST", "/v1/payment_methods/{payment_method}/detach")
def detach(request: Request) -> Obj:
    world = request.world
    method = world.store.change("payment_method", request.id, "payment_method")
    if method["customer"] is None:
        raise StripeError("The payment method you provided is not attached to a customer.")
    customer = world.store.change("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": None}
    for subscription in world.store.of_customer("subscription", customer["id"]):
        if subscription["default_payment_method"] == method["id"]:
            world.store.change("subscription", subscription["id"])["default_payment_method"] = None
    method["customer"] = None
    emit(world, "payment_method.detached", method, {"customer": customer["id"]})
    return method
