"""One worker stands by while a burst comes in, and nothing that came without a ring is left to the sweep."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.core.cache import cache

from billing.inbox import handle_burst as module
from billing.inbox.handle_burst import MOST_SECONDS, QUIET_SECONDS, TASK, handle_burst
from billing.models import StripeEvent
from seatportal.kit.queue import MEMORY_SECONDS
from tests.billing.inbox.test_batch import last_request, reads, waiting
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)
State = StripeEvent.State


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], list[float]]:
    """Replace waiting: what happens during the nth nap is given; returns how long each was. The clock follows them."""

    def set_up(during: Callable[[int], None]) -> list[float]:
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            during(len(slept))

        clock = SimpleNamespace(sleep=sleep, monotonic=lambda: sum(slept))
        monkeypatch.setattr(module, "time", clock)
        return slept

    return set_up


def test_what_comes_while_it_gathers_is_one_read(
    funded: Funded, now: datetime, naps: Callable[[Callable[[int], None]], list[float]]
) -> None:
    waiting(0, funded)

    def during(number: int) -> None:
        if number <= 3:
            waiting(number, funded)

    slept = naps(during)
    since = last_request(funded)

    assert handle_burst(at=now) == 4

    assert reads(funded, since) == {"GET subscriptions": 1}
    # Three in which something came, a quiet one; then a quiet one that finds nothing, and the last look.
    assert slept == [QUIET_SECONDS] * 5 + [MEMORY_SECONDS]


def test_a_stream_without_a_pause_is_not_waited_out(
    funded: Funded, now: datetime, naps: Callable[[Callable[[int], None]], list[float]]
) -> None:
    done_after: list[int] = []

    def during(number: int) -> None:
        if StripeEvent.objects.filter(state=State.DONE).exists():
            done_after.append(number)
        elif number < 100:
            waiting(number, funded)

    naps(during)
    waiting(0, funded)

    assert handle_burst(at=now) > 0

    assert done_after[0] * QUIET_SECONDS == pytest.approx(MOST_SECONDS, abs=2 * QUIET_SECONDS)


def test_an_event_that_came_without_a_ring_is_found_by_the_last_look(
    funded: Funded, now: datetime, naps: Callable[[Callable[[int], None]], list[float]]
) -> None:
    """A door that remembers the bell as rung keeps silent for a moment after it was heard."""
    cache.set(f"bell:{TASK}", 1)
    heard_before: list[bool] = []

    def during(number: int) -> None:
        if number == 2:
            heard_before.append(cache.get(f"bell:{TASK}") is None)
            waiting(number, funded)

    slept = naps(during)

    assert handle_burst(at=now) == 1

    assert slept[1] == MEMORY_SECONDS
    assert heard_before == [True]
    assert StripeEvent.objects.get().state == State.DONE


def test_the_bell_stays_rung_until_all_is_done(
    funded: Funded, now: datetime, naps: Callable[[Callable[[int], None]], list[float]]
) -> None:
    cache.set(f"bell:{TASK}", 1)
    bells: list[bool] = []
    naps(lambda _number: bells.append(cache.get(f"bell:{TASK}") is not None))
    waiting(0, funded)

    assert handle_burst(at=now) == 1

    assert bells == [True, True, False]


def test_after_its_time_it_hands_over(funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(module, "STANDING_SECONDS", 0.0)
    monkeypatch.setattr(module, "ring", rung.append)
    waiting(0, funded)

    assert handle_burst(at=now) == 0

    assert rung == [TASK]
    assert StripeEvent.objects.get().state == State.WAITING
