"""The usage page, its downloads, and privacy mode at every door."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Membership
from seats.insight.make_use_report import make_use_report
from seats.models import UsageSettings
from seats.usage.ingest_events import ingest_events
from tests.factories.seats import crowd, give_pool, seat, use
from tests.factories.usage import event
from tests.integrator import integrator_of, problem

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def busy(owner: Membership, now: datetime) -> list[Membership]:
    """Ten seats, eight holders: six active; one works without a seat, one is unknown."""
    account = owner.account
    give_pool(account, 10, now - 200 * DAY)
    people = crowd(account, 9, now - 200 * DAY)
    for person in people[:8]:
        seat(person, now - 100 * DAY)
    for person in people[:6]:
        use(person, now, days=20)
    use(people[8], now, days=2)
    ingest_events(account=account, events=[event("ghost@old.example", now)], at=now)
    return people


def page(client: Client, owner: Membership, path: str = "usage/") -> str:
    answer = client.get(f"/a/{owner.account.slug}/{path}")
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


def rows(client: Client, owner: Membership, table: str) -> list[list[str]]:
    answer: Any = client.get(f"/a/{owner.account.slug}/usage/{table}.csv")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_page_says_it_in_a_sentence(client_of: SignIn, owner: Membership, busy: list[Membership]) -> None:
    text = page(client_of(owner), owner)
    assert "6 of 10 seats were active in the last 30 days (60 %)." in text
    assert "2 are idle for 30 days or more." in text
    assert "At least 80 % of the purchased seats are active or assigned" in text
    assert "purchased 10 → 10, assigned 0 → 8" in text
    assert "ghost@old.example" in text
    assert "Person 00008" in text
    assert '<th scope="row">20–30</th><td class="num"><a' in text


def test_a_large_account_costs_six_statements_more_than_a_page_without_usage(
    client_of: SignIn, owner: Membership, busy: list[Membership], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bench counts. The report is made ahead; idle people and several groups are shown, too."""
    monkeypatch.setattr("seats.insight.make_use_report.QUICK", 5)
    make_use_report(account=owner.account, at=now)
    client = client_of(owner)

    def asked(path: str) -> int:
        page(client, owner, path)
        with CaptureQueriesContext(connection) as queries:
            page(client, owner, path)
        return len(queries)

    assert asked("usage/") - asked("settings/usage/") == 6


def test_without_events_it_says_how_to_send_one(client_of: SignIn, owner: Membership, now: datetime) -> None:
    give_pool(owner.account, 5, now)
    text = page(client_of(owner), owner)
    assert "No activity received yet" in text
    assert "/api/v1/usage-events" in text
    assert owner.public_id in text


def test_downloads(client_of: SignIn, owner: Membership, busy: list[Membership], now: datetime) -> None:
    client = client_of(owner)
    assert rows(client, owner, "features")[1:] == [["Reports", "7", "244", "244", ""]]
    assert rows(client, owner, "days")[1:] == [
        ["0", "0", "2"],
        ["1", "4", "0"],
        ["5", "11", "0"],
        ["12", "19", "0"],
        ["20", "30", "6"],
    ]
    assert rows(client, owner, "groups")[1:] == [
        ["department", "", "10", "8", "6", "244"],
        ["employment", "employee", "10", "8", "6", "244"],
        ["level", "", "10", "8", "6", "244"],
        ["region", "", "10", "8", "6", "244"],
    ]
    assert rows(client, owner, "unknown")[1:] == [["ghost@old.example", "1", now.date().isoformat()]]
    assert len(rows(client, owner, "people")) == 8
    assert rows(client, owner, "year")[-1] == [now.date().isoformat(), "10", "8", "6"]
    assert client.get(f"/a/{owner.account.slug}/usage/secrets.csv").status_code == 404


def test_privacy_mode_holds_at_every_door(
    client_of: SignIn, owner: Membership, busy: list[Membership], now: datetime
) -> None:
    client, account = client_of(owner), owner.account
    names = [person.user.name for person in busy]
    saved = client.post(f"/a/{account.slug}/settings/usage/", {"groups_only": "on", "keep_days": "400"})
    assert saved.status_code == 302

    text = page(client, owner)
    assert "Privacy mode is on" in text
    assert "6 of 10 seats were active" in text
    assert not [name for name in [*names, "ghost@old.example"] if name in text]
    for table in ("people", "unknown"):
        assert rows(client, owner, table)[1:] == []

    seats = page(client, owner, "seats/")
    assert names[0] in seats
    assert "Has a seat" in seats
    assert "Active on" not in seats
    assert "Idle 30+ days" not in seats
    shown = page(client, owner, "seats/?show=idle&sort=active")
    assert names[0] in shown, "the filter by use is not followed"
    download: Any = client.get(f"/a/{account.slug}/seats.csv")
    lines = list(csv.reader(io.StringIO(b"".join(download.streaming_content).decode("utf-8-sig"))))
    assert {tuple(line[6:9]) for line in lines[1:]} == {("", "0", "")}

    person = page(client, owner, f"seats/people/{busy[0].public_id}/")
    assert "Last active" not in person
    assert "Reports" not in person

    acme = integrator_of(owner, now)
    members = acme.get("members").json()["results"]
    assert {row["last_active_at"] for row in members} == {None}
    refused = problem(acme.get(f"members?active_since={now:%Y-%m-%dT%H:%M:%SZ}"))
    assert (refused["status"], refused["code"]) == (403, "usage_is_private")
    assert acme.get(f"members/{busy[0].public_id}").json()["last_active_at"] is None


def test_own_use_is_always_ones_own(client_of: SignIn, owner: Membership, now: datetime) -> None:
    UsageSettings.objects.create(account=owner.account, groups_only=True)
    use(owner, now, days=3)
    assert "Active on 3 of the last 30 days" in page(client_of(owner), owner, "me/")


def test_settings_are_audited_and_only_for_those_who_may(
    client_of: SignIn, owner: Membership, member: Membership
) -> None:
    url = f"/a/{owner.account.slug}/settings/usage/"
    assert client_of(member).post(url, {"groups_only": "on", "keep_days": "400"}).status_code == 403
    assert not UsageSettings.objects.exists()
    client = client_of(owner)
    assert client.post(url, {"keep_days": "5"}).status_code == 422
    assert not UsageSettings.objects.exists()
    assert client.post(url, {"keep_days": "90", "peers": "on"}).status_code == 302
    assert UsageSettings.objects.get().keep_days == 90
    entry = AuditEntry.objects.get(action="usage.settings_changed")
    assert entry.data == {
        "old": {"keep_days": 400, "groups_only": False, "peers": True},
        "new": {"keep_days": 90, "groups_only": False, "peers": True},
    }


def test_it_costs_the_same_at_any_size(
    client_of: SignIn, owner: Membership, busy: list[Membership], now: datetime
) -> None:
    client = client_of(owner)
    page(client, owner)
    with CaptureQueriesContext(connection) as few:
        page(client, owner)
    for person in crowd(owner.account, 60, now, name="More"):
        use(person, now - timedelta(seconds=1), days=3)
    page(client, owner)
    with CaptureQueriesContext(connection) as many:
        page(client, owner)
    assert len(many) == len(few)
