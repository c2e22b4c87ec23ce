"""What we ask of Stripe, in our words. Amounts in minor units, times as aware UTC datetimes."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Stripe's code would be "rate_limit", as for the limiter of the whole account.
TOO_MANY_CHANGES = "too_many_changes"


class GatewayError(Exception):
    """Something went wrong between us and Stripe. `code` is Stripe's word for it, if it said one."""

    def __init__(self, message: str, *, code: str = "", decline_code: str = "") -> None:
        self.code = code
        self.decline_code = decline_code
        super().__init__(message)


class NotExecuted(GatewayError):
    """Certainly not executed: no connection, or turned away at the door (429). The same key may be sent again."""


class InDoubt(GatewayError):
    """Nobody knows whether it happened: time-out, reset, 409, 5xx. Only a read can tell."""


class ServerError(InDoubt):
    """A 5xx that arrived: a replay would only return the stored answer."""


class Refused(GatewayError):
    """A definite no (400, 401, 402, 403, 404): nothing happened."""


class Declined(Refused):
    """A definite no from the card (402)."""


class KeyReused(InDoubt):
    """The key was used with other parameters. Never a new key: only a read can tell."""


class BadSignature(Exception):
    """A delivery that Stripe did not sign."""


@dataclass(frozen=True)
class RemoteTier:
    """One step of a tiered price."""

    up_to: int | None
    unit_amount: int
    flat_amount: int


@dataclass(frozen=True)
class RemotePrice:
    """One price with its product."""

    id: str
    product_id: str
    product_name: str
    product_description: str
    product_active: bool
    product_metadata: dict[str, str]
    nickname: str
    currency: str
    interval: str
    interval_count: int
    scheme: str
    unit_amount: int | None
    tiers: tuple[RemoteTier, ...]
    active: bool


@dataclass(frozen=True)
class RemoteCard:
    """What may be shown of a payment method."""

    id: str
    kind: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None


@dataclass(frozen=True)
class RemoteCustomer:
    """One customer. `balance` below zero is credit in its favour."""

    id: str
    email: str
    currency: str
    balance: int
    livemode: bool
    card: RemoteCard | None
    deleted: bool = False


@dataclass(frozen=True)
class RemoteItem:
    """One line of a subscription with its own period."""

    id: str
    price_id: str
    quantity: int
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True)
class RemoteLine:
    """One line of an invoice or preview, for display."""

    id: str
    description: str
    amount: int
    quantity: int | None
    period_start: datetime
    period_end: datetime
    proration: bool
    invoice_item_id: str = ""


@dataclass(frozen=True)
class RemoteInvoice:
    """One invoice or preview. `total` is signed; `amount_due` is what is collected; `discount` is above zero."""

    id: str
    number: str
    status: str
    billing_reason: str
    customer_id: str
    subscription_id: str
    currency: str
    subtotal: int
    tax: int
    total: int
    amount_due: int
    amount_paid: int
    amount_remaining: int
    starting_balance: int
    ending_balance: int
    hosted_url: str
    pdf_url: str
    created: datetime
    due_at: datetime | None
    paid_at: datetime | None
    proration_date: int | None
    automatic_tax: str | None
    discount: int = 0
    discount_ids: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    lines: tuple[RemoteLine, ...] = ()

    @property
    def settled(self) -> bool:
        """Nothing is left to pay."""
        return self.status == "paid"


@dataclass(frozen=True)
class RemoteInvoiceItem:
    """One line that waits for an invoice, or has its own by now. `amount` is signed."""

    id: str
    amount: int
    currency: str
    description: str
    invoice_id: str
    metadata: dict[str, str]
    subscription_id: str = ""


@dataclass(frozen=True)
class RemotePayment:
    """How far the payment of an invoice is. `needs`: "confirmation" by the bank, another "card", or "" for neither."""

    needs: str
    decline_code: str = ""


@dataclass(frozen=True)
class RemoteSubscription:
    """One subscription, read afresh."""

    id: str
    customer_id: str
    status: str
    currency: str
    collection_method: str
    billing_mode: str
    livemode: bool
    items: tuple[RemoteItem, ...]
    started_at: datetime | None
    ended_at: datetime | None
    cancel_at: datetime | None
    trial_end: datetime | None
    paused: bool
    schedule_id: str
    metadata: dict[str, str]
    pending_metadata: dict[str, str] | None
    pending_expires_at: datetime | None
    latest_invoice: RemoteInvoice | None
    days_until_due: int | None = None
    card: RemoteCard | None = None
    # Why a paused subscription is paused, in Stripe's words; empty otherwise.
    pause_cause: str = ""
    # Only where it was asked for.
    customer: RemoteCustomer | None = None


@dataclass(frozen=True)
class RemoteRefund:
    """One refund. `status` in Stripe's words; `failure_reason` is the bank's, or empty. `stamp` is ours, or empty."""

    id: str
    status: str
    amount: int
    failure_reason: str
    stamp: str

    @property
    def came_back(self) -> bool:
        """Whether the customer does not get it after all."""
        return self.status in ("failed", "canceled")


@dataclass(frozen=True)
class RemoteCreditNote:
    """One credit note that Stripe has issued. Minor units; `before_payment` is what its invoice asks for less."""

    id: str
    number: str
    total: int
    currency: str
    before_payment: int = 0


@dataclass(frozen=True)
class Listed:
    """One row of a list of subscriptions; `read` is None where its content cannot be understood (`error` says why)."""

    id: str
    customer_id: str
    read: RemoteSubscription | None
    error: str = ""


@dataclass(frozen=True)
class RemoteEvent:
    """One delivery or one row of the event list."""

    id: str
    kind: str
    created: datetime
    livemode: bool
    object_id: str
    subscription_id: str
    customer_id: str
    request_key: str
    request_id: str = ""
    api_version: str = ""
    payload: dict[str, Any] = field(repr=False, default_factory=dict)
