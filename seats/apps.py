"""WHAT IT IS FOR: seats, who holds them, and what that means."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SeatsConfig(AppConfig):
    """The top app."""

    name = "seats"
    verbose_name = _("Seats")

    def ready(self) -> None:
        """Listen to facts from below, and take the seats' places in the frame."""
        from seats import frame, receivers  # noqa: F401  importing receivers connects them

        frame.register()
