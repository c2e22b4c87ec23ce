"""What tests need to fill an archive and to read it without Spark."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.db import connection

from accounts.models import Account, Membership
from seats.models import ArchivedFile
from seats.usage.archive import BUCKETS
from seats.usage.event import MOST_QUANTITY, Event
from tests.conftest import join
from tests.factories.usage import event

OLD = timedelta(days=500)
COLUMNS = (
    "account_id, day, event_id, membership_id, person, feature, outcome, quantity, occurred_at, device, network, "
    "latitude, longitude"
)


def same_bucket(account: Account, now: datetime) -> Membership:
    """A member of another account, whose events lie in the same files."""
    other = Account.objects.create(pk=account.pk + BUCKETS, name="Near", slug="near", time_zone="Pacific/Kiritimati")
    return join(other, "Nora", "member", now)


def varied(member: Membership, at: datetime, *, seed: int, events: int, days: int) -> list[Event]:
    """Events of a member and of people whom nobody knows, with whatever else one may hold."""
    chance = random.Random(seed)
    return [
        event(
            chance.choice([member.public_id, member.user.email, "ghost", "Ghost", "ghost ", "Zoë 🜁", "a" * 254]),
            at - timedelta(seconds=chance.randrange(days * 86_400)),
            feature=chance.choice(["Reports", "reports", "Exports/Ü", "x" * 60]),
            outcome=chance.choice(["", "sent", "Sent", "\t"]),
            quantity=chance.choice([1, 2, MOST_QUANTITY]),
            **({"device": "d-1", "network": "192.0.2.7"} if chance.random() < 0.5 else {}),
        )
        for _ in range(events)
    ]


def kept_rows() -> list[tuple[Any, ...]]:
    """Every event in the database, by account and id."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM seats_usageevent")
        return sorted(cursor.fetchall(), key=_key)


def archived_rows(root: Path) -> list[tuple[Any, ...]]:
    """Every event of the files that count, by account and id."""
    rows: list[tuple[Any, ...]] = []
    for file in ArchivedFile.objects.all():
        found = [tuple(row.values()) for row in pq.ParquetFile(root / file.path).read().to_pylist()]
        assert (len(found), (root / file.path).stat().st_size) == (file.events, file.size)
        assert {(row[0] % BUCKETS, row[1]) for row in found} == {(file.bucket, file.day)}
        rows += found
    return sorted(rows, key=_key)


def _key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:3]
