"""WHAT IS OWED: plans, Stripe, invoices."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Knows accounts; knows nothing of who sits on a seat."""

    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Take a place in the frame of every page, and listen to what people are told of."""
        from billing import frame, receivers  # noqa: F401  importing receivers connects them

        frame.register()
