"""A purchase whose evidence disagrees: settled by a person after a fresh look, and nothing silently."""

from datetime import datetime

import pytest

from accounts.access.actor import Actor
from accounts.models import AuditEntry
from billing.changes.buy_quote import buy_quote
from billing.changes.finish_change import finish_change
from billing.errors import NotOpen
from billing.models import Incident, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.resolve_conflict import resolve_conflict
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded
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
