"""Every run of a scheduled job is a row: begun, done or failed, and how long it took. Nothing here may fail a job."""

from time import monotonic
from typing import Any

import structlog
from celery import Task
from celery.signals import task_failure, task_postrun, task_prerun
from django.db import DatabaseError

from seatportal.kit.clock import now
from seats.models import JobRun

log = structlog.get_logger(__name__)
# Of this process: task id → when it began. Messages that beat or staff sent carry the job's name in their headers.
_began: dict[str, float] = {}


@task_prerun.connect
def begin(task_id: str, task: Task[Any, Any], **_: Any) -> None:
    """A row before it starts, so that a killed run is seen."""
    name = getattr(task.request, "scheduled", None)
    if not name:
        return
    _began[task_id] = monotonic()
    by = str(getattr(task.request, "asked_by", None) or "")
    try:
        # A message that comes a second time is the same run, begun anew.
        JobRun.objects.update_or_create(
            task_id=task_id,
            defaults={
                "name": str(name)[:60],
                "started_at": now(),
                "asked_by": by[:254],
                "state": JobRun.State.RUNNING,
                "finished_at": None,
            },
        )
    except DatabaseError as error:
        log.warning("job_run_not_recorded", job=name, error=type(error).__name__)


@task_failure.connect
def fail(task_id: str, exception: BaseException, **_: Any) -> None:
    """What went wrong."""
    if task_id in _began:
        _write(task_id, state=JobRun.State.FAILED, error=f"{type(exception).__name__}: {exception}"[:300])


@task_postrun.connect
def end(task_id: str, state: str | None = None, **_: Any) -> None:
    """How long it took."""
    began = _began.pop(task_id, None)
    if began is None:
        return
    took = {"finished_at": now(), "milliseconds": int((monotonic() - began) * 1000)}
    _write(task_id, **took, **({"state": JobRun.State.DONE} if state == "SUCCESS" else {}))


def _write(task_id: str, **values: Any) -> None:
    try:
        JobRun.objects.filter(task_id=task_id).update(**values)
    except DatabaseError as error:
        log.warning("job_run_not_recorded", task=task_id, error=type(error).__name__)
