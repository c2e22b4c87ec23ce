"""The dunning of one account as a table: status, unpaid invoice, extension and day give the stage."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.dunning.rules import Dunning, Stage, dunning_at

DUE = datetime(2026, 5, 1, tzinfo=UTC)


def stage(status: str, days: float, *, late: bool = True, sent: bool = False, grace: float | None = None) -> Stage:
    return dunning_at(
        status=status,
        overdue_since=DUE if late else None,
        sent=sent,
        grace_until=None if grace is None else DUE + timedelta(days=grace),
        at=DUE + timedelta(days=days),
    ).stage


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, Stage.GRACE),
        (6.99, Stage.GRACE),
        (7, Stage.FROZEN),
        (20.99, Stage.FROZEN),
        (21, Stage.SUSPENDED),
        (90, Stage.SUSPENDED),
    ],
)
def test_day_by_day(days: float, expected: Stage) -> None:
    assert stage("past_due", days) == expected


@pytest.mark.parametrize("status", ["active", "trialing", "past_due", "paused"])
def test_without_an_unpaid_invoice_nothing_is_late(status: str) -> None:
    assert stage(status, 99, late=False) == Stage.NONE


@pytest.mark.parametrize(
    ("days", "expected"), [(0.5, Stage.NONE), (1, Stage.GRACE), (8, Stage.FROZEN), (21, Stage.SUSPENDED)]
)
def test_an_active_subscription_with_an_old_open_invoice_is_late(days: float, expected: Stage) -> None:
    """Paying a small newer invoice turns the status active although the renewal is unpaid."""
    assert stage("active", days) == expected


def test_a_sent_invoice_is_late_from_its_due_date_on() -> None:
    assert stage("active", 0, sent=True) == Stage.GRACE


@pytest.mark.parametrize("late", [True, False])
def test_unpaid_is_off_at_once(late: bool) -> None:
    assert stage("unpaid", 1, late=late) == Stage.SUSPENDED


@pytest.mark.parametrize(("days", "expected"), [(10, Stage.GRACE), (29.9, Stage.GRACE), (30, Stage.SUSPENDED)])
def test_grace_that_staff_gave_holds_everything_back(days: float, expected: Stage) -> None:
    assert stage("past_due", days, grace=30) == expected


def test_grace_that_ends_early_shortens_nothing() -> None:
    assert stage("past_due", 6, grace=2) == Stage.GRACE


def test_the_next_days_are_named() -> None:
    found = dunning_at(status="past_due", overdue_since=DUE, sent=False, grace_until=None, at=DUE)

    assert found == Dunning(Stage.GRACE, DUE, DUE + timedelta(days=7), DUE + timedelta(days=21))
