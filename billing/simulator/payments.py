"""PaymentIntents, charges and SetupIntents: a card is tried, its bank answers."""

from __future__ import annotations

from .cards import Decline
from .errors import Obj, StripeError
from .events import emit
from .lists import matching, page
from .payment_methods import card_of
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
        intent |= {"status": "requires_action", "next_action": next_action(world, intent, return_url)}
        intent["_return_url"] = return_url
        emit(world, "payment_intent.requires_action", intent)
    elif card.decline is not None:
        _decline(world, intent, card.decline)
    else:
        _succeed(world, intent)
    return str(intent["status"])


def next_action(world: World, intent: Obj, return_url: str | None) -> Obj:
    """How the holder of a card proves themselves: on a page of the simulator, or by the library in the browser."""
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
