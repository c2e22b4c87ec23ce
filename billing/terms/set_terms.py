"""Staff agree terms with one account; the only way in which exceptions are made."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.errors import TermsWrong
from billing.models import Terms

# What can be agreed; everything else on the row follows from it.
FIELDS = (
    "minimum_seats",
    "self_service_max",
    "valid_until",
    "committed_quantity",
    "committed_until",
    "adds_commit",
    "true_up_from",
    "inactive_policy",
    "idle_days",
    "credit_limit",
    "po_number",
    "grace_until",
)


@transaction.atomic
def set_terms(*, account: Account, reason: str, actor: Actor, at: datetime, **agreed: Any) -> Terms:
    """Write the named fields of an account's terms and leave the others. Raises TermsWrong.

    agreed: some of FIELDS. reason: why, for the audit trail. Nothing is charged or taken by it; it holds for what
    is asked for from now on.
    """
    unknown = agreed.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"no such terms: {', '.join(sorted(unknown))}")
    if not reason.strip():
        raise TermsWrong(_("Say why these terms are agreed."), field="reason")
    Terms.objects.get_or_create(account=account)
    terms = Terms.objects.select_for_update(no_key=True).get(account=account)
    old = _plain(terms)
    for name, value in agreed.items():
        setattr(terms, name, value)
    _check(terms)
    new = _plain(terms)
    moved = [name for name in FIELDS if old[name] != new[name]]
    if not moved:
        return terms
    terms.reason = reason[:200]
    terms.save()
    record_audit(
        account=account,
        actor=actor,
        action="terms.set",
        target=account.public_id,
        summary=reason,
        old={name: old[name] for name in moved},
        new={name: new[name] for name in moved},
    )
    return terms


def _check(terms: Terms) -> None:
    if bool(terms.committed_quantity) != (terms.committed_until is not None):
        raise TermsWrong(_("A commitment needs a number of seats and a day on which it ends."), field="committed_until")
    if not 1 <= terms.idle_days <= 365:
        raise TermsWrong(_("A seat is idle after 1 to 365 days."), field="idle_days")
    low, high = terms.minimum_seats, terms.self_service_max
    if low is not None and high is not None and low > high:
        raise TermsWrong(_("The minimum is above what can be bought without an offer."), field="self_service_max")
    if terms.credit_limit is not None and terms.credit_limit < 0:
        raise TermsWrong(_("A credit limit is zero or more."), field="credit_limit")


def _plain(terms: Terms) -> dict[str, Any]:
    """Values as the audit trail keeps them."""
    values = ((name, getattr(terms, name)) for name in FIELDS)
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values}
