"""Refunds, what the bank does with them later, and disputes."""

from __future__ import annotations

import urllib.error
from typing import Any

import pytest
import stripe

from tests.billing.simulator.test_credit_notes import again, balance, intent_of, open_invoice, paid

from .conftest import Control, Shop

APRIL, MAY, JUNE = 1_775_001_600, 1_777_593_600, 1_780_272_000


# Refunds


def test_a_charge_is_refunded_in_parts_until_nothing_is_left(shop: Shop) -> None:
    invoice = paid(shop)
    intent = intent_of(shop, invoice)
    charge = shop.client.v1.payment_intents.retrieve(intent).latest_charge

    first = shop.client.v1.refunds.create({
        "payment_intent": intent, "amount": 4000, "reason": "requested_by_customer", "metadata": {"case": "7"},
    })  # fmt: skip
    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$60.01\) is greater than .* \(\$60.00\)"):
        shop.client.v1.refunds.create({"charge": charge, "amount": 6001})
    rest = shop.client.v1.refunds.create({"charge": charge})

    assert (first.amount, first.reason, first.metadata["case"]) == (4000, "requested_by_customer", "7")
    assert (rest.amount, rest.charge, rest.payment_intent) == (6000, charge, intent)
    shown = shop.client.v1.charges.retrieve(charge)
    assert (shown.amount_refunded, shown.refunded) == (10000, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"charge": charge})
    assert refused.value.code == "charge_already_refunded"
    types = shop.types()
    assert (types.count("charge.refunded"), types.count("refund.created")) == (2, 2)
    assert again(shop, invoice).status == "paid"
    assert [found.id for found in shop.client.v1.refunds.list({"charge": charge}).data] == [rest.id, first.id]


def test_a_payment_that_did_not_go_through_has_nothing_to_refund(shop: Shop) -> None:
    invoice = open_invoice(shop)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"payment_intent": intent_of(shop, invoice)})

    assert refused.value.param == "payment_intent"
    assert shop.client.v1.refunds.list().data == []


def test_the_answer_to_a_refund_that_was_lost_is_given_again(shop: Shop, control: Control) -> None:
    intent = intent_of(shop, paid(shop))
    control("POST", "faults", match={"method": "POST", "path_regex": "/v1/refunds"}, kind="reset_after")
    options: Any = {"idempotency_key": "refund-1"}

    with pytest.raises(stripe.APIConnectionError):
        shop.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, options)
    made = shop.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, options)

    assert [found.id for found in shop.client.v1.refunds.list().data] == [made.id]


# Refunds that the bank decides on later


def refunded(shop: Shop, card: str) -> tuple[Any, Any, str]:
    """A whole refund of a payment by that card: invoice, refund and test clock."""
    clock = shop.clock(APRIL)
    customer = shop.customer(card, clock=clock)
    invoice = shop.subscribe(customer.id, shop.price().id, 10, expand=["latest_invoice.payments"]).latest_invoice
    return invoice, shop.client.v1.refunds.create({"payment_intent": intent_of(shop, invoice)}), clock


def test_a_refund_that_the_bank_sends_back_succeeds_first(shop: Shop) -> None:
    invoice, made, clock = refunded(shop, "pm_card_refundFail")
    assert (made.status, "failure_reason" in made) == ("succeeded", False)

    shop.advance(clock, APRIL + 3599)
    assert shop.client.v1.refunds.retrieve(made.id).status == "succeeded"
    shop.advance(clock, APRIL + 3600)

    back = shop.client.v1.refunds.retrieve(made.id)
    assert (back.status, back.failure_reason, back.amount) == ("failed", "expired_or_canceled_card", 10000)
    assert str(back.failure_balance_transaction).startswith("txn_")
    charge = shop.client.v1.charges.retrieve(back.charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert shop.types()[-4:-1] == ["refund.updated", "charge.refund.updated", "refund.failed"]
    updated = shop.client.v1.events.list({"type": "refund.updated"}).data[0]
    assert (updated.data.object["status"], updated.data.previous_attributes["status"]) == ("failed", "succeeded")
    assert (balance(shop, invoice), again(shop, invoice).status) == (0, "paid")
    # It can be tried again, and comes back again.
    once_more = shop.client.v1.refunds.create({"charge": back.charge})
    shop.advance(clock, APRIL + 7200)
    assert shop.client.v1.refunds.retrieve(once_more.id).status == "failed"
    assert shop.types().count("refund.failed") == 2


def test_a_pending_refund_succeeds_later(shop: Shop) -> None:
    _, made, clock = refunded(shop, "pm_card_pendingRefund")
    assert (made.status, made.pending_reason) == ("pending", "processing")

    shop.advance(clock, APRIL + 3600)

    done = shop.client.v1.refunds.retrieve(made.id)
    assert (done.status, "pending_reason" in done) == ("succeeded", False)
    assert shop.types()[-3:-1] == ["refund.updated", "charge.refund.updated"]
    shop.advance(clock, APRIL + 7200)
    assert shop.types().count("refund.updated") == 1


def test_the_bank_sends_any_refund_back_on_order(shop: Shop, control: Control) -> None:
    _, made, _ = refunded(shop, "pm_card_visa")

    back = control("POST", "refunds", refund=made.id, failure_reason="lost_or_stolen_card")

    assert (back["status"], back["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert shop.types()[-1] == "refund.failed"
    with pytest.raises(urllib.error.HTTPError):
        control("POST", "refunds", refund=made.id)
    assert shop.types().count("refund.failed") == 1


# Disputes


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_begun_and_decided_on_order(shop: Shop, control: Control, outcome: str) -> None:
    intent = intent_of(shop, paid(shop))
    charge = str(shop.client.v1.payment_intents.retrieve(intent).latest_charge)

    made = control("POST", "disputes", charge=charge, reason="fraudulent")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"charge": charge})
    closed = control("POST", "disputes", dispute=made["id"], outcome=outcome)

    assert (made["amount"], made["status"], made["reason"]) == (10000, "needs_response", "fraudulent")
    assert (closed["status"], refused.value.code) == (outcome, "charge_disputed")
    assert shop.client.v1.charges.retrieve(charge).disputed is True
    assert shop.types()[-2:] == ["charge.dispute.created", "charge.dispute.closed"]
    with pytest.raises(urllib.error.HTTPError):
        control("POST", "disputes", dispute=made["id"], outcome=outcome)
