"""Fences: which read is the newest (payments.md §5).

Raise the fence, read, and write only if nobody raised it since. A read that starts after the raise sees state at least
as new as any earlier read, so the last one holds the newest truth; no clocks are compared.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection

from billing.models import Customer, Subscription

# Rows are locked in the order of their ids, so that two bursts wait for each other and never for both.
_RAISE = """
WITH held AS (SELECT id FROM {table} WHERE stripe_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)
UPDATE {table} AS mirror SET fence = mirror.fence + 1 FROM held WHERE mirror.id = held.id
RETURNING mirror.stripe_id, mirror.fence
"""
_CONFIRM = """
WITH held AS (
    SELECT mirror.id FROM {table} AS mirror
    JOIN unnest(%s::text[], %s::bigint[]) AS seen (stripe_id, fence)
    ON mirror.stripe_id = seen.stripe_id AND mirror.fence = seen.fence
    ORDER BY mirror.id FOR NO KEY UPDATE OF mirror
)
UPDATE {table} AS mirror SET synced_at = %s FROM held WHERE mirror.id = held.id RETURNING mirror.stripe_id
"""

type Fenced = type[Subscription] | type[Customer]


def raise_fences(mirror: Fenced, stripe_ids: Collection[str]) -> dict[str, int]:
    """Raise them with one statement, before their reads; returns the new heights. Rows not seen before have none."""
    if not stripe_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_RAISE.format(table=mirror._meta.db_table), [list(stripe_ids)])
        return dict(cursor.fetchall())


def confirm_reads(mirror: Fenced, fences: Mapping[str, int], *, at: datetime) -> set[str]:
    """Note, with one statement, that reads found nothing new; returns those that are still the newest."""
    if not fences:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_CONFIRM.format(table=mirror._meta.db_table), [list(fences.keys()), list(fences.values()), at])
        return {stripe_id for (stripe_id,) in cursor.fetchall()}
