"""The account team's view over all accounts: seats, health, signals, tasks, renewal. Read page by page."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from accounts.models import Account, Region, User
from billing.catalog.pricing import next_step
from billing.catalog.queries import scheme_of
from billing.dunning.queries import late_accounts
from billing.models import Drift, Price
from seats.growth.healths import inputs_of
from seats.growth.value import Worth, prices_of
from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.bands import LOW, READY, RUNNING_IN, Utilization
from seats.insight.health import Score, score_of
from seats.insight.recurring import per_year
from seats.insight.segments import REGION, SEGMENTS
from seats.models import AccountManager, ExpansionTask, SeatPool, Signal

PAGE = 50
# By what the list can be narrowed besides FILTERS; see insight/segments.py.
NARROWED_BY = ("size", "industry", "use_case", "cohort", "region")


def _open(*kinds: Signal.Kind) -> str:
    """SQL: the account has an open signal of one of the kinds."""
    names = ", ".join(f"'{kind.value}'" for kind in kinds)
    return (
        f"EXISTS (SELECT FROM seats_signal x WHERE x.account_id = r.account_id AND x.kind IN ({names}) "
        "AND x.ended_at IS NULL)"
    )


# Rows of a download whose names are read at once.
AT_ONCE = 500

# What the page can be narrowed to; each is a condition on one row of _ROWS.
FILTERS = {
    "mine": "account_id IN (SELECT account_id FROM seats_accountmanager WHERE user_id = %(user)s)",
    "ready": "(assigned * 100 >= purchased * %(ready)s OR active * 100 >= purchased * %(ready)s)",
    "full": "assigned >= purchased",
    "low": "(NOT new AND active * 100 < purchased * %(low)s)",
    "poor": _open(Signal.Kind.LOW_HEALTH),
    "unpaid": "(assigned > purchased + comped OR unseated > 0 OR EXISTS (SELECT FROM seats_unknownusage k WHERE "
    "k.account_id = r.account_id AND k.day >= %(since)s::date) OR " + _open(Signal.Kind.SHARING) + ")",
    "sharing": _open(Signal.Kind.SHARING),
    "power": _open(Signal.Kind.POWER_USERS),
    "growth": _open(Signal.Kind.DEPARTMENT_GROWTH, Signal.Kind.NEW_DEPARTMENT),
    "renewal": "renews_at < %(at)s + interval '90 days'",
    "late": "account_id = ANY(%(late)s)",
    "drift": "EXISTS (SELECT FROM billing_drift d WHERE d.account_id = r.account_id AND d.state = 'found')",
    "review": "(SELECT max(v.next_on) FROM seats_businessreview v WHERE v.account_id = r.account_id) <= %(at)s::date",
    "signals": "signals > 0",
}
# Who needs somebody now, the worst first: money that is owed, then health, then seats that run out, then the rest.
_URGENT = ("late", "poor", "ready", "signals")
FILTERS["urgent"] = "(" + " OR ".join(f"({FILTERS[name]})" for name in _URGENT) + ")"
_FULLEST = "greatest(assigned, active)::numeric / purchased DESC, account_id"
_WORST = ", ".join(f"({FILTERS[name]}) DESC" for name in _URGENT) + f", r.signals DESC, {_FULLEST}"
# Tabs that show the evidence of these signals instead of all signals by name.
EVIDENCE: dict[str, tuple[str, ...]] = {
    "sharing": (Signal.Kind.SHARING,),
    "power": (Signal.Kind.POWER_USERS,),
    "growth": (Signal.Kind.DEPARTMENT_GROWTH, Signal.Kind.NEW_DEPARTMENT),
    "poor": (Signal.Kind.LOW_HEALTH,),
}
_ROWS = """
    WITH used AS (
        SELECT m.account_id, count(s.id) AS active,
               count(*) FILTER (WHERE s.id IS NULL AND m.left_at IS NULL AND m.role NOT IN ('billing', 'viewer'))
               AS unseated
        FROM accounts_membership m LEFT JOIN seats_assignment s
            ON s.account_id = m.account_id AND s.membership_id = m.id AND s.ended_at IS NULL
        WHERE m.last_active_at >= %(since)s GROUP BY m.account_id
    ), open AS (
        SELECT account_id, count(*) AS signals FROM seats_signal WHERE ended_at IS NULL GROUP BY account_id
    ), rows AS (
        SELECT p.account_id, p.purchased::bigint AS purchased, p.assigned::bigint AS assigned, p.comped,
               COALESCE(u.active, 0) AS active, COALESCE(u.unseated, 0) AS unseated,
               COALESCE(o.signals, 0) AS signals, COALESCE(p.began_at > %(young)s, false) AS new,
               p.began_at AS first_at, a.name, a.slug, a.industry, a.use_case, {region} AS region,
               (SELECT max(i.period_end) FROM billing_subscription b
                JOIN billing_subscriptionitem i ON i.subscription_id = b.id
                WHERE b.account_id = p.account_id AND b.status NOT IN ('canceled', 'incomplete_expired')) AS renews_at
        FROM seats_seatpool p
        JOIN accounts_account a ON a.id = p.account_id AND a.closed_at IS NULL
        LEFT JOIN used u ON u.account_id = p.account_id
        LEFT JOIN open o ON o.account_id = p.account_id
        WHERE p.purchased > 0
    )
