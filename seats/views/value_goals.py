"""Goals of the value plan: added, changed, removed, and their values entered."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.value import GoalForm, ValueForm
from seats.insight.activity import today_in
from seats.models import ValueGoal
from seats.usage.settings import groups_only
from seats.value.goals import add_goal, change_goal, features_of, record_value, remove_goal
from seats.value.plans import goals_of, readings_of, standing_of
from seats.views.value import EDITS

READINGS = 100


@requires(EDITS)
def add(request: AccountRequest) -> HttpResponse:
    """One more goal."""
    form = _form(request, {})
    if form.is_bound and form.is_valid():
        try:
            add_goal(account=request.account, wish=form.wish(), actor=actor_of(request), at=now())
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The goal is added."))
            return redirect("seats:value", request.account.slug)
    return render(request, "seats/value_goal_form.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(EDITS)
def change(request: AccountRequest, goal_id: str) -> HttpResponse:
    """Change a goal of the open plan."""
    goal = _find(request, goal_id)
    names = ("name", "unit", "feature", "outcome", "baseline", "target", "department")
    form = _form(request, {name: getattr(goal, name) for name in names})
    if form.is_bound and form.is_valid():
        try:
            change_goal(account=request.account, goal=goal, wish=form.wish(), actor=actor_of(request), at=now())
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The goal is changed."))
            return redirect("seats:value_goal", request.account.slug, goal.public_id)
    context = {"form": form, "goal": goal}
    return render(request, "seats/value_goal_form.html", context, status=422 if form.is_bound else 200)


@requires(EDITS)
def remove(request: AccountRequest, goal_id: str) -> HttpResponse:
    """Take a goal out of the open plan."""
    goal = _find(request, goal_id)
    if request.method != "POST":
        return render(request, "seats/value_goal_remove.html", {"goal": goal})
    try:
        remove_goal(account=request.account, goal=goal, actor=actor_of(request))
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The goal is removed."))
    return redirect("seats:value", request.account.slug)


@requires("usage.view")
@require_safe
def goal(request: AccountRequest, goal_id: str) -> HttpResponse:
    """One goal with its values."""
    form = ValueForm(initial={"day": today_in(request.account, now())})
    return _show(request, _find(request, goal_id), form)


@requires(EDITS)
@require_POST
def enter(request: AccountRequest, goal_id: str) -> HttpResponse:
    """The value of a day."""
    row, form = _find(request, goal_id), ValueForm(request.POST)
    if form.is_valid():
        try:
            record_value(account=request.account, goal=row, actor=actor_of(request), at=now(), **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The value is entered."))
            return redirect("seats:value_goal", request.account.slug, row.public_id)
    return _show(request, row, form, status=422)


def _show(request: AccountRequest, row: ValueGoal, form: ValueForm, *, status: int = 200) -> HttpResponse:
    private = groups_only(request.account)
    may_edit = EDITS in request.capabilities and row.plan.ended_at is None
    context: dict[str, Any] = {
        "standing": standing_of(row, private=private),
        "goal": row,
        "readings": readings_of(row, private=private)[:READINGS],
        "form": form if may_edit and row.source == row.Source.ENTERED else None,
        "may_edit": may_edit,
    }
    return render(request, "seats/value_goal.html", context, status=status)


def _form(request: AccountRequest, initial: dict[str, Any]) -> GoalForm:
    return GoalForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        account=request.account,
        features=features_of(request.account, now()),
    )


def _find(request: AccountRequest, goal_id: str) -> ValueGoal:
    row = goals_of(request.account).filter(public_id=goal_id).first()
    if row is None:
        raise Http404
    return row
