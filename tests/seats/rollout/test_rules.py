"""Gates, budget years and the first step, as tables."""

from datetime import date

import pytest

from seats.insight.bands import Utilization
from seats.rollout.rules import budget_quarter, first_step, gate_met


@pytest.mark.parametrize(
    ("day", "month", "year", "quarter", "named"),
    [
        ("2027-01-01", 1, 2027, 1, "2027"),
        ("2027-12-31", 1, 2027, 4, "2027"),
        ("2027-03-31", 4, 2026, 4, "2026/27"),
        ("2027-04-01", 4, 2027, 1, "2027/28"),
        ("2027-06-30", 7, 2026, 4, "2026/27"),
        ("2027-12-01", 12, 2027, 1, "2027/28"),
        ("2027-11-30", 12, 2026, 4, "2026/27"),
        ("2099-10-01", 10, 2099, 1, "2099/00"),
    ],
)
def test_budget_quarters(day: str, month: int, year: int, quarter: int, named: str) -> None:
    found = budget_quarter(date.fromisoformat(day), month)
    assert (found.year, found.quarter, found.named(month)) == (year, quarter, named)


@pytest.mark.parametrize(
    ("active", "purchased", "percent", "met"),
    [(8, 10, 80, True), (79, 100, 80, False), (0, 10, None, True), (0, 0, 80, False), (10, 10, 100, True)],
)
def test_the_gate_is_exact(active: int, purchased: int, percent: int | None, met: bool) -> None:
    assert gate_met(Utilization(purchased, purchased, active), percent) is met


@pytest.mark.parametrize(
    ("active", "new", "add", "step"),
    [
        (5, False, 40, 10),
        (5, False, 11, 10),
        (5, False, 10, None),
        (6, False, 40, None),  # 60 % is not low
        (5, True, 40, None),  # the first 30 days are not judged
    ],
)
def test_start_with_ten_where_few_seats_are_used(active: int, new: bool, add: int, step: int | None) -> None:
    assert first_step(Utilization(10, 10, active, new), add) == step
