"""From Stripe's JSON (API version 2026-10-28) to our words. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.gateway.contract import (
    Listed,
    RemoteCard,
    RemoteCustomer,
    RemoteEvent,
    RemoteInvoice,
    RemoteInvoiceItem,
    RemoteItem,
    RemoteLine,
    RemotePayment,
    RemotePrice,
    RemoteSubscription,
    RemoteTier,
)
from seatportal.kit.clock import from_unix

Json = Mapping[str, Any]

# The shapes read here; a check compares it with the version that the library speaks.
WRITTEN_FOR = "2026-10-28.endive"


def moment(seconds: int | None) -> datetime | None:
    """Unix seconds to UTC, None stays None."""
    return None if seconds is None else from_unix(seconds)


def id_of(value: Any) -> str:
    """The id of an object that may or may not be expanded."""
    if value is None:
        return ""
    return str(value["id"]) if isinstance(value, Mapping) else str(value)


def whole(value: Any) -> int:
    """An amount that Stripe gives as integer or, for fractions of a minor unit, as a decimal; fractions are refused."""
    number = int(value or 0)
    if value is not None and number != float(value):
        raise ValueError(f"an amount with a fraction of a minor unit is not supported: {value}")
    return number


def price(data: Json) -> RemotePrice:
    """A price with its product expanded."""
    product: Json = data["product"]
    tiers = data.get("tiers") or []
    return RemotePrice(
        id=data["id"],
        product_id=product["id"],
        product_name=product["name"],
        product_description=product.get("description") or "",
        product_active=bool(product.get("active")),
        product_metadata=dict(product.get("metadata") or {}),
        nickname=data.get("nickname") or "",
        currency=data["currency"],
        interval=data["recurring"]["interval"],
        interval_count=data["recurring"]["interval_count"],
        scheme=data.get("tiers_mode") or "flat",
        unit_amount=data.get("unit_amount"),
        tiers=tuple(
            RemoteTier(
                up_to=t.get("up_to"), unit_amount=whole(t.get("unit_amount")), flat_amount=whole(t.get("flat_amount"))
            )
            for t in tiers
        ),
        active=bool(data["active"]),
    )


def card(data: Json | None) -> RemoteCard | None:
    """An expanded payment method."""
    if not isinstance(data, Mapping):
        return None
    details: Json = data.get(data["type"]) or {}
    return RemoteCard(
        id=data["id"],
        kind=data["type"],
        brand=str(details.get("display_brand") or details.get("brand") or data["type"]),
        last4=str(details.get("last4") or ""),
        exp_month=details.get("exp_month"),
        exp_year=details.get("exp_year"),
    )


def customer(data: Json) -> RemoteCustomer:
    """A customer with invoice_settings.default_payment_method expanded."""
    settings: Json = data.get("invoice_settings") or {}
    return RemoteCustomer(
        id=data["id"],
        email=data.get("email") or "",
        currency=data.get("currency") or "",
        balance=data.get("balance") or 0,
        livemode=bool(data.get("livemode")),
        card=card(settings.get("default_payment_method")),
        deleted=bool(data.get("deleted")),
    )


def line(data: Json) -> RemoteLine:
    """One invoice line."""
    parent: Json = data.get("parent") or {}
    details: Json = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    return RemoteLine(
        id=data["id"],
        description=data.get("description") or "",
        amount=data["amount"],
        quantity=data.get("quantity"),
        period_start=from_unix(data["period"]["start"]),
        period_end=from_unix(data["period"]["end"]),
        proration=bool(details.get("proration")),
        invoice_item_id=id_of(details.get("invoice_item")),
    )


def invoice(data: Json) -> RemoteInvoice:
    """An invoice or a preview."""
    parent: Json = (data.get("parent") or {}).get("subscription_details") or {}
    transitions: Json = data.get("status_transitions") or {}
    tax: Json = data.get("automatic_tax") or {}
    return RemoteInvoice(
        id=str(data.get("id") or ""),
        number=data.get("number") or "",
        status=data.get("status") or "",
        billing_reason=data.get("billing_reason") or "",
        customer_id=id_of(data.get("customer")),
        subscription_id=id_of(parent.get("subscription")),
        currency=data["currency"],
        subtotal=data["subtotal"],
        tax=sum(t["amount"] for t in data.get("total_taxes") or []),
        total=data["total"],
        amount_due=data["amount_due"],
        amount_paid=data.get("amount_paid") or 0,
        amount_remaining=data.get("amount_remaining") or 0,
        starting_balance=data.get("starting_balance") or 0,
        ending_balance=data.get("ending_balance") or 0,
        hosted_url=data.get("hosted_invoice_url") or "",
        pdf_url=data.get("invoice_pdf") or "",
        created=from_unix(data["created"]),
        due_at=moment(data.get("due_date")),
        paid_at=moment(transitions.get("paid_at")),
        proration_date=parent.get("subscription_proration_date"),
        automatic_tax=tax.get("status") if tax.get("enabled") else None,
        discount=sum(d["amount"] for d in data.get("total_discount_amounts") or []),
        discount_ids=tuple(sorted({id_of(d["discount"]) for d in data.get("total_discount_amounts") or []})),
        metadata=dict(parent.get("metadata") or {}),
        lines=tuple(line(row) for row in (data.get("lines") or {}).get("data", [])),
    )


def invoice_item(data: Json) -> RemoteInvoiceItem:
    """An invoice item."""
    return RemoteInvoiceItem(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        description=data.get("description") or "",
        invoice_id=id_of(data.get("invoice")),
        metadata=dict(data.get("metadata") or {}),
        subscription_id=id_of(((data.get("parent") or {}).get("subscription_details") or {}).get("subscription")),
    )


_NEEDS = {"requires_action": "confirmation", "requires_payment_method": "card"}


def payment(data: Json) -> RemotePayment | None:
    """The newest payment of an invoice with payments.data.payment.payment_intent expanded; None before the first."""
    rows = (data.get("payments") or {}).get("data") or []
    intents = [row["payment"].get("payment_intent") for row in rows if row.get("is_default", True)]
    intent = next((found for found in intents if isinstance(found, Mapping)), None)
    if intent is None:
        return None
    error: Json = intent.get("last_payment_error") or {}
    return RemotePayment(
        needs=_NEEDS.get(intent["status"], ""),
        decline_code=str(error.get("decline_code") or error.get("code") or ""),
    )


def subscription(data: Json) -> RemoteSubscription:
    """A subscription with latest_invoice and default_payment_method expanded, and perhaps its customer."""
    pending: Json | None = data.get("pending_update")
    owner = data["customer"]
    latest = data.get("latest_invoice")
    return RemoteSubscription(
        id=data["id"],
        customer_id=id_of(data["customer"]),
        status=data["status"],
        currency=data["currency"],
        collection_method=data["collection_method"],
        billing_mode=(data.get("billing_mode") or {}).get("type") or "classic",
        livemode=bool(data.get("livemode")),
        items=tuple(
            RemoteItem(
                id=item["id"],
                price_id=id_of(item["price"]),
                quantity=item.get("quantity") or 0,
                period_start=from_unix(item["current_period_start"]),
                period_end=from_unix(item["current_period_end"]),
            )
            for item in data["items"]["data"]
        ),
        started_at=moment(data.get("start_date")),
        ended_at=moment(data.get("ended_at")),
        cancel_at=moment(data.get("cancel_at")),
        trial_end=moment(data.get("trial_end")),
        paused=data.get("pause_collection") is not None,
        schedule_id=id_of(data.get("schedule")),
        metadata=dict(data.get("metadata") or {}),
        pending_metadata=None if pending is None else dict(pending.get("metadata") or {}),
        pending_expires_at=None if pending is None else from_unix(pending["expires_at"]),
        latest_invoice=invoice(latest) if isinstance(latest, Mapping) else None,
        days_until_due=data.get("days_until_due"),
        card=card(data.get("default_payment_method")),
        pause_cause=_pause_cause(data),
        customer=customer(owner) if isinstance(owner, Mapping) else None,
    )


def listed(data: Json) -> Listed:
    """A row of a list. One that is of no shape that we know must not stop the others."""
    try:
        return Listed(data["id"], id_of(data["customer"]), subscription(data))
    except (KeyError, TypeError, ValueError) as error:
        return Listed(data["id"], id_of(data.get("customer")), None, f"{type(error).__name__}: {error}")


def _pause_cause(data: Json) -> str:
    """`status_details.paused.subscription.type` of a paused subscription."""
    paused: Json = (data.get("status_details") or {}).get("paused") or {}
    return str((paused.get("subscription") or {}).get("type") or "") if data["status"] == "paused" else ""


def event(data: Json) -> RemoteEvent:
    """An event: which objects it speaks of. Its content is kept for people to look at, never copied."""
    thing: Json = data["data"]["object"]
    kind = str(thing.get("object") or "")
    parent: Json = (thing.get("parent") or {}).get("subscription_details") or {}
    owner = thing["id"] if kind == "subscription" else thing.get("subscription") or parent.get("subscription")
    request: Json = data.get("request") or {}
    return RemoteEvent(
        id=data["id"],
        kind=data["type"],
        created=from_unix(data["created"]),
        livemode=bool(data.get("livemode")),
        object_id=str(thing.get("id") or ""),
        subscription_id=id_of(owner),
        customer_id=thing["id"] if kind == "customer" else id_of(thing.get("customer")),
        request_key=request.get("idempotency_key") or "",
        request_id=request.get("id") or "",
        api_version=data.get("api_version") or "",
        payload=dict(data),
    )


def notification(data: Json) -> RemoteEvent:
    """A thin event: it names one object and holds nothing of it. `v1.invoice.paid` is our `invoice.paid`.

    Whose it is, a read has to tell, unless the object is a customer.
    """
    thing: Json = data.get("related_object") or {}
    kind, thing_id = str(thing.get("type") or ""), str(thing.get("id") or "")
    request: Json = (data.get("reason") or {}).get("request") or {}
    return RemoteEvent(
        id=data["id"],
        kind=str(data["type"]).removeprefix("v1."),
        created=datetime.fromisoformat(data["created"]),
        livemode=bool(data.get("livemode")),
        object_id=thing_id,
        subscription_id=thing_id if kind == "subscription" else "",
        customer_id=thing_id if kind == "customer" else "",
        request_key=request.get("idempotency_key") or "",
        payload=dict(data),
    )
