"""Work out usage reports from daily counts, ahead of their readers."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import structlog
from django.db import connection
from django.db.models import Exists, OuterRef, Q, Sum

from accounts.models import Account, Membership
from seats.insight.activity import window
from seats.insight.use_report import BUCKETS, POWER_DAYS, Cell, FeatureUse, GroupUse, PersonUse, Report, UnknownUse
from seats.models import Assignment, DailyUsage, UnknownUsage, UsageReport
from seats.usage.settings import remember_shown, setting_of

log = structlog.get_logger(__name__)

GROUPED_BY = ("department", "region", "employment", "level")
FRESH = timedelta(minutes=5)
LATE = timedelta(minutes=10)
QUICK = 200
PEOPLE, FEW, FEATURES = 50, 10, 40
WEEKS = 53
# A late event may still move these; older weeks are taken over from the last report.
OPEN_WEEKS = 6


def make_use_report(*, account: Account, at: datetime) -> Report:
    """Make and keep an account's report."""
    return _make(account, at, UsageReport.objects.filter(account=account).first())


def current_report(account: Account, at: datetime, *, people: int) -> tuple[Report, datetime]:
    """The report to show, and until when it counts.

    A small account (up to QUICK `people`) is counted as it is asked for; a large one sees the last report, which the
    minutely task makes anew.
    """
    kept = _kept(account)
    if kept is not None and people > QUICK and at - kept.made_at < timedelta(days=1):
        return msgspec.convert(kept.data, Report), kept.made_at
    return _make(account, at, kept), at


def _kept(account: Account) -> UsageReport | None:
    """The last report. How it may be shown is asked together with it."""
    found: tuple[bool | None, bool | None, datetime | None, Any] = (
        Account.objects.filter(pk=account.pk)
        .annotate(groups_only=setting_of(OuterRef("pk"), "groups_only"), peers=setting_of(OuterRef("pk"), "peers"))
        .values_list("groups_only", "peers", "usagereport__made_at", "usagereport__data")
        .get()
    )
    groups_only, peers, made_at, data = found
    remember_shown(account, groups_only, peers)
    return None if made_at is None else UsageReport(account=account, made_at=made_at, data=data)


def _make(account: Account, at: datetime, kept: UsageReport | None) -> Report:
    """Closed weeks come from the kept report, and one that is fresh is not written again."""
    report = _report(account, at, msgspec.convert(kept.data, Report).weeks if kept else [])
    if kept is None or at - kept.made_at >= FRESH:
        UsageReport.objects.update_or_create(
            account=account, defaults={"made_at": at, "data": msgspec.to_builtins(report)}
        )
    return report


def make_due_reports(*, at: datetime) -> int:
    """Make the reports of accounts where somebody was active since theirs, or whose report is a day old."""
    # An event may arrive a little after it happened, when the report had been made in between.
    newer = Membership.objects.filter(
        account=OuterRef("pk"), last_active_at__gt=OuterRef("usagereport__made_at") - LATE
    )
    due = (
        Account.objects.filter(closed_at__isnull=True)
        .filter(
            Q(usagereport__made_at__lt=at - timedelta(days=1))
            | Q(usagereport__made_at__lt=at - FRESH) & Exists(newer)
            | Q(usagereport__isnull=True) & Exists(DailyUsage.objects.filter(account=OuterRef("pk")))
        )
        .order_by("pk")
    )
    made = 0
    for account in due:
        try:
            make_use_report(account=account, at=at)
            made += 1
        except Exception:  # one account's trouble must not stop the others' reports
            log.exception("use_report_failed", account=account.public_id)
    return made


def _report(account: Account, at: datetime, kept: list[tuple[date, int]]) -> Report:
    first, last = window(account, at)
    held = dict(
        Assignment.objects.filter(account=account, ended_at__isnull=True, state=Assignment.State.HELD)
        .order_by()
        .values_list("membership_id", "pk")
    )
    people = _people(account, first, last, set(held))
    seated = [person for person in people if person.seated]
    spread = Counter(person.days for person in seated)
    spread[0] = len(held) - len(seated)
    unknown = _unknown(account, first, last)
    return Report(
        first=first,
        last=last,
        holders=len(held),
        active=len(seated),
        buckets=[sum(spread[day] for day in range(low, high + 1)) for low, high in BUCKETS],
        power=[person for person in seated if person.days >= POWER_DAYS][:FEW],
        people=people[:PEOPLE],
        unseated=[person for person in people if not person.seated][:FEW],
        features=_features(account, first, last),
        groups=_groups(account, set(held), {person.membership: person.actions for person in people}),
        unknown=unknown[:FEW],
        unknown_people=len(unknown),
        unknown_actions=sum(person.actions for person in unknown),
        weeks=_weeks(account, last, kept),
    )


_PEOPLE = """
SELECT u.membership_id, count(DISTINCT u.day), sum(u.count), max(u.day)
FROM seats_dailyusage u JOIN accounts_membership m ON m.id = u.membership_id AND m.left_at IS NULL
WHERE u.account_id = %s AND u.day BETWEEN %s AND %s
GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1
"""


