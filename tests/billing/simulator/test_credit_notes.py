"""Credit notes, refunds and disputes: where the money goes, and what an invoice then says."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop

APRIL, MAY, JUNE = 1_775_001_600, 1_777_593_600, 1_780_272_000


def paid(shop: Shop, unit_amount: int = 1000, quantity: int = 10, **fields: Any) -> Any:
    customer = shop.customer(clock=shop.clock(APRIL))
    return shop.subscribe(
        customer.id, shop.price(unit_amount).id, quantity, expand=["latest_invoice.payments"], **fields
    ).latest_invoice


def open_invoice(shop: Shop, **fields: Any) -> Any:
    draft = paid(shop, collection_method="send_invoice", days_until_due=14, **fields)
    return shop.client.v1.invoices.finalize_invoice(draft.id)


def intent_of(shop: Shop, invoice: Any) -> str:
    payments = shop.client.v1.invoice_payments.list({"invoice": invoice.id}).data
    return str(payments[0].payment.payment_intent)


def credit(shop: Shop, invoice: Any, **fields: Any) -> Any:
    return shop.client.v1.credit_notes.create({"invoice": invoice.id} | fields)


def again(shop: Shop, invoice: Any) -> Any:
    return shop.client.v1.invoices.retrieve(invoice.id)


def balance(shop: Shop, invoice: Any) -> int:
    return int(shop.client.v1.customers.retrieve(invoice.customer).balance)


# Before payment


def test_before_payment_it_asks_for_less(shop: Shop) -> None:
    invoice = open_invoice(shop)

    note = credit(shop, invoice, amount=2500, reason="order_change", memo="Two seats too many")

    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("pre_payment", 2500, 0)
    assert (note.amount, note.total, note.subtotal, note.status) == (2500, 2500, 2500, "issued")
    assert (note.number, note.reason, note.memo) == (f"{invoice.number}-CN-01", "order_change", "Two seats too many")
    after = again(shop, invoice)
    assert (after.amount_due, after.amount_remaining, after.total) == (7500, 7500, 10000)
    assert (after.pre_payment_credit_notes_amount, after.post_payment_credit_notes_amount) == (2500, 0)
    assert shop.client.v1.payment_intents.retrieve(intent_of(shop, invoice)).amount == 7500
    assert shop.client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"}).amount_paid == 7500
    types = shop.types()
    assert types.index("credit_note.created") < types.index("invoice.updated") < types.index("invoice.paid")


def test_a_void_note_asks_for_it_again(shop: Shop) -> None:
    invoice = open_invoice(shop)
    note = credit(shop, invoice, amount=2500)

    void = shop.client.v1.credit_notes.void_credit_note(note.id)

    assert (void.status, void.voided_at) == ("void", APRIL)
    after = again(shop, invoice)
    assert (after.amount_due, after.amount_remaining, after.pre_payment_credit_notes_amount) == (10000, 10000, 0)
    assert shop.client.v1.payment_intents.retrieve(intent_of(shop, invoice)).amount == 10000
    assert shop.types()[-2:] == ["credit_note.voided", "invoice.updated"]
    with pytest.raises(stripe.InvalidRequestError, match="already void"):
        shop.client.v1.credit_notes.void_credit_note(note.id)
    assert credit(shop, invoice, amount=10000).number == f"{invoice.number}-CN-02"


def test_an_invoice_that_is_credited_whole_is_paid(shop: Shop) -> None:
    invoice = open_invoice(shop)

    credit(shop, invoice, amount=10000)

    after = again(shop, invoice)
    assert (after.status, after.amount_due, after.amount_remaining, after.amount_paid) == ("paid", 0, 0, 0)
    assert shop.client.v1.payment_intents.retrieve(intent_of(shop, invoice)).status == "canceled"
    assert shop.client.v1.charges.list().data == []
    assert shop.client.v1.refunds.list().data == []


# After payment


def test_after_payment_it_goes_where_it_is_said_to_go(shop: Shop) -> None:
    invoice = paid(shop)

    note = credit(shop, invoice, amount=6000, refund_amount=3000, credit_amount=2000, out_of_band_amount=1000)

    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("post_payment", 0, 6000)
    [entry] = note.refunds
    [refund] = shop.client.v1.refunds.list({"payment_intent": intent_of(shop, invoice)}).data
    assert (entry.refund, entry.amount_refunded, refund.amount, refund.status) == (refund.id, 3000, 3000, "succeeded")
    [moved] = shop.client.v1.customers.balance_transactions.list(invoice.customer).data
    assert (moved.amount, moved.type, moved.credit_note, moved.invoice) == (-2000, "credit_note", note.id, invoice.id)
    assert (note.customer_balance_transaction, note.out_of_band_amount) == (moved.id, 1000)
    assert balance(shop, invoice) == -2000
    after = again(shop, invoice)
    assert (after.status, after.amount_paid, after.post_payment_credit_notes_amount) == ("paid", 10000, 6000)
    charge = shop.client.v1.charges.retrieve(refund.charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded, charge.refunds.data[0].id) == (3000, False, refund.id)


def test_the_credit_pays_for_the_next_invoice(shop: Shop) -> None:
    invoice = paid(shop)
    credit(shop, invoice, amount=2500, credit_amount=2500)
    clock = shop.client.v1.customers.retrieve(invoice.customer).test_clock

    shop.advance(clock, MAY + 7200)

    renewal = shop.client.v1.invoices.list({"customer": invoice.customer, "limit": 1}).data[0]
    assert (renewal.total, renewal.amount_due, renewal.starting_balance, renewal.ending_balance) == (
        10000, 7500, -2500, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "sums"),
    [({}, "$0.00"), ({"credit_amount": 2499}, "$24.99"), ({"refund_amount": 2000, "credit_amount": 600}, "$26.00")],
)
def test_what_was_paid_must_go_somewhere_whole(shop: Shop, fields: dict[str, int], sums: str) -> None:
    invoice = paid(shop)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        credit(shop, invoice, amount=2500, **fields)

    assert refused.value.http_status == 400
    assert f"({sums}) must equal the amount of the credit note that has been paid ($25.00)" in str(refused.value)
    assert shop.client.v1.credit_notes.list().data == []
    assert (shop.client.v1.refunds.list().data, balance(shop, invoice)) == ([], 0)


def test_no_more_is_credited_than_was_invoiced(shop: Shop) -> None:
    invoice = paid(shop)
    credit(shop, invoice, amount=9000, credit_amount=9000)

    for amount in (1001, 0, -5):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            credit(shop, invoice, amount=amount, credit_amount=amount)
        assert refused.value.param == "amount"
    assert credit(shop, invoice, amount=1000, credit_amount=1000).number.endswith("-CN-02")
    assert balance(shop, invoice) == -10000


def test_a_refund_made_before_can_be_explained_by_a_note(shop: Shop) -> None:
    invoice = paid(shop)
    refund = shop.client.v1.refunds.create({"payment_intent": intent_of(shop, invoice), "amount": 700})

    note = credit(shop, invoice, amount=700, refunds=[{"refund": refund.id}])

    assert [(entry.refund, entry.amount_refunded) for entry in note.refunds] == [(refund.id, 700)]
    assert len(shop.client.v1.refunds.list().data) == 1
    with pytest.raises(stripe.InvalidRequestError) as refused:
        credit(shop, paid(shop), amount=700, refunds=[{"refund": refund.id}])
    assert refused.value.param == "refunds[0][refund]"


def test_a_note_after_payment_cannot_be_voided(shop: Shop) -> None:
    note = credit(shop, paid(shop), amount=700, credit_amount=700)

    with pytest.raises(stripe.InvalidRequestError, match="only void a credit note while"):
        shop.client.v1.credit_notes.void_credit_note(note.id)

    assert shop.client.v1.credit_notes.retrieve(note.id).status == "issued"


def test_a_draft_or_void_invoice_takes_no_note(shop: Shop) -> None:
    invoice = open_invoice(shop)
    shop.client.v1.invoices.void_invoice(invoice.id)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        credit(shop, invoice, amount=100)

    assert (refused.value.http_status, refused.value.param) == (400, "invoice")


# With a balance


def with_balance(shop: Shop, amount: int, **fields: Any) -> Any:
    """An invoice of 100.00 for a customer who has a balance before it."""
    customer = shop.customer(clock=shop.clock(APRIL), balance=amount)
    return shop.subscribe(
        customer.id, shop.price(1000).id, 10, expand=["latest_invoice.payments"], **fields
    ).latest_invoice


def test_more_than_was_charged_cannot_be_refunded_but_credited(shop: Shop) -> None:
    invoice = with_balance(shop, -4000)
    assert (invoice.amount_paid, invoice.starting_balance, invoice.ending_balance) == (6000, -4000, 0)

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        credit(shop, invoice, amount=10000, refund_amount=6001, credit_amount=3999)
    assert (shop.client.v1.credit_notes.list().data, balance(shop, invoice)) == ([], 0)
    note = credit(shop, invoice, amount=10000, refund_amount=6000, credit_amount=4000)

    assert (note.post_payment_amount, balance(shop, invoice)) == (10000, -4000)
    after = again(shop, invoice)
    assert (after.starting_balance, after.ending_balance, after.post_payment_credit_notes_amount) == (-4000, 0, 10000)


def test_an_open_invoice_that_the_balance_paid_in_part_is_credited_on_both_sides(shop: Shop) -> None:
    draft = with_balance(shop, -4000, collection_method="send_invoice", days_until_due=14)
    invoice = shop.client.v1.invoices.finalize_invoice(draft.id)
    assert (invoice.status, invoice.amount_due, balance(shop, invoice)) == ("open", 6000, 0)

    note = credit(shop, invoice, amount=8000, credit_amount=2000)

    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 6000, 2000)
    after = again(shop, invoice)
    assert (after.status, after.amount_due, after.amount_remaining) == ("paid", 0, 0)
    assert (after.pre_payment_credit_notes_amount, after.post_payment_credit_notes_amount) == (6000, 2000)
    assert balance(shop, invoice) == -2000


def test_voiding_an_invoice_gives_its_part_of_the_balance_back(shop: Shop) -> None:
    draft = with_balance(shop, -4000, collection_method="send_invoice", days_until_due=14)
    invoice = shop.client.v1.invoices.finalize_invoice(draft.id)
    credit(shop, invoice, amount=500)

    shop.client.v1.invoices.void_invoice(invoice.id)

    assert balance(shop, invoice) == -4000
    entries = shop.client.v1.customers.balance_transactions.list(invoice.customer).data
    assert [(entry.type, entry.amount, entry.ending_balance) for entry in entries] == [
        ("unapplied_from_invoice", -4000, -4000), ("applied_to_invoice", 4000, 0),
    ]  # fmt: skip


def test_a_debt_is_collected_along_and_a_small_rest_stays_on_the_balance(shop: Shop) -> None:
    owing = with_balance(shop, 700)
    assert (owing.total, owing.amount_due, owing.ending_balance) == (10000, 10700, 0)

    nearly = with_balance(shop, -9990)
    assert (nearly.amount_due, nearly.status, nearly.ending_balance) == (0, "paid", 10)
    assert balance(shop, nearly) == 10
    [entry] = shop.client.v1.customers.balance_transactions.list(nearly.customer, {"invoice": nearly.id}).data
    changed = shop.client.v1.customers.balance_transactions.update(
        nearly.customer, entry.id, {"description": "A rest", "metadata": {"case": "7"}}
    )
    assert (changed.amount, changed.description, changed.metadata["case"]) == (10000, "A rest", "7")


# Lines


def discounted(shop: Shop) -> Any:
    """10 × 9.99 less 15 percent, plus 19 percent: 99.90 - 14.99 + 16.13."""
    off = shop.client.v1.coupons.create({"percent_off": 15, "duration": "forever"}).id
    vat = shop.client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False}).id
    return paid(shop, 999, 10, discounts=[{"coupon": off}], default_tax_rates=[vat])


def test_a_part_of_a_line_takes_its_part_of_discount_and_tax(shop: Shop) -> None:
    invoice = discounted(shop)
    assert (invoice.subtotal, invoice.total_discount_amounts[0].amount, invoice.total) == (9990, 1499, 10104)
    lines = [{"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "quantity": 3}]

    preview = shop.client.v1.credit_notes.preview({"invoice": invoice.id, "lines": lines})
    note = credit(shop, invoice, lines=lines, credit_amount=preview.post_payment_amount)

    [line] = note.lines.data
    assert (line.amount, line.discount_amount, line.taxes[0].amount, line.quantity) == (2997, 450, 484, 3)
    assert (note.subtotal, note.discount_amount, note.total_excluding_tax, note.total) == (2997, 450, 2547, 3031)
    assert (preview.total, preview.total_taxes[0].amount, preview.discount_amounts[0].amount) == (3031, 484, 450)
    assert balance(shop, invoice) == -3031


def test_the_parts_of_a_line_add_up_to_the_line(shop: Shop) -> None:
    invoice = discounted(shop)
    id, total = invoice.lines.data[0].id, 0
    for part in ({"quantity": 3}, {"quantity": 3}, {"amount": 101}, {"amount": 3895}):
        lines = [{"type": "invoice_line_item", "invoice_line_item": id} | part]
        due = shop.client.v1.credit_notes.preview({"invoice": invoice.id, "lines": lines}).post_payment_amount
        total += credit(shop, invoice, lines=lines, out_of_band_amount=due).total

    assert total == invoice.total == 10104
    with pytest.raises(stripe.InvalidRequestError) as refused:
        credit(shop, invoice, lines=[{"type": "invoice_line_item", "invoice_line_item": id, "quantity": 1}])
    assert refused.value.param == "lines[0][quantity]"


def test_a_line_of_ones_own(shop: Shop) -> None:
    invoice = paid(shop)
    vat = shop.client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    lines = [{"type": "custom_line_item", "description": "An outage", "unit_amount": 150, "quantity": 2,
              "tax_rates": [vat]}]  # fmt: skip

    note = credit(shop, invoice, lines=lines, refund_amount=360)

    [line] = note.lines.data
    assert (line.description, line.amount, line.taxes[0].amount, note.total) == ("An outage", 300, 60, 360)
    assert [found.id for found in shop.client.v1.credit_notes.line_items.list(note.id).data] == [line.id]
    assert shop.client.v1.refunds.list().data[0].amount == 360


def test_a_preview_writes_nothing(shop: Shop, control: Control) -> None:
    invoice = open_invoice(shop)
    counts = control("GET", "state")["counts"]

    preview = shop.client.v1.credit_notes.preview({"invoice": invoice.id, "amount": 4000})
    shop.client.v1.credit_notes.preview_lines.list({"invoice": invoice.id, "amount": 4000})

    assert (preview.pre_payment_amount, preview.total) == (4000, 4000)
    assert control("GET", "state")["counts"] == counts
    assert again(shop, invoice).amount_due == 10000
