"""What may be bought in a calendar month without anybody's approval (product.md I4).

Counted are purchases and changes of plan that were accepted in the month, whatever became of them so far, except those
that ended without seats, that were undone, or that somebody approved. True-ups are owed by contract and not counted.
What was bought in a trial counts as what it commits to. Money in another currency than the limit's cannot be added to
it and is not: who changes the currency sets the limit anew, for what is bought from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Account
from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from billing.errors import ApprovalRequired
from billing.models import BuyingPolicy, CheckoutSession, QuantityChange, Subscription
from billing.models.subscription import ENDED
from billing.terms.approvers import names_of_first

Kind, State = QuantityChange.Kind, QuantityChange.State
COUNTED = (Kind.ADD, Kind.PLAN)


@dataclass(frozen=True)
class Allowance:
    """One account's rest of this month. Amounts in minor units of `currency`; None: that limit is not set.

    until: when the next month begins, in UTC or the account's zone; it is one moment.
    """

    seats: int | None
    amount: int | None
    currency: str
    used_seats: int
    used_amount: int
    until: datetime

    @property
    def seats_left(self) -> int | None:
        """Seats that may still be bought."""
        return None if self.seats is None else max(self.seats - self.used_seats, 0)

    @property
    def amount_left(self) -> int | None:
        """Money that may still be spent."""
        return None if self.amount is None else max(self.amount - self.used_amount, 0)

    def covers(self, *, added: int, total: int, currency: str) -> bool:
        """Whether so many seats at such a price need no approval. What adds nothing and costs nothing never does.

        An amount in another currency cannot be compared, so it does.
        """
        if added <= 0 and total <= 0:
            return True
        if self.seats_left is not None and added > self.seats_left:
            return False
        return self.amount_left is None or (currency == self.currency and total <= self.amount_left)


def month_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """When the calendar month of a moment began in a zone, and when it ends. Pure."""
    first = at.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def allowance_of(account: Account, at: datetime) -> Allowance | None:
    """What is left this month; None where nothing needs an approval."""
    policy = BuyingPolicy.objects.filter(account=account).first()
    if policy is None or (policy.seats is None and policy.amount is None):
        return None
    began, until = month_of(at, account.time_zone)
    used = (
        QuantityChange.objects.filter(
            account=account,
            kind__in=COUNTED,
            state__in=(*QuantityChange.OPEN, State.APPLIED),
            approval_id="",
            confirmed_at__gte=began,
        )
        .exclude(undone_by__state=State.APPLIED)
        .aggregate(
            seats=Sum(Greatest(F("target_quantity") - F("base_quantity"), 0)),
            amount=Sum(
                Greatest(F("quoted_total"), Coalesce(F("quote__commits"), 0), 0), filter=Q(currency=policy.currency)
            ),
        )
    )
    first = _first_purchases(account, began)
    return Allowance(
        seats=policy.seats,
        amount=policy.amount,
        currency=policy.currency,
        used_seats=(used["seats"] or 0) + sum(page.quantity for page in first),
        used_amount=(used["amount"] or 0)
        + sum(amount(scheme_of(page.price), page.quantity) for page in first if page.price.currency == policy.currency),
        until=until,
    )


def _first_purchases(account: Account, began: datetime) -> list[CheckoutSession]:
    """Payment pages that were paid since: they count as they were held against the allowance, at the list price.

    Whoever paid need not have come back to us; so a page that stands open beside a subscription was paid too.
    """
    paid = [CheckoutSession.State.COMPLETE]
    if Subscription.objects.filter(account=account).exclude(status__in=ENDED).exists():
        paid.append(CheckoutSession.State.OPEN)
    pages = CheckoutSession.objects.filter(account=account, state__in=paid, opened_at__gte=began)
    return list(pages.select_related("price").prefetch_related("price__tiers"))


def check_allowance(
    *, account: Account, added: int, total: int, currency: str, user_id: int | None, at: datetime
) -> None:
    """Raise ApprovalRequired when so many seats at such a price are more than the rest of the month.

    user_id: who buys, and so does not approve. Where it decides about a purchase, the subscription's row is locked:
    then nobody uses the same rest twice.
    """
    allowance = allowance_of(account, at)
    if allowance is not None and not allowance.covers(added=added, total=total, currency=currency):
        raise ApprovalRequired(**_told(account, allowance, total, user_id))


def _told(account: Account, allowance: Allowance, total: int, user_id: int | None) -> Mapping[str, Any]:
    """What the caller needs to go on: what is left, until when, who approves, and where to ask."""
    return {
        "seats_left": allowance.seats_left,
        "amount_left": allowance.amount_left,
        "currency": allowance.currency or None,
        "resets_at": allowance.until.isoformat(),
        "approvers": names_of_first(account, amount=total, without=user_id),
        "ask_at": "/api/v1/requests",
    }
