"""The lean way of POST /api/v1/usage-events: every answer is the one that REST framework would give."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from redis.exceptions import ConnectionError as RedisDown
from rest_framework.settings import api_settings

from accounts.keys.authenticate_key import authenticate_key
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.models import Account, ApiKey, Membership
from seats.api.usage_events import UsageEvents
from seats.models import UsageEvent
from seats.usage.sender import sender_of
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
LINES = "application/x-ndjson"
# Another spelling of the same wish, which the lean way leaves to REST framework.
OTHER_WAY = {"accept": "application/*"}


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


def one(owner: Membership, now: datetime, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"id": name, "user": owner.public_id, "feature": "Reports", "occurred_at": now.isoformat(), **fields}


def send(acme: Integrator, body: object, kind: str = "application/json", method: str = "POST", **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    wanted = {"Authorization": f"Bearer {acme.secret}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return acme.client.generic(method, "/api/v1/usage-events", data, content_type=kind, headers=wanted)


def beside(statement: str, value: int) -> list[Any]:
    """What another connection finds."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(statement, [value])
            return list(cursor.fetchall())
    finally:
        other.close()


@pytest.fixture
def only_lean() -> Any:
    """REST framework's view must not be asked."""
    with patch.object(UsageEvents, "initial", side_effect=AssertionError("not the lean way")):
        yield


def test_a_good_key_takes_the_lean_way(only_lean: Any, acme: Integrator, owner: Membership, now: datetime) -> None:
    assert send(acme, [one(owner, now)]).json()["verdicts"] == ["accepted"]
    assert send(acme, json.dumps(one(owner, now, "b")).encode(), LINES).json()["verdicts"] == ["accepted"]
    assert send(acme, [one(owner, now)], "application/json; charset=utf-8").json()["verdicts"] == ["duplicate"]
    assert UsageEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([], "application/json"),
        (b"{", "application/json"),
        (b" " * 2_500_001, "application/json"),
        ([{"id": "ü"}], "application/json"),
        ([{"id": "a"}, 7], "application/json"),
        ([{"id": str(n)} for n in range(1001)], "application/json"),
        (b'{"id": "a"}\n{', LINES),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_both_ways_answer_alike(acme: Integrator, body: object, kind: str, language: str) -> None:
    lean = send(acme, body, kind, x_request_id="r-1", accept_language=language)
    other = send(acme, body, kind, x_request_id="r-1", accept_language=language, **OTHER_WAY)

    assert (lean.status_code, lean.json()) == (other.status_code, other.json())
    left = {name: other[name] for name in other.headers} | {"RateLimit-Remaining": "5998"}
    left["RateLimit-Reset"] = lean["RateLimit-Reset"]
    assert {name: lean[name] for name in lean.headers} | {"RateLimit-Remaining": "5998"} == left
    assert (lean["RateLimit-Remaining"], other["RateLimit-Remaining"]) == ("5999", "5998")
    assert (lean["X-Request-Id"], lean["Cache-Control"]) == ("r-1", "private, no-store")


def test_taken_events_are_answered_alike(acme: Integrator, owner: Membership, now: datetime) -> None:
    body = [one(owner, now, f"{n}-é") for n in range(3)]
    lean, other = send(acme, body), send(acme, [{**each, "id": f"x{each['id']}"} for each in body], **OTHER_WAY)

    assert lean.json() == other.json()
    assert set(lean.headers) == set(other.headers)
    assert (lean["Content-Type"], len(lean["X-Request-Id"])) == (other["Content-Type"], 36)


def _wrong(acme: Integrator, owner: Membership, now: datetime) -> None:
    acme.secret += "x"


def _revoked(acme: Integrator, owner: Membership, now: datetime) -> None:
    from accounts.access.actor import Actor

    revoke_api_key(account=owner.account, key=acme.key, actor=Actor(user=owner.user), at=now)


def _ended(acme: Integrator, owner: Membership, now: datetime) -> None:
    ApiKey.objects.filter(pk=acme.key.pk).update(expires_at=now)


def _closed(acme: Integrator, owner: Membership, now: datetime) -> None:
    Account.objects.filter(pk=owner.account_id).update(closed_at=now)


