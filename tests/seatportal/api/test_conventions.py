"""What holds for every endpoint: problems, headers, languages, strictness, rates."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown
from rest_framework.settings import api_settings

from accounts.api.me import Me
from accounts.models import Membership
from seatportal.api.headers import Deprecation
from seats.models import Assignment
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


def raw(acme: Integrator, body: bytes, content_type: str = "application/json", **headers: str):  # type: ignore[no-untyped-def]
    return acme.client.generic(
        "POST",
        "/api/v1/assignments",
        body,
        content_type=content_type,
        headers={"Authorization": f"Bearer {acme.secret}", **headers},
    )


def test_every_answer_has_rate_request_id_and_privacy(acme: Integrator) -> None:
    first, second = acme.get("me", x_request_id="mine-1"), acme.get("me")

    assert first["X-Request-Id"] == "mine-1"
    assert len(second["X-Request-Id"]) == 36
    assert first["Cache-Control"] == "private, no-store"
    assert {part.strip() for part in first["Vary"].split(",")} >= {
        "Authorization",
        "Cookie",
        "Accept",
        "Accept-Language",
        "Seat-Portal-Account",
    }
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("1200", "1199")
    assert second["RateLimit-Remaining"] == "1198"
    assert 1 <= int(first["RateLimit-Reset"]) <= 60


def test_refusals_have_the_same_headers(acme: Integrator) -> None:
    answer = acme.get("orders/chg_unknown")

    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["RateLimit-Limit"] == "1200"
    assert answer["X-Request-Id"]


@pytest.mark.parametrize(
    "path", ["nothing", "me/", "orders/a/b/c", "seats/%00", "orders/%00", "assignments/%00/reassign"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_404_problem(acme: Integrator, path: str, method: str) -> None:
    answer = acme.ask(method, path, {} if method == "POST" else None)

    assert answer.status_code in (404, 405)
    assert problem(answer)["code"] in ("not_found", "method_not_allowed")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_a_wrong_method_is_405(acme: Integrator, method: str) -> None:
    answer = acme.ask(method, "me", {})

    assert (answer.status_code, problem(answer)["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD"


def test_head_is_a_get_without_a_body(acme: Integrator) -> None:
    answer = acme.ask("HEAD", "assignments")

    assert (answer.status_code, answer.content) == (200, b"")


def test_other_than_json_is_406(acme: Integrator) -> None:
    answer = acme.get("me", accept="text/html")

    assert (answer.status_code, problem(answer)["code"]) == (406, "not_acceptable")


def test_another_media_type_is_415(acme: Integrator) -> None:
    answer = raw(acme, b"member_id=1", "application/x-www-form-urlencoded")

    assert (answer.status_code, problem(answer)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": NaN}', b"", b"\xff", b'{"add": ' + b"9" * 5000 + b"}", b"[" * 100_000], ids=range(6)
)
def test_malformed_json_is_400(acme: Integrator, body: bytes) -> None:
    answer = raw(acme, body)

    assert (answer.status_code, problem(answer)["code"]) in [(400, "parse_error"), (422, "validation_failed")]


def test_a_body_without_measure_is_413(acme: Integrator) -> None:
    answer = raw(acme, b'{"reason": "' + b"x" * 2_621_440 + b'"}')

    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


def test_other_versions_are_404_problems(acme: Integrator) -> None:
    answer = acme.client.post("/api/v9/seats", {}, content_type="application/json")

    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


def test_staff_who_look_through_a_customers_eyes_change_nothing(owner: Membership, member: Membership) -> None:
    browser = Client()
    browser.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session["hijack_history"] = ["1"]
    session.save()

    answer = browser.post("/api/v1/assignments", {"member_id": member.public_id}, content_type="application/json")

    assert (answer.status_code, problem(answer)["code"]) == (403, "view_only")
    assert browser.get("/api/v1/seats").status_code == 200
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("body", [[], "text", 3, None, True])
def test_a_body_that_is_no_object_is_422(acme: Integrator, body: object) -> None:
    answer = raw(acme, json.dumps(body).encode())

    assert (answer.status_code, problem(answer)["code"]) == (422, "validation_failed")


def test_unknown_and_wrong_fields_are_named_together(acme: Integrator) -> None:
    answer = acme.post("assignments", {"member_id": 7, "emial": "a@example.com", "reason": ["x"]})

    assert answer.status_code == 422
    assert problem(answer) == {
        "type": "urn:seat-portal:problem:validation_failed",
        "title": "Some fields need another value.",
        "status": 422,
        "code": "validation_failed",
        "errors": [
            {"field": "emial", "message": "This field is not known here."},
            {"field": "member_id", "message": "Not a valid string."},
            {"field": "reason", "message": "Not a valid string."},
        ],
    }
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("text", ["\0", "\ud800", ""])
def test_text_that_no_database_takes_is_422(acme: Integrator, text: str) -> None:
    answer = acme.post("assignments", {"member_id": text})

    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (422, "member_id")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=%00",
        "limit=-1",
        "cursor=x",
        "cursor=cD1hYmM%3D",
        "cursor=%00",
        "page=2",
    ],
)
def test_a_query_that_makes_no_sense_is_422(acme: Integrator, query: str) -> None:
    answer = acme.get(f"assignments?{query}")

    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Some fields need another value."), ("fr", "Some fields need another value.")],
)
def test_titles_follow_accept_language(acme: Integrator, language: str, title: str) -> None:
    answer = acme.post("assignments", {"x": 1}, accept_language=language)

    assert problem(answer)["title"] == title


def test_framework_messages_are_german_too(acme: Integrator) -> None:
    answer = acme.post("assignments", {"member_id": 7}, accept_language="de")

    assert problem(answer)["errors"][0]["message"] == "Kein gültiger String."
    assert answer["Content-Language"] == "de"


def test_too_many_requests_are_429(acme: Integrator) -> None:
    with patch.dict(api_settings.DEFAULT_THROTTLE_RATES, caller="2/min"):
        answers = [acme.get("me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[2])["code"] == "throttled"
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert answers[2]["RateLimit-Remaining"] == "0"


def test_wrong_keys_are_counted_by_address(db: None) -> None:
    stranger = Client()
    with patch.dict(api_settings.DEFAULT_THROTTLE_RATES, caller="2/min"):
        codes = [
            stranger.get("/api/v1/me", headers={"Authorization": f"Bearer sp_test_{n}"}).status_code for n in range(3)
        ]

    assert codes == [401, 401, 429]


def test_a_cache_that_is_down_stops_nobody(acme: Integrator) -> None:
    with patch("seatportal.api.throttling.count_up", side_effect=RedisDown):
        answer = acme.get("me")

    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer


def test_a_failure_of_ours_is_a_problem(acme: Integrator) -> None:
    with patch("accounts.api.me._caller", side_effect=RuntimeError("broken")):
        answer = acme.get("me")

    assert (answer.status_code, problem(answer)["code"]) == (500, "server_error")
    assert b"broken" not in answer.content


def test_a_session_needs_the_csrf_token(owner: Membership, client_of: Callable[[Membership], Client]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")

    answer = browser.post("/api/v1/assignments", {}, content_type="application/json")

    assert (answer.status_code, problem(answer)["code"]) == (403, "permission_denied")


def test_the_schema_and_its_page_are_served(db: None) -> None:
    assert Client().get("/api/schema/").status_code == 200
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    assert b"<style" not in page.content
    assert page.content.count(b"<script") == page.content.count(b"<script src=")


def test_an_endpoint_on_its_way_out_says_so(acme: Integrator) -> None:
    ending = Deprecation(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), "https://example.com/changes"
    )
    assert "Deprecation" not in acme.get("me")
    with patch.object(Me, "deprecation", ending):
        answer = acme.get("me")
        schema = Client().get("/api/schema/?format=json").json()

    assert answer["Deprecation"] == "@1767225600"
    assert answer["Sunset"] == "Wed, 01 Jul 2026 00:00:00 GMT"
    assert answer["Link"] == '<https://example.com/changes>; rel="deprecation"'
    assert schema["paths"]["/api/v1/me"]["get"]["deprecated"] is True
    assert "deprecated" not in schema["paths"]["/api/v1/seats"]["get"]
