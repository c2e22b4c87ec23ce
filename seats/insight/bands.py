"""How full an account is, and what follows: the one rule that customers and the account team both see. Pure.

Source of the figures: product.md E4 and H4 (80 %, 60 %), and GitLab's published thresholds by size.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seats.holders.queries import SeatCounts, seat_counts

# Percent of the purchased seats. At READY the account team is told; below REARMED the next crossing counts again.
READY = 80
REARMED = 75
# Less than this active: adoption comes first, and nobody is asked to buy.
LOW = 60
# So long after the first purchase use is not judged low: the measure looks back 30 days, and before those are over it
# counts days on which nobody could have come. Counted from the purchase and not from the first event, since an account
# that never begins would be new for ever.
RUNNING_IN = timedelta(days=30)

# A health score (health.py) from HEALTHY on is well, and below POOR adoption comes first whatever the seats say. The
# edges are Vitally's for active users by seats, as Sourcegraph set it up (product.md §2).
HEALTHY = 80
POOR = 50

# GitLab's "few seats left" by size: up to so many seats, so many free ones; above, so many percent of the seats.
FEW_BY_COUNT = ((15, 1), (25, 2))
FEW_BY_PERCENT = ((99, 10), (999, 8), (None, 5))


class Band(StrEnum):
    """What the numbers mean."""

    NONE = "none"
    NEW = "new"
    LOW = "low"
    NEUTRAL = "neutral"
    READY = "ready"


RULES: dict[Band, str | Promise] = {
    Band.NONE: _("There are no purchased seats, so there is nothing to measure."),
    Band.NEW: _("The first seats were bought less than 30 days ago: whether they are used is not judged yet."),
    Band.LOW: _("Fewer than 60 % of the purchased seats are active: adoption comes first, before any more seats."),
    Band.NEUTRAL: _("60 % or more of the purchased seats are active, and fewer than 80 % are active or assigned."),
    Band.READY: _("At least 80 % of the purchased seats are active or assigned: more may be needed soon."),
}


def reaches(part: int, whole: int, percent: int) -> bool:
    """Whether part ÷ whole is at least so many percent, exactly; never when there is no whole."""
    return whole > 0 and part * 100 >= whole * percent


def few_left(purchased: int, free: int) -> bool:
    """Whether so few free seats are few for this size."""
    for size, count in FEW_BY_COUNT:
        if purchased <= size:
            return purchased > 0 and free <= count
    percent = next(percent for size, percent in FEW_BY_PERCENT if size is None or purchased <= size)
    return free * 100 <= purchased * percent


def seats_to_rearm(purchased: int, used: int) -> int:
    """The fewest seats to add so that `used` falls below REARMED percent: what an expansion task suggests."""
    return max(used * 100 // REARMED + 1 - purchased, 0)


@dataclass(frozen=True)
class Utilization:
    """Seats of one account at one moment. active: holders who did something in the last 30 days.

    new: the first purchase is so recent that low use is not judged.
    """

    purchased: int
    assigned: int
    active: int
    new: bool = False

    @property
    def used(self) -> int:
        """The larger of the two measures."""
        return max(self.assigned, self.active)

    @property
    def free(self) -> int:
        return max(self.purchased - self.assigned, 0)

    @property
    def active_percent(self) -> int | None:
        """Active ÷ purchased in whole percent, rounded down; None without seats."""
        return self.active * 100 // self.purchased if self.purchased else None

    @property
    def assigned_percent(self) -> int | None:
        """Assigned ÷ purchased in whole percent, rounded down; None without seats."""
        return self.assigned * 100 // self.purchased if self.purchased else None

    @property
    def low(self) -> bool:
        """Whether adoption comes first."""
        return not self.new and self._little_used

    @property
    def _little_used(self) -> bool:
        return self.purchased > 0 and not reaches(self.active, self.purchased, LOW)

    @property
    def band(self) -> Band:
        """Low goes before ready: seats that are given but not used are no reason to sell more."""
        if not self.purchased:
            return Band.NONE
        if self._little_used:
            return Band.NEW if self.new else Band.LOW
        return Band.READY if reaches(self.used, self.purchased, READY) else Band.NEUTRAL

    @property
    def rule(self) -> str | Promise:
        """Why it is in its band, in words."""
        return RULES[self.band]


def running_in(began_at: datetime | None, at: datetime) -> bool:
    """Whether an account whose seats began then is still new. None: it has no seats, or had them ever."""
    return began_at is not None and at - began_at < RUNNING_IN


def utilization_in(counts: SeatCounts, at: datetime) -> Utilization:
    """The measures of seats that were counted."""
    return Utilization(counts.purchased, counts.assigned, counts.active, running_in(counts.began_at, at))


def adoption_first(seats: Utilization, *, poor_health: bool = False) -> bool:
    """Whether nobody is asked to buy now: few use what they have, or the account's health is poor."""
    return seats.low or poor_health


def utilization_of(account: Account, at: datetime) -> Utilization:
    """The numbers of one account, as the sweep sees them and as its own people see them."""
    return utilization_in(seat_counts(account, at), at)
