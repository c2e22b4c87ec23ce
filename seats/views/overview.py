"""The first page: where the account stands and what needs somebody."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.members.queries import members_of, open_invitations_of
from accounts.sso.queries import waiting_joins
from billing.mirror.queries import live_subscription, overdue_invoice
from seatportal.kit.charts import step_chart
from seatportal.kit.clock import now
from seats.frame import pool_for
from seats.holders.queries import waiting_in
from seats.insight.history import History, months_of_growth, twelve_months
from seats.insight.people import count_idle
from seats.insight.renewal import next_renewal
from seats.pool.regions import split_of
from seats.requests.queries import open_requests, purchases_to_decide
from seats.rollout.queries import held_tranches
from seats.true_up.queries import waiting_true_up
from seats.views.common import counts_for

EXPIRES_SOON = timedelta(days=2)
# Above this share of active seats more will soon be needed.
BUSY_PERCENT = 80
# What makes the list of things that need somebody.
NEEDS = ("idle", "requests", "approvals", "joining", "held", "waiting", "overdue", "expiring", "beyond", "true_up")


@requires(None)
@require_safe
def overview(request: AccountRequest) -> HttpResponse:
    """Figures, what needs somebody, twelve months, the next invoice. Ordinary members go to their own page."""
    if "seats.view" not in request.capabilities:
        return redirect("seats:me", request.account.slug)
    at = now()
    counts = counts_for(request)
    history = twelve_months(request.account, at)
    pool = pool_for(request)
    grace_ends = pool.over_since + timedelta(days=pool.grace_days) if pool.over_since else None
    decides = "requests.decide" in request.capabilities
    context: dict[str, Any] = {
        "counts": counts,
        "inactive": counts.assigned - counts.active,
        "idle": count_idle(request.account, at),
        "requests": open_requests(request.account).count() if decides else 0,
        # Whoever decides about seats finds purchases among the requests; other approvers hear of theirs here.
        "approvals": [] if decides else purchases_to_decide(request.membership),
        "joining": waiting_joins(request.account).count() if "members.manage" in request.capabilities else 0,
        "held": held_tranches(request.account).count(),
        "waiting": list(waiting_in(request.account)[:3]) if counts.waiting else [],
        "split": split_of(pool),
        "beyond": max(counts.assigned - counts.limit, 0),
        "grace_ends": grace_ends,
        "overdue": overdue_invoice(request.account) if "billing.view" in request.capabilities else None,
        "true_up": waiting_true_up(request.account) if "billing.view" in request.capabilities else None,
        "expiring": open_invitations_of(request.account).filter(expires_at__lte=at + EXPIRES_SOON).count(),
        "people": members_of(request.account).count() + open_invitations_of(request.account).count(),
        "subscribed": counts.purchased > 0 or live_subscription(request.account) is not None,
        "renewal": next_renewal(request.account) if "billing.view" in request.capabilities else None,
        "busy": counts.active_percent is not None and counts.active_percent >= BUSY_PERCENT,
        "months_left": months_of_growth(history, free=counts.free),
        **chart_context(history),
    }
    context["needs"] = any(context[name] for name in NEEDS)
    return render(request, "seats/overview.html", context)


def chart_context(history: History) -> dict[str, Any]:
    """The step chart of purchased and taken seats; nothing while there is no history."""
    if not history.points:
        return {}
    points = [(point.day, (point.purchased, point.assigned)) for point in history.points]
    return {
        "history": history,
        "chart": step_chart(history.first, history.last, points),
        "then": history.points[0],
        "today": history.points[-1],
    }
