"""A purchase that commits: a year is bought with a price of a year, and added seats where the terms say so."""

from datetime import datetime

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.models import Terms


def commit_to_year(*, account: Account, quantity: int, until: datetime, change_id: str) -> None:
    """Commit to as many seats as were bought until the year's end, in the caller's transaction.

    A commitment that staff agreed for longer stays as it is; one that ends on the very day is raised, never lowered.
    change_id: what commits, for the audit trail: a change, or the subscription whose year began.
    """
    Terms.objects.get_or_create(account=account)
    terms = Terms.objects.select_for_update(no_key=True).get(account=account)
    if terms.committed_until is not None and terms.committed_until > until:
        return
    if terms.committed_until == until and terms.committed_quantity >= quantity:
        return
    _write(terms, quantity, until, change_id)


def commit_added(
    *, account: Account, before: int, quantity: int, at: datetime, change_id: str
) -> tuple[int, int] | None:
    """Where the terms commit added seats too: commit those that are added now, in the caller's transaction.

    before, quantity: the seats until now and from now on. Seats that were there and not committed stay so, and a
    commitment to seats that are still to come is used up first. Returns the commitment before and after it, or None.
    """
    terms = Terms.objects.select_for_update(no_key=True).filter(account=account, adds_commit=True).first()
    if terms is None or terms.committed_until is None or at >= terms.committed_until:
        return None
    old = terms.committed_quantity
    new = max(old, min(quantity, old + quantity - before))
    if new == old:
        return None
    _write(terms, new, terms.committed_until, change_id)
    return old, new


def uncommit_added(*, account: Account, committed: tuple[int, int], change_id: str) -> None:
    """An undone purchase commits to nothing: back to what it found, unless somebody agreed something else since.

    committed: what commit_added returned for the purchase.
    """
    terms = Terms.objects.select_for_update(no_key=True).filter(account=account).first()
    before, after = committed
    if terms is not None and terms.committed_until is not None and terms.committed_quantity == after:
        _write(terms, before, terms.committed_until, change_id)


def _write(terms: Terms, quantity: int, until: datetime, change_id: str) -> None:
    before = terms.committed_quantity
    terms.committed_quantity, terms.committed_until = quantity, until
    terms.save(update_fields=["committed_quantity", "committed_until"])
    record_audit(
        account=terms.account,
        actor=Actor.system("stripe"),
        action="terms.committed",
        target=change_id,
        summary=f"{before} → {quantity}",
        until=until.isoformat(),
    )
