"""Money without seats, seats without money, and purchases that are open for too long."""

from datetime import datetime, timedelta

import pytest

from billing.changes.buy_quote import accept_quote, buy_quote
from billing.changes.pending import cancel_change
from billing.errors import NotOpen
from billing.gateway.stripe_api import gateway
from billing.models import Drift, Incident, QuantityChange
from billing.models.drift import Cause
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.reconcile import (
    reconcile_everybody,
)
from billing.reconcile.repair import repair_drift
from tests.billing.reconcile.drifts import (
    STAFF,
    State,
    at_dashboard,
    counts,
    item_of,
    run_twice,
)
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)


def test_money_without_seats_pages_somebody(funded: Funded, now: datetime) -> None:
    """Stripe carried out late what we had given up on: our key, our stamp, and a paid invoice."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(
        state="failed", calls=1, first_call_at=now, settled_at=now, error_code="not_executed"
    )
    gateway().update_subscription(funded.stripe_id, change.params, key=change.idempotency_key)

    first = reconcile_everybody(at=now)
    second = reconcile_everybody(at=now + timedelta(minutes=1))

    assert counts(first) == (2, 1, 0)
    assert counts(second) == (0, 0, 0)
    quantity, money = Drift.objects.order_by("pk")
    assert (quantity.kind, quantity.cause, quantity.state) == ("quantity", Cause.OURS, State.REPAIRED)
    assert (money.kind, money.severity, money.state) == ("money_without_grant", "grave", State.FOUND)
    incident = Incident.objects.get()
    assert (incident.kind, incident.gravity, incident.change_id) == ("money_without_grant", "high", change.pk)
    assert (incident.quoted, incident.charged, incident.creditable) == (0, 8000, 8000)
    assert incident.invoice_stripe_id == money.subject


def test_a_paid_edit_at_the_dashboard_is_no_money_without_seats(funded: Funded, now: datetime) -> None:
    at_dashboard(
        funded,
        f"subscriptions/{funded.stripe_id}",
        **{
            "items[0][id]": item_of(funded),
            "items[0][quantity]": 13,
            "proration_behavior": "always_invoice",
        },
    )

    assert run_twice(now).kind == "quantity"
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update", status="paid")) == 1
    assert not Incident.objects.exists()


def test_seats_without_money_page_somebody(funded: Funded, now: datetime) -> None:
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    change = cancel_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)
    assert change.state == "abandoned"
    QuantityChange.objects.filter(pk=change.pk).update(state="applied")

    drift = run_twice(now)

    assert (drift.kind, drift.subject, drift.theirs) == ("grant_without_money", change.public_id, "void")
    incident = Incident.objects.get()
    assert (incident.kind, incident.quoted, incident.charged) == ("grant_without_money", 8000, 0)
    assert incident.creditable == 0


def test_a_purchase_open_for_too_long_is_judged_by_reading(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(confirmed_at=now - timedelta(hours=27))

    drift = run_twice(now)

    change.refresh_from_db()
    assert (drift.kind, drift.subject, drift.state) == ("old_change", change.public_id, State.REPAIRED)
    assert change.state == "rejected"
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_a_conflict_stays_on_the_list(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(
        state="conflict", calls=1, first_call_at=now - timedelta(hours=27), confirmed_at=now - timedelta(hours=27)
    )

    drift = run_twice(now)

    assert (drift.kind, drift.severity, drift.state) == ("old_change", "grave", State.FOUND)
    with pytest.raises(NotOpen, match="still open"):
        repair_drift(drift=drift, actor=STAFF, at=now, reason="Try")


def test_a_purchase_under_way_is_not_drift(funded: Funded, now: datetime) -> None:
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert change.state == "awaiting_payment"
    funded.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})
    assert funded.desk.quantity(funded.stripe_id) == 12

    assert counts(reconcile_everybody(at=now)) == (0, 0, 0)

    change.refresh_from_db()
    assert change.state == "awaiting_payment"
    assert not Drift.objects.exists()
