"""What taking back idle seats would mean for one account now. Every query starts from the account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from accounts.models import Account
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.models import SubscriptionItem
from billing.terms.queries import terms_in_force
from billing.terms.rules import lowest_from
from seats.holders.queries import SeatCounts, waiting_in
from seats.models import Assignment
from seats.reclaim.rules import AfterReclaim


@dataclass(frozen=True)
class Reduction:
    """Whether the removable seats can leave at the period's end. refused: in one word why not, empty if they can.

    lowest: the seats that must stay, where these are the reason. item: what is billed today, where nothing is.
    """

    refused: Literal["", "state", "planned", "served", "minimum"]
    lowest: int = 0
    item: SubscriptionItem | None = None


def after_reclaim(account: Account, counts: SeatCounts, freed: int) -> AfterReclaim:
    """The numbers once so many seats are taken back."""
    planned = open_decrease(account)
    return AfterReclaim(
        purchased=counts.purchased,
        assigned=counts.assigned,
        active=counts.active,
        freed=freed,
        waiting=waiting_in(account).filter(membership__left_at__isnull=True).count(),
        renewing=planned.renew_quantity if planned else counts.purchased,
        seated=not counts.frozen,
    )


def reduction_after(account: Account, after: AfterReclaim, at: datetime) -> Reduction:
    """Whether the freed seats may be planned away, by the subscription, its plan and the terms."""
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    if subscription is None or item is None or subscription.frozen or subscription.cancel_at is not None:
        return Reduction("state")
    if open_decrease(account) is not None:
        return Reduction("planned")
    if not after.removable:
        return Reduction("served")
    lowest = lowest_from(terms_in_force(account, item.price.plan, at), item.period_end)
    if after.reduced_to < max(lowest, 1):
        return Reduction("minimum", lowest)
    return Reduction("", item=item)


def freed_together(account: Account, freed_id: str) -> list[Assignment]:
    """The seats that one act released, known by one of them: same person, same moment. Empty if there is none."""
    released = Assignment.objects.filter(
        account=account, end_reason=Assignment.EndReason.RELEASED, membership__isnull=False
    )
    one = released.filter(public_id=freed_id).first()
    if one is None:
        return []
    return list(
        released.filter(ended_at=one.ended_at, ended_by=one.ended_by_id)
        .select_related("membership__user", "previous", "invitation")
        .order_by("pk")
    )
