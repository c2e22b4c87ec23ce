"""The Celery app: `celery -A seatportal.celery worker` and `… beat`."""

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seatportal.settings")
app = Celery("seatportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {}
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery would replace Django's logging with its own; a connected receiver stops it."""


app.autodiscover_tasks()

from seatportal.schedule import SCHEDULE  # noqa: E402  the schedule names tasks, so it comes last

# Each message says which job it is, so that its run is recorded (observability/jobs.py).
app.conf.beat_schedule = {
    name: {**entry, "options": {"headers": {"scheduled": name}}} for name, entry in SCHEDULE.items()
}
