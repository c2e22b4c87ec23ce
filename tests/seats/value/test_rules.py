"""The rules of value plans, as tables."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from seats.value.rules import change, clock_of, first_met, meets, progress, shown

D = Decimal
FIRST = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days", "shown_as", "over", "done"),
    [
        (-3, 0, False, []),
        (0, 0, False, []),
        (6, 6, False, []),
        (7, 7, False, [7]),
        (37, 37, False, [7, 30]),
        (89, 89, False, [7, 30, 60]),
        (90, 90, True, [7, 30, 60, 90]),
        (120, 90, True, [7, 30, 60, 90]),
    ],
)
def test_the_clock_of_a_plan(days: int, shown_as: int, over: bool, done: list[int]) -> None:
    clock = clock_of(FIRST, FIRST + timedelta(days=days))

    assert (clock.day, clock.shown, clock.over) == (days, shown_as, over)
    assert [one.number for one in clock.check_ins if one.done] == done
    assert [one.on for one in clock.check_ins] == [
        date(2026, 3, 8),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 30),
    ]
    assert clock.ends_on == date(2026, 5, 30)
    following = clock.next_check_in
    assert (following.number if following else None) == next((n for n in (7, 30, 60, 90) if n not in done), None)


@pytest.mark.parametrize(
    ("value", "baseline", "target", "percent", "met"),
    [
        ("10", "10", "13", 0, False),
        ("12.99", "10", "13", 99, False),
        ("13", "10", "13", 100, True),
        ("16", "10", "13", 200, True),
        ("9", "10", "13", 0, False),
        # Downwards: hours per report from 8 to 5.
        ("8", "8", "5", 0, False),
        ("6.5", "8", "5", 50, False),
        ("5", "8", "5", 100, True),
        ("4", "8", "5", 133, True),
        ("9", "8", "5", 0, False),
        # Through nothing.
        ("0", "-10", "10", 50, False),
        ("0.01", "0", "0.03", 33, False),
    ],
)
def test_how_far_a_goal_came(value: str, baseline: str, target: str, percent: int, met: bool) -> None:
    edges = {"baseline": D(baseline), "target": D(target)}

    assert progress(D(value), **edges) == percent
    assert meets(D(value), **edges) is met


def test_without_a_value_there_is_no_progress() -> None:
    assert progress(None, baseline=D(1), target=D(2)) is None


@pytest.mark.parametrize(
    ("value", "baseline", "percent"),
    [("13", "10", 30), ("7", "10", -30), ("10.06", "10", 0), ("-5", "-10", 50), ("1", "0", None)],
)
def test_the_change_against_the_baseline(value: str, baseline: str, percent: int | None) -> None:
    assert change(D(value), D(baseline)) == percent


def test_a_goal_is_met_on_the_first_day_at_its_target() -> None:
    days = [(date(2026, 3, 9), D(14)), (date(2026, 3, 5), D(13)), (date(2026, 3, 2), D(12)), (date(2026, 3, 20), D(9))]

    assert first_met(days, baseline=D(10), target=D(13)) == date(2026, 3, 5)
    assert first_met(days[2:], baseline=D(10), target=D(13)) is None


@pytest.mark.parametrize(
    ("people", "private", "seen"),
    [(None, True, True), (4, True, False), (5, True, True), (0, True, False), (4, False, True)],
)
def test_privacy_mode_withholds_what_fewer_than_five_people_did(people: int | None, private: bool, seen: bool) -> None:
    assert shown(people, private=private) is seen
