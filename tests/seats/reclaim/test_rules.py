"""What reclaiming does to the numbers."""

import pytest

from seats.reclaim.rules import AfterReclaim


def after(**given: int | bool) -> AfterReclaim:
    usual = {"purchased": 10, "assigned": 10, "active": 6, "freed": 2, "waiting": 0, "renewing": 10, "seated": True}
    return AfterReclaim(**{**usual, **given})  # type: ignore[arg-type]


def test_six_of_ten_active_and_two_taken_back_is_six_of_eight() -> None:
    """product.md I3. The share of purchased seats rises only where the seats leave with the next period."""
    two = after()
    assert (two.of_assigned, two.of_holding) == (60, 75)
    assert (two.today, two.reduced_to, two.reduced) == (60, 8, 75)
    assert (two.left, two.given, two.removable) == (2, 0, 2)


@pytest.mark.parametrize(
    ("given", "spare", "served", "left", "removable", "holding"),
    [
        ({"waiting": 1}, 2, 1, 1, 1, 9),
        ({"waiting": 5}, 2, 2, 0, 0, 10),
        ({"waiting": 5, "seated": False}, 2, 0, 2, 2, 8),
        ({"assigned": 8}, 4, 0, 4, 2, 6),
        ({"assigned": 12}, 0, 0, 0, 0, 10),
        ({"assigned": 11, "waiting": 1}, 1, 1, 0, 0, 10),
        ({"freed": 0}, 0, 0, 0, 0, 10),
    ],
)
def test_the_queue_comes_first_and_only_what_is_left_may_leave(
    given: dict[str, int], spare: int, served: int, left: int, removable: int, holding: int
) -> None:
    found = after(**given)
    assert (found.spare, found.given, found.left, found.removable, found.holding) == (
        spare,
        served,
        left,
        removable,
        holding,
    )


def test_nobody_left_has_no_share() -> None:
    assert after(assigned=2, active=0, freed=2).of_holding is None
    assert after(purchased=2, renewing=2, assigned=2, active=0).reduced is None
    assert after(purchased=0, renewing=0, assigned=0, freed=0).today is None
