"""What was agreed about idle seats and true-ups. Every query starts from an account."""

from datetime import date, datetime

from accounts.models import Account
from billing.models import Plan, Terms
from billing.terms.queries import terms_in_force
from billing.terms.rules import lowest_from
from seats.true_up.rules import Quarter, day_in, quarter_of


def has_true_up(terms: Terms | None) -> bool:
    """Whether a quarterly true-up is agreed."""
    return terms is not None and (
        terms.true_up_from is not None or terms.inactive_policy == Terms.InactivePolicy.HYBRID
    )


def quarter_at(terms: Terms, zone: str, at: datetime) -> Quarter | None:
    """The quarter that runs at a moment in the account's zone; None before the first one that is trued up."""
    today = day_in(zone, at)
    if terms.true_up_from is None:
        return quarter_of(date(today.year, 1, 1), today)
    return quarter_of(terms.true_up_from, today) if today >= terms.true_up_from else None


def floor_of(account: Account, plan: Plan, at: datetime) -> int:
    """The lowest number of seats from a moment on: the plan's minimum or the agreed one, and what is committed."""
    return lowest_from(terms_in_force(account, plan, at), at)
