"""Refunds of charges, what the bank makes of them later, and disputes, which only the control API begins."""

from __future__ import annotations

from .agenda import HOUR
from .errors import Obj, StripeError
from .events import differences, emit
from .fields import copied, merged
from .lists import matching, page
from .payment_methods import card_of
from .pricing import money
from .render import render
from .routes import route
from .world import Request, World


def refund(
    world: World, charge: Obj, amount: int | None, *, reason: str | None = None, metadata: Obj | None = None
) -> Obj:
    """Give back a part of a charge (taken by `change`), or all that is left of it. Raises Stripe's 400s."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise StripeError(f"Charge {charge['id']} has not been captured, so it cannot be refunded.", param="charge")
    if charge["disputed"]:
        raise StripeError(f"Charge {charge['id']} has been charged back.", code="charge_disputed", param="charge")
    if left == 0:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", param="charge"
        )
    amount = left if amount is None else amount
    if amount <= 0:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        currency = charge["currency"]
        raise StripeError(
            f"Refund amount ({money(amount, currency)}) is greater than unrefunded amount on charge "
            f"({money(left, currency)})",
            param="amount",
        )
    method, now = world.store.get("payment_method", charge["payment_method"]), world.now_of(charge)
    later = card_of(method).refund
    customer = world.store.find("customer", charge["customer"]) if charge["customer"] else None
    made = world.create(
        "refund",
        "re",
        amount=amount,
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details={"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        metadata=metadata or {},
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=reason,
        status="pending" if later == "late" else "succeeded",
        _test_clock=customer and customer["test_clock"],
        _turns_at=None if later == "at_once" else now + HOUR,
        **({"pending_reason": "processing"} if later == "late" else {}),
    )
    before = charge["amount_refunded"]
    charge |= {"amount_refunded": before + amount, "refunded": amount == left}
    emit(world, "charge.refunded", charge, {"amount_refunded": before})
    emit(world, "refund.created", made)
    return made


def turn(world: World, made: Obj) -> None:
    """The hour of a refund has come in which its card decides what becomes of it."""
    if made["status"] != "pending":
        fail(world, made)
        return
    before = copied(render(world, made))
    made |= {"status": "succeeded", "_turns_at": None}
    del made["pending_reason"]
    _told(world, made, before)


def fail(world: World, made: Obj, reason: str = "expired_or_canceled_card") -> Obj:
    """The bank sends a refund (taken by `change`) back: the money is the account's again. Raises Stripe's 400."""
    if made["status"] not in ("pending", "succeeded"):
        raise StripeError(f"Refund {made['id']} has the status `{made['status']}`, so it cannot fail.", param="refund")
    before = copied(render(world, made))
    made.pop("pending_reason", None)
    made |= {
        "status": "failed", "failure_reason": reason, "failure_balance_transaction": world.new_id("txn"),
        "_turns_at": None,
    }  # fmt: skip
    charge = world.store.change("charge", made["charge"])
    charge |= {"amount_refunded": charge["amount_refunded"] - made["amount"], "refunded": False}
    _told(world, made, before)
    emit(world, "refund.failed", made)
    return made


def _told(world: World, made: Obj, before: Obj) -> None:
    changed = differences(before, render(world, made))
    emit(world, "refund.updated", made, changed)
    emit(world, "charge.refund.updated", made, changed)


def charge_of(world: World, intent: str | None) -> Obj:
    """The charge that a PaymentIntent succeeded with, to be written. Raises Stripe's 400."""
    found = world.store.find("payment_intent", intent) if intent else None
    if found is None or found["status"] != "succeeded":
        raise StripeError("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return world.store.change("charge", found["latest_charge"])


@route("POST", "/v1/refunds")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if "charge" in params:
        charge = world.store.change("charge", params["charge"], "charge")
    elif "payment_intent" in params:
        world.store.get("payment_intent", params["payment_intent"], "payment_intent")
        charge = charge_of(world, params["payment_intent"])
    else:
        raise StripeError(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    metadata = merged(None, params.get("metadata"))
    return refund(world, charge, params.get("amount"), reason=params.get("reason"), metadata=metadata)


@route("GET", "/v1/refunds")
def list_refunds(request: Request) -> Obj:
    rows = matching(request.world.store.all("refund"), request.params, "charge", "payment_intent")
    return page(request, rows, "refund")


@route("GET", "/v1/refunds/{refund}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("refund", request.id, "refund")


@route("POST", "/v1/refunds/{refund}")
def update(request: Request) -> Obj:
    world = request.world
    made = world.store.change("refund", request.id, "refund")
    before = copied(render(world, made))
    made["metadata"] = merged(made["metadata"], request.params.get("metadata"))
    emit(world, "refund.updated", made, differences(before, render(world, made)))
    return made


@route("POST", "/v1/refunds/{refund}/cancel")
def cancel(request: Request) -> Obj:
    made = request.world.store.get("refund", request.id, "refund")
    raise StripeError(f"Refund {made['id']} has the status `{made['status']}`; only `requires_action` can be canceled.")


@route("GET", "/v1/charges/{charge}/refunds")
def list_of_charge(request: Request) -> Obj:
    store = request.world.store
    store.get("charge", request.id, "charge")
    return page(request, [row for row in store.all("refund") if row["charge"] == request.id], "refund")


@route("POST", "/v1/charges/{charge}")
def update_charge(request: Request) -> Obj:
    world, params = request.world, request.params
    charge = world.store.change("charge", request.id, "charge")
    before = copied(render(world, charge))
    charge["metadata"] = merged(charge["metadata"], params.get("metadata"))
    charge["description"] = params.get("description", charge["description"])
    emit(world, "charge.updated", charge, differences(before, render(world, charge)))
    return charge


# Disputes


def dispute(world: World, charge_id: str, reason: str) -> Obj:
    """The card's holder disputes a charge at their bank. Raises Stripe's 400 for a charge without money in it."""
    charge = world.store.change("charge", charge_id, "charge")
    amount = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"] or amount <= 0:
        raise StripeError(f"Charge {charge_id} cannot be disputed.", param="charge")
    now = world.now_of(charge)
    made = world.create(
        "dispute",
        "du",
        amount=amount,
        balance_transactions=[],
        charge=charge_id,
        created=now,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence=_EVIDENCE | {"enhanced_evidence": {}},
        evidence_details={
            "due_by": now + 7 * 86_400, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="needs_response",
        _customer=charge["customer"],
    )  # fmt: skip
    charge["disputed"] = True
    emit(world, "charge.dispute.created", made)
    return made


_EVIDENCE = dict.fromkeys((
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
))  # fmt: skip


def close(world: World, dispute_id: str, outcome: str) -> Obj:
    """The bank has decided: `won` for the seller, or `lost`."""
    if outcome not in ("won", "lost"):
        raise ValueError("outcome must be won or lost")
    made = world.store.change("dispute", dispute_id, "dispute")
    if made["status"] in ("won", "lost"):
        raise StripeError(f"This dispute is already {made['status']}.", param="dispute")
    made["status"] = outcome
    emit(world, "charge.dispute.closed", made, {"status": "needs_response"})
    return made


@route("GET", "/v1/charges/{charge}/dispute")
def retrieve_dispute(request: Request) -> Obj:
    found = [row for row in request.world.store.all("dispute") if row["charge"] == request.id]
    if not found:
        raise StripeError(f"No dispute for charge: {request.id}", status=404, code="resource_missing", param="charge")
    return found[-1]
