"""The trail of one account, filtered and paged by key."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.models import Account, AuditEntry


def trail_of(
    account: Account,
    *,
    action: str = "",
    person: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """The account's entries, the newest first.

    action: the start of an action, such as `seat` or `seat.assigned`. person: part of a name or address, of who did it
    or to whom. since, until: whole days in the account's time zone.
    """
    entries = AuditEntry.objects.filter(account=account).select_related("user", "api_key", "directory", "impersonator")
    if action:
        entries = entries.filter(action__startswith=action)
    if person:
        entries = entries.filter(
            Q(user__name__icontains=person)
            | Q(user__email__icontains=person)
            | Q(api_key__name__icontains=person)
            | Q(directory__name__icontains=person)
            | Q(impersonator__email__icontains=person)
            | Q(summary__icontains=person)
        )
    zone = ZoneInfo(account.time_zone)
    if since:
        entries = entries.filter(at__gte=datetime.combine(since, time.min, zone))
    if until:
        entries = entries.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, zone))
    return entries.order_by("-at", "-pk")


def trail_page(
    entries: QuerySet[AuditEntry], *, before: AuditEntry | None, size: int
) -> tuple[list[AuditEntry], AuditEntry | None]:
    """One page of what is older than `before`, and the entry to ask with for the next page, if there is one."""
    if before is not None:
        # The same order as the index audit_by_account, so a late page costs no more than the first.
        entries = entries.filter(Q(at__lt=before.at) | Q(at=before.at, pk__lt=before.pk))
    found = list(entries[: size + 1])
    return found[:size], found[size - 1] if len(found) > size else None


def trail_rows(entries: QuerySet[AuditEntry]) -> Iterator[list[str]]:
    """Rows of the export; times in UTC."""
    for entry in entries.iterator(chunk_size=500):
        yield [
            entry.at.isoformat(timespec="seconds"),
            who_of(entry),
            entry.impersonator.email if entry.impersonator else "",
            entry.door,
            entry.action,
            entry.target,
            entry.summary,
            entry.ip or "",
        ]


def who_of(entry: AuditEntry) -> str:
    """An address, the name of a key or directory, or nothing for tasks and Stripe."""
    if entry.user is not None:
        return entry.user.email
    machine = entry.api_key or entry.directory
    return str(machine) if machine is not None else ""
