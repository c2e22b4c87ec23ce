"""Days, gates, budget years, and when fewer seats first are the better start. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from seats.insight.bands import READY, Utilization, reaches

# The gate's usual measure: active of the purchased seats, in percent (product.md D8 and E4).
USUAL_GATE = READY
# So far ahead a day can be planned, and so late an old one may still be named.
FARTHEST = timedelta(days=3 * 366)
# What only time cures is tried again so often, and for so long; then a person looks.
LOOK_AGAIN = timedelta(minutes=10)
TRY_FOR = timedelta(hours=24)
# "10 per quarter beats 40 at once" (product.md D8).
STEP = 10


@dataclass(frozen=True)
class BudgetQuarter:
    """A quarter of a budget year. year: the calendar year in which that budget year begins."""

    year: int
    quarter: int

    def named(self, month: int) -> str:
        """The budget year as people write it: 2026, or 2026/27 where it begins within the year."""
        return str(self.year) if month == 1 else f"{self.year}/{(self.year + 1) % 100:02d}"


def budget_quarter(day: date, month: int) -> BudgetQuarter:
    """The quarter of the budget year, begun with a month (1 to 12), in which a day lies."""
    since = (day.month - month) % 12
    return BudgetQuarter(day.year if day.month >= month else day.year - 1, since // 3 + 1)


def gate_met(seats: Utilization, percent: int | None) -> bool:
    """Whether so many percent of the purchased seats are active; without a gate, always."""
    return percent is None or reaches(seats.active, seats.purchased, percent)


def first_step(seats: Utilization, add: int) -> int | None:
    """How many seats to start with, where many are added while few are used; None where nothing speaks against it."""
    return STEP if add > STEP and seats.low else None
