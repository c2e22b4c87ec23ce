"""The bell: a broker that is down costs the caller neither an error nor a wait."""

from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from kombu.utils import functional

from seatportal.kit import queue
from seatportal.kit.queue import heard, ring, ring_once


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_is_tried_at_once_and_never_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault F34: a click and a delivery go on; the row's sweep finds it."""
    waits: list[float] = []
    monkeypatch.setattr(functional, "sleep", waits.append)
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:9/0")
    tried: list[object] = []
    task: Any = current_app.tasks["billing.handle_waiting_events"]
    sends = task.apply_async

    def send(**kwargs: Any) -> object:
        tried.append(kwargs)
        with current_app.connection_for_write() as connection:
            return sends(**kwargs, connection=connection)

    monkeypatch.setattr(task, "apply_async", send)

    with transaction.atomic():
        ring("billing.handle_waiting_events", event_id="evt_x")

    assert len(tried) == 1
    assert sum(waits) == 0


@pytest.mark.django_db(transaction=True)
def test_the_first_of_a_burst_rings_at_once_and_the_rest_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    task = "billing.handle_waiting_events"
    delays: list[float] = []
    monkeypatch.setattr(current_app.tasks[task], "apply_async", lambda *, countdown, **_: delays.append(countdown))
    cache.delete_many([f"bell:{task}", f"burst:{task}"])

    ring_once(task)
    ring_once(task)
    assert delays == [0]

    heard(task)
    ring_once(task)
    ring_once(task)
    assert delays == [0, queue.GATHER_SECONDS]

    heard(task)
    cache.delete(f"burst:{task}")  # a second has passed
    ring_once(task)
    assert delays == [0, queue.GATHER_SECONDS, 0]
