"""A subscription that stands still, and one that goes on again: told once each, whoever did it and wherever."""

from datetime import datetime

from django.urls import reverse

from accounts.models import Notice
from accounts.notices.send_notice import send_notice
from billing.changes.resume_paused import BY_TRIAL
from billing.mirror.queries import card_of
from billing.models import Resumption, Subscription
from billing.models.subscription import ENDED

State = Resumption.State


def tell_pause(*, subscription: Subscription, at: datetime) -> int:
    """Write the mail for where it stands, in the caller's transaction; returns how many are new.

    cause in the mail: trial, payment, vendor (somebody paused it at Stripe) or collection (it runs, and its invoices
    are not collected).
    """
    if subscription.status in ENDED:
        return 0
    prefix = f"paused:{subscription.public_id}"
    told = Notice.objects.filter(account=subscription.account, kind="paused", key__startswith=f"{prefix}:")
    cause = _cause(subscription)
    if cause:
        over = Notice.objects.filter(kind="unpaused", key__startswith=f"un{prefix}:", account=subscription.account)
        number = over.values("key").distinct().count()
        return _tell(subscription, "paused", f"{prefix}:{number}:{cause}", cause, at)
    last = told.order_by("-pk").first()
    return _tell(subscription, "unpaused", f"un{last.key}", last.key.rsplit(":")[-1], at) if last is not None else 0


def tell_resumption_unpaid(*, wish: Resumption, at: datetime) -> int:
    """Write that a resumption waits for its payment, or ended without one; returns how many are new."""
    if wish.state not in (State.AWAITING_PAYMENT, State.ABANDONED, State.FAILED):
        return 0
    return send_notice(
        account=wish.account,
        kind="resumption_unpaid",
        key=f"resumption_unpaid:{wish.public_id}:{wish.state}",
        context={
            "state": str(wish.state),
            "amount": wish.quoted_due,
            "currency": wish.currency,
            "link": reverse("billing:restart", args=[wish.account.slug]),
        },
        to=[wish.user],
        at=at,
    )


def _cause(subscription: Subscription) -> str:
    if subscription.status == "paused":
        if subscription.pause_cause == BY_TRIAL:
            return "trial"
        return "payment" if subscription.pause_cause.endswith("payment_failure") else "vendor"
    return "collection" if subscription.paused else ""


def _tell(subscription: Subscription, kind: str, key: str, cause: str, at: datetime) -> int:
    account = subscription.account
    ours = Resumption.objects.filter(
        subscription=subscription, state=State.DONE, invoice_stripe_id=subscription.latest_invoice_stripe_id
    ).exclude(invoice_stripe_id="")
    wish = ours.select_related("user").first() if kind == "unpaused" else None
    by_trial = kind == "paused" and cause == "trial"
    return send_notice(
        account=account,
        kind=kind,
        key=key,
        context={
            "cause": cause,
            "has_card": card_of(account) is not None,
            "seen_at": at,
            "amount": wish.charged_total if wish else None,
            "currency": subscription.currency,
            "link": reverse("billing:restart" if by_trial else "billing:plan", args=[account.slug]),
        },
        to=[wish.user] if wish else [],
        at=at,
    )
