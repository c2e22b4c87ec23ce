"""From the fact to the customer's server: written with it, signed, in order, tried for days."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts.access.actor import Actor
from accounts.models import (
    Account,
    AuditEntry,
    Membership,
    Notice,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from accounts.notices.deliver_notice import deliver_notice
from accounts.webhooks.deliver_webhook import deliver_webhook, ring_waiting_webhooks
from accounts.webhooks.emit_events import emit_event
from accounts.webhooks.prune_events import prune_events
from accounts.webhooks.rules import LEASE, OVERLAP, WAITS
from accounts.webhooks.save_endpoint import add_endpoint, change_endpoint, rotate_secret
from accounts.webhooks.send_again import send_test
from accounts.webhooks.switch_endpoint import switch_off, switch_on
from seatportal.kit.outgoing import Answer, NoAnswer
from tests.accounts.webhooks.conftest import Hook
from tests.conftest import join
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def tell(account: Account, now: datetime, name: str = "Joe") -> list[WebhookDelivery]:
    """Somebody joins; the deliveries that this made."""
    before = set(WebhookDelivery.objects.values_list("pk", flat=True))
    join(account, name, "member", now)
    return list(WebhookDelivery.objects.exclude(pk__in=before).order_by("pk"))


def one(account: Account, now: datetime, name: str = "Joe") -> WebhookDelivery:
    [row] = tell(account, now, name)
    return row


def test_a_fact_arrives_signed(account: Account, hook: Hook, receiver: Receiver, now: datetime) -> None:
    row = one(account, now)

    assert deliver_webhook(delivery_id=row.pk, at=now)
    assert not deliver_webhook(delivery_id=row.pk, at=now + DAY)

    [got] = receiver.got
    joe = Membership.objects.get(user__name="Joe")
    assert got.path == "/hook?a=1"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert Webhook(hook.secret).verify(got.body, got.headers) == {
        "id": row.event.public_id,
        "type": "member.joined",
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "sequence": 1,
        "account": {"id": account.public_id, "slug": "acme"},
        "data": {
            "member": {"id": joe.public_id, "email": "joe@acme.example", "name": "Joe", "external_id": None},
            "role": "member",
            "invitation_id": None,
        },
    }
    row.refresh_from_db()
    assert (got.headers["webhook-id"], row.sent_at, row.tries) == (row.event.public_id, now, 1)
    assert (row.status, row.excerpt, row.last_error, row.leased_until) == (200, "thanks", "", None)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(got.body + b" ", got.headers)


def test_it_stands_and_falls_with_the_fact(account: Account, hook: Hook, now: datetime) -> None:
    @transaction.atomic
    def join_and_fail() -> None:
        assert len(tell(account, now)) == 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        join_and_fail()

    assert not WebhookEvent.objects.exists()


def test_without_an_endpoint_nothing_is_written(account: Account, now: datetime) -> None:
    assert tell(account, now) == []
    assert not WebhookEvent.objects.exists()


def test_an_endpoint_gets_what_it_chose_and_the_order_has_no_gaps(
    account: Account, hook: Hook, actor: Actor, receiver: Receiver, now: datetime
) -> None:
    picky, _ = add_endpoint(
        account=account, url=receiver.url, description="", events=["member.left"], actor=actor, at=now
    )
    rows = [one(account, now, f"P{number}") for number in range(5)]

    assert not WebhookDelivery.objects.filter(endpoint=picky).exists()
    for row in (rows[3], rows[1], rows[4], rows[0], rows[2]):
        assert deliver_webhook(delivery_id=row.pk, at=now)

    arrived = [json.loads(got.body) for got in receiver.got]
    assert [(one["data"]["member"]["name"], one["sequence"]) for one in arrived] == [
        ("P3", 4),
        ("P1", 2),
        ("P4", 5),
        ("P0", 1),
        ("P2", 3),
    ]


def test_an_unknown_event_is_a_mistake_of_ours(account: Account, hook: Hook, now: datetime) -> None:
    with pytest.raises(KeyError):
        emit_event(account=account, kind="member.sneezed", data={}, at=now)


def test_it_is_tried_for_three_days_and_given_up(
    account: Account, hook: Hook, receiver: Receiver, now: datetime
) -> None:
    receiver.status, receiver.answer = 500, b"down \0 for repair"
    row, at, ids = one(account, now), now, []

    for number, wait in enumerate(WAITS, start=1):
        assert not deliver_webhook(delivery_id=row.pk, at=at)
        row.refresh_from_db()
        assert (row.tries, row.next_try_at - at, row.given_up_at) == (number, wait, None)
        assert not deliver_webhook(delivery_id=row.pk, at=at + wait - timedelta(milliseconds=1))
        at += wait
    assert not deliver_webhook(delivery_id=row.pk, at=at)

    row.refresh_from_db()
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert ids == [row.event.public_id] * 10
    assert (row.given_up_at, row.sent_at, row.status, row.last_error) == (at, None, 500, "HTTP 500")
    assert row.excerpt == "down  for repair"
    each = WebhookAttempt.objects.filter(delivery=row).values_list("at", "status", "error")
    assert each[0] == (at, 500, "HTTP 500")
    assert [moment for moment, *_ in each] == [at - sum(WAITS[n:], timedelta()) for n in range(len(WAITS), -1, -1)]
    assert timedelta(days=3) < at - now < timedelta(days=3.5)
    assert ring_waiting_webhooks(at=at + 30 * DAY) == 0
    assert WebhookEndpoint.objects.get().disabled_at is None


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 503])
def test_a_redirect_is_not_followed_and_no_success(
    account: Account, hook: Hook, receiver: Receiver, now: datetime, status: int
) -> None:
    receiver.status = status
    row = one(account, now)

    assert not deliver_webhook(delivery_id=row.pk, at=now)

    assert [got.path for got in receiver.got] == ["/hook?a=1"]
    row.refresh_from_db()
    assert (row.sent_at, row.status, row.last_error) == (None, status, f"HTTP {status}")


def test_a_server_that_is_not_there(account: Account, hook: Hook, now: datetime) -> None:
    WebhookEndpoint.objects.update(url="http://127.0.0.1:9/hook")
    row = one(account, now)

    assert not deliver_webhook(delivery_id=row.pk, at=now)

    row.refresh_from_db()
    assert (row.sent_at, row.status, row.tries) == (None, None, 1)
    assert row.last_error.startswith("ConnectionRefusedError")
    attempt = WebhookAttempt.objects.get()
    assert (attempt.delivery, attempt.at, attempt.status, attempt.milliseconds) == (row, now, None, None)
    assert attempt.error == row.last_error


def test_after_a_rotation_both_secrets_verify_for_a_day(
    account: Account, hook: Hook, actor: Actor, receiver: Receiver, now: datetime
) -> None:
    _endpoint, new = rotate_secret(account=account, endpoint=hook.endpoint, actor=actor, at=now)
    rows = [one(account, now, "Ann"), one(account, now, "Ben")]

    for row, at in zip(rows, (now + OVERLAP - timedelta(seconds=1), now + OVERLAP), strict=True):
        deliver_webhook(delivery_id=row.pk, at=at)

    during, after = receiver.got
    assert new != hook.secret
    assert len(during.headers["webhook-signature"].split()) == 2
    for secret, got, good in (
        (hook.secret, during, True),
        (new, during, True),
        (hook.secret, after, False),
        (new, after, True),
    ):
        assert verifies(secret, got.body, got.headers) is good


def verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """By the project's own library; its clock is not the one that the tests move."""
    import time_machine

    with time_machine.travel(int(headers["webhook-timestamp"]), tick=False):
        try:
            Webhook(secret).verify(body, headers)
        except WebhookVerificationError:
            return False
    return True


