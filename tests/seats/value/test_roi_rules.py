"""The return as tables: integer arithmetic that never flatters."""

from decimal import Decimal

import pytest

from billing.catalog.pricing import a_year
from seats.value.roi_rules import Assumptions, break_even, hours_of, outcome, sensitivity


@pytest.mark.parametrize(
    ("hours", "hour_cost", "share", "active", "cost", "benefit", "net", "percent"),
    [
        # 8 people × 2 h × 52 weeks × $60.00 × 50 % = $24,960.00 beside $6,000.00.
        (200, 60_00, 50, 8, 6_000_00, 24_960_00, 18_960_00, 316),
        # Rounded down: 1 × 0.01 h × 52 × 1 cent × 1 % is nothing.
        (1, 1, 1, 1, 100, 0, -100, -100),
        # 3 × 0.33 h × 52 × $33.33 × 33 % = $566.223…
        (33, 33_33, 33, 3, 566_23, 566_22, -1, -1),
        (0, 60_00, 50, 8, 6_000_00, 0, -6_000_00, -100),
        (200, 60_00, 50, 0, 6_000_00, 0, -6_000_00, -100),
        (200, 60_00, 50, 8, None, 24_960_00, None, None),
        (200, 60_00, 50, 8, 0, 24_960_00, 24_960_00, None),
        # Yen have no minor unit.
        (100, 5_000, 100, 5, 650_000, 1_300_000, 650_000, 100),
    ],
)
def test_a_year(
    hours: int,
    hour_cost: int,
    share: int,
    active: int,
    cost: int | None,
    benefit: int,
    net: int | None,
    percent: int | None,
) -> None:
    found = outcome(Assumptions(hours, hour_cost, share), active=active, cost=cost)

    assert (found.benefit, found.net, found.percent) == (benefit, net, percent)


def test_half_the_hours_and_half_as_many_again() -> None:
    low, expected, high = sensitivity(Assumptions(125, 60_00, 50), active=8, cost=6_000_00)

    assert [one.hours for one in (low, expected, high)] == [62, 125, 187]
    assert [one.benefit for one in (low, expected, high)] == [7_737_60, 15_600_00, 23_337_60]
    assert [one.percent for one in (low, expected, high)] == [28, 160, 288]


@pytest.mark.parametrize(
    ("active", "cost", "hours"),
    [(8, 6_000_00, 49), (8, 0, 0), (0, 6_000_00, None), (8, None, None)],
)
def test_from_how_many_hours_on_it_pays(active: int, cost: int | None, hours: int | None) -> None:
    given = Assumptions(200, 60_00, 50)

    assert break_even(given, active=active, cost=cost) == hours
    if hours:
        covered = outcome(Assumptions(hours, 60_00, 50), active=active, cost=cost)
        short = outcome(Assumptions(hours - 1, 60_00, 50), active=active, cost=cost)
        assert (covered.net or 0) >= 0 > (short.net or 0)


@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [
        ("month", 1, 6_000_00),
        ("month", 3, 2_000_00),
        ("year", 1, 500_00),
        ("week", 1, 26_000_00),
        ("day", 30, 6_083_34),
    ],
)
def test_a_cost_a_year_is_rounded_up(interval: str, count: int, expected: int) -> None:
    assert a_year(500_00, interval=interval, count=count) == expected


def test_hundredths_are_hours() -> None:
    assert hours_of(125) == Decimal("1.25")
