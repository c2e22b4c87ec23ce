"""The ledger as people read it: filtered, and paged by key."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.models import Account
from billing.models import Invoice
from seats.models import LedgerEntry

PAGE_SIZE = 50


def ledger_of(
    account: Account, kind: str = "", *, since: date | None = None, until: date | None = None
) -> QuerySet[LedgerEntry]:
    """The account's lines, the newest first. kind: one of LedgerEntry.Kind, `purchases`, or empty for all.

    since, until: whole days in the account's time zone.
    """
    lines = LedgerEntry.objects.filter(account=account).select_related("actor", "from_member__user", "to_member__user")
    if kind == "purchases":
        lines = lines.filter(kind__in=LedgerEntry.PURCHASES)
    elif kind in LedgerEntry.Kind.values:
        lines = lines.filter(kind=kind)
    zone = ZoneInfo(account.time_zone)
    if since:
        lines = lines.filter(at__gte=datetime.combine(since, time.min, zone))
    if until:
        lines = lines.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, zone))
    return lines.order_by("-at", "-pk")


def ledger_page(
    lines: QuerySet[LedgerEntry], *, after: LedgerEntry | None, size: int = PAGE_SIZE
) -> tuple[list[LedgerEntry], str]:
    """One page of what is older than `after`, and the id to ask with for the next; empty when there is none."""
    if after is not None:
        # The same order as the index ledger_by_account, so a late page costs no more than the first.
        lines = lines.filter(Q(at__lt=after.at) | Q(at=after.at, pk__lt=after.pk))
    found = list(lines[: size + 1])
    return found[:size], found[size - 1].public_id if len(found) > size else ""


def invoices_behind(account: Account, lines: list[LedgerEntry]) -> dict[str, Invoice]:
    """The mirrored invoices of lines, by Stripe's id."""
    ids = {line.invoice_stripe_id for line in lines} - {""}
    found = Invoice.objects.filter(account=account, stripe_id__in=ids) if ids else ()
    return {invoice.stripe_id: invoice for invoice in found}


def ledger_rows(lines: QuerySet[LedgerEntry]) -> Iterator[list[object]]:
    """Rows of the export; times in UTC."""
    for line in lines.iterator(chunk_size=500):
        yield [
            line.at.isoformat(timespec="seconds"),
            line.get_kind_display(),
            line.purchased_before,
            line.purchased_after,
            line.assigned_before,
            line.assigned_after,
            line.actor.email if line.actor else "",
            line.from_member.user.email if line.from_member else "",
            line.to_member.user.email if line.to_member else line.to_email,
            line.reason,
            line.invoice_stripe_id,
            line.public_id,
        ]
