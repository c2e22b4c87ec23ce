"""The one file that imports stripe. It sends what it is told, and turns Stripe's errors into ours.

Two rules are enforced here for every call: no database transaction is open, and a write carries a key from a stored
row (payments.md, invariants 15 and 16).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import quote

import requests
import stripe
from django.conf import settings
from django.db import connection

from billing.gateway import convert
from billing.gateway.contract import (
    TOO_MANY_CHANGES,
    BadSignature,
    Declined,
    InDoubt,
    KeyReused,
    NotExecuted,
    Refused,
    RemoteEvent,
    ServerError,
)

CONNECT_SECONDS = 3.0
# The version that the installed library speaks; the webhook endpoint should speak the same.
API_VERSION: str = stripe.api_version or ""
# `construct_event`'s own default; a day-old signature must not pass.
SIGNATURE_TOLERANCE_SECONDS = 300
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Client:
    """The connection. Reads retry once by themselves; writes never, since our rows decide about a repeat."""

    def __init__(self, *, api_key: str, api_base: str, timeout: float) -> None:
        self._reader = self._client(api_key, api_base, timeout, retries=1)
        self._writer = self._client(api_key, api_base, timeout, retries=0)

    @staticmethod
    def _client(api_key: str, api_base: str, timeout: float, *, retries: int) -> stripe.StripeClient:
        return stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, timeout)),
        )

    def _read(self, call: Callable[[], Any]) -> dict[str, Any]:
        with our_errors():
            return cast(dict[str, Any], call().to_dict(for_json=True))

    def _get(self, path: str, params: Mapping[str, Any] = NOTHING, *, method: str = "get") -> dict[str, Any]:
        """As `_read`, for the calls that a burst or a purchase waits for: the library sends, judges the answer and
        repeats as ever, but builds none of its objects, which costs more than all the rest of a call."""
        with our_errors():
            return cast(dict[str, Any], self._reader.raw_request(method, path, **params).data)

    def _write(self, key: str, call: Callable[[Any], Any]) -> dict[str, Any]:
        if not key:
            raise ValueError("a write to Stripe needs a key from a stored row")
        with our_errors():
            return cast(dict[str, Any], call({"idempotency_key": key}).to_dict(for_json=True))


def path_of(kind: str, stripe_id: str) -> str:
    """Where one object of a kind is read."""
    return f"/v1/{kind}/{quote(stripe_id, safe='')}"


def outside_transactions() -> None:
    """Refuse to speak to Stripe inside a database transaction of this thread. Raises RuntimeError."""
    if connection.in_atomic_block:
        raise RuntimeError("Stripe must not be called inside a database transaction")


@contextmanager
def our_errors() -> Iterator[None]:
    """Refuse to speak inside a transaction; turn the library's errors into ours (payments.md §4.1)."""
    outside_transactions()
    try:
        yield
    except stripe.CardError as error:
        raise Declined(str(error.user_message or error), code=_code(error), decline_code=_decline(error)) from error
    except stripe.IdempotencyError as error:
        raise KeyReused(str(error), code=_code(error)) from error
    except stripe.RateLimitError as error:
        raise NotExecuted(str(error), code=_limit(error)) from error
    except (stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError) as error:
        raise Refused(str(error.user_message or error), code=_code(error)) from error
    except stripe.APIConnectionError as error:
        raise (NotExecuted if _never_connected(error) else InDoubt)(str(error), code="connection") from error
    except stripe.StripeError as error:
        if error.http_status is not None and error.http_status >= 500:
            raise ServerError(str(error), code=_code(error)) from error
        raise InDoubt(str(error), code=_code(error)) from error


def _code(error: stripe.StripeError) -> str:
    return str(getattr(error.error, "code", None) or error.code or "")


def _limit(error: stripe.StripeError) -> str:
    """Which limit it was. The one of a single subscription (20 new invoices a day) ends only with time."""
    own = (error.headers or {}).get("Stripe-Rate-Limited-Reason") == "resource-specific"
    return TOO_MANY_CHANGES if own else _code(error) or "rate_limit"


def _decline(error: stripe.StripeError) -> str:
    return str(getattr(error.error, "decline_code", None) or "")


def _never_connected(error: BaseException) -> bool:
    """Whether the request certainly never left: the connection itself was refused or timed out."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")


def read_event(body: bytes, header: str) -> RemoteEvent:
    """Verify a delivery against every active secret and return it, snapshot or thin.

    The body is verified as it came and parsed once, by us: the library's two parsers build whole objects of which we
    need six ids, and each refuses the other's bodies. Raises BadSignature. An empty secret would verify against an
    empty key, which anyone can forge, so none is used.
    """
    if not any(map(partial(_signed, body, header), filter(None, settings.STRIPE_WEBHOOK_SECRETS))):
        raise BadSignature("no secret fits this signature")
    try:
        data = json.loads(body)
        return convert.notification(data) if data["object"] == "v2.core.event" else convert.event(data)
    except (ValueError, KeyError, TypeError) as error:
        raise BadSignature(f"not an event: {error}") from error


def _signed(body: bytes, header: str, secret: str) -> bool:
    try:
        # Without a tolerance the library would accept a delivery of any age.
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, SIGNATURE_TOLERANCE_SECONDS))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