def _people(account: Account, first: date, last: date, held: set[int]) -> list[PersonUse]:
    """Everybody with an action, by days and actions; the features only of those that are shown."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [account.pk, first, last])
        people = [
            PersonUse(member, days, int(actions), newest, member in held, {})
            for member, days, actions, newest in cursor.fetchall()
        ]
    people.sort(key=lambda person: (-person.actions, person.membership))
    shown = {person.membership: person for person in people[:PEOPLE]}
    by_days = sorted(people, key=lambda person: (-person.days, -person.actions, person.membership))
    shown |= {person.membership: person for person in by_days[:FEW]}
    rows = DailyUsage.objects.filter(
        account=account, day__gte=first, day__lte=last, membership_id__in=shown
    ).values_list("membership_id", "feature", "outcome", "day", "count")
    for member, feature, outcome, day, count in rows:
        cells = shown[member].features
        cell = cells.setdefault(feature, Cell(0, day, 0))
        cell.count += count
        cell.last = max(cell.last, day)
        cell.outcomes += count if outcome else 0
    return people


_FEATURES = """
WITH used AS (
    SELECT feature, membership_id, sum(count) AS actions, sum(quantity) AS quantity
    FROM seats_dailyusage WHERE account_id = %s AND day BETWEEN %s AND %s GROUP BY 1, 2
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY feature ORDER BY actions DESC, membership_id) AS place,
           greatest(count(*) OVER (PARTITION BY feature) / 5, 1) AS few
    FROM used
)
SELECT feature, count(*), sum(actions), sum(quantity), sum(actions) FILTER (WHERE place <= few), max(few)
FROM ranked GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT %s
"""


def _features(account: Account, first: date, last: date) -> list[FeatureUse]:
    """The most used features."""
    with connection.cursor() as cursor:
        cursor.execute(_FEATURES, [account.pk, first, last, FEATURES])
        found = {
            row[0]: FeatureUse(row[0], row[1], int(row[2]), int(row[3]), {}, int(row[4]), int(row[5]))
            for row in cursor.fetchall()
        }
    outcomes = (
        DailyUsage.objects.filter(account=account, day__gte=first, day__lte=last, feature__in=found)
        .exclude(outcome="")
        .values_list("feature", "outcome")
        .annotate(n=Sum("count"))
        .order_by("feature", "-n", "outcome")
    )
    for feature, outcome, n in outcomes:
        found[feature].outcomes[outcome] = n
    return list(found.values())


def _groups(account: Account, held: set[int], actions: dict[int, int]) -> list[GroupUse]:
    """By department, region, employment and level: people, seats, active holders and actions."""
    rows = Membership.objects.filter(account=account, left_at__isnull=True).values_list(
        "pk", "department__name", "region__name", "employment", "level"
    )
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for member, *places in rows:
        for kind, name in zip(GROUPED_BY, places, strict=True):
            cell = sums[kind, name or ""]
            cell[0] += 1
            cell[1] += member in held
            cell[2] += member in held and member in actions
            cell[3] += actions.get(member, 0)
    found = [GroupUse(kind, name, *cell) for (kind, name), cell in sums.items()]
    return sorted(found, key=lambda group: (group.kind, -group.people, group.name))


def _unknown(account: Account, first: date, last: date) -> list[UnknownUse]:
    rows: Any = (
        UnknownUsage.objects.filter(account=account, day__gte=first, day__lte=last)
        .values_list("person")
        .annotate(n=Sum("count"))
        .order_by("-n", "person")
    )
    newest: dict[str, date] = {}
    for person, day in UnknownUsage.objects.filter(account=account, day__gte=first, day__lte=last).values_list(
        "person", "day"
    ):
        newest[person] = max(newest.get(person, day), day)
    return [UnknownUse(person, n, newest[person]) for person, n in rows]


_WEEKS = """
SELECT w.day, count(DISTINCT a.membership_id)
FROM unnest(%s::date[]) AS w(day)
LEFT JOIN LATERAL (
    SELECT DISTINCT membership_id FROM seats_dailyusage
    WHERE account_id = %s AND day > w.day - 30 AND day <= w.day
) AS a ON EXISTS (
    SELECT FROM seats_assignment s
    WHERE s.account_id = %s AND s.membership_id = a.membership_id AND s.state = 'held'
    AND (s.started_at AT TIME ZONE %s)::date <= w.day
    AND (s.ended_at IS NULL OR (s.ended_at AT TIME ZONE %s)::date > w.day)
)
GROUP BY 1 ORDER BY 1
"""


def _weeks(account: Account, last: date, kept: list[tuple[date, int]]) -> list[tuple[date, int]]:
    """Holders who were active in the 30 days before, on one day of each week of the last year and on the last day."""
    monday = last - timedelta(days=last.weekday())
    days = [monday - timedelta(weeks=back) for back in range(WEEKS)]
    closed = {day: n for day, n in kept if day < monday - timedelta(weeks=OPEN_WEEKS)}
    wanted = sorted({*days, last} - closed.keys())
    with connection.cursor() as cursor:
        zone = account.time_zone
        cursor.execute(_WEEKS, [wanted, account.pk, account.pk, zone, zone])
        found = dict(cursor.fetchall())
    return sorted((day, n) for day, n in (closed | found).items() if day >= days[-1])
