"""PaymentIntents, charges and SetupIntents: a card is tried, its bank answers."""

from __future__ import annotations

from .cards import Decline
from .errors import Obj, StripeError
from .events import emit
from .fields import given, merged
from .lists import matching, page
from .payment_methods import attach_to, card_of
from .render import render
from .routes import route
from .world import Request, World

_ONLY_OF_METHOD = ("display_brand", "generated_from", "networks", "three_d_secure_usage")
_FAILED_CHALLENGE = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Choose a different payment method and try again.",
)


def new_intent(world: World, *, amount: int, currency: str, customer: Obj, description: str | None) -> Obj:
    id = world.new_id("pi")
    intent = world.shape(
        "payment_intent",
        "pi",
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        automatic_payment_methods=None,
        capture_method="automatic",
        client_secret=f"{id}_secret_{world.new_id('s')[2:]}",
        confirmation_method="automatic",
        created=world.now_of(customer),
        currency=currency,
        customer=customer["id"],
        description=description,
        metadata={},
        payment_method_types=["card"],
        setup_future_usage="off_session",
        status="requires_payment_method",
    )
    intent["id"] = id
    world.store.add("payment_intent", intent)
    emit(world, "payment_intent.created", intent)
    return intent


def attempt(
    world: World, intent: Obj, method: Obj | None, *, return_url: str | None = None, authenticated: bool = False
) -> str:
    """Try the card; the intent (taken by `change`) then says succeeded, requires_action or requires_payment_method.

    `authenticated` says that the card's holder has just proved themselves on a hosted page.
    """
    if method is None:
        return str(intent["status"])
    card = card_of(method)
    intent |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None}
    known = authenticated or (card.challenge == "once" and method["_authenticated"])
    if card.challenge != "never" and not known:
        intent |= {"status": "requires_action", "next_action": _next_action(world, intent, return_url)}
        intent["_return_url"] = return_url
        emit(world, "payment_intent.requires_action", intent)
    elif card.decline is not None:
        _decline(world, intent, card.decline)
    else:
        _succeed(world, intent)
    return str(intent["status"])


def _next_action(world: World, intent: Obj, return_url: str | None) -> Obj:
    page_url = f"{world.base_url}/3ds/{intent['id']}"
    if return_url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page_url}}
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": page_url}}


def answer_challenge(world: World, intent: Obj, *, succeeded: bool) -> str:
    """The holder has, or has not, proved themselves; the intent (taken by `change`) moves on."""
    if intent["status"] != "requires_action":
        raise StripeError(
            f"This PaymentIntent's status is {intent['status']}; there is nothing to authenticate.",
            code="payment_intent_unexpected_state",
        )
    intent["next_action"] = None
    method = world.store.change("payment_method", intent["payment_method"])
    decline = card_of(method).decline if succeeded else _FAILED_CHALLENGE
    if decline is not None:
        _decline(world, intent, decline)
    else:
        method["_authenticated"] = True
        _succeed(world, intent)
    return str(intent["status"])


def cancel_intent(world: World, intent: Obj, reason: str) -> None:
    intent |= {
        "status": "canceled", "canceled_at": world.now_of(intent), "cancellation_reason": reason, "next_action": None,
    }  # fmt: skip
    emit(world, "payment_intent.canceled", intent)


def _decline(world: World, intent: Obj, decline: Decline) -> None:
    charge = _charge(world, intent, decline)
    error: Obj = {"type": "card_error", "code": decline.code, "message": decline.message, "charge": charge["id"]}
    if decline.decline_code is not None:
        error["decline_code"] = decline.decline_code
    error["payment_method"] = render(world, world.store.get("payment_method", intent["payment_method"]))
    intent |= {
        "status": "requires_payment_method", "last_payment_error": error, "latest_charge": charge["id"],
        "payment_method": None,
    }  # fmt: skip
    emit(world, "charge.failed", charge)
    emit(world, "payment_intent.payment_failed", intent)


def _succeed(world: World, intent: Obj) -> None:
    charge = _charge(world, intent, None)
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
    emit(world, "charge.succeeded", charge)
    emit(world, "payment_intent.succeeded", intent)


def _charge(world: World, intent: Obj, decline: Decline | None) -> Obj:
    amount = 0 if decline else intent["amount"]
    method = world.store.get("payment_method", intent["payment_method"])
    return world.create(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_captured=amount,
        amount_refunded=0,
        billing_details=method["billing_details"],
        captured=decline is None,
        created=world.now_of(intent),
        currency=intent["currency"],
        customer=intent["customer"],
        disputed=False,
        failure_code=decline and (decline.decline_code or decline.code),
        failure_message=decline and decline.message,
        metadata={},
        paid=decline is None,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={
            "type": "card",
            "card": {name: value for name, value in method["card"].items() if name not in _ONLY_OF_METHOD},
        },
        refunded=False,
        status="failed" if decline else "succeeded",
    )


