"""Ninety days in which a customer proves the product's worth (product.md D3). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from seats.insight.use_report import SMALLEST_GROUP

DAYS = 90
# After so many days the account team and the customer compare with the goals (product.md D4).
CHECK_INS = (7, 30, 60, 90)
# A plan may have begun before it is written down, and may begin later.
LATEST = timedelta(days=DAYS - 1)
AHEAD = timedelta(days=30)
# A counted goal looks at so many days at a time, as everything on the usage page does.
WINDOW = 30


@dataclass(frozen=True)
class CheckIn:
    """A day on which to compare. done: it has come."""

    number: int
    on: date
    done: bool


@dataclass(frozen=True)
class Clock:
    """Where a plan stands. day: 0 on its first day; before that, negative."""

    starts_on: date
    ends_on: date
    day: int
    check_ins: tuple[CheckIn, ...]

    @property
    def shown(self) -> int:
        """The day for people: never below 0 nor above DAYS."""
        return min(max(self.day, 0), DAYS)

    @property
    def over(self) -> bool:
        """Whether its report is due."""
        return self.day >= DAYS

    @property
    def next_check_in(self) -> CheckIn | None:
        """The next day to compare."""
        return next((one for one in self.check_ins if not one.done), None)


def clock_of(starts_on: date, today: date) -> Clock:
    """The plan's clock on a day of the account's calendar."""
    return Clock(
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=DAYS),
        day=(today - starts_on).days,
        check_ins=tuple(
            CheckIn(number, on := starts_on + timedelta(days=number), done=on <= today) for number in CHECK_INS
        ),
    )


def meets(value: Decimal, *, baseline: Decimal, target: Decimal) -> bool:
    """Whether a value reaches the target: upwards from the baseline, or downwards where the target lies below it."""
    return value >= target if target > baseline else value <= target


def progress(value: Decimal | None, *, baseline: Decimal, target: Decimal) -> int | None:
    """(value − baseline) ÷ (target − baseline) in whole percent, rounded down, never below 0; None without a value."""
    if value is None or target == baseline:
        return None
    return max(int((value - baseline) * 100 // (target - baseline)), 0)


def change(value: Decimal | None, baseline: Decimal) -> int | None:
    """(value − baseline) ÷ |baseline| in whole percent towards zero, such as +30; None from nothing."""
    return None if value is None or not baseline else int((value - baseline) * 100 / abs(baseline))


def first_met(readings: Iterable[tuple[date, Decimal]], *, baseline: Decimal, target: Decimal) -> date | None:
    """The first day whose value reaches the target."""
    return min((day for day, value in readings if meets(value, baseline=baseline, target=target)), default=None)


def shown(people: int | None, *, private: bool) -> bool:
    """Whether a value may be seen: with privacy mode on, a counted one (people is not None) of five people or more."""
    return not private or people is None or people >= SMALLEST_GROUP


def plain(number: Decimal) -> str:
    """A number as one writes it down, without zeros at the end: "12.5"."""
    return f"{number.normalize():f}"
