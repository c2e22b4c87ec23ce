"""What drift is, told from both sides. Pure: no queries, no clock (payments.md §7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.facts import SeatBooks
from billing.gateway.contract import RemoteEvent, RemoteInvoice, RemoteSubscription
from billing.models.drift import Cause, Kind, Severity
from billing.models.quantity_change import QuantityChange

# No purchase needs longer: Stripe drops an unpaid update after 23 hours, and its keys after 24.
LONGEST_OPEN = timedelta(hours=26)
# A reread or a recount puts these right; nothing is ever written to Stripe.
REPAIRABLE = (Kind.QUANTITY, Kind.STANDING, Kind.SHAPE, Kind.OLD_CHANGE, Kind.POOL, Kind.COUNTER)


@dataclass(frozen=True)
class Finding:
    """One difference."""

    kind: Kind
    subject: str
    severity: Severity
    ours: str
    theirs: str


@dataclass(frozen=True)
class OpenChange:
    """The purchase whose end is not known."""

    public_id: str
    state: str
    since: datetime


@dataclass(frozen=True)
class Mirrored:
    """Our side of one subscription. items: Stripe's ids of line and price, in Stripe's order of nothing: sorted.

    standing: status, collection, end, trial's end, pause, schedule. ours: the changes and reductions that we made.
    counted: the quantity that counts as purchased in this status.
    """

    stripe_id: str
    item_id: str
    quantity: int
    counted: int
    standing: tuple[object, ...]
    items: tuple[tuple[str, str], ...]
    currency: str
    billing_mode: str
    change: OpenChange | None
    ours: frozenset[str]

    @property
    def shape(self) -> tuple[object, ...]:
        """What a quote takes as given and only a person should change."""
        return self.items, self.currency, self.billing_mode


def shape_of(remote: RemoteSubscription) -> tuple[object, ...]:
    """As Mirrored.shape, of Stripe's side."""
    return tuple(sorted((i.id, i.price_id) for i in remote.items)), remote.currency, remote.billing_mode


def standing_of(remote: RemoteSubscription) -> tuple[object, ...]:
    """As Mirrored.standing, of Stripe's side."""
    return (
        remote.status,
        remote.collection_method,
        remote.cancel_at,
        remote.trial_end,
        remote.paused,
        remote.schedule_id,
    )


def compare(ours: Mirrored, remote: RemoteSubscription, at: datetime) -> list[Finding]:
    """Differences between mirror and Stripe. While a purchase of ours is on its way its sweep owns the quantity."""
    found: list[Finding] = []

    def add(kind: Kind, severity: Severity, mine: object, yours: object, subject: str = "") -> None:
        found.append(Finding(kind, subject or ours.stripe_id, severity, words(mine), words(yours)))

    change = ours.change
    stuck = change is not None and at - change.since > LONGEST_OPEN
    if change is not None and stuck:
        grave = change.state == QuantityChange.State.CONFLICT
        severity = Severity.GRAVE if grave else Severity.WARNING
        add(Kind.OLD_CHANGE, severity, change.state, f"open since {change.since:%Y-%m-%d %H:%M}", change.public_id)
    if ours.shape != shape_of(remote):
        add(Kind.SHAPE, Severity.GRAVE, ours.shape, shape_of(remote))
    pending = remote.pending_metadata
    if pending is not None and pending.get("seat_change_id", "") not in ours.ours:
        add(Kind.FOREIGN_PENDING, Severity.GRAVE, "–", pending.get("seat_change_id") or "no stamp")
    if change is not None and not stuck:
        return found
    quantity = next((i.quantity for i in remote.items if i.id == ours.item_id), None)
    if quantity is not None and quantity != ours.quantity:
        add(Kind.QUANTITY, Severity.INFO, ours.quantity, quantity)
    if ours.standing != standing_of(remote):
        add(Kind.STANDING, Severity.INFO, *_only_the_different(ours.standing, standing_of(remote)))
    return found


def compare_books(ours: Mirrored, books: SeatBooks, subject: str) -> list[Finding]:
    """Differences between the mirror and what the seats have written down. subject: the account's public id."""
    found: list[Finding] = []
    if books.ledger != ours.counted:
        found.append(Finding(Kind.LEDGER, subject, Severity.GRAVE, str(books.ledger), str(ours.counted)))
    if books.purchased != ours.counted:
        found.append(Finding(Kind.POOL, subject, Severity.WARNING, str(books.purchased), str(ours.counted)))
    if books.counted != books.taken:
        found.append(Finding(Kind.COUNTER, subject, Severity.WARNING, str(books.counted), str(books.taken)))
    return found


def cause_of(event: RemoteEvent, is_ours: Callable[[str], bool]) -> Cause:
    """Who moved it, from the request that made the event (payments.md §4.1).

    Documented is: no request means that Stripe acted by itself, and a key is what the caller sent. A person in the
    dashboard sends none. That a change without a request is the customer's, when it moves what the portal can move and
    no schedule did it, is our inference.
    """
    if event.request_key:
        return Cause.OURS if is_ours(event.request_key) else Cause.OTHER_APP
    if event.request_id:
        return Cause.DASHBOARD
    data = event.payload.get("data") or {}
    moved = set(data.get("previous_attributes") or {})
    by_schedule = bool((data.get("object") or {}).get("schedule")) or "schedule" in moved
    portal = moved & {"items", "quantity", "cancel_at", "cancel_at_period_end", "cancellation_details"}
    return Cause.PORTAL if portal and not by_schedule else Cause.STRIPE


def words(value: object) -> str:
    """A side for people."""
    if isinstance(value, tuple):
        return ", ".join(words(part) for part in value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "–" if value in (None, "") else str(value)


NAMES = ("status", "collection", "ends", "trial ends", "paused", "schedule")


def _only_the_different(ours: tuple[object, ...], theirs: tuple[object, ...]) -> tuple[str, str]:
    different = [(n, a, b) for n, a, b in zip(NAMES, ours, theirs, strict=True) if a != b]
    return (
        ", ".join(f"{name}: {words(a)}" for name, a, _ in different),
        ", ".join(f"{name}: {words(b)}" for name, _, b in different),
    )


def credit_amounts(invoice: RemoteInvoice, amount: int, *, by_card: bool) -> dict[str, int]:
    """Where a credit of `amount` minor units goes, as parameters of a credit note.

    Stripe takes it off what the invoice still asks for; only what was paid beyond that may and must go somewhere: to
    the card that paid, or to the balance (`credit_notes.create` in the library's own words).
    """
    asked = invoice.amount_remaining if invoice.status in ("open", "uncollectible") else 0
    rest = amount - min(amount, asked)
    if not rest:
        return {}
    return {"refund_amount" if by_card and invoice.amount_paid >= rest else "credit_amount": rest}
