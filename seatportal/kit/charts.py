"""Geometry of the charts: numbers in, positions out. Templates draw them, so they print, scale and work in the dark.

Positions along the time axis are percentages with a percent sign, because the drawing is as wide as its page; heights
are pixels of a plot that is `PLOT` high.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

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
class Line:
    """One line through values that are evenly apart; a gap where one is missing. dots: a place for each value."""

    path: str
    dots: list[tuple[str, str]]


@dataclass(frozen=True)
class LineChart:
    """Lines in a box of 1000 × PLOT with their grid; zero is at the bottom unless a value lies below it."""

    lines: list[Line]
    y_ticks: list[Tick]
    x_ticks: list[Tick]


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


def line_chart(labels: Sequence[object], lines: Sequence[Sequence[float | None]]) -> LineChart:
    """Lines over evenly spaced places, each with a value or None for every label. Every third label is written."""
    known = [value for line in lines for value in line if value is not None]
    top = nice_top(ceil(max((abs(value) for value in known), default=0)))
    bottom = -top if any(value < 0 for value in known) else 0
    last = len(labels) - 1

    def height(value: float) -> str:
        return f"{1 + (PLOT - 2) * (top - value) / (top - bottom):.1f}"

    def drawn(values: Sequence[float | None]) -> Line:
        places = [index * 1000 / last if last else 500 for index in range(len(labels))]
        path, pen = [], "M"
        for place, value in zip(places, values, strict=True):
            if value is not None:
                path.append(f"{pen}{place:.1f} {height(value)}")
            pen = "M" if value is None else "L"
        dots = [
            (f"{place / 10:.2f}%", height(value))
            for place, value in zip(places, values, strict=True)
            if value is not None
        ]
        return Line("".join(path), dots)

    steps = [bottom + (top - bottom) * part // 4 for part in range(5)]
    return LineChart(
        lines=[drawn(values) for values in lines],
        y_ticks=[Tick(height(step), step) for step in steps],
        x_ticks=[
            Tick(f"{index * 100 / last if last else 50:.2f}%", label)
            for index, label in enumerate(labels)
            if (last - index) % 3 == 0
        ],
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
