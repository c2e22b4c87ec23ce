"""The account team's view over all accounts: seats, signals, tasks, renewal. Read by a few statements, page by page."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Account, User
from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from seats.growth.value import Worth, prices_of
from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.bands import LOW, READY, Utilization
from seats.models import AccountManager, ExpansionTask, Signal

PAGE = 50
PERIODS_A_YEAR = {"month": 12, "year": 1, "week": 52, "day": 365}

# What the page can be narrowed to; each is a condition on one row of _ROWS.
FILTERS = {
    "ready": "(assigned * 100 >= purchased * %(ready)s OR active * 100 >= purchased * %(ready)s)",
    "low": "active * 100 < purchased * %(low)s",
    "full": "assigned >= purchased",
    "mine": "account_id IN (SELECT account_id FROM seats_accountmanager WHERE user_id = %(user)s)",
    "signals": "signals > 0",
    "power": "EXISTS (SELECT FROM seats_signal x WHERE x.account_id = r.account_id AND x.kind = 'power_users' "
    "AND x.ended_at IS NULL)",
    "growth": "EXISTS (SELECT FROM seats_signal x WHERE x.account_id = r.account_id AND x.kind IN "
    "('department_growth', 'new_department') AND x.ended_at IS NULL)",
    "renewal": "renews_at < %(at)s + interval '90 days'",
}
_ROWS = """
    WITH used AS (
        SELECT s.account_id, count(*) AS active
        FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
        WHERE s.ended_at IS NULL AND m.last_active_at >= %(since)s GROUP BY s.account_id
    ), open AS (
        SELECT account_id, count(*) AS signals FROM seats_signal WHERE ended_at IS NULL GROUP BY account_id
    ), rows AS (
        SELECT p.account_id, p.purchased::bigint AS purchased, p.assigned::bigint AS assigned,
               COALESCE(u.active, 0) AS active, COALESCE(o.signals, 0) AS signals,
               (SELECT max(i.period_end) FROM billing_subscription b
                JOIN billing_subscriptionitem i ON i.subscription_id = b.id
                WHERE b.account_id = p.account_id AND b.status NOT IN ('canceled', 'incomplete_expired')) AS renews_at
        FROM seats_seatpool p
        JOIN accounts_account a ON a.id = p.account_id AND a.closed_at IS NULL
        LEFT JOIN used u ON u.account_id = p.account_id
        LEFT JOIN open o ON o.account_id = p.account_id
        WHERE p.purchased > 0 AND (%(industry)s = '' OR a.industry = %(industry)s)
    )
"""


@dataclass(frozen=True)
class AccountRow:
    """One line. yearly: what the price list says for its seats, per year; an estimate, never an invoice."""

    account: Account
    owner: str
    seats: Utilization
    renews_at: datetime | None
    signals: list[Signal] = field(default_factory=list)
    task: ExpansionTask | None = None
    yearly: Worth | None = None


@dataclass(frozen=True)
class Totals:
    """The figures above the list: of all accounts that have seats."""

    accounts: int
    ready: int
    low: int
    full: int
    tasks_due: int


def totals(at: datetime) -> Totals:
    """Counts over all accounts; two statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ROWS} SELECT count(*), count(*) FILTER (WHERE {FILTERS['ready']}), "  # noqa: S608  no value is put in
            f"count(*) FILTER (WHERE {FILTERS['low']}), count(*) FILTER (WHERE {FILTERS['full']}) FROM rows r",
            _values(at),
        )
        accounts, ready, low, full = cursor.fetchone()
    due = ExpansionTask.objects.filter(state=ExpansionTask.State.OPEN, due_on__lte=at.date()).count()
    return Totals(accounts, ready, low, full, due)


def accounts_page(
    *, at: datetime, show: str = "", industry: str = "", user: User | None = None, page: int = 1
) -> tuple[list[AccountRow], bool]:
    """The fullest first; returns the rows and whether there are more. `show`: one of FILTERS, or nothing."""
    condition = FILTERS.get(show, "true")
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ROWS} SELECT account_id, purchased, assigned, active, renews_at FROM rows r WHERE {condition} "  # noqa: S608
            "ORDER BY greatest(assigned, active)::numeric / purchased DESC, account_id LIMIT %(limit)s OFFSET %(skip)s",
            {
                **_values(at),
                "industry": industry,
                "user": user.pk if user else None,
                "limit": PAGE + 1,
                "skip": (max(page, 1) - 1) * PAGE,
            },
        )
        found = cursor.fetchall()
    return _fill(found[:PAGE]), len(found) > PAGE


def account_row(account: Account, at: datetime) -> AccountRow:
    """One account's line; without seats its numbers are zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ROWS} SELECT account_id, purchased, assigned, active, renews_at FROM rows r "  # noqa: S608
            "WHERE account_id = %(account)s",
            {**_values(at), "account": account.pk},
        )
        found = cursor.fetchall()
    return _fill(found or [(account.pk, 0, 0, 0, None)])[0]


def _values(at: datetime) -> dict[str, Any]:
    return {"since": at - ACTIVE_WITHIN, "at": at, "ready": READY, "low": LOW, "industry": ""}


def _fill(found: Sequence[tuple[int, int, int, int, datetime | None]]) -> list[AccountRow]:
    """Names, signals, tasks and prices of one page; five statements."""
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
    rows = []
    for pk, purchased, assigned, active, renews_at in found:
        yearly = None
        if pk in prices:
            price, quantity = prices[pk]
            times = PERIODS_A_YEAR.get(price.interval, 0) // max(price.interval_count, 1)
            yearly = Worth(amount(scheme_of(price), quantity) * times, price.currency, "year")
        rows.append(
            AccountRow(
                account=accounts[pk],
                owner=leads.get(pk) or accounts[pk].owner_name,
                seats=Utilization(purchased, assigned, active),
                renews_at=renews_at,
                signals=signals[pk],
                task=tasks.get(pk),
                yearly=yearly,
            )
        )
    return rows
