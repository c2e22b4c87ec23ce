"""The bell: a broker that is down costs the caller neither an error nor a wait."""

from types import SimpleNamespace
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
def test_a_bell_is_rung_once_until_it_is_heard_and_no_process_remembers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    task = "billing.handle_waiting_events"
    rung: list[str] = []
    clock = [100.0]
    monkeypatch.setattr(current_app.tasks[task], "apply_async", lambda **_: rung.append(task))
    monkeypatch.setattr(queue, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    heard(task)

    ring_once(task)
    ring_once(task)
    clock[0] += queue.MEMORY_SECONDS
    ring_once(task)
    assert len(rung) == 1

    cache.delete(f"bell:{task}")  # another process hears it
    ring_once(task)
    assert len(rung) == 1
    clock[0] += queue.MEMORY_SECONDS
    ring_once(task)
    assert len(rung) == 2

    heard(task)
    ring_once(task)
    assert len(rung) == 3
