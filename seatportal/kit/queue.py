"""The bell: rings a Celery task by name once the transaction is in. The row is the job; a lost ring costs seconds."""

from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import transaction

log = structlog.get_logger(__name__)

# A bell whose message was lost is rung anew after this long, if something else comes; else the sweep is in time.
BELL_SECONDS = 5
# What comes within this long after a bell was heard is gathered, and taken together.
GATHER_SECONDS = 1


def ring(task: str, **kwargs: Any) -> None:
    """Ask a worker to run `task` soon, after commit.

    Arguments must be ids. A broker that is down is logged, never raised: the sweep of that job finds the row.
    """
    transaction.on_commit(partial(_send, task, kwargs), robust=True)


def ring_once(task: str) -> None:
    """Ask a worker to run `task`, which takes everything that waits, soon, after commit.

    While one such request is on its way, another would find nothing to do and is not sent: a thousand events cost a
    few messages. The task calls `heard` before it looks, so that what comes later rings again. The first of a burst
    is taken at once; what follows it is gathered for a second, for the more that come together, the fewer reads of
    the same thing.
    """
    transaction.on_commit(partial(_send_once, task), robust=True)


def heard(task: str) -> None:
    """The task has begun and looks only now: whatever comes from here on must ring."""
    try:
        cache.set(_burst(task), 1, timeout=GATHER_SECONDS)
        cache.delete(_bell(task))
    except Exception as error:  # as below: the cache has its own errors, and none may stop the work
        log.warning("bell_not_cleared", task=task, error=type(error).__name__)


def _send_once(task: str) -> None:
    try:
        if not cache.add(_bell(task), 1, timeout=BELL_SECONDS):
            return
        delay = GATHER_SECONDS if cache.get(_burst(task)) else 0
    except Exception as error:
        log.warning("bell_not_marked", task=task, error=type(error).__name__)
        delay = 0
    _send(task, {}, delay)


def _bell(task: str) -> str:
    return f"bell:{task}"


def _burst(task: str) -> str:
    return f"burst:{task}"


def _send(task: str, kwargs: dict[str, Any], delay: int = 0) -> None:
    try:
        current_app.tasks[task].apply_async(kwargs=kwargs, countdown=delay, retry=False)
    except Exception as error:  # every broker has its own errors; none may fail the request
        log.warning("bell_not_rung", task=task, error=type(error).__name__)
