"""The one writer of the ledger."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Account, Membership, User
from seats.models import LedgerEntry, SeatPool


def new_entry(
    *,
    pool: SeatPool,
    kind: str,
    at: datetime,
    actor: User | None = None,
    reason: str = "",
    purchased: tuple[int, int] | None = None,
    assigned: tuple[int, int] | None = None,
    comped: tuple[int, int] | None = None,
    change_id: str = "",
    invoice_stripe_id: str = "",
    from_member: Membership | None = None,
    to_member: Membership | None = None,
    to_email: str = "",
) -> LedgerEntry:
    """One line, not written yet. purchased, assigned, comped: before and after; the pool's own when not moved."""
    return LedgerEntry(
        account_id=pool.account_id,
        at=at,
        kind=kind,
        purchased_before=purchased[0] if purchased else pool.purchased,
        purchased_after=purchased[1] if purchased else pool.purchased,
        assigned_before=assigned[0] if assigned else pool.assigned,
        assigned_after=assigned[1] if assigned else pool.assigned,
        comped_before=comped[0] if comped else pool.comped,
        comped_after=comped[1] if comped else pool.comped,
        actor=actor,
        reason=reason[:200],
        change_id=change_id,
        invoice_stripe_id=invoice_stripe_id,
        from_member=from_member,
        to_member=to_member,
        to_email=to_email,
    )


def write_entries(entries: Sequence[LedgerEntry]) -> None:
    """Add lines in the caller's transaction."""
    LedgerEntry.objects.bulk_create(entries)


def purchased_by_ledger(account: Account) -> int:
    """The purchased quantity as the sum of its history."""
    rows = LedgerEntry.objects.filter(account=account).values_list("purchased_before", "purchased_after")
    return sum(after - before for before, after in rows)