@pytest.mark.parametrize("end", [_wrong, _revoked, _ended, _closed])
def test_a_key_that_lives_no_more_is_401_at_once(
    acme: Integrator, owner: Membership, now: datetime, end: Callable[[Integrator, Membership, datetime], None]
) -> None:
    assert send(acme, [one(owner, now)]).status_code == 200
    assert sender_of(acme.secret, now) is not None
    end(acme, owner, now)

    answer = send(acme, [one(owner, now, "b")])

    assert (answer.status_code, problem(answer)["code"]) == (401, "authentication_failed")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert UsageEvent.objects.count() == 1
    assert (sender_of(acme.secret, now), authenticate_key(acme.secret, now)) == (None, None)


@pytest.mark.parametrize("header", ["Bearer ", "Bearer nonsense", "Bearer ü", "Basic x"])
def test_what_is_no_key_is_401(acme: Integrator, owner: Membership, now: datetime, header: str) -> None:
    answer = send(acme, [one(owner, now)], Authorization=header)

    assert answer.status_code == 401
    assert problem(answer)["code"] in ("authentication_failed", "not_authenticated")
    assert not UsageEvent.objects.exists()


def test_a_key_without_the_right_is_403(only_lean: Any, owner: Membership, now: datetime) -> None:
    answer = send(integrator_of(owner, now, "usage.view"), [one(owner, now)])

    assert (problem(answer)["code"], problem(answer)["capability"]) == ("capability_missing", "usage.send")
    assert answer["RateLimit-Remaining"] == "5999"
    assert not UsageEvent.objects.exists()


def test_too_many_requests_are_429(only_lean: Any, acme: Integrator, owner: Membership, now: datetime) -> None:
    with patch.dict(api_settings.DEFAULT_THROTTLE_RATES, usage="2/min"):
        answers = [send(acme, [one(owner, now, str(n))]) for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert problem(answers[2])["code"] == "throttled"
    assert answers[2]["RateLimit-Limit"] == "2"
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert UsageEvent.objects.count() == 2


def test_both_ways_count_in_one_bucket(acme: Integrator) -> None:
    answers = [send(acme, []), send(acme, [], **OTHER_WAY), send(acme, [])]

    assert [answer["RateLimit-Remaining"] for answer in answers] == ["5999", "5998", "5997"]


def test_a_cache_that_is_down_stops_nobody(acme: Integrator, owner: Membership, now: datetime) -> None:
    with patch("seatportal.api.throttling.count_up", side_effect=RedisDown):
        answer = send(acme, [one(owner, now)])

    assert answer.json()["accepted"] == 1
    assert "RateLimit-Limit" not in answer


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"method": "PUT"}, 405, "method_not_allowed"),
        ({"method": "GET"}, 405, "method_not_allowed"),
        ({"accept": "text/html"}, 406, "not_acceptable"),
        ({"kind": "text/csv"}, 415, "unsupported_media_type"),
        ({"content_length": "64000001"}, 413, "body_too_large"),
    ],
)
def test_what_is_out_of_the_ordinary_is_refused(
    acme: Integrator, owner: Membership, now: datetime, change: dict[str, Any], status: int, code: str
) -> None:
    answer = send(acme, [one(owner, now)], **change)

    assert (answer.status_code, problem(answer)["code"]) == (status, code)
    assert not UsageEvent.objects.exists()


def test_its_use_is_noted_once_a_minute(acme: Integrator, now: datetime) -> None:
    def noted(at: datetime) -> datetime | None:
        assert sender_of(acme.secret, at) is not None
        return ApiKey.objects.get(pk=acme.key.pk).last_used_at

    assert noted(now) == now
    assert noted(now + timedelta(seconds=59)) == now
    assert noted(now + timedelta(seconds=60)) == now + timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_made_anew(
    only_lean: Any, acme: Integrator, owner: Membership, now: datetime
) -> None:
    assert send(acme, [one(owner, now)]).status_code == 200
    pid = connection.connection.info.backend_pid
    beside("SELECT pg_terminate_backend(%s, 5000)", pid)

    answer = send(acme, [one(owner, now, "b")])

    assert answer.json()["verdicts"] == ["accepted"]
    assert connection.connection.info.backend_pid != pid


@pytest.mark.django_db(transaction=True)
def test_what_is_answered_is_committed_and_a_month_is_made(
    only_lean: Any, acme: Integrator, owner: Membership, now: datetime
) -> None:
    long_ago = now - timedelta(days=390)

    assert send(acme, [one(owner, long_ago)]).json()["verdicts"] == ["accepted"]

    assert not connection.in_atomic_block
    assert beside("SELECT event_id FROM seats_usageevent WHERE account_id = %s", owner.account_id) == [("a",)]
