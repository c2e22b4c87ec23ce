"""A delivery is sent by one at a time, and whoever dies at any step loses nothing: it goes again with the same id."""

import signal
import threading
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.access.actor import Actor
from accounts.models import Account, WebhookDelivery, WebhookEvent
from accounts.webhooks.deliver_webhook import deliver_webhook, number_events, ring_waiting_webhooks
from accounts.webhooks.emit_events import emit_event
from accounts.webhooks.rules import LEASE
from seatportal.demo.processes import DirectoryLock
from tests.accounts.webhooks.conftest import Hook, hook, receiver, to_loopback
from tests.billing.inbox.test_webhooks import eventually
from tests.conftest import join
from tests.dying import run_and_die
from tests.races.test_last_seat import all_at_once
from tests.receiver import Receiver
from tests.services import celery_worker

__all__ = ["hook", "receiver", "to_loopback"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
MODULE = "accounts.webhooks.deliver_webhook"


def told(account: Account, now: datetime) -> WebhookDelivery:
    """Somebody joined; the event waits."""
    join(account, "Joe", "member", now)
    return WebhookDelivery.objects.get()


@pytest.mark.parametrize(
    ("when", "place", "arrivals"),
    [
        ("before", "_claim", 1),
        ("after", "_claim", 1),
        ("after", "number_events", 1),
        ("before", "post", 1),
        ("after", "post", 2),
        ("before", "_note", 2),
        ("after", "_note", 1),
    ],
)
def test_killed_at_each_step(
    account: Account,
    hook: Hook,
    receiver: Receiver,
    now: datetime,
    child_environment: dict[str, str],
    when: str,
    place: str,
    arrivals: int,
) -> None:
    row = told(account, now - timedelta(hours=1))

    child = run_and_die(
        when,
        f"{MODULE}:{place}",
        [f"{MODULE}:deliver_webhook", f"delivery_id={row.pk}"],
        child_environment | {"WEBHOOKS_TO_LOOPBACK": "true"},
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    row.refresh_from_db()
    if row.leased_until is not None:
        assert not deliver_webhook(delivery_id=row.pk, at=row.leased_until - timedelta(milliseconds=1))
    later = now + timedelta(minutes=10) + LEASE
    ring_waiting_webhooks(at=later)
    deliver_webhook(delivery_id=row.pk, at=later)

    row.refresh_from_db()
    assert row.sent_at is not None
    assert [got.headers["webhook-id"] for got in receiver.got] == [row.event.public_id] * arrivals
    assert len({got.body for got in receiver.got}) == 1
    assert row.event.sequence == 1


def test_eight_at_once_send_it_once(account: Account, hook: Hook, receiver: Receiver, now: datetime) -> None:
    row = told(account, now)
    receiver.hold.clear()
    answers: list[bool] = []

    def send() -> None:
        try:
            answers.append(deliver_webhook(delivery_id=row.pk, at=now))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(answers) == 7, seconds=20)
    assert receiver.came.wait(20)
    receiver.hold.set()
    for thread in threads:
        thread.join()

    assert (len(receiver.got), sorted(answers)) == (1, [False] * 7 + [True])


def test_numbers_have_no_gap_and_no_double(account: Account, hook: Hook, now: datetime) -> None:
    """Writers and those who number, all at once; some writers change their mind."""

    def write(number: int) -> None:
        with transaction.atomic():
            emit_event(account=account, kind="member.left", data={"n": number}, at=now)
            if number % 3 == 0:
                transaction.set_rollback(True)

    calls = [partial(write, number) for number in range(12)]
    outcome = all_at_once([*calls, *[partial(number_events, account_id=account.pk)] * 6])
    number_events(account_id=account.pk)

    assert outcome == {"ok": 18}
    sequences = WebhookEvent.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, 9))


def test_a_real_worker_hears_the_bell_and_is_killed_while_it_sends(
    account: Account,
    actor: Actor,
    hook: Hook,
    receiver: Receiver,
    now: datetime,
    child_environment: dict[str, str],
    process_dir: DirectoryLock,
) -> None:
    worker = celery_worker(child_environment | {"WEBHOOKS_TO_LOOPBACK": "true"}, process_dir)
    worker.start()
    try:
        worker.wait_for_output(r"celery@\S+ ready")
        join(account, "Ann", "member", now)
        first = WebhookDelivery.objects.get()
        eventually(lambda: WebhookDelivery.objects.filter(pk=first.pk, sent_at__isnull=False).exists(), seconds=30)
        receiver.hold.clear()
        receiver.came.clear()
        join(account, "Ben", "member", now)
        assert receiver.came.wait(30)
    finally:
        worker.kill()
    receiver.hold.set()
    second = WebhookDelivery.objects.latest("pk")
    assert (second.sent_at, second.tries) == (None, 1)

    assert deliver_webhook(delivery_id=second.pk, at=now + timedelta(minutes=10))

    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert ids == [first.event.public_id, *[second.event.public_id] * 2]
