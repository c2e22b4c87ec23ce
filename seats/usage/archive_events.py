"""Move events whose time is over from the database to the archive."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import batched, chain
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from accounts.models import Account
from seats.models import ArchivedFile, UsageEvent, UsageSettings
from seats.usage.archive import ArchiveUnusable, archive_root, bucket_of, new_file
from seats.usage.ingest_events import lock_of

# Any constants that no other advisory lock of ours uses, one per bucket.
_LOCK = 0x5EA7_0100
# Rows that are held in memory, and of a group in a file.
_ROWS = 20_000

# Ids go together with their events.
_TAKE = """
WITH due AS (
    SELECT event_id FROM seats_usageevent WHERE account_id = %(account)s AND day = %(day)s AND event_id > %(after)s
    ORDER BY event_id LIMIT %(rows)s
), gone AS (
    DELETE FROM seats_usageevent e USING due
    WHERE e.account_id = %(account)s AND e.day = %(day)s AND e.event_id = due.event_id
    RETURNING e.account_id, e.day, e.event_id, e.membership_id, e.person, e.feature, e.outcome, e.quantity,
              e.occurred_at, e.device, e.network, e.latitude, e.longitude
), ids AS (
    DELETE FROM seats_usagekey k USING gone WHERE k.account_id = %(account)s AND k.event_id = gone.event_id
)
SELECT * FROM gone ORDER BY event_id
"""
_ID = 2

_MARK = """
UPDATE seats_usagesettings SET archived_from = coalesce(archived_from, forgotten_to + 1, %(day)s),
                               forgotten_to = greatest(forgotten_to, %(day)s)
WHERE account_id = ANY(%(accounts)s)
"""


def archive_events(*, until: Mapping[Account, date]) -> int:
    """Move the events of each account up to and including its day, the oldest first; returns how many.

    It may die at any point and goes on the next time. Raises ArchiveUnusable, and keeps what was not moved.
    """
    root = archive_root()
    buckets: dict[int, dict[Account, date]] = defaultdict(dict)
    for account, last in until.items():
        buckets[bucket_of(account)][account] = last
    moved = 0
    for bucket, lasts in sorted(buckets.items()):
        days: dict[date, list[Account]] = defaultdict(list)
        for account, last in lasts.items():
            for day in _days(account, last):
                days[day].append(account)
        for day, accounts in sorted(days.items()):
            moved += _archive_day(root, bucket, day, sorted(accounts, key=lambda account: int(account.pk)))
    return moved


def _days(account: Account, last: date) -> Iterator[date]:
    """The days up to `last` that have events, found one by one: a day may have very many."""
    events = UsageEvent.objects.filter(account=account, day__lte=last)
    day = events.aggregate(day=Min("day"))["day"]
    while day is not None:
        yield day
        day = events.filter(day__gt=day).aggregate(day=Min("day"))["day"]


@transaction.atomic
def _archive_day(root: Path, bucket: int, day: date, accounts: Sequence[Account]) -> int:
    """What is deleted is what is written, in one transaction; it holds once the file is durable."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK + bucket])
        # Whoever counts an account anew from the database has it alone.
        for account in accounts:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock_of(account)])
    groups = _groups(day, accounts)
    first = next(groups, None)
    if first is None:
        return 0
    file = ArchivedFile(bucket=bucket, day=day)
    with new_file(root, file) as path:
        file.events = _write(path, chain([first], groups))
        file.size = path.stat().st_size
    file.save()
    UsageSettings.objects.bulk_create([UsageSettings(account=account) for account in accounts], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"day": day, "accounts": [account.pk for account in accounts]})
    return file.events


def _write(path: Path, groups: Iterable[Sequence[tuple[Any, ...]]]) -> int:
    try:
        from seats.usage.parquet import write_events  # noqa: PLC0415  pyarrow is needed only where there is an archive
    except ImportError as error:
        raise ArchiveUnusable("USAGE_ARCHIVE is set, but pyarrow is not installed: add the extra `archive`.") from error
    return write_events(path, groups)


def _groups(day: date, accounts: Sequence[Account]) -> Iterator[tuple[tuple[Any, ...], ...]]:
    return batched(chain.from_iterable(_taken(account, day) for account in accounts), _ROWS, strict=False)


def _taken(account: Account, day: date) -> Iterator[tuple[Any, ...]]:
    """Deletes an account's events of a day and yields them by id."""
    after = ""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"account": account.pk, "day": day, "after": after, "rows": _ROWS})
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < _ROWS:
            return
        after = rows[-1][_ID]
