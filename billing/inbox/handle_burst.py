"""Stand by while a burst of events comes in, and handle what it brought: once for each subscription, if it can be."""

import time
from datetime import datetime, timedelta

from billing.inbox.handle_event import BATCH, handle_waiting_events
from billing.models import StripeEvent
from seatportal.kit.queue import MEMORY_SECONDS, heard, ring

TASK = "billing.handle_waiting_events"
# A purchase makes its four events within milliseconds, an hour of renewals makes thousands. The worker begins when this
# long nothing new has come, at the latest after the second.
QUIET_SECONDS = 0.05
MOST_SECONDS = 1.0
# Then another worker may stand by: with the last batch's time this stays within a task's limit.
STANDING_SECONDS = 10.0


def handle_burst(*, at: datetime) -> int:
    """Gather and handle until nothing more comes; returns how many events are done.

    The bell stays rung meanwhile, so that one worker takes the burst, unless it lasts longer than the bell is marked.
    """
    began, done = time.monotonic(), 0
    while time.monotonic() < began + STANDING_SECONDS:
        _gather()
        handled = handle_waiting_events(at=_later(at, began))
        if not handled:
            heard(TASK)
            # A door may take the bell for rung that long, and its event came without one.
            time.sleep(MEMORY_SECONDS)
            handled = handle_waiting_events(at=_later(at, began))
            if not handled:
                return done
        done += handled
    heard(TASK)
    ring(TASK)
    return done


def _gather() -> None:
    end = time.monotonic() + MOST_SECONDS
    before, seen = -1, _new()
    while seen != before and seen < BATCH and time.monotonic() < end:
        time.sleep(QUIET_SECONDS)
        before, seen = seen, _new()


def _new() -> int:
    """How many events nobody has tried yet; a whole batch at most, for then there is nothing to wait for."""
    return StripeEvent.objects.filter(state=StripeEvent.State.WAITING, tries=0)[:BATCH].count()


def _later(at: datetime, began: float) -> datetime:
    return at + timedelta(seconds=time.monotonic() - began)
