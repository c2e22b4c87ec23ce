"""Rollout plans: the list, one with its tranches, opened, changed, ended."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.rollout import RolloutForm
from seats.insight.activity import today_in
from seats.insight.bands import utilization_in
from seats.models import RolloutPlan, Tranche
from seats.rollout.plans import change_rollout, end_rollout, open_rollout
from seats.rollout.queries import by_quarter, plans_of, tranches_of
from seats.views.common import counts_for, page_link

FORM = "seats/rollout_form.html"
STATES: dict[str, tuple[str, str]] = {
    Tranche.State.PLANNED: ("info", "calendar"),
    Tranche.State.HELD: ("warn", "hourglass"),
    Tranche.State.BUYING: ("info", "hourglass"),
    Tranche.State.BOUGHT: ("good", "circle-check"),
    Tranche.State.CANCELLED: ("", "minus"),
}


@requires("seats.buy")
@require_safe
def rollouts(request: AccountRequest) -> HttpResponse:
    """All plans, the open ones first."""
    plans = list(plans_of(request.account))
    return render(request, "seats/rollouts.html", {"plans": plans})


@requires("seats.buy")
def new(request: AccountRequest) -> HttpResponse:
    """Open a plan."""
    form = RolloutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            plan = open_rollout(account=request.account, actor=actor_of(request), **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("seats:rollout", request.account.slug, plan.public_id)
    return render(request, FORM, {"form": form}, status=422 if request.method == "POST" else 200)


@requires("seats.buy")
@require_safe
def rollout(request: AccountRequest, plan_id: str) -> HttpResponse:
    """One plan as a list of days, under the quarters of its budget year."""
    plan, counts = find_plan(request, plan_id), counts_for(request)
    tranches = list(tranches_of(request.account).filter(plan=plan))
    context = {
        "plan": plan,
        "quarters": by_quarter(plan, tranches, purchased=counts.purchased),
        "states": STATES,
        "use": utilization_in(counts, now()),
        "counts": counts,
        "today": today_in(request.account, now()),
    }
    return render(request, "seats/rollout.html", context)


@requires("seats.buy")
def change(request: AccountRequest, plan_id: str) -> HttpResponse:
    """Another name or budget year."""
    plan = find_plan(request, plan_id)
    form = RolloutForm(request.POST or None, initial={"name": plan.name, "budget_month": plan.budget_month})
    if request.method == "POST" and form.is_valid():
        try:
            change_rollout(account=request.account, plan_id=plan_id, actor=actor_of(request), **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The plan is changed."))
            return redirect("seats:rollout", request.account.slug, plan_id)
    return render(request, FORM, {"form": form, "plan": plan}, status=422 if request.method == "POST" else 200)


@requires("seats.buy")
def end(request: AccountRequest, plan_id: str) -> HttpResponse:
    """End a plan, after a look at what that cancels."""
    plan = find_plan(request, plan_id)
    if request.method != "POST":
        cancelled = plan.tranches.filter(state__in=Tranche.OPEN).count()
        return render(request, "seats/rollout_end.html", {"plan": plan, "cancelled": cancelled})
    try:
        end_rollout(account=request.account, plan_id=plan_id, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The plan is ended."))
    return redirect(page_link(request, "rollouts"))


def find_plan(request: AccountRequest, plan_id: str) -> RolloutPlan:
    """A plan of the account, or 404."""
    plan = RolloutPlan.objects.filter(account=request.account, public_id=plan_id).first()
    if plan is None:
        raise Http404
    return plan
