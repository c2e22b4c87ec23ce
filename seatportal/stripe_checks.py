"""Is the way to Stripe set up safely? Part of `manage.py check`; each message says what to do (docs/stripe.md).

What could charge the wrong people is checked at every start. What a production site needs is checked by `--deploy`,
which also asks Stripe, reading only, about the webhook endpoint and the customer portal.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import reverse

from billing.gateway.client import API_VERSION
from billing.gateway.contract import GatewayError
from billing.gateway.convert import WRITTEN_FOR
from billing.gateway.events import EVENT_KINDS
from billing.gateway.stripe_api import StripeGateway, gateway

KEYS = ("sk_live_", "rk_live_", "sk_test_", "rk_test_")
LIVE = ("sk_live_", "rk_live_")
SIMULATOR_KEY = "sk_test_simulator"


def register_stripe_checks() -> None:
    register(stripe_is_safe, Tags.security)
    register(stripe_is_set_up, Tags.security, deploy=True)
    register(stripe_agrees, "stripe", deploy=True)


def stripe_is_safe(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Mistakes by which money or trust is lost, whatever the site is for."""
    live = settings.STRIPE_API_KEY.startswith(LIVE)
    found: list[CheckMessage] = []
    if live and settings.DEBUG:
        found.append(
            Error(
                "A live Stripe key is set while DEBUG is on: error pages would show what customers pay.",
                hint="Set DEBUG to false, or use a test key (rk_test_…).",
                id="seatportal.E004",
            )
        )
    if live and settings.STRIPE_API_BASE:
        found.append(
            Error(
                "A live Stripe key is set together with STRIPE_API_BASE: the key would be sent to another address.",
                hint="Unset STRIPE_API_BASE, or set STRIPE_API_KEY to sk_test_simulator.",
                id="seatportal.E005",
            )
        )
    if settings.STRIPE_CONTRACT_KEY.startswith(LIVE):
        found.append(
            Error(
                "STRIPE_CONTRACT_KEY is a live key: the contract would charge cards.",
                hint="Use a key of a sandbox (rk_test_… or sk_test_…).",
                id="seatportal.E006",
            )
        )
    for number, secret in enumerate(settings.STRIPE_WEBHOOK_SECRETS, 1):
        if not secret.strip():
            found.append(
                Error(
                    f"Secret number {number} in STRIPE_WEBHOOK_SECRETS is blank.",
                    hint="Remove the comma that stands alone; blank secrets are never used.",
                    id="seatportal.E007",
                )
            )
        elif not secret.startswith("whsec_"):
            found.append(
                Error(
                    f"Secret number {number} in STRIPE_WEBHOOK_SECRETS is no signing secret (whsec_…).",
                    hint="`manage.py stripe_webhook_endpoint create` prints it; an API key does not belong here.",
                    id="seatportal.E008",
                )
            )
    if API_VERSION != WRITTEN_FOR:
        found.append(
            Error(
                f"The stripe library speaks {API_VERSION}, and what we read is written for {WRITTEN_FOR}.",
                hint="Install the version of uv.lock, or follow the upgrade in docs/stripe.md.",
                id="seatportal.E009",
            )
        )
    return found


def stripe_is_set_up(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What a production site needs."""
    found: list[CheckMessage] = []
    key = settings.STRIPE_API_KEY
    if settings.STRIPE_API_BASE:
        found.append(
            Warning(
                "STRIPE_API_BASE is set: charges go to the simulator.",
                hint="Unset it to reach Stripe.",
                id="seatportal.W001",
            )
        )
    elif not key.startswith(KEYS):
        found.append(
            Error(
                "STRIPE_API_KEY is not a secret or restricted key.",
                hint="Use rk_live_… or rk_test_…; a publishable key (pk_…) cannot do what the portal does.",
                id="seatportal.E001",
            )
        )
    elif key == SIMULATOR_KEY:
        found.append(
            Error(
                "STRIPE_API_KEY is not set.", hint="Make a restricted key as docs/stripe.md says.", id="seatportal.E002"
            )
        )
    elif key.startswith("sk_live_"):
        found.append(
            Warning(
                "STRIPE_API_KEY may do everything at Stripe, also pay out and refund.",
                hint="Give each process a restricted key (rk_live_…) with the permissions of docs/stripe.md.",
                id="seatportal.W002",
            )
        )
    if not settings.STRIPE_WEBHOOK_SECRETS:
        found.append(
            Error(
                "STRIPE_WEBHOOK_SECRETS is empty: every delivery will be refused.",
                hint="`manage.py stripe_webhook_endpoint create` prints the secret once.",
                id="seatportal.E003",
            )
        )
    if key.startswith(LIVE) and urlsplit(settings.SITE_URL).scheme != "https":
        found.append(
            Error(
                "SITE_URL is not https, and the Stripe key is a live one.",
                hint="Stripe delivers live events to https only, and sends customers back to SITE_URL.",
                id="seatportal.E011",
            )
        )
    return found


def stripe_agrees(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What stands at Stripe; asked only when the real one is set up."""
    key = settings.STRIPE_API_KEY
    if settings.STRIPE_API_BASE or not key.startswith(KEYS) or key == SIMULATOR_KEY:
        return []
    return [*endpoint_agrees(gateway()), *portal_leaves_quantities(gateway())]


def endpoint_agrees(stripe: StripeGateway) -> list[CheckMessage]:
    """One enabled endpoint leads here, speaks our version and tells what we need."""
    url = settings.SITE_URL + reverse("billing:stripe-webhook")
    try:
        ours = [e for e in stripe.webhook_endpoints() if e.url == url and e.enabled]
    except GatewayError as error:
        return [_unread("the webhook endpoints", error)]
    if not ours:
        return [
            Error(
                f"No enabled webhook endpoint at Stripe leads to {url}.",
                hint="`manage.py stripe_webhook_endpoint create`.",
                id="seatportal.E012",
            )
        ]
    current = [e for e in ours if e.api_version == API_VERSION]
    if not current:
        return [
            Error(
                f"The webhook endpoint speaks {ours[0].api_version or 'the default version of the account'}, "
                f"and the library {API_VERSION}.",
                hint="`manage.py stripe_webhook_endpoint upgrade`.",
                id="seatportal.E013",
            )
        ]
    lacking = min((set(EVENT_KINDS) - set(e.kinds) for e in current if "*" not in e.kinds), key=len, default=set())
    if lacking and not any("*" in e.kinds for e in current):
        return [
            Error(
                f"The webhook endpoint does not tell of {', '.join(sorted(lacking))}.",
                hint="`manage.py stripe_webhook_endpoint upgrade` makes one that does.",
                id="seatportal.E014",
            )
        ]
    return []


def portal_leaves_quantities(stripe: StripeGateway) -> list[CheckMessage]:
    """Seats have one writer: the customer portal must not change quantities."""
    try:
        writers = stripe.portal_configurations_that_change_quantities()
    except GatewayError as error:
        return [_unread("the customer portal's configurations", error)]
    return [
        Error(
            f"The customer portal's configuration {id} lets customers change quantities past the portal's rules.",
            hint="`manage.py stripe_customer_portal` makes the default one safe; deactivate the others.",
            id="seatportal.E015",
        )
        for id in writers
    ]


def _unread(what: str, error: GatewayError) -> CheckMessage:
    return Warning(
        f"Stripe did not show {what}: {error}",
        hint="Run the check once with a key that may read them (docs/stripe.md, setting up).",
        id="seatportal.W003",
    )
