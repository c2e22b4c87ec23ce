"""Billing portal sessions, and what a customer does in them."""

from __future__ import annotations

from . import portal_configurations, updates
from .changes import final_credits
from .customers import retry_with_new_card
from .errors import Obj, StripeError
from .events import differences, emit
from .fields import copied, web_address
from .lines import leave_waiting
from .payment_methods import attach_to, from_number
from .render import render
from .routes import route
from .subscriptions import cancel_now, last_invoice
from .tax_api import make_id
from .world import Request, World

_ADDRESS = ("line1", "line2", "city", "postal_code", "state", "country")
_FEATURE = {"subscription_update_confirm": "subscription_update"}


@route("POST", "/v1/billing_portal/sessions")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if "customer" not in params:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = world.store.get("customer", params["customer"], "customer")
    if "configuration" in params:
        configuration = world.store.get("billing_portal.configuration", params["configuration"], "configuration")
        if not configuration["active"]:
            raise StripeError("This configuration is not active.", param="configuration")
    else:
        configuration = portal_configurations.the_default(world)
    flow = params.get("flow_data")
    if flow:
        _check_flow(world, flow, customer, configuration)
    id = world.new_id("bps")
    back = web_address(params, "return_url") or configuration["default_return_url"]
    done = web_address(params, "flow_data", "after_completion", "redirect", "return_url")
    session = world.shape(
        "billing_portal.session",
        "bps",
        configuration=configuration["id"],
        created=world.now_of(customer),
        customer=customer["id"],
        flow=flow and _shown_flow(flow),
        return_url=back,
        url=f"{world.base_url}/portal/{id}",
        _done_url=done or back,
    )
    session["id"] = id
    emit(world, "billing_portal.session.created", session)
    return world.store.add("billing_portal.session", session)


def _check_flow(world: World, flow: Obj, customer: Obj, configuration: Obj) -> None:
    """Raises Stripe's 400 for a flow that the configuration does not allow, or of someone else's subscription."""
    kind = flow["type"]
    feature = _FEATURE.get(kind, kind)
    if not configuration["features"][feature]["enabled"]:
        raise StripeError(
            f"This flow cannot be used because the portal's feature `{feature}` is not enabled in its configuration.",
            param="flow_data[type]",
        )
    if not kind.startswith("subscription_"):
        return
    if kind not in flow:
        raise StripeError(
            f"Missing required param: flow_data[{kind}].", code="parameter_missing", param=f"flow_data[{kind}]"
        )
    param = f"flow_data[{kind}][subscription]"
    subscription = world.store.get("subscription", flow[kind]["subscription"], param)
    if subscription["customer"] != customer["id"] or subscription["status"] in ("canceled", "incomplete_expired"):
        raise StripeError("The subscription is not one that this customer can change.", param=param)
    if kind == "subscription_cancel" and subscription["cancel_at"] is not None:
        raise StripeError("The subscription is already set to be canceled.", param=param)
    if flow[kind].get("retention") or flow[kind].get("discounts"):
        raise StripeError("The local Stripe simulator has no offers in its portal.", param=f"flow_data[{kind}]")


def _shown_flow(flow: Obj) -> Obj:
    after = flow.get("after_completion") or {"type": "portal_homepage"}
    shown: Obj = dict.fromkeys(("subscription_cancel", "subscription_update", "subscription_update_confirm"))
    kind = flow["type"]
    if kind in shown:
        shown[kind] = {"retention": None} | flow[kind] if kind == "subscription_cancel" else dict(flow[kind])
    if kind == "subscription_update_confirm":
        shown[kind] |= {"discounts": None}
    return shown | {
        "type": kind,
        "after_completion": {
            "type": after["type"],
            "hosted_confirmation": after.get("hosted_confirmation"),
            "redirect": after.get("redirect"),
        },
    }


def features(world: World, session: Obj) -> Obj:
    """What the session's configuration allows."""
    configuration = world.store.find("billing_portal.configuration", session["configuration"])
    found: Obj = (configuration or portal_configurations.the_default(world))["features"]
    return found


def subscription_of(world: World, session: Obj, id: str) -> Obj:
    """The customer's own subscription, to be read. Raises Stripe's 404 for any other."""
    found = world.store.find("subscription", id)
    if found is None or found["customer"] != session["customer"]:
        raise StripeError(f"No such subscription: '{id}'", status=404, code="resource_missing")
    return found


def cancel(world: World, session: Obj, id: str, *, feedback: str | None, comment: str | None) -> None:
    """End a subscription as the configuration says: with its period, or now."""
    rules = features(world, session)["subscription_cancel"]
    subscription = subscription_of(world, session, id)
    reason: Obj = {"feedback": feedback or None, "comment": comment or None}
    if rules["mode"] == "at_period_end":
        end = min(item["current_period_end"] for item in subscription["items"])
        flexible = subscription["billing_mode"]["type"] == "flexible"
        when: Obj = {"cancel_at": end} if flexible else {"cancel_at_period_end": True}
        updates.change(world, id, when | {"cancellation_details": reason})
        return
    subscription = world.store.change("subscription", id)
    subscription["cancellation_details"] = subscription["cancellation_details"] | reason
    if rules["proration_behavior"] != "none":
        leave_waiting(world, subscription, final_credits(world, subscription, world.now_of(subscription)))
    if rules["proration_behavior"] == "always_invoice":
        last_invoice(world, subscription)
    cancel_now(world, subscription, reason="cancellation_requested")


def keep(world: World, session: Obj, id: str) -> None:
    """Take a cancellation at the end of the period back."""
    subscription = subscription_of(world, session, id)
    at_end = subscription["cancel_at_period_end"]
    updates.change(world, id, {"cancel_at_period_end": False} if at_end else {"cancel_at": ""})


def set_quantity(world: World, session: Obj, id: str, items: list[Obj]) -> None:
    """Change quantities or prices as the configuration allows; what is not paid is held."""
    rules = features(world, session)["subscription_update"]
    allowed = set(rules["default_allowed_updates"])
    asked = {name for item in items for name in ("quantity", "price") if name in item}
    if not asked <= allowed:
        raise StripeError(f"The portal does not allow a change of {', '.join(sorted(asked - allowed))}.")
    subscription_of(world, session, id)
    updates.change(world, id, {
        "items": items, "proration_behavior": rules["proration_behavior"], "payment_behavior": "pending_if_incomplete",
    })  # fmt: skip


def set_details(world: World, session: Obj, form: dict[str, str]) -> None:
    """Change what the customer may of their own address, names and tax ids."""
    allowed = features(world, session)["customer_update"]["allowed_updates"]
    customer = world.store.change("customer", session["customer"])
    before = copied(render(world, customer))
    for name in ("email", "name", "phone"):
        if name in allowed and name in form:
            customer[name] = form[name]
    parts = {name: form[name] for name in _ADDRESS if name in form}
    if "address" in allowed and parts:
        customer["address"] = (customer["address"] or dict.fromkeys(_ADDRESS)) | parts
    if changed := differences(before, render(world, customer)):
        emit(world, "customer.updated", customer, changed)
    if "tax_id" in allowed and form.get("tax_id"):
        make_id(world, customer, {"type": form.get("tax_id_type", ""), "value": form["tax_id"]})


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
