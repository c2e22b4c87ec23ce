"""The metrics of seat expansion, each by its formula (product.md H1–H5). Pure.

The account team's page reads the same formulas from the database (kpi_queries.py); a test holds both side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Strong growth of seats in a year, in percent (H2).
STRONG = (20, 40)
# Share of expansion revenue that comes from seats, in percent (A1).
SEAT_SHARE = (25, 40)

DEFINITIONS: dict[str, str | Promise] = {
    "mean": _("Purchased seats ÷ accounts that have any."),
    "rate": _(
        "(Seats now − seats a year ago) ÷ seats a year ago, over accounts that had seats then. Strong is 20 to 40 %."
    ),
    "time": _(
        "Days from the first purchase to the next added seats: the median of accounts that have expanded. Those that "
        "have not are counted apart."
    ),
    "use": _("Active ÷ purchased, of all accounts of a segment together."),
    "utilization": _("Active ÷ purchased: 80 % or more is ready, less than 60 % needs adoption first."),
    "health": _("The mean score of the accounts that are judged; each account's page shows what it is made of."),
    "cause": _("Seats added in a year, by what caused them. A change of plan is not an expansion of seats."),
}


@dataclass(frozen=True)
class AccountFacts:
    """What the formulas need of one account. start: seats a year ago. next_at: when seats were first added again.

    health: its score, None where it is not judged.
    """

    purchased: int
    active: int
    start: int
    first_at: datetime | None
    next_at: datetime | None
    health: int | None = None


@dataclass(frozen=True)
class Kpis:
    """One segment. rate in tenths of a percent, rounded down; None where there is nothing to divide by.

    active: holders who did something in the last 30 days. health: mean score of those that are judged, rounded down.
    """

    segment: str
    accounts: int
    seats: int
    active: int
    mean: float | None
    rate: int | None
    days: int | None
    expanded: int
    waiting: int
    ready: int
    neutral: int
    low: int
    health: int | None

    @property
    def use(self) -> int | None:
        """Active ÷ purchased of all of them together, in whole percent, rounded down."""
        return self.active * 100 // self.seats if self.seats else None

    @property
    def percent(self) -> float | None:
        """The rate for people."""
        return None if self.rate is None else self.rate / 10


def expansion_rate(start: int, end: int) -> int | None:
    """(end − start) ÷ start in tenths of a percent, rounded down; None when it started from nothing."""
    return (end - start) * 1000 // start if start else None


def median_days(days: Sequence[int]) -> int | None:
    """The lower median: a number of days that some account really took."""
    return sorted(days)[(len(days) - 1) // 2] if days else None


def kpis_of(segment: str, accounts: Sequence[AccountFacts]) -> Kpis:
    """All of them for the accounts of one segment that have seats now."""
    seated = [a for a in accounts if a.purchased > 0]
    began = [a for a in seated if a.start > 0]
    took = [(a.next_at - a.first_at).days for a in seated if a.first_at and a.next_at]
    seats = sum(a.purchased for a in seated)
    ready = sum(a.active * 100 >= a.purchased * 80 for a in seated)
    low = sum(a.active * 100 < a.purchased * 60 for a in seated)
    judged = [a.health for a in seated if a.health is not None]
    return Kpis(
        segment=segment,
        accounts=len(seated),
        seats=seats,
        active=sum(a.active for a in seated),
        mean=seats / len(seated) if seated else None,
        rate=expansion_rate(sum(a.start for a in began), sum(a.purchased for a in began)),
        days=median_days(took),
        expanded=len(took),
        waiting=sum(1 for a in seated if a.first_at and not a.next_at),
        ready=ready,
        neutral=len(seated) - ready - low,
        low=low,
        health=sum(judged) // len(judged) if judged else None,
    )
