"""One's own profile: name, language, time zone, appearance; and the ways to the sign-in's own pages."""

from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.access.pages import signed_in
from accounts.access.reach import is_guest, own_credentials
from accounts.forms import ProfileForm
from accounts.members.update_profile import FIELDS, update_profile
from accounts.models import User
from seatportal.kit.htmx import HtmxRequest


@signed_in
def profile(request: HtmxRequest) -> HttpResponse:
    """Show and change; a session of one organisation's provider changes nothing that others see too."""
    guest = is_guest(request)
    if guest and request.method == "POST":
        return own_credentials(request)
    user = cast(User, request.user)
    initial = {name: getattr(user, name) for name in FIELDS}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        changed = update_profile(user=user, **form.cleaned_data)
        with translation.override(changed.locale):
            messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    context = {"form": form, "guest": guest}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)
