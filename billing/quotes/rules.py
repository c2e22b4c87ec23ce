"""May seats be added now? Pure (payments.md §2.5, cut-offs, and §8)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from billing.errors import (
    ChangeInProgress,
    CreditLimitReached,
    MinimumSeats,
    NoCard,
    NotSelfService,
    PastDue,
    QuantityWrong,
    RenewalSoon,
    SelfServiceFrozen,
    SubscriptionEnding,
    TooManySeats,
)

# A pending update lives at most until the period's end, so later there would be no time to confirm with the bank.
BEFORE_RENEWAL = timedelta(hours=2)
QUOTE_LIFE = timedelta(minutes=10)
LARGEST_STEP = 500


@dataclass(frozen=True)
class Standing:
    """What the rules look at."""

    status: str
    collection_method: str
    ending: bool
    frozen: bool
    paused: bool
    foreign_schedule: bool
    pending: bool
    open_change: bool
    has_card: bool
    overdue: bool
    period_end: datetime
    quantity: int
    minimum: int
    maximum: int
    on_credit: bool = False
    # While a trial runs; None: as ever.
    trial_max: int | None = None


def check_may_change(standing: Standing, *, at: datetime) -> None:
    """Raise the first reason why nothing may be bought now; return None when it may."""
    if standing.frozen:
        raise SelfServiceFrozen
    if standing.status in ("past_due", "unpaid") or standing.overdue:
        raise PastDue
    if standing.status not in ("active", "trialing"):
        raise NotSelfService
    if standing.ending:
        raise SubscriptionEnding
    by_card = standing.collection_method == "charge_automatically"
    if not (by_card or standing.on_credit) or standing.paused or standing.foreign_schedule:
        raise NotSelfService
    if standing.pending or standing.open_change:
        raise ChangeInProgress
    if by_card and not standing.has_card and standing.status != "trialing":
        raise NoCard
    if at >= standing.period_end - BEFORE_RENEWAL:
        raise RenewalSoon


def check_may_grow(standing: Standing, *, target: int, at: datetime) -> None:
    """Raise the first reason why the quantity may not become `target`; return None when it may."""
    check_may_change(standing, at=at)
    added = target - standing.quantity
    if added < 1 or added > LARGEST_STEP:
        raise QuantityWrong(_("Add between 1 and %(max)d seats.") % {"max": LARGEST_STEP}, field="add")
    if target < standing.minimum:
        raise MinimumSeats(
            ngettext_lazy(
                "This plan starts at %(count)d seat.", "This plan starts at %(count)d seats.", standing.minimum
            )
            % {"count": standing.minimum},
            field="add",
            minimum=standing.minimum,
        )
    if standing.trial_max is not None and target > standing.trial_max:
        raise TooManySeats(
            _("Up to %(max)d seats are possible during the trial. More can be added after it.")
            % {"max": standing.trial_max},
            field="add",
            maximum=standing.trial_max,
        )
    if target > standing.maximum:
        raise TooManySeats(
            _("Up to %(max)d seats can be bought here. For more, ask for an offer.") % {"max": standing.maximum},
            field="add",
            maximum=standing.maximum,
            ask_at="/api/v1/offer-requests",
        )


def without_bounds(standing: Standing, *, target: int) -> Standing:
    """For numbers that a contract sets: the bounds of self-service do not hold, everything else does."""
    return replace(standing, minimum=1, maximum=max(standing.maximum, target))


def quote_ends(*, at: datetime, period_end: datetime) -> datetime:
    """Until when a price is held: ten minutes, and never into the next period."""
    return min(at + QUOTE_LIFE, period_end - timedelta(minutes=2))


def check_credit(*, limit: int | None, open_amount: int, amount_due: int, currency: str) -> None:
    """Raise CreditLimitReached when open invoices and this one together are above the limit. Minor units."""
    if limit is None or open_amount + amount_due > limit:
        raise CreditLimitReached(limit=limit, open=open_amount, amount_due=amount_due, currency=currency)
