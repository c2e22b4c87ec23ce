"""Count what people did: per person, feature and day, and remember when each was last active."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from accounts.models import Account, Membership


@dataclass(frozen=True)
class Action:
    """One counted action of one member."""

    membership_id: int
    feature: str
    at: datetime


@transaction.atomic
def record_usage(*, account: Account, actions: Iterable[Action]) -> int:
    """Add actions to the daily counts, by the account's own days; returns how many. Members of other accounts count
    nothing."""
    zone = ZoneInfo(account.time_zone)
    counts: Counter[tuple[int, str, date]] = Counter()
    newest: dict[int, datetime] = {}
    members = set(Membership.objects.filter(account=account).values_list("pk", flat=True))
    for action in actions:
        if action.membership_id not in members:
            continue
        counts[(action.membership_id, action.feature, action.at.astimezone(zone).date())] += 1
        newest[action.membership_id] = max(newest.get(action.membership_id, action.at), action.at)
    if not counts:
        return 0
    # Sorted keys, so that two writers lock rows in the same order.
    keys = sorted(counts)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO seats_dailyusage (account_id, membership_id, feature, day, count) "
            "SELECT %s, m, f, d, n FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::int[]) AS t(m, f, d, n) "
            "ON CONFLICT (account_id, membership_id, day, feature) "
            "DO UPDATE SET count = seats_dailyusage.count + EXCLUDED.count",
            [account.pk, [k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys], [counts[k] for k in keys]],
        )
        people = sorted(newest)
        cursor.execute(
            "UPDATE accounts_membership AS m SET last_active_at = GREATEST(m.last_active_at, t.at) "
            "FROM unnest(%s::bigint[], %s::timestamptz[]) AS t(id, at) WHERE m.id = t.id AND m.account_id = %s",
            [people, [newest[p] for p in people], account.pk],
        )
    return sum(counts.values())
