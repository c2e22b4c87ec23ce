"""Take events in: kept once, counted exactly, durable when the answer leaves.

One statement checks for duplicates, keeps the new events and raises the daily counts, so nothing is ever kept without
being counted or counted twice. Its parts work in one order, each sorted by its key, so that two senders of the same
account wait for each other and never in a circle.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db import IntegrityError, connection, transaction
from msgspec import UNSET, UnsetType
from psycopg.errors import CheckViolation

from accounts.keys.shown import statements
from accounts.models import Account
from seatportal.kit.prepared import prepared, prepared_first
from seats.models import UsageSettings
from seats.usage.event import AHEAD, Event, Refusal, timely
from seats.usage.hashing import Hasher
from seats.usage.months import make_months
from seats.usage.sender import STILL, Sender, SenderUnsure
from seats.usage.settings import kept_from

# What one call takes; a file is sent in pieces.
MOST_EVENTS = 1000

ACCEPTED, DUPLICATE = "accepted", "duplicate"

type Verdict = str | Refusal

_STEPS = """
locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(%(lock)s)::text AS nothing {where}
), sent AS (
    SELECT t.* FROM locked, json_to_recordset(%(events)s::json) AS t(
        event_id text, day date, who text, feature text, outcome text, quantity int, at timestamptz,
        device bigint, network bigint, latitude smallint, longitude smallint
    )
), named AS (
    SELECT DISTINCT who FROM sent
), known AS (
    SELECT n.who, m.* FROM named n CROSS JOIN LATERAL (
        SELECT * FROM (
            (SELECT m.id, m.left_at, m.last_active_at FROM accounts_membership m
             WHERE m.account_id = %(account)s AND m.external_id = n.who AND m.external_id <> ''
             ORDER BY m.left_at DESC NULLS FIRST LIMIT 1)
            UNION ALL
            (SELECT m.id, m.left_at, m.last_active_at FROM accounts_membership m
             WHERE m.account_id = %(account)s AND m.public_id = lower(n.who) LIMIT 1)
            UNION ALL
            (SELECT m.id, m.left_at, m.last_active_at FROM accounts_user u
             JOIN accounts_membership m ON m.account_id = %(account)s AND m.user_id = u.id
             WHERE u.email = lower(n.who) ORDER BY m.left_at DESC NULLS FIRST LIMIT 1)
        ) AS found ORDER BY left_at DESC NULLS FIRST LIMIT 1
    ) AS m
), incoming AS (
    SELECT sent.*, known.id AS member, known.last_active_at,
           CASE WHEN known.id IS NULL THEN sent.who ELSE '' END AS person
    FROM sent LEFT JOIN known ON known.who = sent.who AND (known.left_at IS NULL OR sent.at <= known.left_at)
), fresh AS (
    INSERT INTO seats_usagekey (account_id, event_id, day)
    SELECT %(account)s, event_id, day FROM incoming ORDER BY event_id COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING event_id
), taken AS (
    SELECT incoming.* FROM incoming JOIN fresh USING (event_id)
), kept AS (
    INSERT INTO seats_usageevent (account_id, day, event_id, membership_id, person, feature, outcome, quantity,
                                  occurred_at, device, network, latitude, longitude)
    SELECT %(account)s, day, event_id, member, person, feature, outcome, quantity, at, device, network, latitude,
           longitude FROM taken
), counted AS (
    INSERT INTO seats_dailyusage AS d (account_id, membership_id, day, feature, outcome, count, quantity)
    SELECT %(account)s, member, day, feature, outcome, count(*), sum(quantity) FROM taken WHERE member IS NOT NULL
    GROUP BY member, day, feature, outcome ORDER BY member, day, feature, outcome
    ON CONFLICT (account_id, membership_id, day, feature, outcome) DO UPDATE
    SET count = d.count + EXCLUDED.count, quantity = d.quantity + EXCLUDED.quantity
), unknown AS (
    INSERT INTO seats_unknownusage AS u (account_id, person, day, feature, outcome, count, quantity)
    SELECT %(account)s, person, day, feature, outcome, count(*), sum(quantity) FROM taken WHERE member IS NULL
    GROUP BY person, day, feature, outcome ORDER BY person, day, feature, outcome
    ON CONFLICT (account_id, person, day, feature, outcome) DO UPDATE
    SET count = u.count + EXCLUDED.count, quantity = u.quantity + EXCLUDED.quantity
), newest AS (
    SELECT member, max(at) AS at FROM taken WHERE member IS NOT NULL GROUP BY member, last_active_at
    HAVING last_active_at IS NULL OR last_active_at < max(at)
), seen AS (
    UPDATE accounts_membership m SET last_active_at = newest.at
    FROM (
        SELECT n.member, n.at FROM newest n JOIN accounts_membership l ON l.id = n.member
        ORDER BY l.id FOR NO KEY UPDATE OF l
    ) AS newest
    WHERE m.id = newest.member AND (m.last_active_at IS NULL OR m.last_active_at < newest.at)
)
SELECT event_id FROM fresh UNION ALL SELECT NULL FROM locked
"""
_MERGE = "WITH " + _STEPS.format(where="")
# The same for whom we remember: without the row of STILL there is nothing to lock and nothing to take. In few spaces,
# for psycopg takes anew apart, each time, what is longer than 4,096 characters.
_MERGE_FOR = {
    kind: " ".join(text.split())
    for kind, text in statements(f", still AS ({STILL}), " + _STEPS.format(where="FROM still")).items()
}


class _Row(msgspec.Struct):
    """An event as the statement reads it."""

    event_id: str
    day: date
    who: str
    feature: str
    outcome: str
    quantity: int
    at: datetime
    device: int | UnsetType
    network: int | UnsetType
    latitude: int | UnsetType
    longitude: int | UnsetType


def lock_of(account: Account) -> int:
    """The advisory lock of an account's counts. Senders share it; who counts a day anew takes it alone."""
    return (0x5EA7 << 40) + int(account.pk)


