"""Read what the rules of growth look at."""

from datetime import datetime
from typing import TypedDict

from django.db.models import Exists, OuterRef

from billing.errors import NoSubscription
from billing.mirror.queries import overdue_invoices, seat_item
from billing.models import (
    Ending,
    PaymentMethod,
    QuantityChange,
    ScheduledDecrease,
    Subscription,
    SubscriptionItem,
)
from billing.quotes.rules import Standing
from billing.terms.queries import terms_in_force


def standing_of(subscription: Subscription, at: datetime) -> tuple[Standing, SubscriptionItem]:
    """The standing and the seat item of a live subscription at a moment. Raises NoSubscription without seats."""
    item = seat_item(subscription)
    if item is None:
        raise NoSubscription
    held = terms_in_force(subscription.account, item.price.plan, at)
    schedule = subscription.schedule_stripe_id
    facts = _facts(subscription)
    return (
        Standing(
            status=subscription.status,
            collection_method=subscription.collection_method,
            # Also while the wish is on its way.
            ending=subscription.cancel_at is not None or facts["ending"],
            frozen=bool(subscription.frozen),
            paused=subscription.paused,
            foreign_schedule=bool(schedule) and not facts["reducing"],
            pending=subscription.pending_expires_at is not None,
            open_change=facts["buying"],
            has_card=facts["card"],
            overdue=facts["overdue"],
            period_end=item.period_end,
            quantity=item.quantity,
            minimum=held.minimum,
            maximum=held.maximum,
            trial_max=item.price.plan.trial_max if subscription.status == "trialing" else None,
            on_credit=subscription.collection_method == "send_invoice" and held.credit_limit is not None,
        ),
        item,
    )


class _Facts(TypedDict):
    ending: bool
    reducing: bool
    buying: bool
    card: bool
    overdue: bool


def _facts(subscription: Subscription) -> _Facts:
    """What stands beside it, with one statement."""
    of_row = OuterRef("pk")
    endings = Ending.objects.filter(state=Ending.State.CONFIRMED, kind=Ending.Kind.CANCEL)
    reductions = ScheduledDecrease.objects.filter(schedule_stripe_id=subscription.schedule_stripe_id)
    changes = QuantityChange.objects.filter(state__in=QuantityChange.OPEN)
    return (
        Subscription.objects.filter(pk=subscription.pk)
        .values(
            ending=Exists(endings.filter(subscription=of_row)),
            reducing=Exists(reductions.filter(subscription=of_row)),
            buying=Exists(changes.filter(subscription=of_row)),
            card=Exists(PaymentMethod.objects.filter(customer__account=subscription.account)),
            overdue=Exists(overdue_invoices(subscription.account)),
        )
        .get()
    )
