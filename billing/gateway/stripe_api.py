"""The one file that imports stripe. It sends what it is told, and turns Stripe's errors into ours.

Two rules are enforced here for every call: no database transaction is open, and a write carries a key from a stored
row (payments.md, invariants 15 and 16).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import requests
import stripe
from django.conf import settings
from django.db import connection

from billing.gateway import convert
from billing.gateway.contract import (
    BadSignature,
    Declined,
    InDoubt,
    KeyReused,
    NotExecuted,
    Refused,
    RemoteCustomer,
    RemoteEvent,
    RemoteInvoice,
    RemotePayment,
    RemotePrice,
    RemoteSubscription,
    ServerError,
)
from seatportal.kit.clock import to_unix

CONNECT_SECONDS = 3.0
SUBSCRIPTION_EXPAND = ["latest_invoice", "default_payment_method"]
# `construct_event`'s own default; a day-old signature must not pass.
SIGNATURE_TOLERANCE_SECONDS = 300

# What moves our mirror; the endpoint subscribes to exactly these (payments.md §6).
EVENT_KINDS = (
    "checkout.session.completed",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "subscription_schedule.released",
    "subscription_schedule.updated",
)


class StripeGateway:
    """Our verbs at Stripe. Reads retry once by themselves; writes never, since our rows decide about a repeat."""

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

    # Reads

    def subscription(self, subscription_id: str) -> RemoteSubscription:
        """Read one subscription with its latest invoice."""
        return convert.subscription(
            self._read(
                lambda: self._reader.v1.subscriptions.retrieve(
                    subscription_id, cast(Any, {"expand": SUBSCRIPTION_EXPAND})
                )
            )
        )

    def subscriptions_of(self, customer_id: str) -> list[RemoteSubscription]:
        """Every subscription of a customer, ended ones too."""
        page = self._read(
            lambda: self._reader.v1.subscriptions.list(
                cast(
                    Any,
                    {
                        "customer": customer_id,
                        "status": "all",
                        "limit": 100,
                        "expand": [f"data.{name}" for name in SUBSCRIPTION_EXPAND],
                    },
                )
            )
        )
        return [convert.subscription(row) for row in page["data"]]

    def customer(self, customer_id: str) -> RemoteCustomer:
        """Read one customer with its card."""
        return convert.customer(
            self._read(
                lambda: self._reader.v1.customers.retrieve(
                    customer_id, {"expand": ["invoice_settings.default_payment_method"]}
                )
            )
        )

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Read one invoice with its first lines."""
        return convert.invoice(self._read(lambda: self._reader.v1.invoices.retrieve(invoice_id)))

    def invoices_of(self, subscription_id: str, *, limit: int = 100) -> list[RemoteInvoice]:
        """The newest invoices of a subscription."""
        page = self._read(lambda: self._reader.v1.invoices.list({"subscription": subscription_id, "limit": limit}))
        return [convert.invoice(row) for row in page["data"]]

    def payment_of(self, invoice_id: str) -> RemotePayment | None:
        """What the payment of an open invoice waits for."""
        return convert.payment(
            self._read(
                lambda: self._reader.v1.invoices.retrieve(
                    invoice_id, {"expand": ["payments.data.payment.payment_intent"]}
                )
            )
        )

    def prices(self) -> Iterator[RemotePrice]:
        """Every recurring price with its product and tiers."""
        after = ""
        while True:
            params: dict[str, Any] = {"limit": 100, "type": "recurring", "expand": ["data.product", "data.tiers"]}
            if after:
                params["starting_after"] = after
            page = self._read(lambda: self._reader.v1.prices.list(cast(Any, params)))  # noqa: B023  called at once
            yield from (convert.price(row) for row in page["data"])
            if not page["has_more"]:
                return
            after = page["data"][-1]["id"]

    def preview(self, params: Mapping[str, Any]) -> RemoteInvoice:
        """What an update would cost; changes nothing."""
        return convert.invoice(self._read(lambda: self._reader.v1.invoices.create_preview(cast(Any, dict(params)))))

    def events_since(self, since: datetime) -> Iterator[RemoteEvent]:
        """Events of our kinds since a moment, newest first."""
        after = ""
        while True:
            params: dict[str, Any] = {"created": {"gte": to_unix(since)}, "types": list(EVENT_KINDS), "limit": 100}
            if after:
                params["starting_after"] = after
            page = self._read(lambda: self._reader.v1.events.list(cast(Any, params)))  # noqa: B023  called at once
            yield from (convert.event(row) for row in page["data"])
            if not page["has_more"]:
                return
            after = page["data"][-1]["id"]

    # Writes: each carries a key from a stored row

    def update_subscription(self, subscription_id: str, params: Mapping[str, Any], *, key: str) -> None:
        """Send stored parameters byte for byte. What came of it is for a read to say."""
        self._write(key, lambda o: self._writer.v1.subscriptions.update(subscription_id, cast(Any, dict(params)), o))

    def create_customer(self, *, name: str, email: str, reference: str, locale: str, key: str) -> RemoteCustomer:
        """A customer for an account; `reference` is the account's public id."""
        params = {
            "name": name,
            "email": email,
            "metadata": {"seat_portal_account": reference},
            "preferred_locales": [locale],
        }
        return convert.customer(self._write(key, lambda o: self._writer.v1.customers.create(cast(Any, params), o)))

    def void_invoice(self, invoice_id: str, *, key: str) -> None:
        """Void an open invoice; a pending update that waits for it is dropped."""
        self._write(key, lambda o: self._writer.v1.invoices.void_invoice(invoice_id, {}, o))

    def pay_invoice(self, invoice_id: str, *, key: str) -> None:
        """Try an open invoice again with the customer's card; the customer is present."""
        self._write(key, lambda o: self._writer.v1.invoices.pay(invoice_id, {"off_session": False}, o))

    def checkout_url(self, params: Mapping[str, Any], *, key: str) -> str:
        """Open a Checkout session and return its address."""
        data = self._write(key, lambda o: self._writer.v1.checkout.sessions.create(cast(Any, dict(params)), o))
        return str(data["url"])

    def portal_url(self, customer_id: str, *, return_url: str, key: str) -> str:
        """Stripe's own page to change the card; returns its address."""
        params = {
            "customer": customer_id,
            "return_url": return_url,
            "flow_data": {
                "type": "payment_method_update",
                "after_completion": {"type": "redirect", "redirect": {"return_url": return_url}},
            },
        }
        data = self._write(key, lambda o: self._writer.v1.billing_portal.sessions.create(cast(Any, params), o))
        return str(data["url"])

    def create_schedule(self, subscription_id: str, *, key: str) -> dict[str, Any]:
        """A schedule that follows an existing subscription; other parameters are not allowed with it."""
        return self._write(
            key, lambda o: self._writer.v1.subscription_schedules.create({"from_subscription": subscription_id}, o)
        )

    def schedule(self, schedule_id: str) -> dict[str, Any]:
        """Read one schedule."""
        return self._read(lambda: self._reader.v1.subscription_schedules.retrieve(schedule_id))

    def update_schedule(self, schedule_id: str, params: Mapping[str, Any], *, key: str) -> None:
        """Send a schedule's phases."""
        self._write(
            key, lambda o: self._writer.v1.subscription_schedules.update(schedule_id, cast(Any, dict(params)), o)
        )

    def release_schedule(self, schedule_id: str, *, key: str) -> None:
        """Let the subscription go on by itself."""
        self._write(key, lambda o: self._writer.v1.subscription_schedules.release(schedule_id, {}, o))

    # One place for the two rules and the errors

    def _read(self, call: Callable[[], Any]) -> dict[str, Any]:
        with our_errors():
            return cast(dict[str, Any], call().to_dict(for_json=True))

    def _write(self, key: str, call: Callable[[Any], Any]) -> dict[str, Any]:
        if not key:
            raise ValueError("a write to Stripe needs a key from a stored row")
        with our_errors():
            return cast(dict[str, Any], call({"idempotency_key": key}).to_dict(for_json=True))


