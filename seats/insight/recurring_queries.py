"""Expansion, contraction and retention in money, per currency (product.md A1, H5, I6)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection

from seats.insight.kpi_queries import YEAR
from seats.insight.kpis import SEAT_SHARE
from seats.insight.recurring import Cause
from seats.insight.segments import SEGMENTS

# Of a year's rows: what was added and what was taken away by each cause. An undone purchase is taken off the additions.
_BY_CAUSE = """
    SELECT currency, cause, COALESCE(sum(after - before) FILTER (WHERE after > before OR undone), 0),
           COALESCE(sum(before - after) FILTER (WHERE after < before AND NOT undone), 0),
           count(*) FILTER (WHERE after <> before), count(*) FILTER (WHERE assumed)
    FROM seats_recurringchange
    WHERE at > %(year_ago)s AND at <= %(at)s AND cause NOT IN ('new', 'returned')
    GROUP BY currency, cause
"""
_RETAINED = """
    WITH past AS (
        SELECT DISTINCT ON (account_id) account_id, currency, after FROM seats_recurringchange
        WHERE at <= %(year_ago)s ORDER BY account_id, at DESC, id DESC
    ), present AS (
        SELECT DISTINCT ON (account_id) account_id, currency, after FROM seats_recurringchange
        WHERE at <= %(at)s ORDER BY account_id, at DESC, id DESC
    )
    SELECT past.currency, count(*), sum(past.after),
           sum(CASE WHEN present.currency = past.currency THEN present.after ELSE 0 END),
           sum(CASE WHEN present.currency = past.currency THEN least(present.after, past.after) ELSE 0 END)
    FROM past JOIN present USING (account_id)
    WHERE past.after > 0 GROUP BY past.currency
"""
# Who an account was is told by its mark of the month; one that has no seats left at the month's end has none.
_BY_SEATS = """
    SELECT month, COALESCE({segment}, '') AS segment, sum(after - before)
    FROM (
        SELECT date_trunc('month', r.at AT TIME ZONE 'UTC')::date AS month, r.before, r.after, a.industry, a.use_case,
               COALESCE(k.purchased, r.quantity) AS purchased, k.first_at, k.region
        FROM seats_recurringchange r
        JOIN accounts_account a ON a.id = r.account_id
        LEFT JOIN seats_accountmark k
            ON k.month = date_trunc('month', r.at AT TIME ZONE 'UTC')::date AND k.account_id = r.account_id
        WHERE r.currency = %(currency)s AND r.cause = 'seats' AND (r.after > r.before OR r.undone)
          AND r.at >= %(first)s AND r.at <= %(at)s
    ) AS facts
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class CauseMoney:
    """One cause in one year: minor units per year added and taken away, by how many changes."""

    cause: str
    added: int
    lost: int
    changes: int

    @property
    def label(self) -> str:
        """In words."""
        return str(Cause(self.cause).label)


@dataclass(frozen=True)
class Money:
    """One currency. start: per year a year ago, of `accounts` accounts; end: theirs today; kept: at most what each had.

    assumed: changes whose price was not kept on their day.
    """

    currency: str
    causes: list[CauseMoney] = field(default_factory=list)
    assumed: int = 0
    accounts: int = 0
    start: int = 0
    end: int = 0
    kept: int = 0

    @property
    def expansion(self) -> int:
        """All that was added."""
        return sum(one.added for one in self.causes)

    @property
    def contraction(self) -> int:
        """All that was taken away."""
        return sum(one.lost for one in self.causes)

    @property
    def seat_share(self) -> int | None:
        """Expansion by seats ÷ all expansion, in whole percent; None without expansion."""
        seats = sum(one.added for one in self.causes if one.cause == Cause.SEATS)
        return seats * 100 // self.expansion if self.expansion > 0 else None

    @property
    def usual_share(self) -> bool:
        """Whether the share lies in the seed's band."""
        return self.seat_share is not None and SEAT_SHARE[0] <= self.seat_share <= SEAT_SHARE[1]

    @property
    def nrr(self) -> int | None:
        """Net retention in whole percent."""
        return self.end * 100 // self.start if self.start else None

    @property
    def grr(self) -> int | None:
        """Gross retention in whole percent."""
        return self.kept * 100 // self.start if self.start else None


def money_by_currency(at: datetime) -> list[Money]:
    """One for each currency, by name; two statements."""
    values = {"at": at, "year_ago": at - YEAR}
    order = list(Cause)
    causes: dict[str, list[CauseMoney]] = {}
    assumed: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_CAUSE, values)
        for currency, cause, added, lost, changes, guessed in cursor.fetchall():
            causes.setdefault(currency, []).append(CauseMoney(cause, int(added), int(lost), changes))
            assumed[currency] = assumed.get(currency, 0) + guessed
        cursor.execute(_RETAINED, values)
        retained = {row[0]: [int(number) for number in row[1:]] for row in cursor.fetchall()}
    return [
        Money(
            currency,
            sorted(causes.get(currency, []), key=lambda one: order.index(Cause(one.cause))),
            assumed.get(currency, 0),
            *retained.get(currency, [0, 0, 0, 0]),
        )
        for currency in sorted(causes.keys() | retained.keys())
    ]


def added_by_seats(segment: str, currency: str, first: date, at: datetime) -> dict[tuple[date, str], int]:
    """What added seats brought per year, in minor units, by month (its first day) and segment, since `first`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_SEATS.replace("{segment}", SEGMENTS[segment][1]), {"currency": currency, "first": first, "at": at}
        )
        return {(month, name): int(added) for month, name, added in cursor.fetchall()}
