"""Billing portal sessions: here, one page on which a customer replaces the card."""

from __future__ import annotations

from .customers import retry_with_new_card
from .errors import Obj, StripeError
from .events import differences, emit
from .fields import copied, web_address
from .payment_methods import attach_to, from_number
from .render import render
from .routes import route
from .world import Request, World


@route("POST", "/v1/billing_portal/sessions")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if "customer" not in params:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = world.store.get("customer", params["customer"], "customer")
    flow = params.get("flow_data")
    if flow and flow["type"] != "payment_method_update":
        raise StripeError(
            "The local Stripe simulator knows the flow payment_method_update only.", param="flow_data[type]"
        )
    id = world.new_id("bps")
    back = web_address(params, "return_url")
    done = web_address(params, "flow_data", "after_completion", "redirect", "return_url")
    session = world.shape(
        "billing_portal.session",
        "bps",
        configuration="bpc_simulator",
        created=world.now_of(customer),
        customer=customer["id"],
        flow=flow and {"after_completion": flow.get("after_completion"), "type": flow["type"]},
        return_url=back,
        url=f"{world.base_url}/portal/{id}",
        _done_url=done or back,
    )
    session["id"] = id
    return world.store.add("billing_portal.session", session)


def replace_card(world: World, session: Obj, number: str, *, authenticated: bool) -> str:
    """The new card becomes the customer's default. Answers where the browser goes; raises the card_error."""
    customer = world.store.change("customer", session["customer"])
    before = copied(render(world, customer))
    method = from_number(world, number)
    attach_to(world, method["id"], customer["id"])
    method["_authenticated"] = authenticated
    customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": method["id"]}
    for subscription in world.store.of_customer("subscription", customer["id"]):
        # Stripe's portal moves the subscriptions to the new card too, else they would go on with the old one.
        if subscription["default_payment_method"] is not None and subscription["status"] != "canceled":
            changed = world.store.change("subscription", subscription["id"])
            old, changed["default_payment_method"] = changed["default_payment_method"], method["id"]
            emit(world, "customer.subscription.updated", changed, {"default_payment_method": old})
    emit(world, "customer.updated", customer, differences(before, render(world, customer)))
    retry_with_new_card(world, customer["id"])
    return str(session["_done_url"] or session["url"])
