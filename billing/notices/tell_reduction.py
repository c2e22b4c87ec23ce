"""A reduction that is planned, or done, by mail. What it means for those who sit is told by the seats."""

from datetime import datetime

from django.urls import reverse

from accounts.notices.send_notice import send_notice
from billing.models import ScheduledDecrease


def tell_planned(*, plan: ScheduledDecrease, at: datetime) -> int:
    """Write that it is planned, and again when its day moved; returns how many mails are new."""
    return _tell(plan, "reduction_planned", at, about=f":{plan.effective_at:%Y-%m-%d}")


def tell_reduced(*, subscription_id: int, quantity: int, at: datetime) -> int:
    """Write that the reduction to `quantity` took effect, for the newest plan to it; returns how many are new."""
    plans = ScheduledDecrease.objects.filter(subscription_id=subscription_id, renew_quantity=quantity)
    plan = plans.filter(effective_at__lte=at).select_related("account", "user", "repair").order_by("-pk").first()
    return _tell(plan, "reduction_done", at) if plan is not None else 0


def _tell(plan: ScheduledDecrease, kind: str, at: datetime, *, about: str = "") -> int:
    credit = -(plan.repair.charged_total or plan.repair.quoted_total) if plan.repair else 0
    return send_notice(
        account=plan.account,
        kind=kind,
        key=f"{kind}:{plan.public_id}{about}",
        context={
            "before": plan.base_quantity,
            "after": plan.renew_quantity,
            "who": plan.user.get_full_name() if plan.user else "",
            "effective_at": plan.effective_at,
            "credit": max(credit, 0),
            "currency": plan.subscription.currency,
            "link": reverse("seats:reduce", args=[plan.account.slug]),
        },
        to=[plan.user],
        at=at,
    )