def test_gone_is_switched_off_at_once_and_admins_hear_of_it(
    account: Account, hook: Hook, member: Membership, receiver: Receiver, now: datetime
) -> None:
    WebhookDelivery.objects.all().delete()
    receiver.status = 410
    row = one(account, now)

    assert not deliver_webhook(delivery_id=row.pk, at=now)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.disabled_at, endpoint.disabled_by) == (now, "gone")
    [notice] = Notice.objects.filter(kind="webhook_off")
    assert notice.user.name == "Olivia"
    assert AuditEntry.objects.get(action="webhook.off").data == {"because": "gone"}
    assert deliver_notice(notice_id=notice.pk, at=now)
    assert "a webhook endpoint was switched off" in mail.outbox[0].subject
    assert "HTTP 410" in str(mail.outbox[0].body)
    assert tell(account, now, "Kim") == []
    assert not deliver_webhook(delivery_id=row.pk, at=now + DAY)
    assert len(receiver.got) == 1


def test_five_days_of_nothing_but_failure(account: Account, hook: Hook, receiver: Receiver, now: datetime) -> None:
    receiver.status = 500
    first, second, third = (one(account, now, name) for name in ("Ann", "Ben", "Cas"))
    deliver_webhook(delivery_id=first.pk, at=now)
    assert WebhookEndpoint.objects.get().failing_since == now

    deliver_webhook(delivery_id=second.pk, at=now + 5 * DAY - timedelta(seconds=1))
    assert WebhookEndpoint.objects.get().disabled_at is None
    deliver_webhook(delivery_id=third.pk, at=now + 5 * DAY)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.disabled_at, endpoint.disabled_by) == (now + 5 * DAY, "failing")
    [notice] = Notice.objects.filter(kind="webhook_off")
    assert deliver_notice(notice_id=notice.pk, at=now + 5 * DAY)
    assert "has refused every message since" in str(mail.outbox[0].body)


def test_one_success_ends_the_failing(account: Account, hook: Hook, receiver: Receiver, now: datetime) -> None:
    receiver.status = 500
    rows = [one(account, now, name) for name in ("Ann", "Ben")]
    deliver_webhook(delivery_id=rows[0].pk, at=now)
    receiver.status = 204
    deliver_webhook(delivery_id=rows[1].pk, at=now + 4 * DAY)
    receiver.status = 500
    deliver_webhook(delivery_id=rows[0].pk, at=now + 6 * DAY)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.disabled_at, endpoint.failing_since) == (None, now + 6 * DAY)


