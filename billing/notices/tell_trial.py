"""A trial that ends soon: when, and exactly what is charged then, as Stripe previews it."""

from datetime import datetime, timedelta

import structlog
from django.urls import reverse

from accounts.notices.send_notice import send_notice
from billing.mirror.queries import card_of
from billing.models import Subscription
from billing.quotes.next_invoice import first_charge

log = structlog.get_logger(__name__)

# How long before the end it is told; without a card once more on the last day.
TOLD_BEFORE = timedelta(days=3)
LAST_CALL = timedelta(days=1)


def walk_trials(*, at: datetime) -> int:
    """Tell every account whose trial ends within three days; returns how many mails are new.

    It also keeps the amounts of all running trials at hand for their banner. One that fails never stops the rest.
    """
    running = Subscription.objects.filter(status="trialing", trial_end__gt=at).select_related("account", "customer")
    told = 0
    for subscription in running.order_by("pk"):
        try:
            told += tell_trial(subscription=subscription, at=at)
        except Exception:
            log.exception("trial_not_told", subscription=subscription.stripe_id)
    return told


def tell_trial(*, subscription: Subscription, at: datetime) -> int:
    """Write the mail of this trial's present step; returns how many are new. Must be called outside a transaction."""
    amount = first_charge(subscription)
    end = subscription.trial_end
    if end is None or subscription.cancel_at is not None or at < end - TOLD_BEFORE:
        return 0
    account = subscription.account
    card = card_of(account)
    step = "last" if card is None and at >= end - LAST_CALL else "soon"
    return send_notice(
        account=account,
        kind="trial_ending",
        key=f"trial_ending:{subscription.public_id}:{end:%Y-%m-%d}:{step}",
        context={
            "ends_at": end,
            "amount": amount,
            "currency": subscription.currency,
            "card": card.title if card else "",
            "link": reverse("billing:plan" if card else "billing:card", args=[account.slug]),
        },
        at=at,
    )
