"""What became of a change, judged from a fresh read (payments.md §2.4). Pure: no queries, no clock, no guess."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.gateway.contract import RemoteInvoice, RemoteSubscription
from billing.models.quantity_change import QuantityChange

State = QuantityChange.State

# Stripe stamps whole seconds and its clock is not ours.
CLOCK_SKEW = timedelta(minutes=2)
# In which states an invoice proves a purchase. On credit the quantity counts at once, and it is paid by its day.
FINE = ("paid",)
FINE_ON_CREDIT = ("paid", "open", "draft")


@dataclass(frozen=True)
class Intent:
    """The part of a change that the judgement needs."""

    public_id: str
    state: str
    calls: int
    item_id: str
    price_id: str
    base_quantity: int
    target_quantity: int
    quoted_total: int
    first_call_at: datetime | None
    invoice_id: str
    on_credit: bool = False


@dataclass(frozen=True)
class Verdict:
    """The state to go to, with the invoice that proves it. `code` says why, for people."""

    state: str
    invoice: RemoteInvoice | None = None
    code: str = ""


def at_base(intent: Intent, remote: RemoteSubscription) -> bool:
    """Whether the subscription is exactly as the quote saw it: the only state from which a call may be sent."""
    item = next((i for i in remote.items if i.id == intent.item_id), None)
    return (
        item is not None
        and item.price_id == intent.price_id
        and item.quantity == intent.base_quantity
        and remote.pending_metadata is None
        and not remote.paused
        and remote.status in ("active", "trialing")
        and remote.metadata.get("seat_change_id") != intent.public_id
    )


def our_invoice(intent: Intent, invoices: list[RemoteInvoice], others: frozenset[str]) -> RemoteInvoice | None:
    """The invoice of this change among a subscription's newest ones. others: invoices of other changes."""
    if intent.invoice_id:
        return next((i for i in invoices if i.id == intent.invoice_id), None)
    if intent.first_call_at is None:
        return None
    since = intent.first_call_at - CLOCK_SKEW
    ours = [
        i for i in invoices if i.billing_reason == "subscription_update" and i.created >= since and i.id not in others
    ]
    # An edit elsewhere may have made a newer one, so the promised total decides first.
    return max(ours, key=lambda i: (i.total == intent.quoted_total, i.created), default=None)


def judge(intent: Intent, remote: RemoteSubscription, invoice: RemoteInvoice | None) -> Verdict:
    """Decide. Returns the intent's own state when the read proves nothing new."""
    item = next((i for i in remote.items if i.id == intent.item_id), None)
    ours = remote.metadata.get("seat_change_id") == intent.public_id
    if ours:
        # Stripe shows stamp and quantity together, and only once paid. A later edit elsewhere may have moved the
        # quantity since; that is told apart by the mirror, the purchase itself is proven.
        if invoice is None and intent.quoted_total == 0:
            return Verdict(State.APPLIED)  # In a trial nothing is invoiced; had it cost anything, there would be one.
        fine = FINE_ON_CREDIT if intent.on_credit else FINE
        if invoice is None or invoice.status not in fine:
            return Verdict(State.CONFLICT, invoice, "stamp_without_payment")
        return Verdict(State.APPLIED, invoice)
    if remote.pending_metadata is not None:
        if remote.pending_metadata.get("seat_change_id") == intent.public_id:
            return Verdict(State.AWAITING_PAYMENT, invoice)
        return Verdict(State.SUPERSEDED if intent.calls else State.REJECTED, invoice, "quote_changed")
    if intent.calls == 0:
        return Verdict(intent.state if at_base(intent, remote) else State.REJECTED, None, "quote_changed")
    # While a call is on its way a void invoice cannot be its own; another's must not end it.
    over = intent.state != State.CALLING and invoice is not None and invoice.status == "void"
    # Noted while it waited it is ours at whatever price, as a tax may have begun; else only the promised total tells.
    if over and invoice is not None and (invoice.id == intent.invoice_id or invoice.total == intent.quoted_total):
        return Verdict(State.ABANDONED, invoice, "not_paid")
    if intent.state == State.AWAITING_PAYMENT:
        # The waiting update is gone, its invoice is not void, and our stamp is not there.
        return Verdict(State.CONFLICT, invoice, "pending_vanished")
    if item is None or item.quantity != intent.base_quantity or item.price_id != intent.price_id:
        if intent.state == State.CONFIRMED:
            return Verdict(State.REJECTED, None, "quote_changed")
        if intent.state == State.CALLING:
            return Verdict(intent.state)  # What its own call did shows only afterwards; at the latest the lease ends.
        return Verdict(State.CONFLICT, invoice, "moved_elsewhere")
    return Verdict(intent.state, invoice)
