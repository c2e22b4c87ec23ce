"""`ingest`: events a second over HTTP until they are durable, told apart from duplicates, and in the exact counts.

Held against the same work without HTTP: one session that copies 10,000 events at a time into the database and merges
them there. Beside it, what teams write at first with Django REST framework, and for single events a view that does
nothing.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from accounts.access.actor import Actor
from accounts.keys.issue_api_key import issue_api_key
from accounts.members.open_account import open_account
from accounts.models import Account, Membership, User
from seatportal.bench.post import post_all, request_bytes
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import Stage
from seatportal.demo.ports import any_free
from seatportal.demo.programs import answers
from seatportal.kit.clock import now
from seats.usage.months import make_months

FEATURES = [f"feature-{number}" for number in range(12)]
CHUNK = 10_000
RATE = "100000000/min"
_ids = count()
_people = count()


@dataclass(frozen=True)
class Sender:
    """An account of a thousand people, with a key."""

    account: Account
    secret: str
    since: datetime
    people: int

    def events(self, number: int) -> list[dict[str, Any]]:
        """New events of the last 20 days, with ids that grow with time, as a UUIDv7 does."""
        found = []
        for _ in range(number):
            turn = next(_ids)
            at = self.since - timedelta(seconds=(turn * 7919) % (20 * 86_400))
            name = f"p{(turn * 31) % self.people}"
            found.append(
                {
                    "id": f"01900000-{turn:012x}-bench",
                    "user": name,
                    "feature": FEATURES[turn % len(FEATURES)],
                    "occurred_at": at.isoformat(),
                }
            )
        return found


def bench(stage: Stage) -> Result:
    """Measure all by turns."""
    size, repetitions = (2_000, 1) if stage.quick else (40_000, 3)
    stage.programs.environment |= {"USAGE_EVENTS_RATE": RATE, "LOG_LEVEL": "WARNING"}
    port, plain_port = any_free(), any_free()
    web = stage.programs.web(port)
    plain = stage.programs.web(plain_port, "seatportal.bench.peers.plain_site:application", name="Plain site")
    # The slow ones get less to do; a rate is a rate.
    few, single = max(size // 40, 100), max(size // 20, 100)
    mine, raw, other = (make_sender(stage.quick) for _ in range(3))
    make_months((mine.since - timedelta(days=days)).date() for days in range(22))
    web.start()
    plain.start()
    try:
        web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        plain.wait_until(lambda: answers(f"http://127.0.0.1:{plain_port}/nothing"))
        ours = partial(_send, mine, port, "/api/v1/usage-events")
        theirs = partial(_send, other, plain_port)
        thousand, hundred, one, floor, tuned, naive, nothing, many, many_nothing = Series.by_turns(
            repetitions,
            lambda: ours(size, 1000) / size,
            lambda: ours(size, 100) / size,
            lambda: ours(single, 1) / single,
            lambda: _floor(raw, size) / size,
            lambda: theirs("/tuned", size // 4, 1000) / (size // 4),
            lambda: theirs("/naive", few, 100) / few,
            lambda: theirs("/nothing", single, 1) / single,
            lambda: ours(single, 1, connections=16) / single,
            lambda: theirs("/nothing", single, 1, connections=16) / single,
            warm_up=True,
        )
    finally:
        web.stop()
        plain.stop()
    rate = {
        "batch 1000": 1 / thousand.median,
        "batch 100": 1 / hundred.median,
        "batch 1": 1 / one.median,
        "floor": 1 / floor.median,
        "DRF tuned": 1 / tuned.median,
        "DRF naive": 1 / naive.median,
        "view that does nothing": 1 / nothing.median,
        "batch 1, 16 connections": 1 / many.median,
        "view that does nothing, 16 connections": 1 / many_nothing.median,
    }
    return Result(
        bench="ingest",
        ours=rate["batch 1000"],
        against={name: value for name, value in rate.items() if name != "batch 1000"},
        ratio={
            "batch 1000 / floor": rate["batch 1000"] / rate["floor"],
            "batch 100 / floor": rate["batch 100"] / rate["floor"],
            "batch 1000 / DRF tuned": rate["batch 1000"] / rate["DRF tuned"],
            "batch 100 / DRF naive": rate["batch 100"] / rate["DRF naive"],
            "batch 1 / view that does nothing": rate["batch 1"] / rate["view that does nothing"],
            "the same over 16 connections": many_nothing.median / many.median,
        },
        goal={
            "batch 1000 / floor": ">= 0.5",
            "batch 100 / floor": ">= 0.35",
            "batch 1000 / DRF tuned": ">= 3",
            "batch 100 / DRF naive": ">= 25",
            "batch 1 / view that does nothing": ">= 0.2",
        },
        unit="events/s kept and counted",
        spread={"batch 1000": thousand.rates(1), "batch 100": hundred.rates(1), "floor": floor.rates(1)},
        notes=(
            f"{size} new events of {mine.people} people per repetition over 4 connections, {repetitions} repetitions",
            "16 connections are as many as the server has threads: then one flush of the disk serves several",
            "the floor copies 10,000 at a time in one session and merges them in SQL, without HTTP",
            "DRF runs without our middleware and limits, on the same tables",
        ),
    )


def make_sender(quick: bool, *, scopes: tuple[str, ...] = ("usage.send",)) -> Sender:
    """An account with its people and a key."""
    people, at = (50 if quick else 1000), now()
    user = User.objects.create(email=f"ingest{next(_people)}-{at:%H%M%S%f}@bench.example", name="Owner")
    actor = Actor(user=user, door="sign_up")
    account = open_account(name="Bench", user=user, at=at, actor=actor)
    users = User.objects.bulk_create(
        User(email=f"{next(_people)}-{at:%H%M%S%f}@bench.example", name="Person") for _ in range(people)
    )
    Membership.objects.bulk_create(
        Membership(account=account, user=one, external_id=f"p{number}", joined_at=at)
        for number, one in enumerate(users)
    )
    _, secret = issue_api_key(
        account=account,
        name="Bench",
        scopes=scopes,
        expires_at=None,
        membership=Membership.objects.get(account=account, user=user),
        actor=actor,
        at=at,
    )
    return Sender(account, secret, at, people)


def _send(sender: Sender, port: int, path: str, number: int, batch: int, connections: int = 4) -> float:
    """Seconds until every event is acknowledged, and with that durable."""
    events = sender.events(number)
    headers = {"Authorization": f"Bearer {sender.secret}"}
    requests = [
        request_bytes(path=path, body=json.dumps(events[start : start + batch]).encode(), headers=headers)
        for start in range(0, number, batch)
    ]
    return post_all(requests, port=port, connections=connections)


_MERGE = """
WITH incoming AS (
    SELECT s.*, m.id AS member, (s.at AT TIME ZONE 'UTC')::date AS day
    FROM bench_events s JOIN accounts_membership m ON m.account_id = %(account)s AND m.external_id = s.person
), fresh AS (
    INSERT INTO seats_usagekey (account_id, event_id, day) SELECT %(account)s, id, day FROM incoming ORDER BY id
    ON CONFLICT DO NOTHING RETURNING event_id
), taken AS (
    SELECT incoming.* FROM incoming JOIN fresh ON fresh.event_id = incoming.id
), kept AS (
    INSERT INTO seats_usageevent (account_id, day, event_id, membership_id, person, feature, outcome, quantity,
                                  occurred_at)
    SELECT %(account)s, day, id, member, '', feature, '', 1, at FROM taken
)
INSERT INTO seats_dailyusage (account_id, membership_id, day, feature, outcome, count, quantity)
SELECT %(account)s, member, day, feature, '', count(*), count(*) FROM taken
GROUP BY member, day, feature ORDER BY member, day, feature
ON CONFLICT (account_id, membership_id, day, feature, outcome) DO UPDATE
SET count = seats_dailyusage.count + EXCLUDED.count, quantity = seats_dailyusage.quantity + EXCLUDED.quantity
"""


def _floor(sender: Sender, number: int) -> float:
    """Seconds for the same events by COPY and one merge per chunk."""
    rows = [(e["id"], e["user"], e["feature"], e["occurred_at"]) for e in sender.events(number)]
    took = perf_counter()
    for start in range(0, number, CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE bench_events (id text, person text, feature text, at timestamptz) "
                "ON COMMIT DROP"
            )
            with cursor.copy("COPY bench_events FROM STDIN") as copy:
                for row in rows[start : start + CHUNK]:
                    copy.write_row(row)
            cursor.execute(_MERGE, {"account": sender.account.pk})
    return perf_counter() - took
