"""A subscription that will end, goes on, or has ended: told once each, whoever did it and wherever."""

from datetime import datetime, timedelta

from django.urls import reverse

from accounts.models import Notice
from accounts.notices.send_notice import send_notice
from billing.models import Ending, Subscription
from billing.models.subscription import ENDED

KEPT_AFTER_END = timedelta(days=30)


def tell_end(*, subscription: Subscription, at: datetime) -> int:
    """Write the mail for where it stands, in the caller's transaction; returns how many are new."""
    prefix = f"ending:{subscription.public_id}"
    if subscription.status in ENDED:
        if subscription.status != "canceled":
            return 0  # It never began.
        return _tell(subscription, "ended", f"ended:{subscription.public_id}", at)
    if subscription.cancel_at is not None:
        number = Notice.objects.filter(account=subscription.account, kind="resumed").values("key").distinct().count()
        return _tell(subscription, "ending", f"{prefix}:{subscription.cancel_at:%Y-%m-%d}:{number}", at)
    told = Notice.objects.filter(account=subscription.account, kind="ending", key__startswith=prefix)
    last = told.order_by("-pk").first()
    return _tell(subscription, "resumed", f"resumed:{last.key}", at) if last is not None else 0


def _tell(subscription: Subscription, kind: str, key: str, at: datetime) -> int:
    account = subscription.account
    last = Ending.objects.filter(subscription=subscription).select_related("user").first()
    return send_notice(
        account=account,
        kind=kind,
        key=key,
        context={
            "ends_at": subscription.cancel_at or subscription.ended_at,
            "kept_until_at": (subscription.cancel_at or subscription.ended_at or at) + KEPT_AFTER_END,
            "who": last.user.get_full_name() if last and last.user else "",
            "link": reverse("billing:plan", args=[account.slug]),
        },
        to=[last.user] if last else [],
        at=at,
    )
