"""Invoices: drawn up, finalized against the customer's balance, collected, voided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from . import lifecycle, limits, redemptions, taxes
from .agenda import HOUR
from .customers import move_balance
from .drawing import draw_up, settlement, tax_ids
from .errors import Obj, StripeError, card_error
from .events import emit
from .lines import line_of_waiting
from .payments import answer_challenge, attempt, cancel_intent, new_intent
from .totals import note_discounts, total
from .world import World

DAY = 86_400


def create(world: World, customer: Obj, lines: list[Obj], *, swept: list[Obj] | None = None, **options: Any) -> Obj:
    """A stored draft. `swept` are the pending invoice items that it takes along."""
    swept = swept or []
    if options.get("subscription") is not None and world.origin is not None:
        limits.new_invoice(world, options["subscription"])
    invoice = draw_up(world, customer, lines + [line_of_waiting(world, item) for item in swept], **options)
    invoice["ending_balance"] = None
    if invoice["collection_method"] == "send_invoice" and (subscription := options.get("subscription")):
        invoice["_days_until_due"] = subscription["days_until_due"]
        invoice["due_date"] = invoice["created"] + subscription["days_until_due"] * DAY
    for line in invoice["lines"]:
        line["invoice"] = invoice["id"]
    for item in swept:
        world.store.change("invoiceitem", item["id"])["invoice"] = invoice["id"]
    world.store.add("invoice", invoice)
    if invoice["_subscription"] is not None:
        world.store.change("subscription", invoice["_subscription"])["latest_invoice"] = invoice["id"]
    redemptions.used(world, invoice)
    _note_discounts(world, invoice)
    emit(world, "invoice.created", invoice)
    return invoice


def finalize(world: World, invoice: Obj) -> None:
    """Number it, take the balance into account, and make it open, or paid when nothing is due.

    Raises Stripe's 400 when its automatic tax cannot be worked out.
    """
    now = world.now_of(invoice)
    customer = world.store.change("customer", invoice["customer"])
    invoice |= {
        "customer_address": customer["address"], "customer_email": customer["email"], "customer_name": customer["name"],
        "customer_phone": customer["phone"], "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"], "customer_tax_ids": tax_ids(world, customer),
    }  # fmt: skip
    total(world, invoice)
    if (error := taxes.refusal(invoice)) is not None:
        raise error
    _note_discounts(world, invoice)
    if invoice.get("_manual"):
        redemptions.used(world, invoice)  # Its lines came after it was drawn up.
    customer["currency"] = customer["currency"] or invoice["currency"]
    due, ending = settlement(invoice["total"], customer["balance"], invoice["currency"])
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    invoice |= {
        "amount_due": due, "amount_remaining": due, "starting_balance": customer["balance"], "ending_balance": ending,
        "number": invoice["number"] or number, "automatically_finalizes_at": None,
        "effective_at": invoice["effective_at"] or now,
        "status": "open", "auto_advance": invoice["auto_advance"] or not invoice.get("_manual"),
        "hosted_invoice_url": f"{world.base_url}/invoice/{invoice['id']}",
        "invoice_pdf": f"{world.base_url}/invoice/{invoice['id']}/pdf",
    }  # fmt: skip
    invoice["status_transitions"] |= {"finalized_at": now}
    customer["next_invoice_sequence"] += 1
    move_balance(world, customer, ending - customer["balance"], "applied_to_invoice", invoice=invoice)
    if invoice["collection_method"] == "send_invoice":
        invoice["due_date"] = invoice.get("_due_at") or now + (invoice.get("_days_until_due") or 30) * DAY
    if due > 0:
        _ask_for_payment(world, invoice, customer)
    emit(world, "invoice.finalized", invoice)
    if due == 0:
        mark_paid(world, invoice)
    elif invoice.get("_manual") and invoice["auto_advance"] and invoice["collection_method"] != "send_invoice":
        invoice["next_payment_attempt"] = now + HOUR


def finalize_by_itself(world: World, invoice: Obj, at: int) -> None:
    """Finalize a draft whose hour has come. Without the customer's place it goes without automatic tax from then on,
    and when the calculation fails it is tried again in an hour.
    """
    try:
        finalize(world, invoice)
        return
    except StripeError as error:
        invoice["last_finalization_error"] = error.body()["error"]
    emit(world, "invoice.finalization_failed", invoice)
    if invoice["automatic_tax"]["status"] == "failed":
        invoice["automatically_finalizes_at"] = at + HOUR
        return
    off = {"enabled": False, "liability": None}
    invoice["automatic_tax"] = {
        "disabled_reason": "finalization_requires_location_inputs", "provider": None, "status": None,
    } | off  # fmt: skip
    if invoice["_subscription"] is not None:
        subscription = world.store.change("subscription", invoice["_subscription"])
        subscription["automatic_tax"] = {"disabled_reason": "requires_location_inputs"} | off
    finalize(world, invoice)


def _note_discounts(world: World, invoice: Obj) -> None:
    if invoice["_subscription"] is not None:
        note_discounts(world.store.change("subscription", invoice["_subscription"])["items"], invoice["lines"])


def _ask_for_payment(world: World, invoice: Obj, customer: Obj) -> None:
    intent = new_intent(
        world, amount=invoice["amount_due"], currency=invoice["currency"], customer=customer,
        description=f"Invoice {invoice['number']}",
    )  # fmt: skip
    intent["_invoice"] = invoice["id"]
    invoice["_payment_intent"] = intent["id"]
    payment = world.create(
        "invoice_payment",
        "inpay",
        amount_paid=None,
        amount_requested=invoice["amount_due"],
        created=world.now_of(invoice),
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    invoice["_payments"] = [payment["id"]]


def method_for(world: World, invoice: Obj) -> Obj | None:
    """The card that an automatic charge uses: the invoice's, the subscription's, the customer's."""
    customer = world.store.get("customer", invoice["customer"])
    subscription = invoice["_subscription"] and world.store.find("subscription", invoice["_subscription"])
    id = (
        invoice["default_payment_method"]
        or (subscription and subscription["default_payment_method"])
        or customer["invoice_settings"]["default_payment_method"]
    )
    return world.store.find("payment_method", id) if id else None


