"""/api/v1/webhook-endpoints"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, WebhookDelivery, WebhookEndpoint, WebhookEvent
from accounts.webhooks.deliver_webhook import deliver_webhook
from accounts.webhooks.rules import secret_of
from tests.conftest import join
from tests.integrator import Integrator, integrator_of, problem
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    """A key that may manage webhooks and nothing else."""
    return integrator_of(owner, now, "webhooks.manage")


def add(acme: Integrator, receiver: Receiver, **more: Any) -> dict[str, Any]:
    answer = acme.post("webhook-endpoints", {"url": receiver.url, **more})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_an_endpoint_from_its_first_to_its_last_day(
    acme: Integrator, receiver: Receiver, account: Account, now: datetime
) -> None:
    made = add(acme, receiver, description=" HR ", events=["seat.released", "seat.assigned"])
    path, row = f"webhook-endpoints/{made['id']}", WebhookEndpoint.objects.get()

    assert made.pop("secret") == secret_of(row)
    assert made == acme.get(path).json()
    assert acme.get("webhook-endpoints").json()["results"] == [made]
    assert made["events"] == ["seat.assigned", "seat.released"]
    assert (made["description"], made["enabled"], made["disabled_because"]) == ("HR", True, "")

    changed = acme.ask("PATCH", path, {"events": [], "enabled": False}).json()
    assert (changed["events"], changed["enabled"], changed["disabled_because"]) == ([], False, "hand")
    assert acme.ask("PATCH", path, {"enabled": True}).json()["enabled"] is True
    rotated = acme.post(f"{path}/rotate-secret").json()
    row.refresh_from_db()
    assert rotated["secret"] == secret_of(row)
    assert rotated["old_secret_until"] is not None
    assert acme.delete(path).status_code == 204
    assert acme.get(path).status_code == 404
    trail = AuditEntry.objects.filter(action__startswith="webhook").order_by("pk")
    assert list(trail.values_list("action", flat=True)) == [
        "webhook.added",
        "webhook.changed",
        "webhook.off",
        "webhook.on",
        "webhook.rotated",
        "webhook.deleted",
    ]
    kept = [*AuditEntry.objects.values_list(), *WebhookEndpoint.objects.values_list()]
    assert rotated["secret"] not in str(kept)


def test_a_repeat_does_not_show_the_secret(acme: Integrator, receiver: Receiver) -> None:
    first = acme.post("webhook-endpoints", {"url": receiver.url}, idempotency_key="a")
    second = acme.post("webhook-endpoints", {"url": receiver.url}, idempotency_key="a")

    assert first.json()["secret"].startswith("whsec_")
    assert second.json() == first.json() | {"secret": None}
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "url", "validation_failed"),
        ({"url": "https://example.com", "events": ["seat.eaten"]}, "events.0", "validation_failed"),
        ({"url": "not an address"}, "url", "webhook_refused"),
        ({"url": "ftp://example.com/"}, "url", "webhook_refused"),
        ({"url": "https://user:pass@example.com/"}, "url", "webhook_refused"),
        ({"url": "https://10.0.0.7/"}, "url", "webhook_refused"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url", "webhook_refused"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url", "webhook_refused"),
        ({"url": "https://no-such-name.invalid/"}, "url", "webhook_refused"),
    ],
)
def test_what_is_refused(acme: Integrator, body: dict[str, Any], field: str, code: str) -> None:
    refused = acme.post("webhook-endpoints", body)

    assert (refused.status_code, problem(refused)["code"]) == (422, code)
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert not WebhookEndpoint.objects.exists()


def test_twenty_are_enough(acme: Integrator, receiver: Receiver, account: Account) -> None:
    for _ in range(20):
        add(acme, receiver)
    assert problem(acme.post("webhook-endpoints", {"url": receiver.url}))["code"] == "too_many_endpoints"


def test_deliveries_and_their_replay(acme: Integrator, receiver: Receiver, account: Account, now: datetime) -> None:
    made = add(acme, receiver, events=["member.joined"])
    join(account, "Joe", "member", now)
    row, path = WebhookDelivery.objects.get(), f"webhook-endpoints/{made['id']}/deliveries"
    [waiting] = acme.get(path).json()["results"]
    assert (waiting["state"], waiting["sequence"], waiting["tries"], waiting["status"]) == ("waiting", None, 0, None)

    deliver_webhook(delivery_id=row.pk, at=now)
    done = acme.get(f"{path}/{row.public_id}").json()
    assert (done["state"], done["sequence"], done["status"], done["answer"]) == ("delivered", 1, 200, "thanks")
    assert done["payload"]["data"]["member"]["email"] == "joe@acme.example"
    assert done["next_try_at"] is None
    row.refresh_from_db()
    first = {"at": done["tried_at"], "status": 200, "milliseconds": row.milliseconds, "error": ""}
    assert (waiting["attempts"], done["attempts"]) == ([], [first])

    again = acme.post(f"{path}/{row.public_id}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    receiver.status = 503
    deliver_webhook(delivery_id=row.pk, at=timezone.now())
    [failed] = acme.get(path).json()["results"]
    assert [(one["status"], one["error"]) for one in failed["attempts"]] == [(503, "HTTP 503"), (200, "")]
    assert failed["attempts"][1] == first

    acme.ask("PATCH", f"webhook-endpoints/{made['id']}", {"enabled": False})
    assert problem(acme.post(f"{path}/{row.public_id}/replay"))["code"] == "endpoint_off"
    assert problem(acme.post(f"webhook-endpoints/{made['id']}/test"))["code"] == "endpoint_off"
    assert WebhookEvent.objects.count() == 1


def test_all_that_was_given_up_goes_again(
    acme: Integrator, receiver: Receiver, account: Account, now: datetime
) -> None:
    path = f"webhook-endpoints/{add(acme, receiver, events=['member.joined'])['id']}"
    for name in ("Ann", "Ben", "Cay"):
        join(account, name, "member", now)
    WebhookDelivery.objects.exclude(event__data__member__name="Ben").update(given_up_at=now)
    assert [
        row["payload"]["data"]["member"]["name"]
        for row in acme.get(f"{path}/deliveries?state=given_up").json()["results"]
    ] == ["Cay", "Ann"]
    assert problem(acme.get(f"{path}/deliveries?state=lost"))["code"] == "validation_failed"

    late = (now + timedelta(days=1)).isoformat()
    assert acme.post(f"{path}/replay", {"since": late}).json() == {"replayed": 0}
    again = acme.post(f"{path}/replay", {}, idempotency_key="once")
    assert (again.status_code, again.json()) == (202, {"replayed": 2})
    assert acme.post(f"{path}/replay", {}, idempotency_key="once").json() == {"replayed": 2}
    assert acme.get(f"{path}/deliveries?state=given_up").json()["results"] == []
    assert len(acme.get(f"{path}/deliveries?state=waiting").json()["results"]) == 3

    acme.ask("PATCH", path, {"enabled": False})
    assert problem(acme.post(f"{path}/replay", {}))["code"] == "endpoint_off"


def test_a_test_event(acme: Integrator, receiver: Receiver) -> None:
    made = add(acme, receiver, events=["member.left"])

    sent = acme.post(f"webhook-endpoints/{made['id']}/test")

    assert sent.status_code == 202
    assert (sent.json()["type"], sent.json()["sequence"]) == ("endpoint.test", 0)
    assert sent.json()["payload"]["data"] == {"endpoint": {"id": made["id"]}}


def test_another_scope_may_not(owner: Membership, receiver: Receiver, now: datetime) -> None:
    other = integrator_of(owner, now, "keys.manage")
    assert problem(other.post("webhook-endpoints", {"url": receiver.url}))["code"] == "capability_missing"
    assert not WebhookEndpoint.objects.exists()
