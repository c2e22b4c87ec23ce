"""When a delivery is tried again, when an endpoint is given up, and what a message says. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import new as hmac
from typing import Any

from accounts.models import WebhookEndpoint, WebhookEvent
from seatportal.kit.signing import as_secret
from seatportal.kit.tokens import server_keys

# Longer than a task may take (CELERY_TASK_TIME_LIMIT), so whoever holds a delivery longer is dead.
LEASE = timedelta(minutes=2)
# Waits between tries, as Standard Webhooks advises: three days in all, then given up.
WAITS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# Nothing but failure for so long, and the endpoint is switched off.
FAILS_FOR = timedelta(days=5)
# After a rotation both secrets sign for so long.
OVERLAP = timedelta(hours=24)
GONE = 410


def next_try(*, tries: int, at: datetime) -> datetime | None:
    """When to try again after `tries` failures, the one just now included; None: given up."""
    return at + WAITS[tries - 1] if tries <= len(WAITS) else None


def secret_of(endpoint: WebhookEndpoint) -> str:
    """An endpoint's signing secret, made anew each time from its nonce and the server's secret key."""
    return _secrets(endpoint, endpoint.nonce)[0]


def secrets_at(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    """Those that sign now, the current one first; while the server has former keys, also those made with them."""
    both = endpoint.old_nonce and endpoint.old_until is not None and at < endpoint.old_until
    return _secrets(endpoint, endpoint.nonce) + (_secrets(endpoint, endpoint.old_nonce) if both else [])


def _secrets(endpoint: WebhookEndpoint, nonce: str) -> list[str]:
    text = f"{endpoint.public_id}:{nonce}".encode()
    return [as_secret(hmac(f"webhook:{key}".encode(), text, sha256).digest()) for key in server_keys()]


def payload_of(event: WebhookEvent) -> dict[str, Any]:
    """What is sent; the same for every try and every endpoint."""
    return {
        "id": event.public_id,
        "type": event.type,
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "sequence": event.sequence,
        "account": {"id": event.account.public_id, "slug": event.account.slug},
        "data": event.data,
    }
