"""The months of the event table: one partition each, made when its first event comes, dropped when no account needs it.

A month is its first day. Partitions are attached rather than created in place, which locks no reader or writer out.
"""

import re
from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction

TABLE = "seats_usageevent"
# Any constant that no other advisory lock of ours uses.
_LOCK = 0x5EA7_0001
_NAME = re.compile(rf"^{TABLE}_(\d{{4}})_(\d{{2}})$")


def month_of(day: date) -> date:
    """The month that a day belongs to."""
    return day.replace(day=1)


def after(month: date) -> date:
    """The next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def make_months(days: Iterable[date]) -> None:
    """Make the partitions that these days need and that are not there."""
    for month in sorted({month_of(day) for day in days}.difference(months())):
        _make(month)


def months() -> list[date]:
    """The months that there are, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass",
            [TABLE],
        )
        found = [_NAME.match(name) for (name,) in cursor.fetchall()]
    return sorted(date(int(match[1]), int(match[2]), 1) for match in found if match)


def drop_empty_month(month: date) -> bool:
    """Drop a month's table if it holds nothing; says whether it did. Nobody can write to it in between."""
    name = _partition(month)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        # The parent first, as writers do.
        cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")  # noqa: S608  a name of ours, made of a month
        if cursor.fetchone()[0]:
            return False
        cursor.execute(f"DROP TABLE {name}")
        return True


def _partition(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def _make(month: date) -> None:
    name = _partition(month)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        if cursor.fetchone()[0]:
            return
        cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
        cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM ('{month}') TO ('{after(month)}')")
