"""The way in: to the account of last time, or to the choice among mine."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.frame import nav_of
from accounts.access.pages import LAST_ACCOUNT, AccountRequest, enter, public, signed_in
from accounts.access.reach import accounts_in_reach, by_provider_alone, is_guest, own_credentials
from accounts.forms import OpenAccountForm
from accounts.members.open_account import open_account
from accounts.members.update_profile import update_profile
from accounts.models import User
from seatportal.kit.clock import now
from seatportal.kit.htmx import HtmxRequest, path_here


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the first place that the person may open in the account asked for, of last time, or the first."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    user = request.user
    slugs = list(accounts_in_reach(request).values_list("slug", flat=True))
    if not slugs:
        return redirect("admin:index" if user.is_staff else "accounts:my_accounts")
    asked = request.GET.get("account") or request.session.get(LAST_ACCOUNT)
    member = cast(AccountRequest, request)
    enter(member, asked if asked in slugs else slugs[0])
    places = nav_of(member)
    return redirect(places[0].url if places else "accounts:profile")


@signed_in
def my_accounts(request: HtmxRequest) -> HttpResponse:
    """My accounts, and a form to open a further one, which a provider's session would not open afterwards."""
    if by_provider_alone(request):
        if request.method == "POST":
            return own_credentials(request)
        return render(request, "accounts/my_accounts.html")
    form = OpenAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = open_account(
            name=form.cleaned_data["name"], user=cast(User, request.user), at=now(), actor=actor_of(request)
        )
        return HttpResponseRedirect(f"/?account={account.slug}")
    return render(request, "accounts/my_accounts.html", {"form": form}, status=422 if form.errors else 200)


@public
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen appearance in the profile, and in a cookie for pages without a sign-in."""
    theme = request.POST.get("theme", "")
    response = HttpResponseRedirect(path_here(request, request.POST.get("next", "")) or "/")
    if theme in User.Theme.values:
        if request.user.is_authenticated and not is_guest(request):
            update_profile(user=request.user, theme=theme)
        response.set_cookie("theme", theme, max_age=31_536_000, samesite="Lax", secure=request.is_secure())
    return response
