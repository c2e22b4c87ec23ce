"""Make an account's daily counts again from its events, or see whether they differ."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import batched

from django.db import connection, transaction

from accounts.models import Account
from seats.errors import DaysNotArchived, EventsForgotten
from seats.models import DailyUsage, UnknownUsage
from seats.usage.engines import DailyCount, Engine
from seats.usage.ingest_events import lock_of
from seats.usage.settings import usage_settings

_ROWS = 5000


def rebuild_counts(*, account: Account, first: date, last: date, engine: Engine) -> list[DailyCount]:
    """Replace the counts of these days, both included, by those of the engine; returns what had been different.

    Senders of the account wait meanwhile, unless no event of these days is taken in any more. Raises EventsForgotten
    and DaysNotArchived for days of which the engine has not every event: their counts would shrink.
    """
    final = usage_settings(account).forgotten_to
    if final is not None and last <= final:
        return _replace(account, first, last, counted(account=account, first=first, last=last, engine=engine))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_of(account)])
        return _replace(account, first, last, counted(account=account, first=first, last=last, engine=engine))


def counted(*, account: Account, first: date, last: date, engine: Engine) -> list[DailyCount]:
    """The engine's counts. Raises EventsForgotten and DaysNotArchived, see rebuild_counts."""
    start, end = engine.complete_days(account)
    if first < start:
        raise EventsForgotten(day=start.isoformat())
    if last > end:
        raise DaysNotArchived(day=end.isoformat())
    return list(engine.counts(account, first, last))


@transaction.atomic
def _replace(account: Account, first: date, last: date, wanted: list[DailyCount]) -> list[DailyCount]:
    wrong = _differences(wanted, stored_counts(account, first, last))
    if wrong:
        days = {"account": account, "day__gte": first, "day__lte": last}
        DailyUsage.objects.filter(**days).delete()
        UnknownUsage.objects.filter(**days).delete()
        _write(account, wanted)
    return wrong


def differing_counts(*, account: Account, first: date, last: date, engine: Engine) -> list[DailyCount]:
    """What the engine counts otherwise than the tables say, and rows that it does not have. Writes nothing.

    Raises EventsForgotten and DaysNotArchived as rebuild_counts does.
    """
    wanted = counted(account=account, first=first, last=last, engine=engine)
    return _differences(wanted, stored_counts(account, first, last))


def stored_counts(account: Account, first: date, last: date) -> Iterator[DailyCount]:
    """The daily counts as they stand, of members and of unknown people."""
    days = {"account": account, "day__gte": first, "day__lte": last}
    rest = ("day", "feature", "outcome", "count", "quantity")
    for member, *values in DailyUsage.objects.filter(**days).values_list("membership_id", *rest):
        yield DailyCount(member, "", *values)
    for person, *values in UnknownUsage.objects.filter(**days).values_list("person", *rest):
        yield DailyCount(0, person, *values)


def _differences(one: Iterable[DailyCount], other: Iterable[DailyCount]) -> list[DailyCount]:
    return sorted(set(one) ^ set(other))


def _write(account: Account, counts: list[DailyCount]) -> None:
    for chunk in batched((row for row in counts if row.membership), _ROWS, strict=False):
        DailyUsage.objects.bulk_create(
            DailyUsage(
                account=account,
                membership_id=row.membership,
                day=row.day,
                feature=row.feature,
                outcome=row.outcome,
                count=row.count,
                quantity=row.quantity,
            )
            for row in chunk
        )
    for chunk in batched((row for row in counts if not row.membership), _ROWS, strict=False):
        UnknownUsage.objects.bulk_create(
            UnknownUsage(
                account=account,
                person=row.person,
                day=row.day,
                feature=row.feature,
                outcome=row.outcome,
                count=row.count,
                quantity=row.quantity,
            )
            for row in chunk
        )
