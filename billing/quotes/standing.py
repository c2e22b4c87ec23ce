"""Read what the rules of growth look at."""

from datetime import datetime

from billing.errors import NoSubscription
from billing.mirror.queries import card_of, overdue_invoice, seat_item
from billing.models import Ending, QuantityChange, Subscription, SubscriptionItem
from billing.quotes.rules import Standing
from billing.terms.queries import terms_in_force


def standing_of(subscription: Subscription, at: datetime) -> tuple[Standing, SubscriptionItem]:
    """The standing and the seat item of a live subscription at a moment. Raises NoSubscription without seats."""
    item = seat_item(subscription)
    if item is None:
        raise NoSubscription
    held = terms_in_force(subscription.account, item.price.plan, at)
    schedule = subscription.schedule_stripe_id
    ours = bool(schedule) and subscription.decreases.filter(schedule_stripe_id=schedule).exists()
    return (
        Standing(
            status=subscription.status,
            collection_method=subscription.collection_method,
            # Also while the wish is on its way.
            ending=subscription.cancel_at is not None
            or subscription.endings.filter(state=Ending.State.CONFIRMED, kind=Ending.Kind.CANCEL).exists(),
            frozen=bool(subscription.frozen),
            paused=subscription.paused,
            foreign_schedule=bool(schedule) and not ours,
            pending=subscription.pending_expires_at is not None,
            open_change=QuantityChange.objects.filter(
                subscription=subscription, state__in=QuantityChange.OPEN
            ).exists(),
            has_card=card_of(subscription.account) is not None,
            overdue=overdue_invoice(subscription.account) is not None,
            period_end=item.period_end,
            quantity=item.quantity,
            minimum=held.minimum,
            maximum=held.maximum,
            trial_max=item.price.plan.trial_max if subscription.status == "trialing" else None,
            on_credit=subscription.collection_method == "send_invoice" and held.credit_limit is not None,
        ),
        item,
    )
