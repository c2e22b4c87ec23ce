"""Runs of jobs are kept for two weeks."""

from datetime import datetime, timedelta

import pytest

from seats.growth.forget_job_runs import forget_job_runs
from seats.models import JobRun


@pytest.mark.django_db
def test_old_runs_are_forgotten(now: datetime) -> None:
    for days in (13, 15):
        JobRun.objects.create(name="sweep-hourly", task_id=str(days), started_at=now - timedelta(days=days))
    assert forget_job_runs(at=now) == 1
    assert [run.task_id for run in JobRun.objects.all()] == ["13"]
