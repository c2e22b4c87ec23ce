"""GET /api/v1/usage/…: the numbers of the page and its downloads."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Department, Membership
from seats.models import UsageSettings
from seats.usage.ingest_events import ingest_events
from tests.factories.seats import crowd, give_pool, seat, use
from tests.factories.usage import event
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def busy(owner: Membership, now: datetime) -> list[Membership]:
    """Ten seats, eight holders: six did something on twenty days; one works without a seat, one is unknown."""
    account = owner.account
    give_pool(account, 10, now - 200 * DAY)
    people = crowd(account, 9, now - 200 * DAY)
    for person in people[:8]:
        seat(person, now - 100 * DAY)
    for person in people[:6]:
        use(person, now, days=20)
    use(people[8], now, days=2)
    use(people[0], now - 40 * DAY, days=1, feature="Old")
    person, at = people[1].public_id, now - DAY
    ingest_events(
        account=account,
        events=[event("ghost@old.example", now), event(person, at, feature="Mail", outcome="sent", quantity=3)],
        at=now,
    )
    return people


def results(acme: Integrator, path: str) -> list[dict[str, Any]]:
    answer = acme.get(f"usage/{path}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def downloaded(client: Client, owner: Membership, table: str) -> list[list[str]]:
    answer: Any = client.get(f"/a/{owner.account.slug}/usage/{table}.csv")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))[1:]


def test_people_are_those_of_the_download(
    acme: Integrator, owner: Membership, busy: list[Membership], client_of: SignIn, now: datetime
) -> None:
    rows = results(acme, "people")

    assert [row["id"] for row in rows] == [busy[n].public_id for n in (8, 5, 4, 3, 2, 1, 0)]
    assert rows[5] == {
        "id": busy[1].public_id,
        "name": "Person 00001",
        "email": "person00001@crowd.example",
        "external_id": "",
        "department": None,
        "seated": True,
        "days": 20,
        "actions": 41,
        "quantity": 43,
        "last_day": f"{now.date()}",
        "features": [
            {"feature": "Reports", "actions": 40, "outcomes": 0, "last_day": f"{now.date()}"},
            {"feature": "Mail", "actions": 1, "outcomes": 1, "last_day": f"{(now - DAY).date()}"},
        ],
    }
    assert (rows[0]["seated"], rows[0]["actions"]) == (False, 4)
    told = {
        (row["email"], used["feature"], str(used["actions"]), str(used["outcomes"]), used["last_day"])
        for row in rows
        for used in row["features"]
    }
    assert told == {(email, *rest) for _name, email, *rest in downloaded(client_of(owner), owner, "people")}


def test_features_are_those_of_the_download(
    acme: Integrator, owner: Membership, busy: list[Membership], client_of: SignIn
) -> None:
    rows = results(acme, "features")

    assert rows == [
        {"feature": "Mail", "people": 1, "actions": 1, "quantity": 3, "outcomes": {"sent": 1}},
        {"feature": "Reports", "people": 7, "actions": 244, "quantity": 244, "outcomes": {}},
    ]
    assert sorted(downloaded(client_of(owner), owner, "features")) == [
        ["Mail", "1", "1", "3", "sent: 1"],
        ["Reports", "7", "244", "244", ""],
    ]


def test_days(acme: Integrator, busy: list[Membership], now: datetime) -> None:
    rows = results(acme, "daily")

    today, yesterday = f"{now.date()}", f"{(now - DAY).date()}"
    assert len(rows) == 20
    assert rows[0] == {"day": today, "people": 7, "actions": 14, "quantity": 14, "purchased": 10, "assigned": 8}
    assert rows[1] == {"day": yesterday, "people": 7, "actions": 15, "quantity": 17, "purchased": 10, "assigned": 8}
    assert results(acme, "daily?feature=Mail") == [
        {"day": yesterday, "people": 1, "actions": 1, "quantity": 3, "purchased": 10, "assigned": 8}
    ]


def test_days_before_the_first_purchase_have_no_seats(acme: Integrator, busy: list[Membership], now: datetime) -> None:
    early = now - 300 * DAY
    use(busy[0], early, days=1)

    (row,) = results(acme, f"daily?from={early.date()}&to={early.date()}")

    assert (row["actions"], row["purchased"], row["assigned"]) == (2, 0, 0)


def test_summary_is_the_page_sentence(acme: Integrator, busy: list[Membership], now: datetime) -> None:
    told = acme.get("usage/summary").json()

    assert told["rule"].startswith("At least 80 %")
    assert {name: told[name] for name in told if name not in ("made_at", "rule", "groups", "active_days")} == {
        "first_day": f"{(now - 29 * DAY).date()}",
        "last_day": f"{now.date()}",
        "purchased": 10,
        "assigned": 8,
        "active": 6,
        "idle": 2,
        "active_percent": 60,
        "assigned_percent": 80,
        "band": "ready",
        "runway": {"early": f"{(now + 45 * DAY).date()}", "late": f"{(now + 45 * DAY).date()}"},
        "unknown_people": 1,
        "unknown_actions": 1,
        "groups_only": False,
    }
    assert told["active_days"][4] == {"days_from": 20, "days_to": 30, "people": 6}
    assert told["groups"][0] == {
        "kind": "department",
        "name": "",
        "people": 10,
        "seats": 8,
        "active": 6,
        "actions": 245,
    }


def test_filters(acme: Integrator, owner: Membership, busy: list[Membership], now: datetime) -> None:
    support = Department.objects.create(account=owner.account, name="Support")
    Membership.objects.filter(pk__in=[busy[0].pk, busy[8].pk]).update(department=support)
    old = (now - 40 * DAY).date()

    for name in (support.public_id, "support"):
        assert [row["id"] for row in results(acme, f"people?department={name}")] == [
            busy[8].public_id,
            busy[0].public_id,
        ]
    assert results(acme, f"features?department={support.public_id}")[0]["people"] == 2
    assert results(acme, "daily?department=Support")[5]["people"] == 1
    assert [row["id"] for row in results(acme, "people?feature=Mail")] == [busy[1].public_id]
    (one,) = results(acme, f"people?from={old}&to={old}")
    assert (one["id"], one["actions"], one["days"]) == (busy[0].public_id, 2, 1)
    assert results(acme, f"people?to={old - DAY}") == []
    # Without a first day: thirty days up to the last.
    assert [row["feature"] for row in results(acme, f"features?to={old + 29 * DAY}")] == ["Old", "Reports"]
    assert [row["feature"] for row in results(acme, f"features?to={old + 30 * DAY}")] == ["Reports"]


@pytest.mark.parametrize("path", ["people", "features", "daily"])
def test_pages_follow_each_other(acme: Integrator, busy: list[Membership], path: str) -> None:
    whole = results(acme, path)
    found, address = [], f"usage/{path}?limit=1"
    while address:
        answer = acme.get(address).json()
        found += answer["results"]
        address = (answer["next"] or "").rpartition("/api/v1/")[2]
    assert found == whole
    assert acme.get(answer["previous"].rpartition("/api/v1/")[2]).json()["results"] == [whole[-2]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-13-01", "from"),
        ("from=1969-12-31", "from"),
        ("to=yesterday", "to"),
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("team=x", "team"),
        ("cursor=cD1hYmM%3D", "cursor"),
    ],
)
def test_a_query_that_makes_no_sense_is_422(acme: Integrator, query: str, field: str) -> None:
    answer = acme.get(f"usage/daily?{query}")

    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (422, field)


def test_privacy_mode_says_what_the_page_says(acme: Integrator, owner: Membership, busy: list[Membership]) -> None:
    UsageSettings.objects.create(account=owner.account, groups_only=True)

    refused = problem(acme.get("usage/people"))
    assert (refused["status"], refused["code"]) == (403, "usage_is_private")
    # Mail was used by one person, and only seven people by day are left to be counted.
    assert [row["feature"] for row in results(acme, "features")] == ["Reports"]
    assert {row["people"] for row in results(acme, "daily")} == {7, 6}
    for query in ("from=2026-04-01", "to=2026-04-01", "department=Support"):
        for path in ("people", "features", "daily"):
            refused = problem(acme.get(f"usage/{path}?{query}"))
            assert refused["code"] == "usage_is_private"
            assert refused["errors"][0]["field"] == query.partition("=")[0]
    assert problem(acme.get("usage/daily?feature=Mail"))["errors"][0]["field"] == "feature"
    told = acme.get("usage/summary").json()
    assert told["groups_only"] is True
    assert told["active"] == 6
    assert "Person" not in str(told)


def test_privacy_mode_hides_days_of_few(
    acme: Integrator, owner: Membership, busy: list[Membership], now: datetime
) -> None:
    use(busy[0], now - 25 * DAY, days=1)
    assert len(results(acme, "daily")) == 21

    UsageSettings.objects.create(account=owner.account, groups_only=True)

    assert len(results(acme, "daily")) == 20


def test_another_account_and_another_scope_see_nothing(
    busy: list[Membership], outsider: Membership, owner: Membership, now: datetime
) -> None:
    other = integrator_of(outsider, now)
    for path in ("people", "features", "daily"):
        assert results(other, path) == []
    blind = integrator_of(owner, now, "seats.view")
    for path in ("people", "features", "daily", "summary"):
        assert problem(blind.get(f"usage/{path}"))["capability"] == "usage.view"
