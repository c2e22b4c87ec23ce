"""More people sit than there will be seats: told two weeks, one week and one day before it happens."""

from datetime import datetime, timedelta

import structlog
from django.urls import reverse

from accounts.models import Role
from accounts.notices.send_notice import send_notice
from billing.models import ScheduledDecrease
from seats.capacity.rules import limit_at
from seats.models import SeatPool

log = structlog.get_logger(__name__)
State = ScheduledDecrease.State

DAYS_BEFORE = (1, 7, 14)


def warn_of_reductions(*, at: datetime) -> int:
    """Tell those who may release seats; returns how many mails are new. One that fails never stops the rest."""
    last = at + timedelta(days=max(DAYS_BEFORE))
    near = ScheduledDecrease.objects.filter(
        state__in=(State.PLANNED, State.PLACED), effective_at__gt=at, effective_at__lte=last
    )
    told = 0
    for plan in near.select_related("account", "user").order_by("pk"):
        try:
            told += _warn(plan, at)
        except Exception:
            log.exception("reduction_not_told", reduction=plan.public_id)
    return told


def _warn(plan: ScheduledDecrease, at: datetime) -> int:
    pool = SeatPool.objects.get(account=plan.account)
    beyond = pool.assigned - limit_at(pool, plan.account, purchased=plan.renew_quantity, at=plan.effective_at)
    if beyond <= 0:
        return 0
    days = min(days for days in DAYS_BEFORE if plan.effective_at - at <= timedelta(days=days))
    return send_notice(
        account=plan.account,
        kind="reduction_coming",
        key=f"reduction_coming:{plan.public_id}:{days}",
        context={
            "beyond": beyond,
            "after": plan.renew_quantity,
            "assigned": pool.assigned,
            "grace_days": pool.grace_days,
            "effective_at": plan.effective_at,
            "link": reverse("seats:leavers", args=[plan.account.slug]),
        },
        roles=(Role.OWNER, Role.ADMIN, Role.BILLING),
        to=[plan.user],
        at=at,
    )
