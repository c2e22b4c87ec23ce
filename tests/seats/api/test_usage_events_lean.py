"""The lean way of POST /api/v1/usage-events: every answer is the one that REST framework would give."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH
from redis.exceptions import ConnectionError as RedisDown
from rest_framework.settings import api_settings

from accounts.keys.authenticate_key import authenticate_key
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.models import Account, ApiKey, Membership
from seats.api import usage_events_lean
from seats.api.usage_events import UsageEvents
from seats.models import UsageEvent, UsageSettings
from seats.usage.ingest_events import _MERGE_FOR
from seats.usage.sender import Sender, known_sender, sender_of
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


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The keys that were asked for by a statement of their own."""
    seen: list[str] = []

    def ask(secret: str, at: datetime) -> Sender | None:
        seen.append(secret)
        return sender_of(secret, at)

    with patch.object(usage_events_lean, "LEAN", replace(usage_events_lean.LEAN, caller_of=ask)):
        yield seen


def test_a_key_that_is_known_is_asked_for_by_the_statement_that_takes(
    asked: list[str], only_lean: Any, acme: Integrator, owner: Membership, now: datetime
) -> None:
    answers = [send(acme, [one(owner, now, name)]) for name in "aab"]
    answers.append(send(acme, [one(owner, now, "c"), {"id": "d"}]))

    assert [answer.json()["verdicts"] for answer in answers] == [
        ["accepted"],
        ["duplicate"],
        ["accepted"],
        ["accepted", "rejected"],
    ]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["5999", "5998", "5997", "5996"]
    assert asked == [acme.secret]


def _zone(acme: Integrator, owner: Membership, now: datetime) -> None:
    Account.objects.filter(pk=owner.account_id).update(time_zone="Pacific/Kiritimati")


def _kept_shorter(acme: Integrator, owner: Membership, now: datetime) -> None:
    UsageSettings.objects.create(account=owner.account, keep_days=30)


@pytest.mark.parametrize(
    ("change", "ago", "verdict", "day"),
    [
        (_zone, timedelta(0), ["accepted"], "2026-04-16"),
        (_kept_shorter, timedelta(days=31), ["rejected"], None),
    ],
)
def test_what_has_changed_since_holds_at_once(
    asked: list[str],
    only_lean: Any,
    acme: Integrator,
    owner: Membership,
    now: datetime,
    change: Callable[[Integrator, Membership, datetime], None],
    ago: timedelta,
    verdict: list[str],
    day: str | None,
) -> None:
    at = datetime(2026, 4, 15, 20, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        send(acme, [one(owner, at - timedelta(days=31), "first")])
        change(acme, owner, at)

        answer = send(acme, [one(owner, at - ago, "b")])
        again = send(acme, [one(owner, at, "c")])

    body = answer.json()
    assert (body.get("verdicts"), len(asked)) == (verdict, 2), "the first and the one after the change"
    assert (answer["RateLimit-Remaining"], again["RateLimit-Remaining"]) == ("5998", "5997")
    found = UsageEvent.objects.filter(event_id="b").values_list("day", flat=True).first()
    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize("body", [[], b"{", [{"id": "a"}]])
def test_a_dead_key_learns_nothing_from_a_body_that_takes_nothing(
    acme: Integrator, owner: Membership, now: datetime, body: object
) -> None:
    assert send(acme, [one(owner, now)]).status_code == 200
    _revoked(acme, owner, now)

    assert send(acme, body).status_code == 401


def test_a_key_is_known_for_a_minute_so_that_its_use_is_noted(acme: Integrator, now: datetime) -> None:
    assert known_sender(acme.secret, now) is None
    assert sender_of(acme.secret, now) is not None

    assert known_sender(acme.secret, now + timedelta(seconds=59)) is not None
    assert known_sender(acme.secret, now + timedelta(seconds=60)) is None
    assert known_sender(acme.secret + "x", now) is None


@pytest.mark.parametrize("kind", ["key", "token"])
def test_psycopg_keeps_what_it_made_of_the_statement(kind: str) -> None:
    assert len(_MERGE_FOR[kind]) <= MAX_CACHED_STATEMENT_LENGTH


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
