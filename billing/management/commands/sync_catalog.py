"""`manage.py sync_catalog`: bring plans and prices in from Stripe."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.catalog.sync_catalog import sync_catalog
from billing.gateway.contract import GatewayError


class Command(BaseCommand):
    help = "Read every recurring price with its product from Stripe; what it no longer lists is taken off sale."

    def handle(self, **options: Any) -> None:
        try:
            found = sync_catalog()
        except GatewayError as error:
            raise CommandError(f"Stripe gave no catalogue: {error}") from error
        self.stdout.write(f"On sale: {found.plans} plans with {found.prices} prices.")
