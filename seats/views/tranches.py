"""Tranches of a rollout: scheduled for at most an amount, changed, cancelled, released, tried again."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.mirror.queries import live_subscription
from billing.quotes.estimate import Estimate, estimate_growth
from seatportal.kit.clock import now, start_of_day
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seatportal.kit.money import to_decimal
from seats.forms.rollout import ReleaseForm, TrancheForm
from seats.insight.bands import utilization_in
from seats.models import RolloutPlan, SeatRequest, Tranche
from seats.rollout.ask_approval import ask_for_tranche
from seats.rollout.queries import tranches_of
from seats.rollout.run_tranches import release_tranche, retry_tranche
from seats.rollout.tranches import cancel_tranche, change_tranche, schedule_tranche
from seats.rollout.words import held_words
from seats.views.common import counts_for
from seats.views.rollout import STATES, find_plan

PAGE, FORM = "seats/tranche.html", "seats/tranche_form.html"


@requires("seats.buy")
def add(request: AccountRequest, plan_id: str) -> HttpResponse:
    """Schedule seats; a button of the form shows first what they would cost. `?quantity=10` names a number."""
    plan = find_plan(request, plan_id)
    initial = {"owner": request.membership.user.email, "quantity": request.GET.get("quantity", "10")}
    return _form_page(request, plan, None, initial)


@requires("seats.buy")
def change(request: AccountRequest, tranche_id: str) -> HttpResponse:
    """Change what is not bought yet; the amount is agreed to anew."""
    row = _find(request, tranche_id)
    initial = {name: getattr(row, name) for name in ("quantity", "due_on", "gate_percent", "po_number")}
    initial |= {
        "department": row.department.public_id if row.department else "",
        "owner": row.owner.user.email,
        "ceiling": to_decimal(row.ceiling, row.currency),
    }
    return _form_page(request, row.plan, row, initial)


@requires("seats.buy")
@require_safe
def tranche(request: AccountRequest, tranche_id: str) -> HttpResponse:
    """One tranche: how it stands, what it would cost, and what can be done."""
    return _show(request, _find(request, tranche_id))


@requires("seats.buy")
@require_POST
def cancel(request: AccountRequest, tranche_id: str) -> HttpResponse:
    """Take it off the plan."""
    row = _find(request, tranche_id)
    try:
        cancel_tranche(account=request.account, tranche_id=tranche_id, actor=actor_of(request), at=now())
    except PortalError as error:
        return _show(request, row, refusal=error)
    messages.success(request, _("The tranche is cancelled. Nothing is bought."))
    return redirect("seats:rollout", request.account.slug, row.plan.public_id)


@requires("seats.buy")
@require_POST
def release(request: AccountRequest, tranche_id: str) -> HttpResponse:
    """Buy it although too few seats are active."""
    row, form = _find(request, tranche_id), ReleaseForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        done = release_tranche(
            account=request.account, tranche_id=tranche_id, reason=reason, actor=actor_of(request), at=now()
        )
    except PortalError as error:
        return _show(request, _find(request, row.public_id), refusal=error)
    return _went_on(request, done)


@requires("seats.buy")
@require_POST
def retry(request: AccountRequest, tranche_id: str) -> HttpResponse:
    """Try a held one again, within the amount that was agreed to."""
    row = _find(request, tranche_id)
    try:
        done = retry_tranche(account=request.account, tranche_id=tranche_id, actor=actor_of(request), at=now())
    except PortalError as error:
        return _show(request, _find(request, row.public_id), refusal=error)
    return _went_on(request, done)


@requires("seats.buy")
@require_POST
def ask(request: AccountRequest, tranche_id: str) -> HttpResponse:
    """Send a held one to those who approve."""
    row = _find(request, tranche_id)
    try:
        asked = ask_for_tranche(
            account=request.account,
            tranche_id=tranche_id,
            membership=request.membership,
            actor=actor_of(request),
            at=now(),
        )
    except PortalError as error:
        return _show(request, _find(request, row.public_id), refusal=error)
    messages.success(request, _("Your request is on its way to those who approve."))
    return redirect("seats:purchase_request", request.account.slug, asked.public_id)


def _went_on(request: AccountRequest, row: Tranche) -> HttpResponse:
    """To the purchase while it needs its buyer, else to what became of it."""
    if row.state == Tranche.State.BUYING and row.change is not None:
        return redirect("seats:purchase", request.account.slug, row.change.public_id)
    if row.state == Tranche.State.BOUGHT:
        messages.success(request, _("The seats are bought."))
    elif row.state == Tranche.State.HELD:
        messages.warning(request, str(held_words(row.held_code)))
    return redirect("seats:tranche", request.account.slug, row.public_id)


def _form_page(
    request: AccountRequest, plan: RolloutPlan, row: Tranche | None, initial: dict[str, Any]
) -> HttpResponse:
    subscription = live_subscription(request.account)
    context: dict[str, Any] = {"plan": plan, "tranche": row}
    if subscription is None:
        return render(request, FORM, context | {"no_plan": True})
    priced = "price" in request.POST
    form = TrancheForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        account=request.account,
        currency=subscription.currency,
        priced=priced,
    )
    context["form"] = form
    if request.method != "POST":
        return render(request, FORM, context)
    if form.is_valid():
        try:
            if priced:
                return render(request, FORM, context | _priced(request, form, initial))
            saved = _save(request, plan, row, form)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The tranche is scheduled.") if row is None else _("The tranche is changed."))
            return redirect("seats:rollout", request.account.slug, saved.plan.public_id)
    return render(request, FORM, context, status=422)


def _save(request: AccountRequest, plan: RolloutPlan, row: Tranche | None, form: TrancheForm) -> Tranche:
    common: dict[str, Any] = {
        "account": request.account,
        "wish": form.wish(),
        "actor": actor_of(request),
        "at": now(),
    }
    if row is None:
        return schedule_tranche(plan_id=plan.public_id, **common)
    return change_tranche(tranche_id=row.public_id, **common)


def _priced(request: AccountRequest, form: TrancheForm, initial: dict[str, Any]) -> dict[str, Any]:
    """The estimate, and the form with it as the amount that is offered for agreement."""
    estimate = _estimate(request, form.cleaned_data["quantity"], form.cleaned_data["due_on"])
    offered = to_decimal(estimate.amount_due if estimate.exact else estimate.whole, estimate.currency)
    data = request.POST.copy()
    data["ceiling"] = str(offered)
    shown = TrancheForm(data, initial=initial, account=request.account, currency=estimate.currency, priced=True)
    return {"form": shown, "estimate": estimate}


def _estimate(request: AccountRequest, quantity: int, due_on: date) -> Estimate:
    on = start_of_day(due_on, request.account.time_zone)
    return estimate_growth(account=request.account, add=quantity, on=on, at=now())


def _show(request: AccountRequest, row: Tranche, *, refusal: PortalError | None = None) -> HttpResponse:
    kind, icon = STATES[row.state]
    use = utilization_in(counts_for(request), now())
    context: dict[str, Any] = {
        "tranche": row,
        "kind": kind,
        "icon": icon,
        "use": use,
        "why": held_words(row.held_code) if row.held_code else "",
        "release": ReleaseForm(),
        "waits": row.request is not None and row.request.state == SeatRequest.State.OPEN,
        "refusal": str(refusal) if refusal is not None else "",
    }
    if row.is_open:
        try:
            context["estimate"] = _estimate(request, row.quantity, row.due_on)
        except PortalError as error:
            context["no_estimate"] = str(error)
    return render(request, PAGE, context, status=refusal.status if refusal is not None else 200)


def _find(request: AccountRequest, tranche_id: str) -> Tranche:
    row = tranches_of(request.account).filter(public_id=tranche_id).first()
    if row is None:
        raise Http404
    return row
