"""The people behind an invoice line, and the invoice lines behind a person. Every query starts from an account.

Seats are a pool: a line pays for a number of seats in a period, and in that period these people held seats. No amount
is ever split among them; what is shown is the line as Stripe wrote it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Account, Membership
from billing.models import Invoice, InvoiceLine, Price, QuantityChange, Terms
from seats.models import Assignment, LedgerEntry, PlannedHolder, SeatRequest

PAGE_SIZE = 100
MOST_LINES = 100


@dataclass(frozen=True)
class Holder:
    """One tenure of a seat that overlaps a line's period, and the request that it answered."""

    tenure: Assignment
    request: SeatRequest | None

    @property
    def name(self) -> str:
        """As the person or the inviter wrote it; may be empty."""
        seat = self.tenure
        return (
            seat.membership.user.get_full_name() if seat.membership else seat.invitation.name if seat.invitation else ""
        )

    @property
    def email(self) -> str:
        """The address."""
        seat = self.tenure
        return seat.membership.user.email if seat.membership else seat.invitation.email if seat.invitation else ""


@dataclass(frozen=True)
class Purchase:
    """The order that a line is of: who, on which terms, for whom, and what history says."""

    change: QuantityChange | None
    price: Price | None
    terms: Terms | None
    planned: list[PlannedHolder]
    entries: list[LedgerEntry]


def tenures_in(account: Account, start: datetime, end: datetime) -> QuerySet[Assignment]:
    """Seats held or reserved at some time in [start, end), the longest held first."""
    return (
        Assignment.objects.filter(account=account, started_at__lt=end)
        .filter(Q(ended_at__isnull=True) | Q(ended_at__gt=start))
        .select_related("membership__user", "membership__department", "invitation", "started_by", "ended_by")
        .order_by("started_at", "pk")
    )


def page_of(tenures: QuerySet[Assignment], *, after: Assignment | None) -> tuple[list[Assignment], str]:
    """One page of what began later than `after`, and the id to ask with for the next; empty when there is none."""
    if after is not None:
        tenures = tenures.filter(Q(started_at__gt=after.started_at) | Q(started_at=after.started_at, pk__gt=after.pk))
    found = list(tenures[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].public_id if len(found) > PAGE_SIZE else ""


def holders_of(account: Account, tenures: Iterable[Assignment]) -> list[Holder]:
    """Tenures with the request that each answered: approved in the moment in which the seat was given."""
    rows = list(tenures)
    asked = SeatRequest.objects.filter(
        account=account,
        kind=SeatRequest.Kind.SEAT,
        state=SeatRequest.State.APPROVED,
        membership__in={row.membership_id for row in rows if row.membership_id is not None},
    ).select_related("asked_by", "decided_by")
    answered = {(request.membership_id, request.decided_at): request for request in asked}
    return [
        Holder(row, answered.get((row.membership_id, row.started_at)) if row.membership_id is not None else None)
        for row in rows
    ]


def purchase_behind(account: Account, invoice: Invoice) -> Purchase:
    """What an invoice was made by. Renewals have no purchase; their history is the pool's."""
    change = (
        QuantityChange.objects.filter(account=account, invoice_stripe_id=invoice.stripe_id)
        .select_related("user", "quote", "api_key")
        .first()
    )
    named = Q(invoice_stripe_id=invoice.stripe_id)
    if change is not None:
        named |= Q(change_id=change.public_id)
    price_id = (change.target_price_stripe_id or change.price_stripe_id) if change is not None else ""
    planned = (
        PlannedHolder.objects.filter(account=account, quote_id=change.quote.public_id)
        if (change is not None and change.quote is not None)
        else PlannedHolder.objects.none()
    )
    return Purchase(
        change=change,
        price=Price.objects.filter(stripe_id=price_id).select_related("plan").first() if price_id else None,
        terms=Terms.objects.filter(account=account).first(),
        planned=list(planned.select_related("membership__user", "planned_by").order_by("pk")),
        entries=list(
            LedgerEntry.objects.filter(named, account=account, kind__in=LedgerEntry.PURCHASES)
            .select_related("actor")
            .order_by("at", "pk")
        ),
    )


def holder_rows(account: Account, tenures: QuerySet[Assignment]) -> Iterator[list[object]]:
    """Rows of the export; times in UTC."""
    batch: list[Assignment] = []
    for tenure in tenures.iterator(chunk_size=500):
        batch.append(tenure)
        if len(batch) == 500:
            yield from _rows(account, batch)
            batch = []
    yield from _rows(account, batch)


def _rows(account: Account, batch: list[Assignment]) -> Iterator[list[object]]:
    for holder in holders_of(account, batch):
        seat, request = holder.tenure, holder.request
        yield [
            holder.name,
            holder.email,
            str(seat.membership.department or "") if seat.membership else "",
            seat.get_state_display(),
            seat.started_at.isoformat(timespec="seconds"),
            seat.ended_at.isoformat(timespec="seconds") if seat.ended_at else "",
            seat.started_by.email if seat.started_by else "",
            request.asked_by.email if request else "",
            request.decided_by.email if request and request.decided_by else "",
            request.reason if request else seat.reason,
            seat.public_id,
        ]


def cost_lines_of(membership: Membership) -> QuerySet[InvoiceLine]:
    """Invoice lines whose period overlaps a time in which this member held a seat, the newest first."""
    tenures = Assignment.objects.filter(
        account=membership.account_id, membership=membership, state=Assignment.State.HELD
    ).values_list("started_at", "ended_at")
    overlaps = Q(pk__in=[])
    for started, ended in tenures:
        overlap = Q(period_end__gt=started)
        if ended is not None:
            overlap &= Q(period_start__lt=ended)
        overlaps |= overlap
    return (
        InvoiceLine.objects.filter(overlaps, invoice__account=membership.account_id)
        .exclude(invoice__status__in=("draft", "void"))
        .select_related("invoice")
        .order_by("-invoice__issued_at", "-invoice__pk", "position")
    )


def cost_rows(lines: QuerySet[InvoiceLine]) -> Iterator[list[object]]:
    """Rows of the export. The amount is the whole line's, in minor units."""
    for line in lines.iterator(chunk_size=500):
        yield [
            line.invoice.number,
            line.invoice.issued_at.isoformat(timespec="seconds"),
            line.description,
            line.period_start.isoformat(timespec="seconds"),
            line.period_end.isoformat(timespec="seconds"),
            line.quantity,
            line.amount,
            line.invoice.currency,
        ]