@contextmanager
def our_errors() -> Iterator[None]:
    """Refuse to speak inside a transaction; turn the library's errors into ours (payments.md §4.1)."""
    if connection.in_atomic_block:
        raise RuntimeError("Stripe must not be called inside a database transaction")
    try:
        yield
    except stripe.CardError as error:
        raise Declined(str(error.user_message or error), code=_code(error), decline_code=_decline(error)) from error
    except stripe.IdempotencyError as error:
        raise KeyReused(str(error), code=_code(error)) from error
    except stripe.RateLimitError as error:
        raise NotExecuted(str(error), code=_code(error) or "rate_limit") from error
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
    """Verify a delivery against every active secret and return it.

    Raises BadSignature. An empty secret would verify against an empty key, which anyone can forge, so none is used.
    """
    for secret in filter(None, settings.STRIPE_WEBHOOK_SECRETS):
        try:
            found = stripe.Webhook.construct_event(body, header, secret, tolerance=SIGNATURE_TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        except ValueError as error:
            raise BadSignature(str(error)) from error
        return convert.event(found.to_dict(for_json=True))
    raise BadSignature("no secret fits this signature")


@lru_cache(maxsize=1)
def gateway() -> StripeGateway:
    """The process's gateway. STRIPE_API_BASE unset is the real Stripe; nothing else differs."""
    return StripeGateway(
        api_key=settings.STRIPE_API_KEY, api_base=settings.STRIPE_API_BASE, timeout=settings.STRIPE_TIMEOUT
    )
