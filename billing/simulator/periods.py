"""Billing periods on the grid that a subscription's anchor lays. Pure; seconds UTC."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime

_SECONDS = {"day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True)
class Grid:
    """Every `count` intervals from `anchor`; months keep the anchor's day, or end earlier when they are shorter.

    `day` is the wanted day of the month where it is later than the anchor's own (`day_of_month` 31, anchor 30 April).
    """

    anchor: int
    interval: str
    count: int
    day: int | None = None

    def boundary(self, number: int) -> int:
        """The start of the period with that number; number 0 starts at the anchor."""
        if self.interval in _SECONDS:
            return self.anchor + number * self.count * _SECONDS[self.interval]
        start = datetime.fromtimestamp(self.anchor, UTC)
        months = start.year * 12 + start.month - 1 + number * self.count * _MONTHS[self.interval]
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return int(start.replace(year=year, month=month + 1, day=min(self.day or start.day, last)).timestamp())

    def around(self, moment: int) -> tuple[int, int]:
        """Start and end of the period in which the moment lies; the start belongs to it, the end does not."""
        if self.interval in _SECONDS:
            number = (moment - self.anchor) // (self.count * _SECONDS[self.interval])
        else:
            a, m = datetime.fromtimestamp(self.anchor, UTC), datetime.fromtimestamp(moment, UTC)
            number = ((m.year - a.year) * 12 + m.month - a.month) // (self.count * _MONTHS[self.interval])
        while self.boundary(number) > moment:
            number -= 1
        while self.boundary(number + 1) <= moment:
            number += 1
        return self.boundary(number), self.boundary(number + 1)


def first_anchor(now: int, day: int, hour: int | None, minute: int | None, second: int | None) -> int:
    """The first moment after now that falls on that day of a month (its last day when it is shorter)."""
    start = datetime.fromtimestamp(now, UTC)
    wanted = start.replace(
        day=1,
        hour=start.hour if hour is None else hour,
        minute=start.minute if minute is None else minute,
        second=start.second if second is None else second,
    )
    while True:
        last = calendar.monthrange(wanted.year, wanted.month)[1]
        moment = int(wanted.replace(day=min(day, last)).timestamp())
        if moment > now:
            return moment
        wanted = wanted.replace(year=wanted.year + wanted.month // 12, month=wanted.month % 12 + 1)
