"""How usage is kept and shown."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seats.forms.usage import UsageSettingsForm
from seats.usage.settings import set_usage_settings, usage_settings


@requires("account.manage")
def settings(request: AccountRequest) -> HttpResponse:
    """Privacy mode and the time that events are kept."""
    now = usage_settings(request.account)
    initial = {"groups_only": now.groups_only, "keep_days": now.keep_days, "peers": now.peers}
    form = UsageSettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        set_usage_settings(account=request.account, actor=actor_of(request), **form.cleaned_data)
        messages.success(request, _("The usage settings are saved."))
        return redirect("seats:usage_settings", request.account.slug)
    return render(request, "seats/usage_settings.html", {"form": form}, status=422 if form.is_bound else 200)
