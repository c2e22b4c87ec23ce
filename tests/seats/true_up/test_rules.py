"""Quarters, notices and numbers, as tables."""

from datetime import UTC, date, datetime, timedelta

import pytest

from seats.true_up.rules import (
    Quarter,
    add_months,
    creditable,
    notice_due,
    one_period_before,
    quarter_of,
    renewal,
    window_days,
)


@pytest.mark.parametrize(
    ("anchor", "day", "first", "last"),
    [
        ("2026-01-01", "2026-11-25", "2026-10-01", "2026-12-31"),
        ("2026-01-01", "2026-12-31", "2026-10-01", "2026-12-31"),
        ("2026-01-01", "2027-01-01", "2027-01-01", "2027-03-31"),
        ("2026-08-23", "2026-11-22", "2026-08-23", "2026-11-22"),
        ("2026-08-23", "2026-11-23", "2026-11-23", "2027-02-22"),
        # A month without the 31st: its last day, and the next quarter is counted from the anchor again.
        ("2026-08-31", "2026-11-29", "2026-08-31", "2026-11-29"),
        ("2026-08-31", "2026-11-30", "2026-11-30", "2027-02-27"),
        ("2026-08-31", "2027-05-30", "2027-02-28", "2027-05-30"),
        ("2024-02-29", "2025-02-28", "2025-02-28", "2025-05-28"),
    ],
)
def test_quarters_are_counted_from_their_anchor(anchor: str, day: str, first: str, last: str) -> None:
    found = quarter_of(date.fromisoformat(anchor), date.fromisoformat(day))

    assert found == Quarter(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", datetime(2027, 1, 1, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 12, 31, 11, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2027, 1, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_quarter_ends_at_midnight_of_the_account(zone: str, expected: datetime) -> None:
    assert Quarter(date(2026, 10, 1), date(2026, 12, 31)).ends_at(zone) == expected


@pytest.mark.parametrize(
    ("days_left", "sent", "expected"),
    [
        (29, None, None),
        (28, None, 28),
        (20, 28, None),
        (14, 28, 14),
        (14, 14, None),
        (3, 14, 3),
        (1, 3, None),
        # Agreed late, or nobody ran for weeks: only what is due now.
        (10, None, 14),
        (2, 28, 3),
        (0, 14, None),
        (-1, None, None),
    ],
)
def test_each_notice_is_due_once(days_left: int, sent: int | None, expected: int | None) -> None:
    assert notice_due(days_left=days_left, sent=sent) == expected


@pytest.mark.parametrize(
    ("purchased", "assigned", "idle", "floor", "expected"),
    [
        (10, 10, 2, 1, 2),
        (10, 8, 2, 1, 2),  # free seats are not idle, and do not stand in the way
        (10, 12, 2, 1, 0),  # the two idle ones are the two that nobody bought
        (10, 12, 5, 1, 3),
        (10, 10, 4, 8, 2),  # the minimum is charged
        (10, 10, 10, 1, 9),
        (10, 10, 0, 1, 0),
        (5, 5, 2, 10, 0),
    ],
)
def test_what_is_credited(purchased: int, assigned: int, idle: int, floor: int, expected: int) -> None:
    assert creditable(purchased=purchased, assigned=assigned, idle=idle, floor=floor) == expected


@pytest.mark.parametrize(
    ("purchased", "planned", "released", "assigned", "floor", "expected"),
    [
        (10, None, 3, 7, 1, 7),
        (10, 8, 3, 7, 1, 7),
        (10, 6, 3, 5, 1, 6),  # what was planned is lower already
        (10, None, 3, 9, 1, 9),  # two who waited took freed seats
        (10, None, 3, 7, 9, 9),  # committed
        (10, None, 0, 10, 1, 10),
        (10, None, 3, 12, 1, 10),
    ],
)
def test_seats_of_the_next_period(
    purchased: int, planned: int | None, released: int, assigned: int, floor: int, expected: int
) -> None:
    found = renewal(purchased=purchased, planned=planned, released=released, assigned=assigned, floor=floor)

    assert found == expected


@pytest.mark.parametrize(("idle", "period", "expected"), [(30, 31, 30), (14, 28, 14), (30, 92, 92), (400, 365, 400)])
def test_what_is_paid_for_longer_must_be_idle_for_longer(idle: int, period: int, expected: int) -> None:
    assert window_days(idle, period=timedelta(days=period)) == expected


@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [
        ("month", 1, datetime(2026, 2, 28, 9, tzinfo=UTC)),
        ("month", 3, datetime(2025, 12, 31, 9, tzinfo=UTC)),
        ("year", 1, datetime(2025, 3, 31, 9, tzinfo=UTC)),
        ("week", 2, datetime(2026, 3, 17, 9, tzinfo=UTC)),
        ("day", 30, datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ],
)
def test_where_the_last_period_began(interval: str, count: int, expected: datetime) -> None:
    assert one_period_before(datetime(2026, 3, 31, 9, tzinfo=UTC), interval, count) == expected


def test_months_end_where_months_end() -> None:
    assert add_months(date(2026, 5, 31), -3) == date(2026, 2, 28)
