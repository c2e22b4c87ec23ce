"""A lane tells apart what was violated and what did not happen, and an empty database is really empty."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.handlers.wsgi import WSGIHandler

from accounts.models import Account
from billing.models import QuantityChange, Subscription, SubscriptionItem
from seatportal.matrix import faults
from seatportal.matrix.play import Lane, empty_database
from seatportal.matrix.processes import Notes
from seatportal.matrix.shop import Shop
from seatportal.matrix.stage import Stage
from seatportal.matrix.web import Door
from seats.models import LedgerEntry
from tests.services import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lane(simulator: Simulator, tmp_path: Path) -> Lane:
    """A lane on this test's services; its stories start no process."""
    return Lane(Shop(simulator.url, 9), Notes(tmp_path / "notes"), Door(9, WSGIHandler()))


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Stage], None]], None]:
    """Put another story in the place of F1's."""

    def put(story: Callable[[Stage], None]) -> None:
        monkeypatch.setitem(faults.BY_NAME, "F1", replace(faults.BY_NAME["F1"], story=story))

    return put


def quiet(stage: Stage) -> None:
    """An account, and nothing that needs a process."""
    stage.reconciled = True
    stage.prepare()


def test_a_sound_end_has_no_violations(lane: Lane, tell: Callable[..., None]) -> None:
    tell(quiet)

    result = lane.play("F1/ok/late")

    assert (result.violations, result.unmet) == ([], [])


def test_a_broken_invariant_is_a_violation(lane: Lane, tell: Callable[..., None]) -> None:
    def harm(stage: Stage) -> None:
        quiet(stage)
        SubscriptionItem.objects.update(quantity=13)

    tell(harm)

    found = [text.partition(":")[0] for text in lane.play("F1/ok/late").violations]
    assert found == ["14", "2"]


def test_another_end_than_expected_is_a_violation(lane: Lane, tell: Callable[..., None]) -> None:
    def other(stage: Stage) -> None:
        quiet(stage)
        stage.expect("the pool", 10, 12)

    tell(other)

    assert lane.play("F1/ok/late").violations == ["the pool is 10, expected 12"]


def test_a_fault_that_did_not_happen_and_a_broken_story_prove_nothing(lane: Lane, tell: Callable[..., None]) -> None:
    def missed(stage: Stage) -> None:
        quiet(stage)
        stage.require("the process was killed", False)

    tell(missed)
    assert (lane.play("F1/ok/late").violations, lane.play("F1/ok/late").unmet) == ([], ["the process was killed"])

    def broken(stage: Stage) -> None:
        raise ValueError("no stage")

    tell(broken)
    result = lane.play("F1/ok/late")
    assert result.violations == []
    assert "ValueError: no stage" in result.unmet[0]


def test_what_a_process_noted_is_a_violation(lane: Lane, tell: Callable[..., None]) -> None:
    def noted(stage: Stage) -> None:
        quiet(stage)
        stage.notes.add("broken", "15: Stripe was called inside a transaction")

    tell(noted)

    assert lane.play("F1/ok/late").violations == ["15: Stripe was called inside a transaction"]


def test_an_emptied_database_holds_nothing_of_the_last_scenario(lane: Lane, tell: Callable[..., None]) -> None:
    tell(quiet)
    lane.play("F1/ok/late")
    assert LedgerEntry.objects.count() == 1

    empty_database()

    assert not any(m.objects.exists() for m in (Account, Subscription, QuantityChange, LedgerEntry))