@route("GET", "/v1/payment_intents")
def list_intents(request: Request) -> Obj:
    rows = matching(request.world.store.all("payment_intent"), request.params, "customer")
    return page(request, rows, "payment_intent")


@route("GET", "/v1/payment_intents/{intent}")
def retrieve_intent(request: Request) -> Obj:
    return request.world.store.get("payment_intent", request.id, "intent")


@route("GET", "/v1/charges")
def list_charges(request: Request) -> Obj:
    rows = matching(request.world.store.all("charge"), request.params, "customer", "payment_intent")
    return page(request, rows, "charge")


@route("GET", "/v1/charges/{charge}")
def retrieve_charge(request: Request) -> Obj:
    return request.world.store.get("charge", request.id, "charge")


# SetupIntents: a card for later


def new_setup(world: World, *, customer: str | None, usage: str = "off_session", metadata: Obj | None = None) -> Obj:
    id = world.new_id("seti")
    setup = world.shape(
        "setup_intent",
        "seti",
        client_secret=f"{id}_secret_{world.new_id('s')[2:]}",
        created=world.now(),
        customer=customer,
        metadata=metadata or {},
        payment_method_types=["card"],
        status="requires_payment_method",
        usage=usage,
    )
    setup["id"] = id
    world.store.add("setup_intent", setup)
    emit(world, "setup_intent.created", setup)
    return setup


def confirm_setup(world: World, setup: Obj, method: str, *, authenticated: bool = False) -> Obj:
    """Keep the card for the setup's customer; a card that asks for its holder waits for them first."""
    if setup["customer"] is not None:
        found = attach_to(world, method, setup["customer"])
    else:
        found = world.store.change("payment_method", method, "payment_method")
    card = card_of(found)
    setup["payment_method"] = found["id"]
    if card.challenge != "never" and not authenticated and not found["_authenticated"]:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
        setup |= {"status": "requires_action", "next_action": action}
        emit(world, "setup_intent.requires_action", setup)
        return setup
    found["_authenticated"] = found["_authenticated"] or authenticated
    setup |= {"status": "succeeded", "next_action": None}
    emit(world, "setup_intent.succeeded", setup)
    return setup


@route("POST", "/v1/setup_intents")
def create_setup(request: Request) -> Obj:
    world, params = request.world, request.params
    if "customer" in params:
        world.store.get("customer", params["customer"], "customer")
    setup = new_setup(
        world,
        customer=params.get("customer"),
        usage=params.get("usage", "off_session"),
        metadata=merged(None, params.get("metadata")),
    )
    setup |= given(params, "description", "allowed_payment_method_types")
    if params.get("payment_method"):
        setup |= {"payment_method": params["payment_method"], "status": "requires_confirmation"}
        if params.get("confirm"):
            confirm_setup(world, setup, params["payment_method"])
    return setup


@route("GET", "/v1/setup_intents")
def list_setups(request: Request) -> Obj:
    rows = matching(request.world.store.all("setup_intent"), request.params, "customer", "payment_method")
    return page(request, rows, "setup_intent")


@route("GET", "/v1/setup_intents/{intent}")
def retrieve_setup(request: Request) -> Obj:
    return request.world.store.get("setup_intent", request.id, "intent")


@route("POST", "/v1/setup_intents/{intent}/confirm")
def confirm(request: Request) -> Obj:
    setup = request.world.store.change("setup_intent", request.id, "intent")
    method = request.params.get("payment_method") or setup["payment_method"]
    if method is None:
        raise StripeError("Missing required param: payment_method.", code="parameter_missing", param="payment_method")
    return confirm_setup(request.world, setup, method)


@route("POST", "/v1/setup_intents/{intent}/cancel")
def cancel_setup(request: Request) -> Obj:
    setup = request.world.store.change("setup_intent", request.id, "intent")
    if setup["status"] in ("succeeded", "canceled"):
        raise StripeError(
            f"You cannot cancel this SetupIntent because it has a status of {setup['status']}.",
            code="setup_intent_unexpected_state",
        )
    setup |= {"status": "canceled", "cancellation_reason": request.params.get("cancellation_reason")}
    emit(request.world, "setup_intent.canceled", setup)
    return setup
