"""Sign-in and domains: what an account has proved, who speaks for its people, and what it asks of them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.sso.connections import save_policy
from accounts.sso.queries import connections_of, domains_of, policy_of, waiting_joins
from accounts.sso_forms import PolicyForm
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("account.manage")
def sign_in_settings(request: AccountRequest) -> HttpResponse:
    """Show all three; save the policy."""
    account = request.account
    policy = policy_of(account)
    form = PolicyForm(request.POST or None, initial={"join": policy.join, "enforced": policy.enforced})
    if request.method == "POST" and form.is_valid():
        try:
            save_policy(account=account, actor=actor_of(request), at=now(), **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The sign-in rules are saved."))
            return redirect("accounts:sign_in_settings", account.slug)
    context = {
        "form": form,
        "domains": domains_of(account),
        "connections": connections_of(account),
        "waiting": waiting_joins(account).count(),
    }
    return render(request, "accounts/sign_in_settings.html", context, status=422 if form.errors else 200)