"""
_COLUMNS = "SELECT account_id, purchased, assigned, active, new, renews_at FROM rows r"
type Found = tuple[int, int, int, int, bool, datetime | None]


@dataclass(frozen=True)
class Narrow:
    """What the list is narrowed to. show: a key of FILTERS, or empty. values: by keys of NARROWED_BY.

    user: whose accounts are "mine". search: part of a name or an address.
    """

    show: str = ""
    search: str = ""
    user: User | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountRow:
    """One line. yearly: what the price list says for its seats, per year; an estimate, never an invoice.

    before: active holders 30 days ago, where that is known. room: seats to the next step of the price, if there is one.
    renews_in: days until renews_at.
    """

    account: Account
    owner: str
    seats: Utilization
    renews_at: datetime | None
    signals: list[Signal] = field(default_factory=list)
    task: ExpansionTask | None = None
    yearly: Worth | None = None
    health: Score | None = None
    before: int | None = None
    room: int | None = None
    renews_in: int | None = None

    @property
    def moved(self) -> int | None:
        """Active holders more, or fewer, than 30 days ago."""
        return None if self.before is None else self.seats.active - self.before


@dataclass(frozen=True)
class Totals:
    """The figures above the list: of all accounts that have seats. late, drift: accounts; tasks_due: tasks."""

    accounts: int
    ready: int
    low: int
    full: int
    unpaid: int
    late: int
    drift: int
    tasks_due: int
    today: date


def totals(at: datetime) -> Totals:
    """Counts over all accounts; four statements."""
    counted = ", ".join(
        f"count(*) FILTER (WHERE {FILTERS[name]})" for name in ("ready", "low", "full", "unpaid", "late")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{_rows()} SELECT count(*), {counted} FROM rows r", _values(at, late=True))  # noqa: S608
        accounts, ready, low, full, unpaid, late = cursor.fetchone()
    drift = Drift.objects.filter(state=Drift.State.FOUND).values("account_id").distinct().count()
    today = at.astimezone(UTC).date()
    due = ExpansionTask.objects.filter(state=ExpansionTask.State.OPEN, due_on__lte=today).count()
    return Totals(accounts, ready, low, full, unpaid, late, drift, due, today)


def accounts_page(
    *, at: datetime, narrow: Narrow | None = None, page: int = 1, size: int = PAGE
) -> tuple[list[AccountRow], bool]:
    """The fullest first, of `urgent` the worst; returns the rows and whether there are more."""
    found = _find(narrow or Narrow(), at, limit=size + 1, skip=(max(page, 1) - 1) * size)
    return _fill(found[:size], at), len(found) > size


def all_rows(*, at: datetime, narrow: Narrow) -> Iterator[AccountRow]:
    """Every row of the narrowed list, for a download: which accounts and their seats are of one moment, so that none is
    missed and none comes twice; names and signals are read for AT_ONCE of them at a time."""
    found = _find(narrow, at)
    for start in range(0, len(found), AT_ONCE):
        yield from _fill(found[start : start + AT_ONCE], at)


def _find(narrow: Narrow, at: datetime, *, limit: int | None = None, skip: int = 0) -> list[Found]:
    """The seats of the accounts that match, in the list's order. limit None: all of them."""
    given = {key: value for key, value in narrow.values.items() if key in NARROWED_BY and value}
    conditions = [FILTERS.get(narrow.show, "true")]
    conditions += [f"COALESCE({SEGMENTS[key][1]}, '') = %({key})s" for key in given]
    if narrow.search:
        conditions.append("(position(lower(%(search)s) in lower(name)) > 0 OR position(lower(%(search)s) in slug) > 0)")
    values = {
        **_values(at, late=narrow.show in ("late", "urgent")),
        **given,
        "search": narrow.search,
        "user": narrow.user.pk if narrow.user else None,
        "limit": limit,
        "skip": skip,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_rows(region='region' in given)} {_COLUMNS} WHERE {' AND '.join(conditions)} "
            f"ORDER BY {_WORST if narrow.show == 'urgent' else _FULLEST} LIMIT %(limit)s OFFSET %(skip)s",
            values,
        )
        return list(cursor.fetchall())


