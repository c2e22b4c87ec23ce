"""The return on the seats, in integer minor units. Pure.

    benefit a year = active people × hours saved a week × 52 × cost of an hour × share counted
    return = (benefit − cost) ÷ cost

Source of the return: the usual definition (J. J. Phillips, ROI Methodology). The share counted is what Forrester's
Total Economic Impact studies call productivity recapture: not every hour saved becomes work, and weeks off save none.
Benefits are rounded down and costs up, so that no rounding flatters.
"""

from dataclasses import dataclass
from decimal import Decimal

WEEKS = 52
# Hours arrive in hundredths, the share in percent.
_PARTS = 100 * 100
# Of the hours that are assumed, in percent: the column of the table, and whether it is the assumption itself.
SENSITIVITY = (50, 100, 150)


@dataclass(frozen=True)
class Assumptions:
    """hours: saved per active person and week, in hundredths. hour_cost: minor units. share: percent counted."""

    hours: int
    hour_cost: int
    share: int


@dataclass(frozen=True)
class Outcome:
    """A year, in minor units. hours: hundredths a week. cost, net and percent: None where no cost is known.

    percent is rounded down; None also where nothing is paid.
    """

    hours: int
    benefit: int
    cost: int | None

    @property
    def net(self) -> int | None:
        """What is left."""
        return None if self.cost is None else self.benefit - self.cost

    @property
    def percent(self) -> int | None:
        """The return."""
        return (self.benefit - self.cost) * 100 // self.cost if self.cost else None


def outcome(given: Assumptions, *, active: int, cost: int | None) -> Outcome:
    """What a year comes to. cost: minor units a year, in the currency of the assumptions."""
    return Outcome(given.hours, active * given.hours * WEEKS * given.hour_cost * given.share // _PARTS, cost)


def sensitivity(given: Assumptions, *, active: int, cost: int | None) -> list[Outcome]:
    """The same with half the hours, the hours as assumed, and half as many again."""
    return [
        outcome(Assumptions(given.hours * part // 100, given.hour_cost, given.share), active=active, cost=cost)
        for part in SENSITIVITY
    ]


def break_even(given: Assumptions, *, active: int, cost: int | None) -> int | None:
    """The hours per person and week, in hundredths and rounded up, from which the benefit covers the cost."""
    each = active * WEEKS * given.hour_cost * given.share
    return None if cost is None or not each else -(-cost * _PARTS // each)


def hours_of(hundredths: int) -> Decimal:
    """For people: 125 is 1.25 hours."""
    return Decimal(hundredths).scaleb(-2)
