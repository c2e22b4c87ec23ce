"""POST /api/v1/usage-events: verdicts for each, and nothing lost when some are bad."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account, Membership
from seats.models import DailyUsage, UsageEvent
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
PATH = "usage-events"


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


def one(owner: Membership, now: datetime, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"id": name, "user": owner.public_id, "feature": "Reports", "occurred_at": now.isoformat(), **fields}


def raw(acme: Integrator, body: bytes, kind: str = "application/json") -> Any:
    return acme.client.generic(
        "POST", f"/api/v1/{PATH}", body, content_type=kind, headers={"Authorization": f"Bearer {acme.secret}"}
    )


def total(account: Account) -> int:
    return sum(DailyUsage.objects.filter(account=account).values_list("count", flat=True))


def test_an_array(acme: Integrator, owner: Membership, now: datetime) -> None:
    answer = acme.post(PATH, [one(owner, now), one(owner, now, "b", outcome="sent", quantity=2), one(owner, now)])
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 2,
        "duplicate": 1,
        "rejected": 0,
        "verdicts": ["accepted", "accepted", "duplicate"],
        "rejections": [],
    }
    assert total(owner.account) == 2


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"id": ""}, "invalid_field", "id"),
        ({"id": 7}, "invalid_field", "id"),
        ({"id": "x" * 65}, "invalid_field", "id"),
        ({"user": None}, "invalid_field", "user"),
        ({"feature": "x" * 61}, "invalid_field", "feature"),
        ({"feature": "a\0b"}, "invalid_text", ""),
        ({"occurred_at": "2026-05-04T12:00:00"}, "invalid_field", "occurred_at"),
        ({"occurred_at": "yesterday"}, "invalid_field", "occurred_at"),
        ({"quantity": 0}, "invalid_field", "quantity"),
        ({"quantity": 1.5}, "invalid_field", "quantity"),
        ({"quantity": True}, "invalid_field", "quantity"),
        ({"outcom": "sent"}, "unknown_field", "outcom"),
        ({"place": {"latitude": 91, "longitude": 0}}, "invalid_field", "place.latitude"),
        ({"device": ""}, "invalid_field", "device"),
    ],
)
def test_a_bad_one_says_why_and_the_good_are_kept(
    acme: Integrator, owner: Membership, now: datetime, change: dict[str, Any], code: str, field: str
) -> None:
    answer = acme.post(PATH, [one(owner, now), {**one(owner, now, "b"), **change}, one(owner, now, "c")])
    assert answer.status_code == 200
    body = answer.json()
    assert body["verdicts"] == ["accepted", "rejected", "accepted"]
    (rejection,) = body["rejections"]
    assert (rejection["index"], rejection["code"], rejection["field"]) == (1, code, field)
    assert rejection["message"]
    assert total(owner.account) == 2


@pytest.mark.parametrize("missing", ["id", "user", "feature", "occurred_at"])
def test_a_missing_field_is_named(acme: Integrator, owner: Membership, now: datetime, missing: str) -> None:
    bad = one(owner, now)
    del bad[missing]
    answer = acme.post(PATH, [bad])
    body = problem(answer)
    assert (body["status"], body["code"], body["rejected"]) == (422, "no_event_accepted", 1)
    assert (body["rejections"][0]["code"], body["rejections"][0]["field"]) == ("missing_field", missing)
    assert UsageEvent.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b'{"id": "a"}', b"7", b"null", b"[" * 100_000, b"\xff\xfe[]"])
def test_a_body_that_is_no_array_is_400(acme: Integrator, body: bytes) -> None:
    assert problem(raw(acme, body))["code"] == "malformed_body"


def test_things_that_are_no_object(acme: Integrator, owner: Membership, now: datetime) -> None:
    answer = acme.post(PATH, [1, "x", None, [], one(owner, now)])
    assert answer.json()["verdicts"] == ["rejected"] * 4 + ["accepted"]


def test_too_many_is_413_and_nothing_is_taken(acme: Integrator, owner: Membership, now: datetime) -> None:
    answer = acme.post(PATH, [one(owner, now, str(n)) for n in range(1001)])
    body = problem(answer)
    assert (body["status"], body["code"], body["accepted"]) == (413, "too_many_events", 0)
    assert UsageEvent.objects.count() == 0
    assert problem(raw(acme, b" " * 2_500_001))["code"] == "body_too_large"


def test_lines(acme: Integrator, owner: Membership, now: datetime) -> None:
    lines = [json.dumps(one(owner, now, str(n))) for n in range(2500)]
    lines[3] = "{broken"
    lines[4] = '{"id": "' + "x" * 20_000 + '"}'
    body = ("\n".join(lines) + "\n\n").encode()
    answer = raw(acme, body, "application/x-ndjson")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["accepted"], found["duplicate"], found["rejected"]) == (2498, 0, 2)
    assert [(row["index"], row["code"]) for row in found["rejections"]] == [(3, "malformed"), (4, "malformed")]
    assert total(owner.account) == 2498
    again = raw(acme, body, "application/x-ndjson").json()
    assert (again["accepted"], again["duplicate"]) == (0, 2498)


def test_other_media_are_415(acme: Integrator) -> None:
    assert problem(raw(acme, b"id,user", "text/csv"))["status"] == 415


def test_an_empty_array_is_fine(acme: Integrator) -> None:
    assert acme.post(PATH, []).json()["verdicts"] == []


def test_without_the_right_nothing_is_taken(owner: Membership, now: datetime) -> None:
    reader = integrator_of(owner, now, "usage.view")
    answer = reader.post(PATH, [one(owner, now)])
    assert problem(answer)["status"] == 403
    assert UsageEvent.objects.count() == 0


def test_messages_speak_the_callers_language_later(acme: Integrator, owner: Membership, now: datetime) -> None:
    late = one(owner, now - timedelta(days=500))
    assert problem(acme.post(PATH, [late]))["rejections"][0]["code"] == "too_old"
