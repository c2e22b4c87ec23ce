"""Handle what the inbox keeps: claim a batch, read each object it names once, mark it done.

A worker's death leaves its claims to the sweep once their lease is over. What fails waits for its next try, and after
the last one is given up on; it never holds up the others. Whose worker died is a suspect, and is then claimed alone:
so only the one that kills its worker runs out of tries, as each was counted before the work began.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import batched, chain

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from billing.changes.rules import backoff
from billing.inbox.name_owner import name_owner
from billing.inbox.read_again import Reading
from billing.models import StripeEvent
from seatportal.kit.queue import ring, ring_once

log = structlog.get_logger(__name__)
State = StripeEvent.State

MOST_TRIES = 8
LEASE = timedelta(seconds=60)
KEEP = timedelta(days=90)
BATCH = 2000
# So many subscriptions are read beside each other, then written.
TOGETHER = 100
# Work stops well before the lease is over; what was not reached is given back.
WORK_SECONDS = 30.0
# What a claim leaves on the row; whoever gets to an end overwrites it.
CLAIMED = "claimed, and no answer since"


def handle_waiting_events(*, at: datetime, limit: int = BATCH) -> int:
    """Handle a batch of what waits; safe to repeat and to run beside others. Returns how many are done."""
    end = time.monotonic() + WORK_SECONDS
    due = StripeEvent.objects.filter(Q(tries=0) | Q(next_try_at__lte=at), state=State.WAITING)
    events = _claim(due.exclude(last_error=CLAIMED), at, limit)
    if len(events) == limit:
        ring("billing.handle_waiting_events")
    done = _handle(events, at, end)
    suspects = due.filter(last_error=CLAIMED).order_by("tries", "received_at").values_list("pk", "tries")
    for pk, tries in list(suspects[:limit]):
        if tries >= MOST_TRIES:
            _bury(due.filter(pk=pk, last_error=CLAIMED, tries=tries))
        elif time.monotonic() > end:
            ring_once("billing.handle_waiting_events")
            break
        else:
            done += _handle(_claim(due.filter(pk=pk, last_error=CLAIMED), at, 1), at, end)
    return done


def replay_event(*, event_id: str, at: datetime) -> bool:
    """Handle a kept event again, also one that was given up on, never one of the other mode.

    Returns whether it is done now.
    """
    StripeEvent.objects.filter(event_id=event_id).exclude(state=State.REFUSED).update(
        state=State.WAITING, tries=0, next_try_at=at, last_error=""
    )
    events = _claim(StripeEvent.objects.filter(event_id=event_id, state=State.WAITING), at, 1)
    return _handle(events, at, time.monotonic() + WORK_SECONDS) == 1


def prune_events(*, at: datetime) -> int:
    """Forget handled events after 90 days; returns how many."""
    return StripeEvent.objects.filter(state=State.DONE, received_at__lt=at - KEEP).delete()[0]


def _claim(waiting: QuerySet[StripeEvent], at: datetime, limit: int) -> list[StripeEvent]:
    """Take the oldest that nobody else is taking, for the time of the lease."""
    with transaction.atomic():
        events = list(waiting.select_for_update(skip_locked=True).order_by("received_at").defer("payload")[:limit])
        for event in events:
            event.tries += 1
        _rows(events).update(tries=F("tries") + 1, next_try_at=at + LEASE, last_error=CLAIMED)
    return events


def _bury(suspect: QuerySet[StripeEvent]) -> None:
    """Its worker died at every try."""
    if suspect.update(state=State.DEAD, last_error=f"its worker died {MOST_TRIES} times"):
        log.error("event_kills_its_worker", tries=MOST_TRIES)


def _handle(events: list[StripeEvent], at: datetime, end: float) -> int:
    """Follow a claimed batch, one subscription after the other; returns how many events are done."""
    events = [event for event in events if _attempt(name_owner, [event], at)]
    reading = Reading.of(events, at)
    done = [event for event in events if not reading.concerns_us(event)]
    topics: defaultdict[str, list[StripeEvent]] = defaultdict(list)
    for event in events:
        if reading.concerns_us(event):
            topics[event.subscription_stripe_id or event.customer_stripe_id].append(event)
    for few in batched(topics.values(), TOGETHER, strict=False):
        if time.monotonic() < end:
            _prepare(reading, list(chain.from_iterable(few)))
        for topic in few:
            if time.monotonic() > end:
                _rows(topic).update(tries=F("tries") - 1, next_try_at=at, last_error="")
                ring_once("billing.handle_waiting_events")
            elif _attempt(reading.follow, topic, at):
                done += topic
    _rows(done).update(state=State.DONE, done_at=at, last_error="")
    return len(done)


def _prepare(reading: Reading, events: list[StripeEvent]) -> None:
    """Read many at once. Should that fail as a whole, each is read by itself, and fails by itself."""
    try:
        reading.prepare(events)
    except Exception:
        log.exception("events_not_read_together", events=len(events))


def _attempt(work: Callable[[list[StripeEvent]], None], events: list[StripeEvent], at: datetime) -> bool:
    """Whether it succeeded; otherwise these events wait for their next try, or have had their last."""
    try:
        work(events)
    except Exception as error:
        for event in events:
            dead = event.tries >= MOST_TRIES
            StripeEvent.objects.filter(pk=event.pk).update(
                state=State.DEAD if dead else State.WAITING,
                next_try_at=at + backoff(event.tries),
                last_error=f"{type(error).__name__}: {error}"[:300],
            )
            log.error(
                "event_not_handled", event_id=event.pk, kind=event.kind, tries=event.tries, dead=dead, exc_info=True
            )
        return False
    return True


def _rows(events: list[StripeEvent]) -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(pk__in=[event.pk for event in events])
