"""Forget old runs of scheduled jobs."""

from datetime import datetime, timedelta

from seats.models import JobRun

# Long enough to see a habit; some jobs run several times a minute.
KEPT = timedelta(days=14)


def forget_job_runs(*, at: datetime) -> int:
    """Delete what began earlier; returns how many."""
    return JobRun.objects.filter(started_at__lt=at - KEPT).delete()[0]
