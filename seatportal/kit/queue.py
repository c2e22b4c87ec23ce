"""The bell: rings a Celery task by name once the transaction is in. The row is the job; a lost ring costs seconds."""

import time
from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import transaction

log = structlog.get_logger(__name__)

# A bell whose message was lost is rung anew after this long, if something else comes; else the sweep is in time.
BELL_SECONDS = 5
# For this long a process takes for granted that a bell which it found rung is rung still. Who hears the bell looks once
# more after this long, so what came meanwhile without a ring is found.
MEMORY_SECONDS = 0.03

_rung_until: dict[str, float] = {}


def ring(task: str, **kwargs: Any) -> None:
    """Ask a worker to run `task` soon, after commit.

    Arguments must be ids. A broker that is down is logged, never raised: the sweep of that job finds the row.
    """
    transaction.on_commit(partial(_send, task, kwargs), robust=True)


def ring_once(task: str) -> None:
    """Ask a worker to run `task`, which takes everything that waits, soon, after commit.

    While one such request is on its way, another would find nothing to do and is not sent: a thousand events cost a
    few messages. The task calls `heard` when it has found nothing more, waits for `MEMORY_SECONDS` and looks a last
    time: whatever comes later rings again.
    """
    transaction.on_commit(partial(_send_once, task), robust=True)


def heard(task: str) -> None:
    """Whatever comes from here on must ring, and does once no process remembers the last ring."""
    _rung_until.pop(task, None)
    try:
        cache.delete(_bell(task))
    except Exception as error:  # as below: the cache has its own errors, and none may stop the work
        log.warning("bell_not_cleared", task=task, error=type(error).__name__)


def _send_once(task: str) -> None:
    began = time.monotonic()
    if began < _rung_until.get(task, 0.0):
        return
    try:
        first = cache.add(_bell(task), 1, timeout=BELL_SECONDS)
        _rung_until[task] = began + MEMORY_SECONDS
    except Exception as error:
        log.warning("bell_not_marked", task=task, error=type(error).__name__)
        first = True
    if first:
        _send(task, {})


def _bell(task: str) -> str:
    return f"bell:{task}"


def _send(task: str, kwargs: dict[str, Any]) -> None:
    try:
        current_app.tasks[task].apply_async(kwargs=kwargs, retry=False)
    except Exception as error:  # every broker has its own errors; none may fail the request
        log.warning("bell_not_rung", task=task, error=type(error).__name__)
