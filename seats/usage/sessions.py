"""Sessions out of single events: one person, one device, one network, and no gap longer than GAP."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from accounts.models import Account

# The usual length after which web analytics begin a new visit.
GAP = timedelta(minutes=30)

_SQL = """
WITH candidates AS (
    SELECT membership_id FROM seats_usageevent
    WHERE account_id = %(account)s AND day BETWEEN %(first)s AND %(last)s
      AND membership_id IS NOT NULL AND device IS NOT NULL AND network IS NOT NULL
    GROUP BY membership_id HAVING count(DISTINCT device) >= %(devices)s
), steps AS (
    SELECT membership_id, device, network, occurred_at, latitude, longitude,
           occurred_at - lag(occurred_at) OVER line > make_interval(mins => %(gap)s) AS begins
    FROM seats_usageevent JOIN candidates USING (membership_id)
    WHERE account_id = %(account)s AND day BETWEEN %(first)s AND %(last)s
      AND device IS NOT NULL AND network IS NOT NULL
    WINDOW line AS (PARTITION BY membership_id, device, network ORDER BY occurred_at)
), islands AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER line AS island
    FROM steps WINDOW line AS (PARTITION BY membership_id, device, network ORDER BY occurred_at)
)
SELECT membership_id, device, network, min(occurred_at), max(occurred_at),
       (array_agg(ARRAY[latitude, longitude] ORDER BY occurred_at) FILTER (WHERE latitude IS NOT NULL))[1:1],
       (array_agg(ARRAY[latitude, longitude] ORDER BY occurred_at DESC) FILTER (WHERE latitude IS NOT NULL))[1:1]
FROM islands GROUP BY membership_id, device, network, island
ORDER BY membership_id, min(occurred_at), max(occurred_at), device, network
"""


@dataclass(frozen=True)
class Place:
    """Whole degrees."""

    latitude: int
    longitude: int


@dataclass(frozen=True)
class Session:
    """One person at work with one device on one network. device, network: hashes. from_place, to_place: where its
    first and its last event with a place were."""

    membership_id: int
    device: int
    network: int
    started_at: datetime
    ended_at: datetime
    from_place: Place | None = None
    to_place: Place | None = None


def sessions_of(*, account: Account, first: date, last: date, devices: int = 1) -> list[Session]:
    """The sessions of these days, both included, by person and then by their start.

    devices: leave out people who used fewer, which is nearly everybody. Events without a device or a network, and
    those of people whom the account does not know, belong to no session.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "account": account.pk,
                "first": first,
                "last": last,
                "devices": devices,
                "gap": GAP // timedelta(minutes=1),
            },
        )
        rows = cursor.fetchall()
    return [
        Session(member, device, network, start, end, _place(from_place), _place(to_place))
        for member, device, network, start, end, from_place, to_place in rows
    ]


def _place(found: list[list[int]] | None) -> Place | None:
    return Place(*found[0]) if found else None
