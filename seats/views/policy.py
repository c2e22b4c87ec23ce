"""The account's seat limit."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.capacity.set_policy import set_policy
from seats.forms.policy import PolicyForm
from seats.frame import pool_for


@requires("policy.manage")
def policy(request: AccountRequest) -> HttpResponse:
    """Say in numbers what each limit means, and change it."""
    pool = pool_for(request)
    initial = {"mode": pool.mode, "allowance": pool.allowance, "grace_days": pool.grace_days}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
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
    allowance = form.cleaned_data.get("allowance") if form.is_bound and form.is_valid() else pool.allowance
    context = {"form": form, "pool": pool, "with_extra": pool.purchased + (allowance or 0)}
    return render(request, "seats/policy.html", context, status=status)
