"""How an account is doing: one number from inputs and weights that stand beside it (product.md H6). Pure.

The inputs are those that Gainsight's and Vitally's public set-ups share (product.md §2): use of the seats, its
direction, whether champion and buyer are within reach, and payment. Use weighs 55 %, as in Vitally's at Sourcegraph;
the rest is shared evenly. What is not known counts neither way: the other weights are taken as the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seats.insight.bands import HEALTHY, POOR, READY

# Active ÷ purchased in percent: up to FLOOR nothing, from READY on all points. With it an account in which fewer than
# LOW percent are active never counts as well, whatever else is fine: (60 − 30) × 2 × 55 % + 45 = 78.
FLOOR = READY - 50


class Health(StrEnum):
    """What the score means."""

    GOOD = "good"
    WATCH = "watch"
    POOR = "poor"


LABELS: dict[Health, str | Promise] = {
    Health.GOOD: _("Well"),
    Health.WATCH: _("Watch"),
    Health.POOR: _("Poor"),
}


@dataclass(frozen=True)
class HealthInputs:
    """What is known of one account. Percents are whole; None: not known.

    use: active ÷ purchased; None without seats and in the first 30 days. before: active holders 30 days ago.
    mapped: somebody was ever put on the stakeholder map. champion, approver: on it and still there.
    """

    use: int | None
    active: int
    before: int | None
    mapped: bool
    champion: bool
    approver: bool
    late: bool


def use_points(found: HealthInputs) -> int | None:
    """Two points for each percent above FLOOR."""
    return None if found.use is None else min(max((found.use - FLOOR) * 2, 0), 100)


def trend_points(found: HealthInputs) -> int | None:
    """All while as many are active as 30 days ago; none when half of them are gone."""
    return max(min(found.active * 100 // found.before, 100) - 50, 0) * 2 if found.before else None


def people_points(found: HealthInputs) -> int | None:
    """Half for a champion who is still there, half for a known approver; nothing known while the map is empty."""
    return 50 * found.champion + 50 * found.approver if found.mapped else None


def payment_points(found: HealthInputs) -> int | None:
    """None while a payment is late."""
    return 0 if found.late else 100


@dataclass(frozen=True)
class Weight:
    """One input: its part of the whole in percent, its points from 0 to 100, and what it looks at, in words."""

    key: str
    title: str | Promise
    percent: int
    points: Callable[[HealthInputs], int | None]
    rule: str | Promise


WEIGHTS = (
    Weight(
        "use",
        _("Use of the seats"),
        55,
        use_points,
        _("Active ÷ purchased: none up to 30 %, all from 80 %. Not judged in the first 30 days."),
    ),
    Weight("trend", _("Direction"), 15, trend_points, _("Active people against 30 days ago; none when half are gone.")),
    Weight(
        "people",
        _("Champion and approver"),
        15,
        people_points,
        _("Half for a champion who is there, half for an approver."),
    ),
    Weight("payment", _("Payment"), 15, payment_points, _("None while an invoice is late.")),
)
RULE = _(
    "80 or more is well, less than 50 is poor: then adoption is talked about before any more seats. Inputs that are "
    "not known count neither way."
)


@dataclass(frozen=True)
class Score:
    """0 to 100. parts: each input with its points, None where it is not known."""

    value: int
    parts: tuple[tuple[Weight, int | None], ...]

    @property
    def health(self) -> Health:
        """Its band."""
        if self.value >= HEALTHY:
            return Health.GOOD
        return Health.POOR if self.value < POOR else Health.WATCH

    @property
    def label(self) -> str | Promise:
        """Its band in words."""
        return LABELS[self.health]


def score_of(found: HealthInputs) -> Score | None:
    """The weighted mean of what is known, rounded down; None while use cannot be judged."""
    parts = tuple((weight, weight.points(found)) for weight in WEIGHTS)
    known = [(weight.percent, points) for weight, points in parts if points is not None]
    if found.use is None:
        return None
    return Score(sum(p * n for p, n in known) // sum(p for p, _n in known), parts)