def test_a_slow_failure_judges_by_what_others_found_meanwhile(
    account: Account, hook: Hook, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    WebhookEndpoint.objects.update(failing_since=now - 6 * DAY)
    row = one(account, now)

    def slow(*_: Any, **__: Any) -> Answer:
        WebhookEndpoint.objects.update(failing_since=None)  # another delivery has arrived
        raise NoAnswer("no answer in time")

    monkeypatch.setattr("accounts.webhooks.deliver_webhook.post", slow)
    assert not deliver_webhook(delivery_id=row.pk, at=now)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.disabled_at, endpoint.failing_since) == (None, now)


def test_two_changes_at_once_keep_each_others_field(account: Account, hook: Hook, actor: Actor, now: datetime) -> None:
    stale = WebhookEndpoint.objects.get()
    change_endpoint(account=account, endpoint=stale, description="HR", actor=actor, at=now)
    change_endpoint(account=account, endpoint=stale, events=["member.left"], actor=actor, at=now)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.description, endpoint.events) == (stale.url, "HR", ["member.left"])


def test_of_an_endpoint_that_fails_one_is_tried_at_a_time(
    account: Account, hook: Hook, receiver: Receiver, now: datetime
) -> None:
    rows = [one(account, now, f"P{number}") for number in range(4)]
    assert ring_waiting_webhooks(at=now) == 4
    receiver.status = 500
    deliver_webhook(delivery_id=rows[0].pk, at=now)
    assert ring_waiting_webhooks(at=now) == 1
    receiver.status = 200
    deliver_webhook(delivery_id=rows[1].pk, at=now)
    assert ring_waiting_webhooks(at=now) == 2


def test_off_by_hand_keeps_what_waits_and_on_sends_it(
    account: Account, hook: Hook, actor: Actor, receiver: Receiver, now: datetime
) -> None:
    receiver.status = 500
    row = one(account, now)
    deliver_webhook(delivery_id=row.pk, at=now)
    assert switch_off(endpoint=hook.endpoint, by="hand", actor=actor, at=now)
    assert not switch_off(endpoint=hook.endpoint, by="hand", actor=actor, at=now)
    receiver.status = 200

    assert ring_waiting_webhooks(at=now + DAY) == 0
    assert not deliver_webhook(delivery_id=row.pk, at=now + DAY)
    assert not Notice.objects.exists()

    endpoint = switch_on(account=account, endpoint=hook.endpoint, actor=actor, at=now + timedelta(seconds=1))
    assert (endpoint.disabled_at, endpoint.disabled_by, endpoint.failing_since) == (None, "", None)
    assert deliver_webhook(delivery_id=row.pk, at=now + timedelta(seconds=1))
    trail = AuditEntry.objects.filter(action__startswith="webhook.").order_by("pk")
    assert list(trail.values_list("action", flat=True)) == [
        "webhook.added",
        "webhook.off",
        "webhook.on",
    ]


def test_a_test_event_has_no_place_in_the_order(
    account: Account, hook: Hook, actor: Actor, receiver: Receiver, now: datetime
) -> None:
    row = send_test(account=account, endpoint=hook.endpoint, actor=actor, at=now)
    assert deliver_webhook(delivery_id=row.pk, at=now)
    assert deliver_webhook(delivery_id=one(account, now).pk, at=now)

    said = [Webhook(hook.secret).verify(got.body, got.headers) for got in receiver.got]
    assert [(what["type"], what["sequence"]) for what in said] == [("endpoint.test", 0), ("member.joined", 1)]


def test_who_died_while_sending_is_followed_after_the_lease(
    account: Account, hook: Hook, receiver: Receiver, now: datetime
) -> None:
    row = one(account, now)
    WebhookDelivery.objects.filter(pk=row.pk).update(leased_until=now + LEASE, tries=1)

    assert ring_waiting_webhooks(at=now + LEASE - timedelta(seconds=1)) == 0
    assert not deliver_webhook(delivery_id=row.pk, at=now + LEASE - timedelta(seconds=1))
    assert receiver.got == []
    assert deliver_webhook(delivery_id=row.pk, at=now + LEASE)


def test_the_log_has_an_end_and_numbers_go_on(account: Account, hook: Hook, receiver: Receiver, now: datetime) -> None:
    old, young = one(account, now - 30 * DAY - timedelta(seconds=1), "Ann"), one(account, now - 30 * DAY, "Ben")
    for row in (old, young):
        deliver_webhook(delivery_id=row.pk, at=now)

    assert prune_events(at=now) == 1
    assert list(WebhookDelivery.objects.values_list("pk", flat=True)) == [young.pk]
    assert list(WebhookAttempt.objects.values_list("delivery", flat=True)) == [young.pk]
    prune_events(at=now + 40 * DAY)
    deliver_webhook(delivery_id=one(account, now, "Cas").pk, at=now)
    assert json.loads(receiver.got[-1].body)["sequence"] == 3
