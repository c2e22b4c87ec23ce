"""The entrance of account pages: `@requires(capability)`, `@signed_in`, `@public`.

Each marks the view with `access_rule`, so that a check can find a URL that nobody has thought about.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from accounts.access.roles import CAPABILITIES, capabilities_of, roles_with
from accounts.members.queries import helpers_of, membership_of
from accounts.models import Account, Membership, User
from accounts.sso.queries import connections_of
from accounts.sso.rules import Wall
from accounts.sso.wall import wall_of
from seatportal.kit.htmx import HtmxRequest, path_here

# Where in the session the account stands that was open last: `/` leads there.
LAST_ACCOUNT = "account"


class AccountRequest(HtmxRequest):
    """A request by a member of an account."""

    account: Account
    membership: Membership
    capabilities: frozenset[str]


type Door = Callable[..., HttpResponseBase]


def requires[**P](
    capability: str | None,
) -> Callable[[Callable[Concatenate[AccountRequest, P], HttpResponseBase]], Door]:
    """Admit members of the account named by `account_slug` in the URL who have the capability (None: any member).

    Anonymous: to the sign-in. A stranger: 404, as if the account did not exist. A session that the account's sign-in
    rules do not take: 403 with the way in. A member without the capability: 403 with the names of those who can help.
    """
    if capability is not None and capability not in CAPABILITIES:
        raise ValueError(f"Unknown capability {capability!r}.")

    def decorate(view: Callable[Concatenate[AccountRequest, P], HttpResponseBase]) -> Door:
        @wraps(view)
        def door(request: HttpRequest, account_slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(cast(HtmxRequest, request))
            member = cast(AccountRequest, request)
            enter(member, account_slug)
            wall = wall_of(request, member.membership)
            if wall is not None:
                return behind_wall(member, wall)
            if capability is not None and capability not in member.capabilities:
                return no_permission(member, capability)
            return view(member, *args, **kwargs)

        vars(door)["access_rule"] = capability or "member"
        return door

    return decorate


def to_sign_in(request: HtmxRequest) -> HttpResponse:
    """Sign in, then come back. A part asked for by htmx makes the whole page go, or the form would land inside it.

    Whoever sent a form comes back to the page that it was on: its own address may only take forms.
    """
    if request.htmx:
        return HttpResponseClientRedirect(redirect_to_login(request.htmx.current_url_abs_path or "/").url)
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    return redirect_to_login(path_here(request, request.headers.get("Referer", "")) or request.get_full_path())


def enter(request: AccountRequest, account_slug: str) -> None:
    """Put account, membership and capabilities on the request; 404 for anybody who is not in the account."""
    membership = membership_of(user=cast(User, request.user), account_slug=account_slug)
    if membership is None:
        raise Http404
    request.membership = membership
    request.account = membership.account
    request.capabilities = capabilities_of(membership.role)
    if request.session.get(LAST_ACCOUNT) != account_slug:
        request.session[LAST_ACCOUNT] = account_slug
    if not membership.user.time_zone:
        timezone.activate(membership.account.time_zone)


def behind_wall(request: AccountRequest, wall: Wall) -> HttpResponse:
    """This session does not open the account: which one does."""
    if request.htmx:
        # A part of a page has no room for it; the whole page says it.
        return HttpResponseClientRedirect(request.htmx.current_url_abs_path or "/")
    account = request.account
    # Until the right session is there, the frame shows nothing of the account.
    del request.account
    context = {
        "place": account,
        "enforced": wall == Wall.ENFORCED,
        "connections": connections_of(account).filter(enabled_at__isnull=False),
        "next": request.get_full_path() if request.method == "GET" else f"/?account={account.slug}",
    }
    return render(request, "accounts/sso_wall.html", context, status=403)


def no_permission(request: AccountRequest, capability: str) -> HttpResponse:
    """The 403 page: what was missing and who can help."""
    helpers = helpers_of(request.account, roles=roles_with(capability))
    context = {"missing": CAPABILITIES[capability], "helpers": helpers}
    return render(request, "accounts/no_permission.html", context, status=403)


def signed_in[**P](view: Callable[Concatenate[HtmxRequest, P], HttpResponseBase]) -> Door:
    """Admit whoever has signed in; others go to the sign-in first."""

    @wraps(view)
    def door(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(cast(HtmxRequest, request))
        return view(cast(HtmxRequest, request), *args, **kwargs)

    vars(door)["access_rule"] = "signed_in"
    return door


def public[V: Callable[..., Any]](view: V) -> V:
    """Open to everybody."""
    vars(view)["access_rule"] = "public"
    return view
