"""The bell: rings a Celery task by name once the transaction is in. The row is the job; a lost ring costs seconds."""

from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)


def ring(task: str, **kwargs: Any) -> None:
    """Ask a worker to run `task` soon, after commit.

    Arguments must be ids. A broker that is down is logged, never raised: the sweep of that job finds the row.
    """
    transaction.on_commit(partial(_send, task, kwargs), robust=True)


def _send(task: str, kwargs: dict[str, Any]) -> None:
    try:
        current_app.tasks[task].apply_async(kwargs=kwargs, retry=False)
    except Exception as error:  # every broker has its own errors; none may fail the request
        log.warning("bell_not_rung", task=task, error=type(error).__name__)
