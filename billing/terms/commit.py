"""A purchase that commits: a year is bought with a price of a year, and added seats where the terms say so."""

from datetime import datetime

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.models import Terms


def commit_to_year(*, account: Account, quantity: int, until: datetime, change_id: str) -> None:
    """Commit to as many seats as were bought until the year's end, in the caller's transaction.

    A commitment that staff agreed for longer stays as it is. change_id: what commits, for the audit trail: a change,
    or the subscription whose year began.
    """
    Terms.objects.get_or_create(account=account)
    terms = Terms.objects.select_for_update(no_key=True).get(account=account)
    if terms.committed_until is not None and terms.committed_until >= until:
        return
    _write(terms, quantity, until, change_id)


def commit_added(*, account: Account, before: int, quantity: int, at: datetime, change_id: str) -> None:
    """Where the terms commit added seats too: commit what is bought now, or what is left when it was undone.

    before: the quantity until now. A commitment to more than is bought stays; an undo lowers only what its purchase
    had raised.
    """
    terms = Terms.objects.select_for_update(no_key=True).filter(account=account, adds_commit=True).first()
    if terms is None or terms.committed_until is None or at >= terms.committed_until:
        return
    committed = terms.committed_quantity
    if quantity > committed if quantity > before else committed == before:
        _write(terms, quantity, terms.committed_until, change_id)


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
