"""Quantity, standing and counters that differ: found once, cause and repair right, and a second run finds nothing."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from accounts.models import Membership, Notice
from accounts.notices.deliver_notice import deliver_notice
from billing.changes.buy_quote import buy_quote
from billing.errors import NotOpen, QuoteChanged
from billing.models import Drift, QuantityChange, Reconciliation, Subscription
from billing.models.drift import Cause
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.reconcile import (
    reconcile_everybody,
)
from billing.reconcile.repair import repair_drift
from seats.holders.assign_seat import assign_seat
from seats.models import LedgerEntry, SeatPool
from tests.billing.reconcile.drifts import (
    STAFF,
    State,
    at_dashboard,
    by_program,
    counts,
    item_of,
    run_twice,
)
from tests.conftest import Funded
from tests.factories.seats import seat

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_books_that_agree(funded: Funded, now: datetime) -> None:
    report = reconcile_everybody(at=now)

    # The subscription; its first invoice.
    assert (report.checked, report.found, report.failed) == (2, 0, 0)
    assert not Drift.objects.exists()
    run = Reconciliation.objects.get()
    assert (run.stage, run.finished_at, run.after) == ("done", now, "")


def test_quantity_at_the_dashboard_is_accepted(funded: Funded, now: datetime) -> None:
    at_dashboard(funded, f"subscription_items/{item_of(funded)}", quantity=14)

    drift = run_twice(now)

    assert (drift.kind, drift.ours, drift.theirs) == ("quantity", "10", "14")
    assert (drift.cause, drift.webhook_lost, drift.state) == (Cause.DASHBOARD, True, State.ACCEPTED)
    assert SeatPool.objects.get(account=funded.account).purchased == 14
    entry = LedgerEntry.objects.get(kind="external")
    assert (entry.purchased_before, entry.purchased_after) == (10, 14)
    notice = Notice.objects.get(kind="edited_at_stripe")
    assert notice.user == funded.owner.user
    assert (notice.context["before"], notice.context["after"]) == (10, 14)
    assert deliver_notice(notice_id=notice.pk, at=now + timedelta(minutes=5)) is True
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["olivia@acme.example"], "Acme: the number of seats is 14 now")
    assert "changed from 10 to 14: not in Seat Portal" in sent.body
    assert "A price that you had open is no longer held" in sent.body
    assert f"/a/{funded.account.slug}/ledger/" in sent.body


def test_an_edit_ends_open_prices(funded: Funded, now: datetime) -> None:
    """F25: the version moves with the edit."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    by_program(funded, items=[{"id": item_of(funded), "quantity": 11}], proration_behavior="none")
    reconcile_everybody(at=now)

    with pytest.raises(QuoteChanged):
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 11


def test_quantity_by_another_program(funded: Funded, now: datetime) -> None:
    by_program(funded, items=[{"id": item_of(funded), "quantity": 6}])

    drift = run_twice(now)

    assert (drift.kind, drift.cause, drift.state) == ("quantity", Cause.OTHER_APP, State.ACCEPTED)
    assert SeatPool.objects.get(account=funded.account).purchased == 6


def test_standing_is_taken_over(funded: Funded, now: datetime) -> None:
    at_dashboard(funded, f"subscriptions/{funded.stripe_id}", cancel_at_period_end="true")

    drift = run_twice(now)

    assert (drift.kind, drift.cause, drift.state) == ("standing", Cause.DASHBOARD, State.ACCEPTED)
    assert drift.ours == "ends: –"
    assert Subscription.objects.get().cancel_at is not None


def test_a_ledger_that_does_not_add_up(funded: Funded, now: datetime) -> None:
    LedgerEntry.objects.create(
        account=funded.account,
        at=now,
        kind="external",
        purchased_before=10,
        purchased_after=11,
        assigned_before=0,
        assigned_after=0,
    )

    drift = run_twice(now)

    assert (drift.kind, drift.severity, drift.ours, drift.theirs) == ("ledger", "grave", "11", "10")
    with pytest.raises(NotOpen):
        repair_drift(drift=drift, actor=STAFF, at=now, reason="No machine repairs history")


def test_a_pool_that_offers_another_number_is_counted_anew(funded: Funded, now: datetime) -> None:
    SeatPool.objects.filter(account=funded.account).update(purchased=12)

    drift = run_twice(now)
    assert (drift.kind, drift.ours, drift.theirs, drift.state) == ("pool", "12", "10", State.FOUND)
    repair_drift(drift=drift, actor=STAFF, at=now, reason="Recount")

    assert SeatPool.objects.get(account=funded.account).purchased == 10
    assert counts(reconcile_everybody(at=now + timedelta(minutes=2))) == (0, 0, 0)


def test_a_counter_that_is_wrong_is_counted_anew(funded: Funded, now: datetime, member: Membership) -> None:
    seat(member, now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        cursor.execute("UPDATE seats_seatpool SET assigned = 4 WHERE account_id = %s", [funded.account.pk])

    drift = run_twice(now)
    assert (drift.kind, drift.ours, drift.theirs) == ("counter", "4", "1")
    repair_drift(drift=drift, actor=STAFF, at=now, reason="Recount")

    pool = SeatPool.objects.get(account=funded.account)
    assert (pool.assigned, pool.entitled, pool.purchased) == (1, 10, 10)
    # The guard is back: nobody else moves the counter.
    with pytest.raises(Exception, match="kept by a trigger"):
        SeatPool.objects.filter(pk=pool.pk).update(assigned=7)
    assign_seat(account=funded.account, membership=funded.owner, actor=funded.actor, at=now)
    pool.refresh_from_db()
    assert pool.assigned == 2