def ingest_events(
    *,
    account: Account,
    events: Sequence[Event | Refusal],
    at: datetime,
    settings: UsageSettings | None = None,
    known: Sender | None = None,
) -> list[Verdict]:
    """A verdict for each event, in their order: accepted, duplicate, or why not. Committed when it returns.

    People whom the account does not know are counted apart. An event of somebody who left counts for them up to then.
    settings: the account's, where the caller has read them already.
    known: who sends, as `known_sender` remembers it. Raises SenderUnsure unless that still holds.
    """
    verdicts: list[Verdict] = [event if isinstance(event, Refusal) else DUPLICATE for event in events]
    earliest = kept_from(account, at=at, settings=settings)
    latest = at + AHEAD
    first: dict[str, int] = {}
    for position, event in enumerate(events):
        if isinstance(event, Refusal):
            continue
        refusal = timely(event, earliest=earliest, latest=latest)
        if refusal is not None:
            verdicts[position] = refusal
        else:
            first.setdefault(event.id, position)
    if not first:
        if known is not None:
            raise SenderUnsure
        return verdicts
    chosen = [events[position] for position in first.values()]
    good = [event for event in chosen if isinstance(event, Event)]
    rows = _rows(account, good)
    try:
        taken = _merge(account, rows, known)
    except IntegrityError as error:
        if not _without_month(error):
            raise
        make_months(row.day for row in rows)
        taken = _merge(account, rows, known)
    for name in taken:
        verdicts[first[name]] = ACCEPTED
    return verdicts


def _merge(account: Account, rows: list[_Row], known: Sender | None) -> list[str]:
    """The ids that were new. The statement is a transaction by itself; within another it has a savepoint, so that a
    month that is missing does not end that one."""
    # One text, which the server takes apart: psycopg would write eleven arrays item by item.
    values = {"account": account.pk, "lock": lock_of(account), "events": msgspec.json.encode(rows).decode()}
    with transaction.atomic() if connection.in_atomic_block else nullcontext():
        if known is None:
            found = prepared(_MERGE, values)
        else:
            # A request's first; sent twice, an event is a duplicate.
            found = prepared_first(_MERGE_FOR[known.kind], {**values, **known.values})
    if not found:
        raise SenderUnsure
    return [name for (name,) in found if name is not None]


def _without_month(error: IntegrityError) -> bool:
    """The first event of a month: PostgreSQL reports a check that has no name."""
    cause = error.__cause__
    return isinstance(cause, CheckViolation) and cause.diag.constraint_name is None


def _rows(account: Account, events: Sequence[Event]) -> list[_Row]:
    zone, hasher = ZoneInfo(account.time_zone), Hasher(account)
    return [
        _Row(
            event_id=event.id,
            day=event.occurred_at.astimezone(zone).date(),
            who=event.user,
            feature=event.feature,
            outcome=event.outcome,
            quantity=event.quantity,
            at=event.occurred_at.astimezone(UTC),
            device=UNSET if event.device is UNSET else hasher.device(event.device),
            network=UNSET if event.network is UNSET else hasher.network(event.network),
            latitude=UNSET if event.place is UNSET else round(event.place.latitude),
            longitude=UNSET if event.place is UNSET else round(event.place.longitude),
        )
        for event in events
    ]