def collect(
    world: World,
    invoice: Obj,
    method: Obj | None,
    *,
    return_url: str | None = None,
    authenticated: bool = False,
    automatic: bool = False,
) -> str:
    """Try to be paid. Answers paid, requires_action or requires_payment_method, and leaves events for each.

    After the first attempt only `automatic` ones are counted, as the retry schedule goes by the count.
    """
    intent = world.store.change("payment_intent", invoice["_payment_intent"])
    outcome = attempt(world, intent, method, return_url=return_url, authenticated=authenticated)
    tried = invoice["attempt_count"]
    invoice |= {"attempted": True, "attempt_count": tried + 1 if automatic else max(tried, 1)}
    if outcome == "succeeded":
        mark_paid(world, invoice)
        return "paid"
    emit(world, "invoice.payment_failed", invoice)
    if outcome == "requires_action":
        emit(world, "invoice.payment_action_required", invoice)
    lifecycle.payment_failed(world, invoice)
    return outcome


def plan_retry(world: World, invoice: Obj) -> None:
    """After a failed automatic charge: another one, as the account's retry schedule says."""
    tried, waits = invoice["attempt_count"], world.settings["retry_after_days"]
    invoice["next_payment_attempt"] = (
        world.now_of(invoice) + waits[tried - 1] * DAY if 0 < tried <= len(waits) else None
    )


def send(world: World, invoice: Obj) -> None:
    """Mail an open invoice to a customer who pays by it."""
    if invoice["collection_method"] == "send_invoice" and invoice["status"] == "open":
        emit(world, "invoice.sent", invoice)


def write_off(world: World, invoice: Obj, reason: str) -> None:
    """Mark an open invoice (taken by `change`) uncollectible."""
    invoice |= {
        "status": "uncollectible", "next_payment_attempt": None,
        "status_details": {"uncollectible": {"reason": reason}},
    }  # fmt: skip
    invoice["status_transitions"] |= {"marked_uncollectible_at": world.now_of(invoice)}
    emit(world, "invoice.marked_uncollectible", invoice)
    lifecycle.written_off(world, invoice)


