"""A second subscription of an account that has one: never ours, seen at once, for people to end."""

from datetime import datetime

import structlog

from billing.gateway.contract import RemoteSubscription
from billing.models import Customer, Drift, Subscription
from billing.models.drift import Kind, Severity
from billing.models.subscription import ENDED

log = structlog.get_logger(__name__)


def live_beside(remote: RemoteSubscription, customer: Customer) -> Subscription | None:
    """Another subscription of the account that has not ended, as far as we have read."""
    others = Subscription.objects.filter(account_id=customer.account_id).exclude(status__in=ENDED)
    return others.exclude(stripe_id=remote.id).first()


def put_to_staff(*, remote: RemoteSubscription, customer: Customer, beside: Subscription, at: datetime) -> None:
    """Write it down as grave, once; when it has ended, what was written is done.

    Not where staff began to end it: its payment may still have to be given back (reconcile/end_second.py).
    """
    known = Drift.objects.filter(kind=Kind.UNKNOWN, subject=remote.id)
    if remote.status in ENDED:
        found = known.filter(state=Drift.State.FOUND, handled_by__isnull=True)
        found.update(state=Drift.State.REPAIRED, closed_at=at)
        return
    # What staff have set aside is the same row, and stays so.
    listed = known.filter(state__in=(Drift.State.FOUND, Drift.State.IGNORED))
    if listed.update(severity=Severity.GRAVE, last_seen=at):
        return
    quantity = sum(item.quantity for item in remote.items)
    drift, news = Drift.objects.get_or_create(
        kind=Kind.UNKNOWN,
        subject=remote.id,
        state=Drift.State.FOUND,
        defaults={
            "account": customer.account,
            "severity": Severity.GRAVE,
            "ours": "–",
            "theirs": f"{remote.status}, {quantity}, {remote.customer_id}",
            "note": f"A second one, beside {beside.stripe_id}. End it and give its payment back.",
            "first_seen": at,
            "last_seen": at,
        },
    )
    if news:
        log.error("second_subscription", subscription=remote.id, beside=beside.stripe_id, drift=drift.public_id)
