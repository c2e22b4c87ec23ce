"""The return on the seats: assumptions, their result as one types, and the versions that were saved."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seats.forms.roi import DEFAULT_SHARE, RoiForm
from seats.value.roi import Cost, Saved, cost_of, save_roi, versions_of
from seats.value.roi_rules import Assumptions, break_even, hours_of, outcome, sensitivity
from seats.views.common import counts_for
from seats.views.value import EDITS, SEES_COST

# As in roi_rules.SENSITIVITY.
CASES = (gettext_lazy("Low"), gettext_lazy("Expected"), gettext_lazy("High"))


@requires("usage.view")
@require_safe
def roi(request: AccountRequest) -> HttpResponse:
    """Try assumptions by GET; only saving them needs an admin."""
    cost, versions = _cost(request), _versions(request)
    last = versions[0].given if versions and versions[0].row.currency == cost.currency else None
    initial = RoiForm.initial_of(last, cost.currency) if last else {"share": DEFAULT_SHARE}
    form = RoiForm(request.GET if "hours" in request.GET else None, initial=initial, currency=cost.currency)
    given = last
    if form.is_bound:
        given = form.given() if form.is_valid() else None
    context = _context(request, form, cost, given) | {"versions": versions}
    part = request.htmx and request.htmx.target == "result"
    return render(request, "seats/roi.html#result" if part else "seats/roi.html", context)


@requires(EDITS)
@require_POST
def save(request: AccountRequest) -> HttpResponse:
    """Keep what was assumed as a version."""
    cost = _cost(request)
    form = RoiForm(request.POST, currency=cost.currency)
    if form.is_valid():
        save_roi(account=request.account, given=form.given(), actor=actor_of(request), at=now())
        messages.success(request, _("The assumptions are saved."))
        return redirect("seats:roi", request.account.slug)
    context = _context(request, form, cost, None) | {"versions": _versions(request)}
    return render(request, "seats/roi.html", context, status=422)


def _cost(request: AccountRequest) -> Cost:
    """Without an amount for those who may not see invoices."""
    cost = cost_of(request.account)
    return cost if SEES_COST in request.capabilities else Cost(cost.currency)


def _versions(request: AccountRequest) -> list[Saved]:
    return versions_of(request.account, priced=SEES_COST in request.capabilities)


def _context(request: AccountRequest, form: RoiForm, cost: Cost, given: Assumptions | None) -> dict[str, Any]:
    active = counts_for(request).active
    facts: dict[str, Any] = {"active": active, "cost": cost.amount}
    rows = sensitivity(given, **facts) if given else []
    enough = break_even(given, **facts) if given else None
    return {
        "form": form,
        "cost": cost,
        "currency": cost.currency,
        "active": active,
        "given": given,
        "result": outcome(given, **facts) if given else None,
        "rows": [(name, hours_of(row.hours), row) for name, row in zip(CASES, rows, strict=False)],
        "enough": None if enough is None else hours_of(enough),
        "may_edit": EDITS in request.capabilities,
        "sees_cost": SEES_COST in request.capabilities,
    }
