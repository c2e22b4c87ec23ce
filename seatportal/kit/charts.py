"""Geometry of the charts: numbers in, positions out. Templates draw them, so they print, scale and work in the dark.

Positions along the time axis are percentages with a percent sign, because the drawing is as wide as its page; heights
are pixels of a plot that is `PLOT` high.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

PLOT = 160


@dataclass(frozen=True)
class Tick:
    """A place on an axis. at: its position, label: what stands there."""

    at: str
    label: object


@dataclass(frozen=True)
class Steps:
    """One line of steps as an SVG path in a box of 1000 × PLOT, and where its end is."""

    path: str
    area: str
    end: int
    end_y: str


@dataclass(frozen=True)
class StepChart:
    """Lines over time with their grid."""

    lines: list[Steps]
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    top: int


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: its box and where its words stand."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    value: int


def nice_top(value: int) -> int:
    """The first of 4, 8, 12, 20, 40, 60, 100, … that is not below `value`: it divides into four whole steps."""
    step = 1
    while True:
        for factor in (4, 8, 12, 20):
            if factor * step >= value:
                return factor * step
        step *= 10


def step_chart(first: date, last: date, points: Sequence[tuple[date, Sequence[int]]]) -> StepChart:
    """Lines that change on days: each point holds one value a line, valid from its day until the next."""
    span = max((last - first).days, 1)
    top = nice_top(max((max(values) for _day, values in points), default=0))
    count = len(points[0][1]) if points else 0
    lines = [_steps([(_x(day, first, span), values[i]) for day, values in points], top) for i in range(count)]
    return StepChart(
        lines=lines,
        y_ticks=[Tick(f"{_y(top * part // 4, top):.1f}", top * part // 4) for part in range(5)],
        x_ticks=[Tick(f"{_x(day, first, span) / 10:.2f}%", day) for day in _months(first, last)],
        top=top,
    )


def histogram(values: Sequence[int]) -> list[Bar]:
    """Bars side by side in a box of 100 % × PLOT."""
    top = max([*values, 1])
    slot = 100 / max(len(values), 1)
    bars = []
    for index, value in enumerate(values):
        height = max(value / top * (PLOT - 24), 2 if value else 1)
        bars.append(
            Bar(
                x=f"{index * slot + slot * 0.15:.2f}%",
                width=f"{slot * 0.7:.2f}%",
                y=f"{PLOT - height:.1f}",
                height=f"{height:.1f}",
                middle=f"{index * slot + slot / 2:.2f}%",
                value=value,
            )
        )
    return bars


def place_of(day: date, first: date, last: date) -> str:
    """Where a day stands on the time axis."""
    return f"{_x(day, first, max((last - first).days, 1)) / 10:.2f}%"


def _steps(points: list[tuple[float, int]], top: int) -> Steps:
    x, value = points[0]
    path = [f"M{x:.1f} {_y(value, top):.1f}"]
    for x, value in points[1:]:
        path.append(f"H{x:.1f}V{_y(value, top):.1f}")
    path.append("H1000")
    line = "".join(path)
    area = f"{line}V{PLOT}H{points[0][0]:.1f}Z"
    return Steps(path=line, area=area, end=points[-1][1], end_y=f"{_y(points[-1][1], top):.1f}")


def _x(day: date, first: date, span: int) -> float:
    return min(max((day - first).days / span, 0), 1) * 1000


def _y(value: int, top: int) -> float:
    # A pixel of room, so that a line on the edge keeps its width.
    return 1 + (PLOT - 2) * (1 - value / top)


def _months(first: date, last: date) -> list[date]:
    """Four firsts of months, evenly over a year and off both edges."""
    starts = []
    day = first.replace(day=1)
    while day <= last:
        if first + timedelta(days=14) <= day <= last - timedelta(days=14):
            starts.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return starts[1::3] if len(starts) > 5 else starts
