"""The account's seat limit."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.terms.queries import terms_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.capacity.set_policy import set_policy
from seats.forms.policy import PolicyForm
from seats.frame import pool_for
from seats.models import SeatPool
from seats.true_up.agreed import has_true_up


@requires("policy.manage")
def policy(request: AccountRequest) -> HttpResponse:
    """Say in numbers what a limit means, and change it.

    While somebody chooses, the numbers of the choice are asked for by GET; without a script by the button "preview".
    """
    pool = pool_for(request)
    initial = {"mode": pool.mode, "allowance": pool.allowance, "grace_days": pool.grace_days}
    sent = request.POST if request.method == "POST" else request.GET if "mode" in request.GET else None
    form = PolicyForm(sent, initial=initial)
    status = 200
    if request.method == "POST" and "preview" not in request.POST:
        status = 422
        if form.is_valid():
            try:
                set_policy(account=request.account, actor=actor_of(request), at=now(), **form.cleaned_data)
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                messages.success(request, _("The seat limit is saved."))
                return redirect("seats:policy", request.account.slug)
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else initial
    trued_up = has_true_up(terms_of(request.account))
    context = {"form": form, "pool": pool, "trued_up": trued_up, **_meaning(pool, chosen)}
    part = request.method == "GET" and request.htmx and request.htmx.target == "meaning"
    return render(request, "seats/policy.html#meaning" if part else "seats/policy.html", context, status=status)


def _meaning(pool: SeatPool, chosen: dict[str, Any]) -> dict[str, Any]:
    """A choice in numbers: extra seats, seats that may be used, room, and how many are too many and until when."""
    extra = chosen["allowance"] if chosen["mode"] == SeatPool.Mode.SOFT else 0
    limit = pool.purchased + extra
    return {
        "extra": extra,
        "limit": limit,
        "room": max(limit - pool.assigned, 0),
        "beyond": max(pool.assigned - limit, 0),
        "ends": pool.over_since + timedelta(days=chosen["grace_days"]) if pool.over_since else None,
    }
