"""Facts of billing that people are told of. They run in the teller's transaction."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from billing import facts
from billing.models import QuantityChange, Refund, Resumption, ScheduledDecrease, Subscription
from billing.notices.tell_change import tell_change
from billing.notices.tell_dunning import tell_dunning, tell_paid
from billing.notices.tell_order import tell_order
from billing.notices.tell_pause import tell_pause, tell_resumption_unpaid
from billing.notices.tell_reduction import tell_planned, tell_reduced
from billing.notices.tell_refund import tell_returned
from billing.notices.tell_standing import tell_end


@receiver(facts.change_moved)
def tell_of_change(change: QuantityChange, at: datetime, **_: Any) -> None:
    """A purchase or its undo reached another state."""
    tell_change(change=change, at=at)
    tell_order(change=change, at=at)


@receiver(facts.refund_returned)
def tell_of_refund(refund: Refund, at: datetime, **_: Any) -> None:
    """The bank sent the card's part of an undone purchase back."""
    tell_returned(refund=refund, at=at)


@receiver(facts.standing_changed)
def tell_of_standing(subscription: Subscription, at: datetime, **_: Any) -> None:
    """A status moved, or an invoice: late, or well again."""
    tell_end(subscription=subscription, at=at)
    tell_pause(subscription=subscription, at=at)
    if not tell_dunning(account=subscription.account, at=at):
        tell_paid(account=subscription.account, at=at)


@receiver(facts.resumption_moved)
def tell_of_resumption(wish: Resumption, at: datetime, **_: Any) -> None:
    """A paused subscription was to go on."""
    tell_resumption_unpaid(wish=wish, at=at)


@receiver(facts.reduction_planned)
def tell_of_plan(plan: ScheduledDecrease, at: datetime, **_: Any) -> None:
    """Somebody planned fewer seats."""
    tell_planned(plan=plan, at=at)


@receiver(facts.quantity_changed)
def tell_of_reduction(subscription: Subscription, after: int, kind: str, at: datetime, **_: Any) -> None:
    """Fewer seats, as planned."""
    if kind == "reduced":
        tell_reduced(subscription_id=subscription.pk, quantity=after, at=at)
