"""Quarters, windows, and how many seats they speak of. Pure."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from seatportal.kit.clock import start_of_day

# Days before the quarter's end on which people are told (product.md §2: 4 weeks, 2 weeks, 3 days).
NOTICES = (28, 14, 3)
# So long people can decide after the quarter; then the default does.
ANSWER_LIFE = timedelta(days=7)
# After a refused charge it is tried again so much later, and then no more by itself.
RETRY_AFTER = (timedelta(days=3), timedelta(days=5), timedelta(days=7))
# Purchases are refused in the last two hours of a period, so no quote can be moved by the credit (quotes/rules.py).
BEFORE_PERIOD_END = timedelta(hours=2)
# A period that ended while no worker ran is still counted so much later.
AFTER_PERIOD_END = timedelta(days=3)
LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True)
class Quarter:
    """Three months of days, both ends included."""

    first: date
    last: date

    def ends_at(self, zone: str) -> datetime:
        """The first moment after it, in UTC."""
        return start_of_day(self.last + timedelta(days=1), zone)


def day_in(zone: str, at: datetime) -> date:
    """The calendar day of a moment in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def add_months(day: date, months: int) -> date:
    """The same day some months later, or that month's last one."""
    total = day.year * 12 + day.month - 1 + months
    year, month = total // 12, total % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def quarter_of(anchor: date, day: date) -> Quarter:
    """The quarter in which a day lies, counted in steps of three months from the anchor."""
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    step = months // 3
    if add_months(anchor, 3 * step) > day:
        step -= 1
    first, following = add_months(anchor, 3 * step), add_months(anchor, 3 * step + 3)
    return Quarter(first, following - timedelta(days=1))


def notice_due(*, days_left: int, sent: int | None) -> int | None:
    """Which notice is to be sent now; after a pause only the newest one, and none twice."""
    reached = [days for days in NOTICES if days_left <= days]
    if not reached or days_left <= 0 or (sent is not None and reached[-1] >= sent):
        return None
    return reached[-1]


def window_days(idle_days: int, *, period: timedelta) -> int:
    """How many days without an action make a seat idle. What is paid for longer than a month must be idle all of it."""
    return idle_days if period <= LONGEST_MONTH else max(idle_days, period.days)


def one_period_before(moment: datetime, interval: str, count: int) -> datetime:
    """When the period began that ended at a moment. interval: day, week, month or year, as Stripe says."""
    if interval in ("day", "week"):
        return moment - timedelta(days=count * (7 if interval == "week" else 1))
    months = count * (12 if interval == "year" else 1)
    return datetime.combine(add_months(moment.date(), -months), moment.timetz())


def creditable(*, purchased: int, assigned: int, idle: int, floor: int) -> int:
    """How many idle seats come off the invoice.

    Not those that are in use beyond the purchased ones, which cost nothing; and never below the floor, which is the
    agreed minimum or commitment.
    """
    return max(0, min(idle, purchased - (assigned - idle), purchased - floor))


def renewal(*, purchased: int, planned: int | None, released: int, assigned: int, floor: int) -> int:
    """How many seats the next period begins with after a true-up has released some.

    planned: a reduction that stands already and is not added to. assigned: seats taken after the release; whoever
    waited may have taken a freed one. Never above today's number.
    """
    wished = min(purchased - released, purchased if planned is None else planned)
    return min(purchased, max(wished, assigned, floor))
