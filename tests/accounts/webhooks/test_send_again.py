"""Sent again: one event, or all that an endpoint missed."""

from datetime import datetime
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.errors import EndpointOff
from accounts.models import (
    Account,
    AuditEntry,
    WebhookDelivery,
)
from accounts.webhooks.deliver_webhook import deliver_webhook
from accounts.webhooks.save_endpoint import add_endpoint
from accounts.webhooks.send_again import replay_delivery, replay_missed
from accounts.webhooks.switch_endpoint import switch_off
from tests.accounts.webhooks.conftest import Hook
from tests.accounts.webhooks.test_delivery import DAY, one
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db


def test_a_replay_is_the_same_message(
    account: Account, hook: Hook, actor: Actor, receiver: Receiver, now: datetime
) -> None:
    row = one(account, now)
    deliver_webhook(delivery_id=row.pk, at=now)

    replay_delivery(account=account, delivery=row, actor=actor, at=now + DAY)
    assert deliver_webhook(delivery_id=row.pk, at=now + DAY)

    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert AuditEntry.objects.get(action="webhook.replayed").target == row.public_id


def give_up(row: WebhookDelivery, at: datetime) -> WebhookDelivery:
    """As after three days of failure."""
    WebhookDelivery.objects.filter(pk=row.pk).update(given_up_at=at, tries=10)
    row.refresh_from_db()
    return row


def test_what_was_given_up_is_sent_again_and_nothing_else(
    account: Account, actor: Actor, hook: Hook, receiver: Receiver, now: datetime
) -> None:
    early, late = give_up(one(account, now - DAY, "Ann"), now), give_up(one(account, now, "Ben"), now)
    sent, waits = one(account, now, "Cay"), one(account, now, "Dan")
    assert deliver_webhook(delivery_id=sent.pk, at=now)
    other, _ = add_endpoint(account=account, url=receiver.url, description="", events=[], actor=actor, at=now)
    elsewhere = give_up(
        WebhookDelivery.objects.create(account=account, endpoint=other, event=late.event, next_try_at=now), now
    )
    receiver.got.clear()

    def replay(since: datetime | None) -> int:
        return replay_missed(account=account, endpoint=hook.endpoint, since=since, actor=actor, at=now + DAY)

    assert replay(now) == 1
    assert replay(now) == 0
    early.refresh_from_db()
    assert (early.given_up_at, early.tries) == (now, 10)
    assert deliver_webhook(delivery_id=late.pk, at=now + DAY)
    assert replay(None) == 1
    assert deliver_webhook(delivery_id=early.pk, at=now + DAY)

    assert [got.headers["webhook-id"] for got in receiver.got] == [late.event.public_id, early.event.public_id]
    for row in (elsewhere, waits, sent, late):
        row.refresh_from_db()
    assert (late.given_up_at, late.tries, late.sent_at) == (None, 1, now + DAY), "its tries were counted anew"
    assert (elsewhere.given_up_at, elsewhere.tries) == (now, 10)
    assert (waits.sent_at, waits.tries, waits.next_try_at) == (None, 0, now)
    assert (sent.sent_at, sent.tries) == (now, 1)
    counts = [entry.data["events"] for entry in AuditEntry.objects.filter(action="webhook.missed_replayed")]
    assert counts == [1, 1]


def test_nothing_given_up_goes_to_an_endpoint_that_is_off(
    account: Account, actor: Actor, hook: Hook, now: datetime
) -> None:
    row = give_up(one(account, now), now)
    switch_off(endpoint=hook.endpoint, by="hand", actor=actor, at=now)

    with pytest.raises(EndpointOff):
        replay_missed(account=account, endpoint=hook.endpoint, since=None, actor=actor, at=now + DAY)
    row.refresh_from_db()
    assert (row.given_up_at, row.tries) == (now, 10)


def test_a_replay_asked_for_while_it_is_being_sent_is_not_lost(
    account: Account, hook: Hook, actor: Actor, receiver: Receiver, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.webhooks import deliver_webhook as module

    row, real = one(account, now), module._send

    def meanwhile(row: WebhookDelivery, at: datetime) -> Any:
        replay_delivery(account=account, delivery=row, actor=actor, at=now)
        assert not deliver_webhook(delivery_id=row.pk, at=now)  # somebody is at it
        return real(row, at)

    monkeypatch.setattr(module, "_send", meanwhile)
    deliver_webhook(delivery_id=row.pk, at=now)
    monkeypatch.undo()

    assert deliver_webhook(delivery_id=row.pk, at=now)
    assert len(receiver.got) == 2


def test_the_first_of_many_are_rung_for_at_once(
    account: Account,
    hook: Hook,
    actor: Actor,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """The sweep finds the others; the broker is the outside world here."""
    rows = [give_up(one(account, now, name), now) for name in ("Ann", "Ben", "Cay")]
    rung: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr("seatportal.kit.queue._send", lambda task, kwargs: rung.append((task, kwargs)))
    monkeypatch.setattr("accounts.webhooks.send_again.MOST_RINGS", 2)

    with django_capture_on_commit_callbacks(execute=True):
        assert replay_missed(account=account, endpoint=hook.endpoint, since=None, actor=actor, at=now) == 3

    assert rung == [("accounts.deliver_webhook", {"delivery_id": row.pk}) for row in rows[:2]]
