"""One run of one scheduled job."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobRun(models.Model):
    """When it ran, how long, and how it ended. An empty `finished_at` long after the start: its process was killed.

    name: of the schedule, such as `sweep-hourly`. asked_by: the address of the member of staff who ran it by hand.
    """

    class State(models.TextChoices):
        """How it ended."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    name = models.CharField(_("job"), max_length=60)
    task_id = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RUNNING)
    error = models.CharField(_("error"), max_length=300, blank=True)
    asked_by = models.CharField(_("by hand"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("run of a job")
        verbose_name_plural = _("runs of jobs")
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["name", "-started_at"], name="job_run_by_name")]

    def __str__(self) -> str:
        return f"{self.name} {self.started_at:%Y-%m-%d %H:%M}"
