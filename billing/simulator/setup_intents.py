"""SetupIntents: a card for later."""

from __future__ import annotations

from .errors import Obj, StripeError
from .events import emit
from .fields import given, merged, web_address
from .lists import matching, page
from .payment_methods import attach_to, card_of
from .payments import next_action
from .render import render
from .routes import route
from .world import Request, World


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


def confirm_setup(
    world: World, setup: Obj, method: str, *, authenticated: bool = False, return_url: str | None = None
) -> Obj:
    """Keep the card for the setup's customer; a card that asks for its holder waits for them first."""
    if setup["status"] in ("succeeded", "canceled"):
        raise StripeError(
            f"You cannot confirm this SetupIntent because it has already {setup['status']}.",
            code="setup_intent_unexpected_state",
        )
    if setup["customer"] is not None:
        found = attach_to(world, method, setup["customer"])
    else:
        found = world.store.change("payment_method", method, "payment_method")
    card = card_of(found)
    setup["payment_method"] = found["id"]
    if card.challenge != "never" and not authenticated and not found["_authenticated"]:
        setup |= {"status": "requires_action", "next_action": next_action(world, setup, return_url)}
        setup |= {"last_setup_error": None, "_return_url": return_url}
        emit(world, "setup_intent.requires_action", setup)
        return setup
    found["_authenticated"] = found["_authenticated"] or authenticated
    setup |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    emit(world, "setup_intent.succeeded", setup)
    return setup


def setup_answered(world: World, id: str, *, succeeded: bool) -> str:
    """The card's holder finished 3-D Secure on a page. Answers the intent's status."""
    setup = world.store.change("setup_intent", id, "intent")
    if setup["status"] != "requires_action":
        raise StripeError(
            f"This SetupIntent's status is {setup['status']}; there is nothing to authenticate.",
            code="setup_intent_unexpected_state",
        )
    if succeeded:
        world.store.change("payment_method", setup["payment_method"])["_authenticated"] = True
        setup |= {"status": "succeeded", "next_action": None}
        emit(world, "setup_intent.succeeded", setup)
        return "succeeded"
    method = render(world, world.store.get("payment_method", setup["payment_method"]))
    error = {
        "type": "invalid_request_error", "code": "setup_intent_authentication_failure", "payment_method": method,
        "message": "The latest attempt to set up the payment method has failed because authentication failed.",
    }  # fmt: skip
    setup |= {
        "status": "requires_payment_method", "next_action": None, "payment_method": None, "last_setup_error": error,
    }  # fmt: skip
    emit(world, "setup_intent.setup_failed", setup)
    return "requires_payment_method"


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
            confirm_setup(world, setup, params["payment_method"], return_url=web_address(params, "return_url"))
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
    return confirm_setup(request.world, setup, method, return_url=web_address(request.params, "return_url"))


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
