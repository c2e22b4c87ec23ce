"""What the seats have written down of an account, and counting it anew."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account
from billing.facts import SeatBooks
from seats.models import Assignment, LedgerEntry, RegionPool, SeatPool
from seats.pool.ledger import purchased_by_ledger
from seats.pool.pools import lock_pool, recounting


def seat_books(*, account: Account, invoices: Collection[str] = ()) -> SeatBooks:
    """Pool, ledger and open assignments side by side. invoices: Stripe's ids; those that the ledger names come back."""
    taken = (
        Assignment.objects.filter(account=OuterRef("account"), ended_at__isnull=True)
        .order_by()
        .values("account")
        .annotate(n=Count("pk"))
        .values("n")
    )
    # Counter and rows in one statement, so that a claim in between is in both or in neither.
    pool = SeatPool.objects.annotate(taken=Coalesce(Subquery(taken), 0)).get(account=account)
    named = LedgerEntry.objects.filter(account=account, invoice_stripe_id__in=invoices) if invoices else None
    return SeatBooks(
        purchased=pool.purchased,
        ledger=purchased_by_ledger(account),
        counted=pool.assigned,
        taken=pool.taken,
        invoices=frozenset(named.values_list("invoice_stripe_id", flat=True)) if named is not None else frozenset(),
    )


@transaction.atomic
def recount(*, account: Account, purchased: int) -> SeatPool:
    """Set the counter to the seats really taken, and offer so many as purchased; nobody loses a seat by it."""
    pool = lock_pool(account)
    taken = Assignment.objects.filter(account=account, ended_at__isnull=True)
    of_region = taken.filter(region_pool=OuterRef("pk")).order_by().values("region_pool").annotate(n=Count("pk"))
    with recounting():
        SeatPool.objects.filter(pk=pool.pk).update(
            assigned=taken.count(),
            common_assigned=taken.filter(region_pool__isnull=True).count(),
            purchased=purchased,
        )
        RegionPool.objects.filter(account=account).update(assigned=Coalesce(Subquery(of_region.values("n")), 0))
    pool.refresh_from_db()
    return pool
