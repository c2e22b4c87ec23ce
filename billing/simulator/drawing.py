"""An invoice drawn up of its lines: what a preview shows and what a charge begins as."""

from __future__ import annotations

from typing import Any

from . import redemptions
from .errors import Obj
from .pricing import minimum_charge
from .totals import total
from .world import World


def settlement(total: int, balance: int, currency: str) -> tuple[int, int]:
    """What is due and what the customer's balance is afterwards. Pure; minor units, negative balance is credit.

    A negative total becomes credit, credit pays first, a debt is collected along, and an amount below the minimum
    charge stays on the balance.
    """
    if total <= 0:
        return 0, balance + total
    due = max(0, total + balance)
    if 0 < due < minimum_charge(currency):
        return 0, balance + total
    return due, balance + total - due


def draw_up(
    world: World,
    customer: Obj,
    lines: list[Obj],
    *,
    reason: str,
    currency: str,
    subscription: Obj | None = None,
    period: tuple[int, int] | None = None,
    id: str | None = None,
    proration_date: int | None = None,
    terms: Obj | None = None,
) -> Obj:
    """A draft with these lines, stored nowhere: what a preview shows and what an invoice begins as.

    `terms` are the discounts and taxes of an invoice that does not have its subscription's.
    """
    now = world.now_of(customer)
    start, end = period or (now, now)
    details: Obj = (
        {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]} if subscription else {}
    )
    if proration_date is not None:
        details["subscription_proration_date"] = proration_date
    invoice = world.shape(
        "invoice",
        "in",
        account_country="US",
        account_name="Local Stripe simulator",
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_paid_off_stripe=0,
        amount_remaining=0,
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        auto_advance=False,
        automatic_tax={
            "disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None,
        },
        billing_reason=reason,
        collection_method=subscription["collection_method"] if subscription else "charge_automatically",
        created=now,
        currency=currency,
        customer=customer["id"],
        custom_fields=_custom_fields(customer, subscription),
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=customer["shipping"],
        customer_tax_exempt=customer["tax_exempt"],
        customer_tax_ids=tax_ids(world, customer),
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        lines=lines,
        metadata={},
        parent={"quote_details": None, "subscription_details": details, "type": "subscription_details"}
        if subscription
        else None,
        payment_settings={"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        period_end=end,
        period_start=start,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=customer["balance"],
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        test_clock=customer["test_clock"],
        _discounts=[],
        _subscription=subscription and subscription["id"],
        _payment_intent=None,
        _payments=[],
    )  # fmt: skip
    if id is not None:
        invoice["id"] = id
    if subscription is not None:
        redemptions.put(invoice, redemptions.in_force(world, subscription, end))
        invoice["default_tax_rates"] = subscription["default_tax_rates"]
        invoice["automatic_tax"] |= {name: subscription["automatic_tax"][name] for name in ("enabled", "liability")}
    else:
        redemptions.put(invoice, redemptions.running(customer, end))
    invoice |= terms or {}
    settle(world, invoice, customer["balance"])
    return invoice


def tax_ids(world: World, customer: Obj) -> list[Obj]:
    known = world.store.of_customer("tax_id", customer["id"])
    return [{"type": found["type"], "value": found["value"]} for found in known]


def settle(world: World, invoice: Obj, balance: int) -> None:
    """Add a draft up, and say what would be due with the customer's balance as it is."""
    total(world, invoice)
    due, ending = settlement(invoice["total"], balance, invoice["currency"])
    invoice |= {"amount_due": due, "amount_remaining": due, "starting_balance": balance, "ending_balance": ending}


def _custom_fields(customer: Obj, subscription: Obj | None) -> Any:
    """Fields printed on the invoice: the subscription's own, or else the customer's."""
    own = subscription and subscription["invoice_settings"].get("custom_fields")
    return own or customer.get("invoice_settings", {}).get("custom_fields")
