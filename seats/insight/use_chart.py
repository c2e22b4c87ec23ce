"""The year of a usage page: purchased, assigned and active, with the bands of the rule behind them. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from seatportal.kit.charts import StepChart, place_of, step_chart
from seats.insight.bands import LOW, READY
from seats.insight.history import History, Point, Purchase


class Week(NamedTuple):
    """The state at the end of a day, active holders if known by then, and what was bought on it."""

    point: Point
    active: int | None
    bought: list[Purchase]


@dataclass(frozen=True)
class UseChart:
    """lines: purchased, assigned, active, the upper and the lower edge of the bands.

    bought: purchases with their places on the time axis, but those of days that ended with no more seats than the day
    before, as after an undo.
    """

    steps: StepChart
    weeks: list[Week]
    bought: list[tuple[str, Purchase]]

    @property
    def first(self) -> Week:
        return self.weeks[0]

    @property
    def last(self) -> Week:
        return self.weeks[-1]


def use_chart(history: History, active: Sequence[tuple[date, int]]) -> UseChart | None:
    """None while there is no history."""
    if not history.points:
        return None
    known = dict(active)
    days = sorted({*(point.day for point in history.points), *(day for day in known if day >= history.points[0].day)})
    bought = _bought(history)
    weeks: list[Week] = []
    state, users = history.points[0], None
    by_day = {point.day: point for point in history.points}
    for day in days:
        state, users = by_day.get(day, state), known.get(day, users)
        weeks.append(Week(Point(day, state.purchased, state.assigned), users, bought.get(day, [])))
    lines = [
        (
            point.day,
            (
                point.purchased,
                point.assigned,
                users or 0,
                point.purchased * READY // 100,
                point.purchased * LOW // 100,
            ),
        )
        for point, users, _day in weeks
    ]
    marks = [
        (place_of(day, history.first, history.last), purchase) for day in sorted(bought) for purchase in bought[day]
    ]
    return UseChart(step_chart(history.first, history.last, lines), weeks, marks)


def _bought(history: History) -> dict[date, list[Purchase]]:
    """Purchases by day."""
    found: dict[date, list[Purchase]] = defaultdict(list)
    for purchase in history.purchases:
        found[purchase.day].append(purchase)
    before = 0
    for point in history.points:
        if point.purchased <= before:
            found.pop(point.day, None)
        before = point.purchased
    return found
