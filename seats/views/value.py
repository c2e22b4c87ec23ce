"""The value plan: ninety days with goals, and what earlier ones came to."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.value import StartPlanForm
from seats.insight.activity import today_in
from seats.models import ValueReport
from seats.usage.settings import groups_only
from seats.value.card import plan_and_roi
from seats.value.plans import Plan, open_plan, reports_of, start_plan
from seats.value.report import end_plan, result_of
from seats.value.rules import DAYS

EDITS = "account.manage"
# What the seats cost is read from invoices.
SEES_COST = "billing.view"


@requires("usage.view")
@require_safe
def value(request: AccountRequest) -> HttpResponse:
    """The plan that runs, its goals, and earlier reports."""
    context = {
        **plan_context(request),
        "reports": [(report, result_of(report)) for report in reports_of(request.account)],
        "private": groups_only(request.account),
    }
    return render(request, "seats/value.html", context)


def plan_context(request: AccountRequest) -> dict[str, Any]:
    """What every place that shows the plan needs."""
    plan, roi = plan_and_roi(request.account, now(), priced=SEES_COST in request.capabilities)
    return {
        "plan": plan,
        "steps": _steps(plan) if plan else [],
        "roi": roi,
        "days": DAYS,
        "may_edit": EDITS in request.capabilities,
    }


def _steps(plan: Plan) -> list[tuple[str, bool, Any]]:
    """Where each check-in stands on the track, whether it is done, and the check-in."""
    return [(f"{one.number * 100 / DAYS:.2f}%", one.done, one) for one in plan.clock.check_ins]


@requires(EDITS)
def start(request: AccountRequest) -> HttpResponse:
    """Begin ninety days."""
    form = StartPlanForm(
        request.POST if request.method == "POST" else None,
        initial={"starts_on": today_in(request.account, now())},
    )
    if form.is_bound and form.is_valid():
        try:
            start_plan(account=request.account, actor=actor_of(request), at=now(), **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The 90 days are set. Add what they are to show."))
            return redirect("seats:value", request.account.slug)
    return render(request, "seats/value_start.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(EDITS)
def end(request: AccountRequest) -> HttpResponse:
    """Write the report now, before day 90."""
    plan = open_plan(request.account, now())
    if plan is None:
        return redirect("seats:value", request.account.slug)
    if request.method == "POST":
        try:
            report = end_plan(account=request.account, actor=actor_of(request), at=now())
        except PortalError as error:
            messages.error(request, str(error))
            return redirect("seats:value", request.account.slug)
        messages.success(request, _("The plan has ended, and its report is written."))
        return redirect("seats:value_report", request.account.slug, report.public_id)
    return render(request, "seats/value_end.html", {"plan": plan, "days": DAYS})


@requires("usage.view")
@require_safe
def report(request: AccountRequest, report_id: str) -> HttpResponse:
    """What a plan came to."""
    row = get_object_or_404(
        ValueReport.objects.select_related("account", "plan"), account=request.account, public_id=report_id
    )
    context = {"report": row, "result": result_of(row), "days": DAYS, "private": groups_only(request.account)}
    return render(request, "seats/value_report.html", context)
