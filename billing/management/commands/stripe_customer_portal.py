"""`manage.py stripe_customer_portal`: let Stripe's customer portal leave quantities alone, by code."""

from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError

from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway


class Command(BaseCommand):
    help = "Give the portal's default configuration cards, invoices and tax ids, but no change of subscriptions."
    requires_system_checks = ()  # The check says that it is not done yet.

    def handle(self, **options: Any) -> None:
        try:
            made = gateway().make_portal_safe(key=f"portal:{uuid4()}")
            writers = gateway().portal_configurations_that_change_quantities()
        except GatewayError as error:
            raise CommandError(f"Stripe refused: {error}") from error
        self.stdout.write(f"{made} is the default and changes no subscription.")
        for id in writers:
            self.stdout.write(f"{id} still lets customers change quantities: deactivate it in Stripe's dashboard.")
