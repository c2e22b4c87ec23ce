"""At start: load the Celery app (so that tasks can be rung by name) and the project's checks."""

from django.apps import AppConfig


class SeatPortalConfig(AppConfig):
    """The project itself, for its templates, commands and checks."""

    name = "seatportal"

    def ready(self) -> None:
        """Load every task, so that a bell can find it by name; register the checks."""
        from seatportal import celery, checks
        from seatportal.observability import jobs  # noqa: F401  importing it connects it to the tasks

        celery.app.autodiscover_tasks(force=True)
        checks.register_checks()
