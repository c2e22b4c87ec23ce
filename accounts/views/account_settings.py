"""The account's own settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.forms import AccountForm
from accounts.members.update_account import FIELDS, update_account
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("account.manage")
def account_settings(request: AccountRequest) -> HttpResponse:
    """Show and change name, billing language, time zone and industry."""
    initial = {name: getattr(request.account, name) for name in FIELDS}
    form = AccountForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            update_account(account=request.account, actor=actor_of(request), at=now(), **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("accounts:settings", request.account.slug)
    return render(request, "accounts/account_settings.html", {"form": form}, status=422 if form.errors else 200)
