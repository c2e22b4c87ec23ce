"""A true-up of a customer who pays by invoice: seats at once, an open invoice, within the credit limit."""

from datetime import datetime

import pytest

from accounts.models import Membership
from billing.mirror.refresh import refresh_subscription
from billing.models import Invoice, QuantityChange, Terms
from seats.models import SeatPool, TrueUp
from seats.true_up.run_true_ups import run_true_ups
from seats.true_up.settle_true_up import charge_again
from tests.conftest import Funded, FundMaker
from tests.factories.seats import SYSTEM
from tests.invariants import broken_invariants
from tests.seats.true_up.conftest import Team
from tests.seats.true_up.quarters import counted, soften, start, unanswered

pytestmark = pytest.mark.django_db(transaction=True)
State = TrueUp.State


def pay_all(funded: Funded, at: datetime) -> None:
    """Everything that is open comes in by transfer, also a renewal's draft, which Stripe sends within the hour."""
    for bill in funded.desk.invoices(funded.stripe_id, status="draft"):
        funded.desk.client.v1.invoices.finalize_invoice(bill["id"])
    for bill in funded.desk.invoices(funded.stripe_id, status="open"):
        funded.desk.client.v1.invoices.pay(bill["id"], {"paid_out_of_band": True})
    refresh_subscription(stripe_id=funded.stripe_id, at=at)
    paid = {bill["id"] for bill in funded.desk.invoices(funded.stripe_id, status="paid")}
    Invoice.objects.filter(stripe_id__in=paid).update(status="paid", amount_remaining=0)


def by_invoice(owner: Membership, fund: FundMaker, now: datetime, limit: int) -> Funded:
    funded = fund(owner, collection_method="send_invoice", days_until_due=90)
    pay_all(funded, now)
    start(funded, now, "all")
    Terms.objects.filter(account=funded.account).update(credit_limit=limit, po_number="PO-7")
    soften(funded.account, now)
    return funded


def test_it_is_billed_with_the_agreed_order_number(
    owner: Membership, fund: FundMaker, team: Team, now: datetime
) -> None:
    funded = by_invoice(owner, fund, now, 1_000_000)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    pay_all(funded, moment)

    unanswered(funded, moment)

    run.refresh_from_db()
    change = QuantityChange.objects.get()
    assert (run.state, run.change) == (State.SETTLED, change)
    assert (change.kind, change.state, change.on_credit, change.po_number) == ("true_up", "applied", True, "PO-7")
    assert "payment_behavior" not in change.params
    assert (change.charged_total, change.charged_due) == (change.quoted_total, change.quoted_due)
    [bill] = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")
    assert (bill["status"], bill["total"]) == ("open", change.quoted_total)
    assert funded.desk.quantity(funded.stripe_id) == 12
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert broken_invariants(funded.desk) == []


def test_above_the_credit_limit_nothing_is_billed_and_nobody_loses_a_seat(
    owner: Membership, fund: FundMaker, team: Team, now: datetime
) -> None:
    funded = by_invoice(owner, fund, now, 10)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    pay_all(funded, moment)

    later = unanswered(funded, moment)

    run.refresh_from_db()
    assert (run.state, run.error_code) == (State.FAILED, "credit_limit_reached")
    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert SeatPool.objects.get(account=funded.account).assigned == 12
    Terms.objects.filter(account=funded.account).update(credit_limit=1_000_000)
    assert charge_again(true_up_id=run.pk, actor=SYSTEM, at=later) is True
    run_true_ups(at=later)
    run.refresh_from_db()
    assert (run.state, QuantityChange.objects.count()) == (State.SETTLED, 1)
    assert funded.desk.quantity(funded.stripe_id) == 12
