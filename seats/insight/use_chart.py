"""The year of a usage page: purchased, assigned and active, with the bands of the rule behind them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from seatportal.kit.charts import StepChart, Tick, place_of, step_chart
from seats.insight.bands import LOW, READY
from seats.insight.history import History, Point


@dataclass(frozen=True)
class UseChart:
    """lines: purchased, assigned, active, the upper and the lower edge of the bands. bought: days of purchases."""

    steps: StepChart
    weeks: list[tuple[Point, int | None]]
    bought: list[Tick]

    @property
    def first(self) -> tuple[Point, int | None]:
        return self.weeks[0]

    @property
    def last(self) -> tuple[Point, int | None]:
        return self.weeks[-1]


def use_chart(history: History, active: Sequence[tuple[date, int]]) -> UseChart | None:
    """None while there is no history."""
    if not history.points:
        return None
    known = dict(active)
    days = sorted({*(point.day for point in history.points), *(day for day in known if day >= history.points[0].day)})
    weeks: list[tuple[Point, int | None]] = []
    state, users = history.points[0], None
    by_day = {point.day: point for point in history.points}
    for day in days:
        state, users = by_day.get(day, state), known.get(day, users)
        weeks.append((Point(day, state.purchased, state.assigned), users))
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
        for point, users in weeks
    ]
    bought = [
        Tick(place_of(after.day, history.first, history.last), after.day)
        for before, after in zip(history.points, history.points[1:], strict=False)
        if after.purchased > before.purchased
    ]
    return UseChart(step_chart(history.first, history.last, lines), weeks, bought)
