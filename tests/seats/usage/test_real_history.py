"""Twelve years of real events by API: several clients, each batch twice, in any order; counts equal the file."""

import gzip
import json
import random
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Membership, User
from seatportal.demo.history import FILE
from seats.models import DailyUsage, UnknownUsage, UsageEvent, UsageSettings
from seats.usage.engines.postgres import PostgresEngine
from seats.usage.rebuild_counts import differing_counts
from tests.integrator import integrator_of

ZONE = ZoneInfo("Europe/Berlin")

type Key = tuple[str, str, str]


def history() -> list[dict[str, str]]:
    """The file's events with ids, as a client would send them."""
    with gzip.open(FILE, "rt") as file:
        names = file.readline().strip().split(",")
        return [
            {"id": f"row-{number}", **dict(zip(names, line.strip().split(","), strict=True))}
            for number, line in enumerate(file)
        ]


def in_zone(row: dict[str, str]) -> Key:
    """Counted directly: who, what, and the day in Berlin."""
    moment = datetime.fromisoformat(row["occurred_at"]).astimezone(ZONE)
    return row["user"], row["feature"], moment.date().isoformat()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_every_count_equals_the_file(live_server: LiveServer, account: Account, owner: Membership) -> None:
    events = history()
    assert len(events) == 33_829
    Account.objects.filter(pk=account.pk).update(time_zone=str(ZONE))
    UsageSettings.objects.create(account=account, keep_days=15 * 366)
    people = sorted({row["user"] for row in events})
    assert len(people) == 1071
    known = people[::2]
    users = User.objects.bulk_create(User(email=f"{name}@acme.example", name=name, password="!") for name in known)
    Membership.objects.bulk_create(
        Membership(account=account, user=user, external_id=user.name, joined_at=owner.joined_at) for user in users
    )
    secret = integrator_of(owner, owner.joined_at, "usage.send").secret
    order = random.Random(7)
    order.shuffle(events)
    batches = [list(batch) for batch in batched(events, 500, strict=False)] * 2
    order.shuffle(batches)

    def send(batch: list[dict[str, str]]) -> Counter[str]:
        request = urllib.request.Request(
            f"{live_server.url}/api/v1/usage-events",
            json.dumps(batch).encode(),
            {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return Counter(json.load(answer)["verdicts"])

    with ThreadPoolExecutor(4) as clients:
        verdicts = sum(clients.map(send, batches), Counter[str]())

    assert verdicts == {"accepted": 33_829, "duplicate": 33_829}
    assert UsageEvent.objects.filter(account=account).count() == 33_829
    direct = Counter(in_zone(row) for row in events)
    counted = {
        (name, feature, day.isoformat()): n
        for name, feature, day, n in DailyUsage.objects.filter(account=account)
        .values_list("membership__external_id", "feature", "day")
        .annotate(n=Sum("count"))
    } | {
        (name, feature, day.isoformat()): n
        for name, feature, day, n in UnknownUsage.objects.filter(account=account)
        .values_list("person", "feature", "day")
        .annotate(n=Sum("count"))
    }
    assert counted == direct
    first, last = (min(direct, key=lambda key: key[2])[2], max(direct, key=lambda key: key[2])[2])
    days = datetime.fromisoformat(first).date(), datetime.fromisoformat(last).date()
    assert differing_counts(account=account, first=days[0], last=days[1], engine=PostgresEngine()) == []
