"""Scheduled jobs: every run is a row, also a failed and a killed one; staff see them and run one by hand."""

from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from celery import current_app
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from seatportal.demo.processes import Process
from seatportal.schedule import SCHEDULE
from seats.admin.jobs import jobs
from seats.models import JobRun
from tests.billing.inbox.test_webhooks import eventually
from tests.conftest import make_user
from tests.seatportal.test_staff import BACKEND, staff_user


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_records_done_and_failed(celery_worker_process: Process) -> None:
    good = current_app.tasks["seats.work_sweeps"]
    good.apply_async(headers={"scheduled": "work-sweeps"})
    good.apply_async()  # a bell is no scheduled run
    # Sent by name, so that only the worker sees that its argument is missing.
    current_app.send_task("seats.deliver_alert", headers={"scheduled": "wrong", "asked_by": "imani@vendor.example"})

    eventually(lambda: JobRun.objects.filter(finished_at__isnull=False).count() == 2, seconds=60)

    done, failed = JobRun.objects.get(name="work-sweeps"), JobRun.objects.get(name="wrong")
    assert (done.state, done.error, done.asked_by) == ("done", "", "")
    assert done.milliseconds is not None
    assert (failed.state, failed.asked_by) == ("failed", "imani@vendor.example")
    assert failed.error.startswith("TypeError: ")
    assert JobRun.objects.count() == 2


def test_beat_names_the_job_in_each_message() -> None:
    assert {n: e["options"]["headers"]["scheduled"] for n, e in current_app.conf.beat_schedule.items()} == {
        name: name for name in SCHEDULE
    }


@pytest.mark.django_db
def test_the_page_shows_the_last_run_and_what_failed(now: datetime) -> None:
    def run(name: str, minutes: int, state: str) -> None:
        started = now - timedelta(minutes=minutes)
        JobRun.objects.create(name=name, task_id=f"{name}{minutes}", started_at=started, state=state, milliseconds=12)

    run("sweep-hourly", 90, "failed")
    run("sweep-hourly", 30, "done")
    run("work-sweeps", 10, "running")  # its process was killed
    run("reconcile", 60 * 30, "failed")  # longer than a day ago
    found = {job.name: job for job in jobs(now)}
    assert found.keys() == SCHEDULE.keys()
    assert found["sweep-hourly"].last is not None
    assert (found["sweep-hourly"].last.state, found["sweep-hourly"].failures) == ("done", 1)
    assert (found["work-sweeps"].killed, found["work-sweeps"].failures) == (True, 1)
    assert (found["reconcile"].failures, found["prune-events"].last) == (0, None)
    assert (found["sweep-hourly"].when, found["work-sweeps"].when) == ("5 * * * *", "every 60 s")

    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    text = staff.get(reverse("admin:seats_jobrun_overview")).content.decode()
    assert "Cut off" in text
    assert "12 ms" in text


@pytest.mark.django_db
def test_run_now_needs_the_right_and_is_in_the_trail(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, str]] = []
    task = current_app.tasks[SCHEDULE["sweep-hourly"]["task"]]
    monkeypatch.setattr(task, "apply_async", lambda headers, retry: sent.append(headers))
    url = reverse("admin:seats_jobrun_overview")
    looker = make_user("Lea", domain="vendor.example", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_jobrun"))
    for user, allowed in ((looker, False), (staff_user(), True)):
        Authenticator.objects.get_or_create(user=user, type="totp", defaults={"data": {"secret": "x"}})
        client = Client()
        client.force_login(user, backend=BACKEND)
        assert ("Run " in client.get(url).content.decode()) is allowed
        client.post(url, {"job": "sweep-hourly"})
        client.post(url, {"job": "nothing"})
        assert len(sent) == allowed

    assert sent == [{"scheduled": "sweep-hourly", "asked_by": "stella@vendor.example"}]
    assert AuditEntry.objects.get(action="job.run").target == "sweep-hourly"
