"""The state machine as a table: what a read shows × where the change stands → where it goes. No database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing.gateway.contract import RemoteInvoice, RemoteItem, RemoteSubscription
from billing.mirror.verdict import Intent, at_base, judge, our_invoice
from billing.models import QuantityChange

State = QuantityChange.State
T = datetime(2026, 11, 22, 12, tzinfo=UTC)

INTENT = Intent(
    public_id="chg_1",
    state=State.UNKNOWN,
    calls=1,
    item_id="si_1",
    price_id="price_1",
    base_quantity=10,
    target_quantity=12,
    quoted_total=4000,
    first_call_at=T,
    invoice_id="",
)
INVOICE = RemoteInvoice(
    id="in_1",
    number="R-1",
    status="paid",
    billing_reason="subscription_update",
    customer_id="cus_1",
    subscription_id="sub_1",
    currency="usd",
    subtotal=4000,
    tax=0,
    total=4000,
    amount_due=4000,
    amount_paid=4000,
    amount_remaining=0,
    starting_balance=0,
    ending_balance=0,
    hosted_url="",
    pdf_url="",
    created=T,
    due_at=None,
    paid_at=T,
    proration_date=None,
    automatic_tax=None,
)
BASE = RemoteSubscription(
    id="sub_1",
    customer_id="cus_1",
    status="active",
    currency="usd",
    collection_method="charge_automatically",
    billing_mode="flexible",
    livemode=False,
    items=(RemoteItem("si_1", "price_1", 10, T - timedelta(days=15), T + timedelta(days=15)),),
    started_at=T,
    ended_at=None,
    cancel_at=None,
    trial_end=None,
    paused=False,
    schedule_id="",
    metadata={},
    pending_metadata=None,
    pending_expires_at=None,
    latest_invoice=None,
)
OTHER_QUANTITY = replace(BASE, items=(replace(BASE.items[0], quantity=20),))
APPLIED = replace(BASE, items=(replace(BASE.items[0], quantity=12),), metadata={"seat_change_id": "chg_1"})
APPLIED_THEN_EDITED = replace(APPLIED, items=OTHER_QUANTITY.items)
WAITING = replace(BASE, pending_metadata={"seat_change_id": "chg_1"}, pending_expires_at=T + timedelta(hours=23))
FOREIGN_WAITING = replace(WAITING, pending_metadata={})
OPEN = replace(INVOICE, status="open")
VOID = replace(INVOICE, status="void")

TABLE = [
    # state, calls, what Stripe shows, our invoice → state, code
    (State.UNKNOWN, 1, APPLIED, INVOICE, State.APPLIED, ""),
    (State.CALLING, 1, APPLIED, INVOICE, State.APPLIED, ""),
    (State.AWAITING_PAYMENT, 1, APPLIED, INVOICE, State.APPLIED, ""),
    (State.CONFLICT, 1, APPLIED, INVOICE, State.APPLIED, ""),
    (State.UNKNOWN, 1, APPLIED_THEN_EDITED, INVOICE, State.APPLIED, ""),
    (State.UNKNOWN, 1, APPLIED, OPEN, State.CONFLICT, "stamp_without_payment"),
    (State.UNKNOWN, 1, APPLIED, None, State.CONFLICT, "stamp_without_payment"),
    (State.UNKNOWN, 1, WAITING, OPEN, State.AWAITING_PAYMENT, ""),
    (State.CALLING, 1, WAITING, OPEN, State.AWAITING_PAYMENT, ""),
    (State.AWAITING_PAYMENT, 1, WAITING, OPEN, State.AWAITING_PAYMENT, ""),
    (State.AWAITING_PAYMENT, 1, BASE, VOID, State.ABANDONED, "not_paid"),
    (State.UNKNOWN, 1, BASE, VOID, State.ABANDONED, "not_paid"),
    # A call on its way cannot have been voided yet: somebody else's void invoice must not end it.
    (State.CALLING, 1, BASE, VOID, State.CALLING, ""),
    (State.UNKNOWN, 1, BASE, replace(VOID, total=123), State.UNKNOWN, ""),
    (State.AWAITING_PAYMENT, 1, BASE, OPEN, State.CONFLICT, "pending_vanished"),
    (State.AWAITING_PAYMENT, 1, FOREIGN_WAITING, VOID, State.SUPERSEDED, "quote_changed"),
    (State.UNKNOWN, 1, BASE, None, State.UNKNOWN, ""),
    (State.CALLING, 1, BASE, None, State.CALLING, ""),
    (State.CONFIRMED, 1, BASE, None, State.CONFIRMED, ""),
    (State.CONFIRMED, 0, BASE, None, State.CONFIRMED, "quote_changed"),
    (State.CONFIRMED, 0, OTHER_QUANTITY, None, State.REJECTED, "quote_changed"),
    (State.CONFIRMED, 0, FOREIGN_WAITING, None, State.REJECTED, "quote_changed"),
    (State.CONFIRMED, 0, replace(BASE, status="past_due"), None, State.REJECTED, "quote_changed"),
    (State.CONFIRMED, 1, OTHER_QUANTITY, None, State.REJECTED, "quote_changed"),
    (State.UNKNOWN, 1, OTHER_QUANTITY, None, State.CONFLICT, "moved_elsewhere"),
    # Fault F26: an edit that is heard of while the call is on its way; its end is judged when the lease is over.
    (State.CALLING, 1, OTHER_QUANTITY, None, State.CALLING, ""),
    (State.CALLING, 1, OTHER_QUANTITY, VOID, State.CALLING, ""),
    (State.UNKNOWN, 1, OTHER_QUANTITY, VOID, State.ABANDONED, "not_paid"),
]


@pytest.mark.parametrize(("state", "calls", "remote", "invoice", "goes_to", "code"), TABLE)
def test_table(
    state: str, calls: int, remote: RemoteSubscription, invoice: RemoteInvoice | None, goes_to: str, code: str
) -> None:
    verdict = judge(replace(INTENT, state=state, calls=calls), remote, invoice)

    assert verdict.state == goes_to
    if verdict.state != state:
        assert verdict.code == code


def test_a_void_invoice_that_was_noted_while_it_waited_ends_the_purchase_whatever_its_price() -> None:
    """Fault F37: tax began between quote and call, the card was declined, and Stripe dropped the update."""
    waits = replace(INTENT, state=State.AWAITING_PAYMENT, invoice_id="in_1")

    assert judge(waits, BASE, replace(VOID, total=4760)).state == State.ABANDONED
    assert judge(replace(waits, invoice_id=""), BASE, replace(VOID, total=4760)).state == State.CONFLICT


@pytest.mark.parametrize(
    ("remote", "sendable"),
    [
        (BASE, True),
        (replace(BASE, status="trialing"), True),
        (OTHER_QUANTITY, False),
        (WAITING, False),
        (APPLIED, False),
        (replace(BASE, status="past_due"), False),
        (replace(BASE, items=()), False),
        (replace(BASE, items=(replace(BASE.items[0], price_id="price_2"),)), False),
    ],
)
def test_a_call_is_sent_from_the_quoted_state_alone(remote: RemoteSubscription, sendable: bool) -> None:
    """Invariant 12."""
    assert at_base(INTENT, remote) is sendable


def test_an_invoice_of_another_change_or_time_is_not_ours() -> None:
    renewal = replace(INVOICE, id="in_2", billing_reason="subscription_cycle", created=T + timedelta(hours=1))
    older = replace(INVOICE, id="in_3", created=T - timedelta(hours=1))
    others = replace(INVOICE, id="in_4", created=T + timedelta(minutes=1))
    edit = replace(INVOICE, id="in_5", total=999, created=T + timedelta(minutes=2))

    assert our_invoice(INTENT, [renewal, older, others, edit, INVOICE], frozenset({"in_4"})) == INVOICE
    assert our_invoice(INTENT, [renewal, older, others], frozenset({"in_4"})) is None
    assert our_invoice(replace(INTENT, invoice_id="in_3"), [INVOICE, older], frozenset()) == older
