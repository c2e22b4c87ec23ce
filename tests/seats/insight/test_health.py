"""The health score: its inputs, its weights, its edges."""

from dataclasses import replace

import pytest

from seats.insight.health import WEIGHTS, Health, HealthInputs, people_points, score_of, trend_points, use_points

WELL = HealthInputs(use=80, active=8, before=8, mapped=True, champion=True, approver=True, late=False)


def value(**changed: object) -> int | None:
    score = score_of(replace(WELL, **changed))  # type: ignore[arg-type]
    return score.value if score else None


def test_the_weights_are_a_whole_and_use_is_55() -> None:
    assert [(w.key, w.percent) for w in WEIGHTS] == [("use", 55), ("trend", 15), ("people", 15), ("payment", 15)]
    assert sum(w.percent for w in WEIGHTS) == 100


@pytest.mark.parametrize(
    ("use", "points"), [(0, 0), (30, 0), (31, 2), (59, 58), (60, 60), (79, 98), (80, 100), (120, 100)]
)
def test_points_of_use(use: int, points: int) -> None:
    assert use_points(replace(WELL, use=use)) == points


@pytest.mark.parametrize(
    ("before", "active", "points"),
    [(8, 8, 100), (8, 12, 100), (8, 6, 50), (8, 4, 0), (8, 1, 0), (0, 3, None), (None, 3, None)],
)
def test_points_of_the_direction(before: int | None, active: int, points: int | None) -> None:
    assert trend_points(replace(WELL, before=before, active=active)) == points


@pytest.mark.parametrize(
    ("mapped", "champion", "approver", "points"),
    [
        (True, True, True, 100),
        (True, True, False, 50),
        (True, False, True, 50),
        (True, False, False, 0),
        (False, False, False, None),
    ],
)
def test_points_of_people(mapped: bool, champion: bool, approver: bool, points: int | None) -> None:
    assert people_points(replace(WELL, mapped=mapped, champion=champion, approver=approver)) == points


def test_the_whole() -> None:
    assert value() == 100
    assert value(late=True) == 85
    assert value(champion=False) == 92  # 7.5 of 100 less, rounded down
    assert value(active=6) == 92
    assert value(use=30) == 45


def test_under_60_percent_nothing_else_makes_it_well() -> None:
    best = score_of(replace(WELL, use=59))
    assert best is not None
    assert (best.value, best.health) == (76, Health.WATCH)


def test_what_is_not_known_counts_neither_way() -> None:
    assert value(before=None, mapped=False, champion=False, approver=False, use=55) == (50 * 55 + 100 * 15) // 70
    assert value(use=None) is None


@pytest.mark.parametrize(
    ("use", "late", "health"),
    [
        (80, False, Health.GOOD),
        (62, False, Health.GOOD),
        (61, False, Health.WATCH),
        (33, False, Health.POOR),
        (50, True, Health.WATCH),
    ],
)
def test_bands(use: int, late: bool, health: Health) -> None:
    score = score_of(replace(WELL, use=use, late=late))
    assert score is not None
    assert score.health == health
