"""The seats of many accounts at one moment, read by one statement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.bands import FEW_BY_COUNT, FEW_BY_PERCENT, LOW, READY, REARMED, RUNNING_IN, Utilization
from seats.models import Signal

Kind = Signal.Kind


@dataclass(frozen=True)
class Span:
    """Accounts by primary key, both ends included: a shard of all, or one account."""

    first: int
    last: int


@dataclass(frozen=True)
class Picture:
    """One account's seats, and which kinds of signal about them are open."""

    account_id: int
    seats: Utilization
    open_kinds: frozenset[str]


# Which accounts: all of a span, or certain ones. It stands on both sides of each join, so that each is read once, by an
# index that holds all that is asked: the partial one on open seats, and the one on members with their last activity.
_SPAN = "{table}.account_id BETWEEN %(first)s AND %(last)s"
_THESE = "{table}.account_id = ANY(%(accounts)s)"
_SEATS = """
    WITH used AS (
        SELECT s.account_id, count(*) AS active
        FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
        WHERE s.ended_at IS NULL AND m.last_active_at >= %(since)s AND {s} AND {m}
        GROUP BY s.account_id
    ),
    open AS (
        SELECT account_id, array_agg(kind) AS kinds FROM seats_signal o
        WHERE ended_at IS NULL AND kind = ANY(%(kinds)s) AND {o}
        GROUP BY account_id
    ),
    seen AS (
        SELECT p.account_id, p.purchased::bigint AS purchased, p.assigned::bigint AS assigned,
               COALESCE(used.active, 0) AS active, COALESCE(open.kinds, ARRAY[]::varchar[]) AS kinds,
               COALESCE(p.began_at > %(young)s, false) AS new
        FROM seats_seatpool p
        LEFT JOIN used ON used.account_id = p.account_id
        LEFT JOIN open ON open.account_id = p.account_id
        WHERE {p}
    )
    SELECT account_id, purchased, assigned, active, kinds, new FROM seen
"""
# The rules of `seats_rules.judge` once more, so that only accounts in which a row is to be written leave the database.
# What it lets through too much costs time, what it kept back would be lost: a test compares both on every small case.
_CHANGED = """
    WHERE CASE WHEN 'crossed_80' = ANY(kinds)
            THEN NOT (purchased > 0 AND GREATEST(active, assigned) * 100 >= purchased * %(rearmed)s)
            ELSE purchased > 0 AND GREATEST(active, assigned) * 100 >= purchased * %(ready)s END
       OR ('few_left' = ANY(kinds)) <> (purchased > 0 AND CASE
            WHEN purchased <= %(size1)s THEN purchased - assigned <= %(few1)s
            WHEN purchased <= %(size2)s THEN purchased - assigned <= %(few2)s
            WHEN purchased <= %(size3)s THEN (purchased - assigned) * 100 <= purchased * %(few3)s
            WHEN purchased <= %(size4)s THEN (purchased - assigned) * 100 <= purchased * %(few4)s
            ELSE (purchased - assigned) * 100 <= purchased * %(few5)s END)
       OR ('limit_reached' = ANY(kinds)) <> (purchased > 0 AND assigned >= purchased)
       OR ('low_adoption' = ANY(kinds)) <> (purchased > 0 AND NOT new AND active * 100 < purchased * %(low)s)
    ORDER BY account_id
"""
SEAT_KINDS = (Kind.CROSSED, Kind.FEW_LEFT, Kind.FULL, Kind.LOW_ADOPTION)


def changed_pictures(span: Span, at: datetime) -> Iterator[Picture]:
    """The accounts of a span in which a signal about seats opens or ends now, and perhaps a few more."""
    (size1, few1), (size2, few2) = FEW_BY_COUNT
    (size3, few3), (size4, few4), (_none, few5) = FEW_BY_PERCENT
    sizes = {"size1": size1, "size2": size2, "size3": size3, "size4": size4}
    few: dict[str, int] = {"few1": few1, "few2": few2, "few3": few3, "few4": few4, "few5": few5}
    more = {"ready": READY, "rearmed": REARMED, "low": LOW, **sizes, **few}
    return _read(_seats(_SPAN) + _CHANGED, at, {**more, "first": span.first, "last": span.last})


def all_pictures(span: Span, at: datetime) -> Iterator[Picture]:
    """Every account of a span that has a pool."""
    return _read(_seats(_SPAN), at, {"first": span.first, "last": span.last})


def pictures_of(accounts: Sequence[int], at: datetime) -> dict[int, Picture]:
    """The same for certain accounts, whether or not anything changes."""
    if not accounts:
        return {}
    return {picture.account_id: picture for picture in _read(_seats(_THESE), at, {"accounts": list(accounts)})}


def _seats(which: str) -> str:
    return _SEATS.format(**{table: which.format(table=table) for table in "smop"})


def _read(statement: str, at: datetime, more: Mapping[str, int | list[int]]) -> Iterator[Picture]:
    values = {
        "since": at - ACTIVE_WITHIN,
        "young": at - RUNNING_IN,
        "kinds": [str(kind) for kind in SEAT_KINDS],
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for account_id, purchased, assigned, active, kinds, new in cursor.fetchall():
            yield Picture(account_id, Utilization(purchased, assigned, active, new), frozenset(kinds))
