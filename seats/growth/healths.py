"""The health of many accounts at one moment, read by four statements, whatever their number."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q

from billing.dunning.queries import late_accounts
from seats.insight.bands import Utilization
from seats.insight.health import HealthInputs, Score, score_of
from seats.models import Contact

TREND = timedelta(days=30)
# How many were active 30 days ago: the newest weekly mark of the usage report that is not younger.
_BEFORE = """
    SELECT r.account_id, w.active
    FROM seats_usagereport r
    CROSS JOIN LATERAL (
        SELECT (week->>1)::int AS active FROM jsonb_array_elements(r.data->'weeks') AS week
        WHERE (week->>0)::date <= %s ORDER BY (week->>0)::date DESC LIMIT 1
    ) AS w
    WHERE r.account_id = ANY(%s)
"""


def inputs_of(seats: Mapping[int, Utilization], at: datetime) -> dict[int, HealthInputs]:
    """What the rule needs, by account."""
    ids = list(seats)
    if not ids:
        return {}
    late, before = late_accounts(at, ids), _active_before(ids, (at - TREND).date())
    roles: dict[int, set[str]] = {}
    contacts = Contact.objects.filter(account_id__in=ids).annotate(
        here=Q(ended_at__isnull=True)
        & (Q(membership__isnull=True) | Q(membership__left_at__isnull=True, membership__user__is_active=True))
    )
    for account_id, role, here in contacts.values_list("account_id", "role", "here"):
        roles.setdefault(account_id, set()).update({role} if here else ())
    return {
        pk: HealthInputs(
            use=None if use.new else use.active_percent,
            active=use.active,
            before=before.get(pk),
            mapped=pk in roles,
            champion=Contact.Role.CHAMPION in roles.get(pk, ()),
            approver=Contact.Role.APPROVER in roles.get(pk, ()),
            late=pk in late,
        )
        for pk, use in seats.items()
    }


def healths_of(seats: Mapping[int, Utilization], at: datetime) -> dict[int, Score | None]:
    """Each account's score."""
    return {pk: score_of(found) for pk, found in inputs_of(seats, at).items()}


def _active_before(accounts: list[int], day: date) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [day, accounts])
        return dict(cursor.fetchall())
