"""When the seats run out at the pace of the past. Pure.

The pace is not one number: it is taken over the last 30, 90 and 180 days, and the answer is the range between the
fastest and the slowest of those that grew. Source of the idea: product.md §4 item 12.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from seats.insight.history import Point

SPANS = (30, 90, 180)
# Beyond two years a date would be a guess.
FARTHEST = timedelta(days=730)


@dataclass(frozen=True)
class Runway:
    """The free seats run out between `early` and `late`, both days of the account."""

    early: date
    late: date


def runway(points: Sequence[Point], *, free: int, today: date) -> Runway | None:
    """The range, or None when nobody was added on balance, too little is known, or it lies beyond two years.

    points: the oldest first, each valid until the next. free: purchased seats that nobody holds.
    """
    if not points or free < 0:
        return None
    now = points[-1].assigned
    days = []
    for span in SPANS:
        known = [point for point in points if point.day <= today - timedelta(days=span)]
        added = now - known[-1].assigned if known else 0
        if added > 0:
            days.append(-(-free * span // added))
    if not days or timedelta(days=min(days)) > FARTHEST:
        return None
    return Runway(today + timedelta(days=min(days)), today + min(timedelta(days=max(days)), FARTHEST))