def mark_paid(world: World, invoice: Obj, *, off_stripe: bool = False) -> None:
    now = world.now_of(invoice)
    invoice |= {
        "status": "paid", "amount_paid": 0 if off_stripe else invoice["amount_due"], "amount_remaining": 0,
        "attempted": True, "next_payment_attempt": None, "auto_advance": False,
        "amount_paid_off_stripe": invoice["amount_due"] if off_stripe else 0,
    }  # fmt: skip
    invoice["status_transitions"] |= {"paid_at": now}
    for id in invoice["_payments"]:
        payment = world.store.change("invoice_payment", id)
        if payment["status"] != "open":
            continue
        payment |= {"status": "paid", "amount_paid": invoice["amount_paid"]}
        payment["status_transitions"] |= {"paid_at": now}
        emit(world, "invoice_payment.paid", payment)
    lifecycle.applying(world, invoice)
    emit(world, "invoice.paid", invoice)
    emit(world, "invoice.payment_succeeded", invoice)
    lifecycle.paid(world, invoice)


def credit_before_payment(world: World, invoice: Obj, amount: int) -> None:
    """Ask for less, as a credit note says (for more again when it is void). An invoice with nothing left is paid."""
    if not amount:
        return
    left = invoice["amount_remaining"] - amount
    invoice |= {
        "amount_due": invoice["amount_due"] - amount, "amount_remaining": left,
        "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] + amount,
    }  # fmt: skip
    intent = world.store.change("payment_intent", invoice["_payment_intent"])
    if left > 0:
        intent["amount"] = left
        for id in invoice["_payments"]:
            world.store.change("invoice_payment", id)["amount_requested"] = left
        return
    _cancel_payments(world, invoice)
    cancel_intent(world, intent, "void_invoice")
    mark_paid(world, invoice)


def _cancel_payments(world: World, invoice: Obj) -> None:
    for id in invoice["_payments"]:
        payment = world.store.change("invoice_payment", id)
        payment["status"] = "canceled"
        payment["status_transitions"] |= {"canceled_at": world.now_of(invoice)}


def void(world: World, invoice: Obj) -> None:
    """An open invoice that nobody will pay: its use of the balance is undone, its payment canceled."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise StripeError(
            f"You can only void open or uncollectible invoices. This invoice has a status of {invoice['status']}.",
            code="invoice_not_editable",
        )
    customer = world.store.change("customer", invoice["customer"])
    used = invoice["starting_balance"] - invoice["ending_balance"]
    move_balance(world, customer, used, "unapplied_from_invoice", invoice=invoice)
    now = world.now_of(invoice)
    invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"] |= {"voided_at": now}
    _cancel_payments(world, invoice)
    intent = invoice["_payment_intent"]
    if intent is not None and world.store.get("payment_intent", intent)["status"] != "succeeded":
        cancel_intent(world, world.store.change("payment_intent", intent), "void_invoice")
    emit(world, "invoice.voided", invoice)
    lifecycle.voided(world, invoice)


def challenge_answered(world: World, intent_id: str, *, succeeded: bool) -> str:
    """The card's holder finished 3-D Secure on a page; the invoice follows its payment. Answers the intent's status."""
    intent = world.store.change("payment_intent", intent_id, "intent")
    status = answer_challenge(world, intent, succeeded=succeeded)
    if "_invoice" in intent:
        invoice = world.store.change("invoice", intent["_invoice"])
        if status == "succeeded":
            mark_paid(world, invoice)
        else:
            emit(world, "invoice.payment_failed", invoice)
            lifecycle.payment_failed(world, invoice)
    return status


def refusal(world: World, invoice: Obj, outcome: str, *, code: str) -> StripeError:
    """The 402 of a charge that did not go through; `code` is the one for a card that asks for its holder."""
    intent = world.store.get("payment_intent", invoice["_payment_intent"])
    if outcome == "requires_action":
        return card_error(
            "This payment requires additional user action before it can be completed successfully. "
            "Payment can be completed using the PaymentIntent associated with the invoice.",
            code=code,
        )
    error = intent["last_payment_error"]
    if error is None:
        return StripeError(
            "This customer has no attached payment source or default payment method. "
            "Consider adding a default payment method.",
            code="resource_missing",
        )
    return card_error(
        error["message"], code=error["code"], decline_code=error.get("decline_code"), charge=error["charge"]
    )


def date_of(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%-d %b %Y}"
