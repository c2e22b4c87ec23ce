"""A real worker on the real broker: it hears the bell, and its death at work loses and doubles nothing (fault F22)."""

import time
from datetime import datetime, timedelta

import pytest

from billing.changes.buy_quote import buy_quote
from billing.inbox.handle_event import handle_waiting_events
from billing.models import QuantityChange, StripeEvent
from billing.quotes.quote_quantity import quote_quantity
from seatportal.demo.processes import DirectoryLock, Process
from seats.models import LedgerEntry, SeatPool
from tests.billing.inbox.test_webhooks import endpoint, eventually
from tests.conftest import Funded
from tests.invariants import broken_invariants
from tests.services import celery_worker

__all__ = ["endpoint"]
pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State


@pytest.fixture
def waiting(endpoint: str, funded: Funded, now: datetime) -> QuantityChange:
    """A purchase that waits for the bank's question, and a customer who has just answered it."""
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def answer_the_bank(funded: Funded, change: QuantityChange) -> None:
    """The customer confirms on Stripe's page."""
    funded.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})


def applied(change: QuantityChange) -> bool:
    """Whether the purchase has come to its end."""
    change.refresh_from_db()
    return change.state == State.APPLIED


def start_worker(child_environment: dict[str, str], process_dir: DirectoryLock, endpoint_secret: str) -> Process:
    """A worker of this test's own."""
    worker = celery_worker({**child_environment, "STRIPE_WEBHOOK_SECRETS": endpoint_secret}, process_dir)
    worker.start()
    worker.wait_for_output(r"celery@\S+ ready")
    return worker


def test_webhook_bell_worker_seats(
    funded: Funded, waiting: QuantityChange, child_environment: dict[str, str], process_dir: DirectoryLock
) -> None:
    worker = start_worker(child_environment, process_dir, "whsec_x")
    try:
        answer_the_bank(funded, waiting)
        eventually(lambda: applied(waiting), seconds=60)
        eventually(lambda: not StripeEvent.objects.filter(state=StripeEvent.State.WAITING).exists(), seconds=60)
    finally:
        worker.stop()

    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert LedgerEntry.objects.filter(kind="bought").count() == 1
    assert broken_invariants(funded.desk) == []


def test_a_worker_killed_at_work_leaves_the_event_to_the_next(
    funded: Funded,
    waiting: QuantityChange,
    now: datetime,
    child_environment: dict[str, str],
    process_dir: DirectoryLock,
) -> None:
    worker = start_worker({**child_environment, "STRIPE_TIMEOUT": "30"}, process_dir, "whsec_x")
    try:
        funded.desk.fault("hang_before", method="GET", path="/v1/subscriptions/sub_", times=20, seconds=20)
        answer_the_bank(funded, waiting)
        eventually(lambda: StripeEvent.objects.filter(tries=1).exists(), seconds=60)
        time.sleep(0.2)
    finally:
        worker.kill()
    assert not applied(waiting)
    funded.desk.clear_faults()

    for minutes in (2, 4, 6):
        handle_waiting_events(at=now + timedelta(minutes=minutes))

    assert applied(waiting)
    assert LedgerEntry.objects.filter(kind="bought").count() == 1
    assert not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()
    assert broken_invariants(funded.desk) == []
