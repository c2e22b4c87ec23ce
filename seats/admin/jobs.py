"""What runs by itself: when each job last ran, how long, what failed, and a button to run it now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.audit.record_audit import record_audit
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now
from seats.models import JobRun

WATCHED = timedelta(days=1)
# Longer than any task may take: whatever is still running then was killed.
LONGEST = timedelta(minutes=5)


@dataclass(frozen=True)
class Job:
    """One line of the page. failures: in the last day, killed runs included."""

    name: str
    task: str
    when: str
    last: JobRun | None
    failures: int

    @property
    def killed(self) -> bool:
        """Whether its last run began and never ended."""
        return bool(self.last and self.last.state == JobRun.State.RUNNING and self.last.started_at < now() - LONGEST)


def jobs(at: datetime) -> list[Job]:
    """The schedule with the last run of each; two statements."""
    last = {row.name: row for row in JobRun.objects.order_by("name", "-started_at", "-pk").distinct("name")}
    killed = Q(state=JobRun.State.RUNNING, started_at__lt=at - LONGEST)
    failed = dict(
        JobRun.objects.filter(Q(state=JobRun.State.FAILED) | killed, started_at__gte=at - WATCHED)
        .order_by()
        .values_list("name")
        .annotate(n=Count("pk"))
    )
    return [
        Job(name, entry["task"], _when(entry["schedule"]), last.get(name), failed.get(name, 0))
        for name, entry in sorted(current_app.conf.beat_schedule.items())
    ]


def _when(schedule: Any) -> str:
    """A crontab in its own five fields, or so many seconds."""
    if isinstance(schedule, int | float):
        return _("every %(seconds)s s") % {"seconds": f"{schedule:g}"}
    return f"{schedule._orig_minute} {schedule._orig_hour} {schedule._orig_day_of_month} * *"


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """Every run; the overview shows the last of each job."""

    list_display = ("started_at", "name", "state", "milliseconds", "error", "asked_by")
    list_filter = ("state", "name")
    search_fields = ("name", "error", "asked_by")
    date_hierarchy = "started_at"

    def get_urls(self) -> list[URLPattern]:
        """The overview before the list's own addresses."""
        page = path("overview/", self.admin_site.admin_view(self.overview), name="seats_jobrun_overview")
        return [page, *super().get_urls()]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """All jobs; a POST with a job's name runs it now."""
        if not self.has_view_permission(request):
            return redirect("admin:index")
        if request.method == "POST":
            self._run(request, request.POST.get("job", ""))
            return redirect(reverse("admin:seats_jobrun_overview"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Jobs"),
            "jobs": jobs(now()),
            "may_run": self.has_act_permission(request),
        }
        return TemplateResponse(request, "admin/jobs.html", context)

    def _run(self, request: HttpRequest, name: str) -> None:
        entry = current_app.conf.beat_schedule.get(name)
        if entry is None:
            self.message_user(request, _("There is no job of this name."), messages.ERROR)
            return
        if not self.has_act_permission(request):
            self.message_user(request, _("You may look at this, but not change it."), messages.ERROR)
            return
        actor = actor_of(request, door="admin")
        record_audit(account=None, actor=actor, action="job.run", target=name)
        headers = {"scheduled": name, "asked_by": actor.user.email if actor.user else ""}
        try:
            current_app.tasks[entry["task"]].apply_async(headers=headers, retry=False)
        except Exception as error:  # every broker has its own errors
            self.message_user(
                request, _("The job could not be sent: %(error)s") % {"error": type(error).__name__}, messages.ERROR
            )
            return
        self.message_user(request, _("%(job)s is on its way.") % {"job": name}, messages.SUCCESS)
