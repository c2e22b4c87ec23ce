"""A purchase whose evidence disagrees: settled by a person after a fresh look, and nothing silently."""

import signal
from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership
from billing.changes.buy_quote import buy_quote
from billing.changes.finish_change import finish_change
from billing.errors import NotOpen
from billing.mirror.refresh import refresh_subscription
from billing.models import Incident, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.resolve_conflict import resolve_conflict
from billing.terms.set_terms import set_terms
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker
from tests.dying import run_and_die
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = Actor.system("admin")


def paid_and_restamped(funded: Funded, now: datetime) -> QuantityChange:
    """It is paid, but before we look another program overwrites the stamp that would prove it."""
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert change.state == "awaiting_payment"
    funded.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"metadata": {"seat_change_id": "theirs"}})
    change = finish_change(change_id=change.pk, at=now)
    assert (change.state, change.error_code) == ("conflict", "pending_vanished")
    return change


def test_as_applied_the_ledger_gives_the_purchase_its_seats(funded: Funded, now: datetime) -> None:
    change = paid_and_restamped(funded, now)

    resolve_conflict(change=change, applied=True, actor=STAFF, at=now, reason="Invoice is paid")

    change.refresh_from_db()
    assert (change.state, change.charged_total, change.error_code) == ("applied", 8000, "resolved_by_staff")
    moves = LedgerEntry.objects.exclude(kind="started").order_by("pk")
    assert [(m.kind, m.purchased_before, m.purchased_after) for m in moves] == [
        ("external", 10, 12),
        ("external", 12, 10),
        ("bought", 10, 12),
    ]
    assert moves.last().change_id == change.public_id  # type: ignore[union-attr]
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert broken_invariants(funded.desk) == []
    assert AuditEntry.objects.get(action="purchase.resolved").summary == "Invoice is paid"
    with pytest.raises(NotOpen):
        resolve_conflict(change=change, applied=False, actor=STAFF, at=now, reason="Twice")


@pytest.mark.parametrize("paid", [False, True])
def test_on_credit_an_open_invoice_is_enough(
    owner: Membership, fund: FundMaker, now: datetime, child_environment: dict[str, str], paid: bool
) -> None:
    """The process dies after Stripe executed it, and another program overwrites the stamp before we look."""
    funded = fund(owner, collection_method="send_invoice", days_until_due=30)
    [first] = funded.desk.invoices(funded.stripe_id)
    funded.desk.client.v1.invoices.pay(first["id"], {"paid_out_of_band": True})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    set_terms(account=funded.account, reason="Net 30", actor=funded.actor, at=now, credit_limit=100_000)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.fault("reset_before", method="GET", times=2)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert (change.state, change.calls) == ("confirmed", 0)
    funded.desk.clear_faults()
    verb = ["billing.changes.finish_change:finish_change", f"change_id={change.pk}"]
    child = run_and_die(
        "after", "billing.gateway.stripe_api:StripeGateway.update_subscription", verb, child_environment
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"metadata": {"seat_change_id": "theirs"}})
    change = finish_change(change_id=change.pk, at=now + timedelta(minutes=5))
    assert (change.state, change.on_credit) == ("conflict", True)
    [bill] = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")
    assert bill["status"] == "open"
    if paid:
        funded.desk.client.v1.invoices.pay(bill["id"], {"paid_out_of_band": True})

    resolve_conflict(change=change, applied=True, actor=STAFF, at=now, reason="They ordered it")

    change.refresh_from_db()
    assert (change.state, change.charged_total, change.invoice_stripe_id) == ("applied", 8000, bill["id"])
    assert LedgerEntry.objects.get(kind="bought").change_id == change.public_id
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert broken_invariants(funded.desk) == []


@pytest.mark.parametrize("on_credit", [False, True])
def test_a_void_invoice_proves_nothing(funded: Funded, now: datetime, on_credit: bool) -> None:
    change = paid_and_restamped(funded, now)
    QuantityChange.objects.update(on_credit=on_credit)
    change.refresh_from_db()
    change.invoice_stripe_id = _void_invoice(funded)
    change.save()

    with pytest.raises(NotOpen, match="no paid invoice"):
        resolve_conflict(change=change, applied=True, actor=STAFF, at=now, reason="Let them")

    change.refresh_from_db()
    assert change.state == "conflict"
    assert not LedgerEntry.objects.filter(kind="bought").exists()


def _void_invoice(funded: Funded) -> str:
    v1 = funded.desk.client.v1
    v1.invoice_items.create({"customer": funded.customer.stripe_id, "amount": 8000, "currency": "usd"})
    made = v1.invoices.create(
        {"customer": funded.customer.stripe_id, "auto_advance": False, "pending_invoice_items_behavior": "include"}
    )
    v1.invoices.finalize_invoice(made.id)
    return v1.invoices.void_invoice(made.id).id


def test_as_failed_although_paid_opens_an_incident(funded: Funded, now: datetime) -> None:
    change = paid_and_restamped(funded, now)

    resolve_conflict(change=change, applied=False, actor=STAFF, at=now, reason="Customer did not want it")

    change.refresh_from_db()
    assert change.state == "failed"
    incident = Incident.objects.get()
    assert (incident.kind, incident.change_id, incident.creditable) == ("money_without_grant", change.pk, 8000)
    assert LedgerEntry.objects.filter(kind="bought").count() == 0


def test_without_a_paid_invoice_nothing_becomes_applied(funded: Funded, now: datetime) -> None:
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(state="conflict")
    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id,
        {"items": [{"id": change.item_stripe_id, "quantity": 12}], "proration_behavior": "none"},
    )
    finish_change(change_id=change.pk, at=now)
    change.refresh_from_db()
    QuantityChange.objects.filter(pk=change.pk).update(state="conflict", settled_at=None)
    change.refresh_from_db()

    with pytest.raises(NotOpen):
        resolve_conflict(change=change, applied=True, actor=STAFF, at=now, reason="Let them have it")

    change.refresh_from_db()
    assert change.state != "applied"
    assert LedgerEntry.objects.filter(kind="bought").count() == 0
