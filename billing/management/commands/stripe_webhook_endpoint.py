"""`manage.py stripe_webhook_endpoint`: make Stripe deliver to us, by code (docs/stripe.md)."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from billing.gateway.client import API_VERSION
from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway


class Command(BaseCommand):
    help = "create: the endpoint. rotate or upgrade: a second one beside it. retire: disable all but the newest."
    requires_system_checks = ()  # The check says that there is no endpoint, which is what this mends.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=("list", "create", "rotate", "upgrade", "retire"))
        parser.add_argument("--keep", metavar="we_…", default="", help="The endpoint that stays, for retire.")
        parser.add_argument("--url", default="", help="Where to deliver; unset: SITE_URL with the portal's path.")

    def handle(self, *, verb: str, url: str, keep: str, **options: Any) -> None:
        url = url or settings.SITE_URL + reverse("billing:stripe-webhook")
        try:
            self._handle(verb, url, keep)
        except GatewayError as error:
            raise CommandError(f"Stripe refused: {error}") from error

    def _handle(self, verb: str, url: str, keep: str) -> None:
        ours = [endpoint for endpoint in gateway().webhook_endpoints() if endpoint.url == url]
        enabled = [endpoint for endpoint in ours if endpoint.enabled]
        if verb == "list":
            for endpoint in ours:
                state = "enabled" if endpoint.enabled else "disabled"
                self.stdout.write(f"{endpoint.id}  {state}  {endpoint.api_version or 'default version'}")
            return
        if verb == "retire":
            self._retire([endpoint.id for endpoint in enabled], keep)
            return
        if verb == "create" and enabled:
            raise CommandError(f"{enabled[0].id} delivers to {url} already. Use rotate or upgrade.")
        if verb != "create" and not enabled:
            raise CommandError(f"Nothing delivers to {url} yet. Use create.")
        if verb == "upgrade" and all(endpoint.api_version == API_VERSION for endpoint in enabled):
            raise CommandError(f"The endpoint speaks {API_VERSION} already, as the library does.")
        made, secret = gateway().create_webhook_endpoint(url, key=f"endpoint:{uuid4()}")
        self.stdout.write(secret)
        old = ", ".join(endpoint.id for endpoint in enabled)
        self.stderr.write(
            f"{made} delivers to {url} in {API_VERSION}. The line on standard output is its secret, told once.\n"
            + (
                f"Put it first in STRIPE_WEBHOOK_SECRETS, before the old one, and restart. {old} goes on delivering:\n"
                "both bring the same events, and the inbox keeps each once. After a day: "
                f"`manage.py stripe_webhook_endpoint retire --keep {made}`."
                if enabled
                else "Put it into STRIPE_WEBHOOK_SECRETS and restart."
            ),
            style_func=str,
        )

    def _retire(self, enabled: list[str], keep: str) -> None:
        if keep not in enabled:
            raise CommandError(f"--keep names the endpoint that stays, one of {', '.join(enabled) or 'none'}.")
        for endpoint in enabled:
            if endpoint != keep:
                gateway().disable_webhook_endpoint(endpoint, key=f"endpoint:{uuid4()}")
                self.stdout.write(f"{endpoint} is disabled.")
