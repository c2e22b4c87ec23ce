"""Reading what was agreed with an account."""

from datetime import datetime

from accounts.models import Account
from billing.models import Plan, Terms
from billing.terms.rules import InForce, in_force


def terms_of(account: Account) -> Terms | None:
    """The account's own terms, if any."""
    return Terms.objects.filter(account=account).first()


def terms_in_force(account: Account, plan: Plan, at: datetime) -> InForce:
    """What holds for the account in a plan at a moment."""
    return in_force(terms_of(account), plan, at)