def choices() -> dict[str, list[tuple[str, str | Promise]]]:
    """What each of NARROWED_BY can be: values that occur, with their names."""
    began = SeatPool.objects.filter(began_at__isnull=False).dates("began_at", "month")
    cohorts = sorted({f"{day.year} Q{(day.month + 2) // 3}" for day in began}, reverse=True)
    found = {"size": ["1–10", "11–50", "51–250", "251+"], "cohort": cohorts}
    for name in ("industry", "use_case"):
        rows = Account.objects.exclude(**{name: ""}).order_by(name).values_list(name, flat=True).distinct()
        found[name] = list(rows)
    found["region"] = list(Region.objects.order_by("name").values_list("name", flat=True).distinct())
    return {name: [(value, value) for value in found[name]] for name in NARROWED_BY}


def account_row(account: Account, at: datetime) -> AccountRow:
    """One account's line; without seats its numbers are zero."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_rows()} {_COLUMNS} WHERE account_id = %(account)s", {**_values(at), "account": account.pk})
        found = cursor.fetchall()
    return _fill(found or [(account.pk, 0, 0, 0, False, None)], at)[0]


def _rows(*, region: bool = False) -> str:
    return _ROWS.replace("{region}", REGION if region else "''")


def _values(at: datetime, *, late: bool = False) -> dict[str, Any]:
    return {
        "since": at - ACTIVE_WITHIN,
        "young": at - RUNNING_IN,
        "at": at,
        "ready": READY,
        "low": LOW,
        "user": None,
        "late": sorted(late_accounts(at)) if late else [],
    }


def _fill(found: Sequence[Found], at: datetime) -> list[AccountRow]:
    """Names, signals, tasks, prices and health of one page; ten statements."""
    ids = [row[0] for row in found]
    accounts = Account.objects.in_bulk(ids)
    leads = dict(AccountManager.objects.filter(account_id__in=ids, leads=True).values_list("account_id", "user__name"))
    signals: dict[int, list[Signal]] = defaultdict(list)
    for signal in Signal.objects.filter(account_id__in=ids, ended_at__isnull=True).order_by("-score", "pk"):
        signals[signal.account_id].append(signal)
    tasks: dict[int, ExpansionTask] = {}
    for task in ExpansionTask.objects.filter(account_id__in=ids, state=ExpansionTask.State.OPEN).order_by(
        "due_on", "pk"
    ):
        tasks.setdefault(task.account_id, task)
    prices = prices_of(ids)
    seats = {pk: Utilization(purchased, assigned, active, new) for pk, purchased, assigned, active, new, _at in found}
    inputs = inputs_of(seats, at)
    return [
        AccountRow(
            account=accounts[pk],
            owner=leads.get(pk) or accounts[pk].owner_name,
            seats=seats[pk],
            renews_at=row[-1],
            signals=signals[pk],
            task=tasks.get(pk),
            yearly=yearly(*prices[pk]) if pk in prices else None,
            health=score_of(inputs[pk]),
            before=inputs[pk].before,
            room=_room(*prices[pk]) if pk in prices else None,
            renews_in=(row[-1] - at).days if row[-1] else None,
        )
        for row in found
        for pk in row[:1]
    ]


def _room(price: Price, quantity: int) -> int | None:
    step = next_step(scheme_of(price), quantity)
    return step[0] if step else None


def yearly(price: Price, quantity: int) -> Worth:
    """What a quantity costs in a year by the mirrored price list, before discounts and tax."""
    return Worth(per_year(price, quantity), price.currency, "year")
