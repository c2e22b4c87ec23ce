"""Which seats are likely to be cut at the renewal, as customers and the account team both see it (product.md I5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from accounts.models import Account
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.models import ScheduledDecrease, SubscriptionItem
from billing.terms.queries import terms_in_force
from billing.terms.rules import lowest_from
from seats.holders.queries import SeatCounts, seat_counts
from seats.models import Assignment

# The renewal is spoken about from so long before it.
AHEAD = timedelta(days=90)
# A shorter period renews too often to be a decision by itself; a commitment's end is one in any case.
LONG = timedelta(days=90)
# Told to the account team from so many seats on, which are also so many percent of all.
TOLD_FROM = 3
TOLD_PERCENT = 10
# Days without an action that are counted, the shortest first; the first one is what "idle" means everywhere.
SILENT_DAYS = (30, 60, 90)


def likely_cut(*, purchased: int, idle: int, free: int, lowest: int) -> int:
    """Seats that nobody uses and no agreement keeps: idle and free ones, down to `lowest`. Pure."""
    return max(min(idle + free, purchased - lowest), 0)


def worth_telling(cut: int, purchased: int) -> bool:
    """Whether so many of so many are a matter for the account team. Pure."""
    return cut >= TOLD_FROM and cut * 100 >= purchased * TOLD_PERCENT


@dataclass(frozen=True)
class Forecast:
    """at: when the number can fall next. lowest: seats that stay then by agreement. silent: seats held so many days
    without an action. planned: a reduction for that day. decisive: whether a long period or a commitment ends.
    """

    at: datetime
    days: int
    item: SubscriptionItem
    counts: SeatCounts
    lowest: int
    committed: int
    silent: dict[int, int]
    planned: ScheduledDecrease | None
    decisive: bool

    @property
    def idle(self) -> int:
        """Held for 30 days or more without an action."""
        return self.silent[SILENT_DAYS[0]]

    @property
    def cut(self) -> int:
        """Seats likely to go; at least those whose end is planned."""
        found = likely_cut(purchased=self.counts.purchased, idle=self.idle, free=self.counts.free, lowest=self.lowest)
        return max(found, self.counts.purchased - self.planned.renew_quantity) if self.planned else found

    @property
    def then(self) -> int:
        """Seats of the next period if that happens."""
        return self.counts.purchased - self.cut

    @property
    def percent_then(self) -> int | None:
        """Active ÷ seats then, in whole percent."""
        return self.counts.active * 100 // self.then if self.then else None

    @property
    def soon(self) -> bool:
        """Whether it is 90 days off or less."""
        return self.days <= AHEAD.days


def renewal_forecast(account: Account, at: datetime) -> Forecast | None:
    """The forecast of a running subscription; None without one, or when it ends by itself."""
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription is not None and subscription.cancel_at is None else None
    if item is None:
        return None
    counts = seat_counts(account, at)
    held = terms_in_force(account, item.price.plan, at)
    day, lowest = item.period_end, lowest_from(held, item.period_end)
    bound = held.committed_until is not None and day < held.committed_until and counts.purchased <= lowest
    if bound and held.committed_until is not None:
        # Nothing can go before the commitment's end.
        day, lowest = held.committed_until, max(held.minimum, 1)
    return Forecast(
        at=day,
        days=max((day - at).days, 0),
        item=item,
        counts=counts,
        lowest=lowest,
        committed=held.committed,
        silent=_silent(account, at),
        planned=open_decrease(account),
        decisive=bound or item.period_end - item.period_start > LONG,
    )


def _silent(account: Account, at: datetime) -> dict[int, int]:
    """Seats held at least so long by people who did nothing in that time; one statement."""
    found = Assignment.objects.filter(
        account=account, ended_at__isnull=True, membership__left_at__isnull=True, membership__isnull=False
    ).aggregate(
        **{
            f"d{days}": Count(
                "pk",
                filter=Q(started_at__lte=at - timedelta(days=days))
                & (
                    Q(membership__last_active_at__isnull=True)
                    | Q(membership__last_active_at__lt=at - timedelta(days=days))
                ),
            )
            for days in SILENT_DAYS
        }
    )
    return {days: found[f"d{days}"] for days in SILENT_DAYS}
