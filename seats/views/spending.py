"""What may be bought without approval, who approves the rest, and what departments may spend."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.mirror.queries import currency_of
from billing.terms.allowance import allowance_of
from billing.terms.approvers import chain_of
from billing.terms.set_buying_policy import buying_policy_of, set_buying_policy, set_chain
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.directory.buy_for_joiners import stopped_purchase, try_again
from seats.forms.spending import AllowanceForm, BudgetsForm, StepForm, step_forms
from seats.pool.budgets import budgets_of, seat_cost, set_budget

PAGE = "seats/spending.html"


@requires("policy.manage")
@require_safe
def spending(request: AccountRequest) -> HttpResponse:
    """The allowance with what is left of it, and the chain of approvers."""
    return render(request, PAGE, _context(request))


@requires("policy.manage")
def allowance(request: AccountRequest) -> HttpResponse:
    """Save the allowance."""
    if request.method != "POST":
        return redirect("seats:spending", request.account.slug)
    currency = currency_of(request.account)
    form = AllowanceForm(request.POST, currency=currency)
    status = 422
    if form.is_valid():
        typed = {"amount": None} | form.cleaned_data
        try:
            set_buying_policy(account=request.account, currency=currency, actor=actor_of(request), at=now(), **typed)
        except PortalError as error:
            put_error(form, error)
            status = error.status
        else:
            messages.success(request, _("The rules for buying are saved."))
            return redirect("seats:spending", request.account.slug)
    return render(request, PAGE, _context(request, form=form), status=status)


@requires("policy.manage")
def chain(request: AccountRequest) -> HttpResponse:
    """Save who approves."""
    if request.method != "POST":
        return redirect("seats:spending", request.account.slug)
    forms = step_forms(request.account, currency_of(request.account), (), request.POST)
    status, problem = 422, ""
    right = [form.is_valid() for form in forms]
    if all(right):
        steps = [step for n, form in enumerate(forms, start=1) if (step := form.step(n)) is not None]
        try:
            set_chain(account=request.account, steps=steps, actor=actor_of(request), at=now())
        except PortalError as error:
            status, problem = error.status, str(error)
        else:
            messages.success(request, _("The approvers are saved."))
            return redirect("seats:spending", request.account.slug)
    return render(request, PAGE, _context(request, steps=forms) | {"problem": problem}, status=status)


@requires("policy.manage")
def budgets(request: AccountRequest) -> HttpResponse:
    """Save what departments may spend on seats."""
    if request.method != "POST":
        return redirect("seats:spending", request.account.slug)
    currency = currency_of(request.account)
    form = BudgetsForm(request.POST, budgets=budgets_of(request.account) if currency else [], currency=currency)
    if not form.is_valid():
        return render(request, PAGE, _context(request, budgets=form), status=422)
    for row in form.budgets:
        set_budget(
            account=request.account,
            department=row.department,
            amount=form.cleaned_data[row.department.public_id],
            currency=currency,
            actor=actor_of(request),
            at=now(),
        )
    messages.success(request, _("The budgets are saved."))
    return redirect("seats:spending", request.account.slug)


@requires("policy.manage")
@require_POST
def joiners(request: AccountRequest) -> HttpResponse:
    """Try again to buy for people whom a directory added."""
    if try_again(account=request.account, actor=actor_of(request), at=now()):
        messages.success(request, _("The seats are tried again in a moment."))
    return redirect("seats:spending", request.account.slug)


def _context(
    request: AccountRequest,
    *,
    form: AllowanceForm | None = None,
    steps: list[StepForm] | None = None,
    budgets: BudgetsForm | None = None,
) -> dict[str, Any]:
    account = request.account
    currency = currency_of(account)
    policy = buying_policy_of(account)
    initial = {"seats": policy.seats, "amount": policy.amount, "joiners": policy.joiners}
    other = bool(policy.currency and currency and policy.currency != currency)
    if other:
        initial["amount"] = None
    return {
        "form": form or AllowanceForm(initial=initial, currency=currency),
        "steps": steps or step_forms(account, currency, chain_of(account)),
        "budgets": budgets or BudgetsForm(budgets=budgets_of(account) if currency else [], currency=currency),
        "cost": seat_cost(account),
        "stopped": stopped_purchase(account),
        "allowance": allowance_of(account, now()),
        "other_currency": policy.currency if other else "",
    }
