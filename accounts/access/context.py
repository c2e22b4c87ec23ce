"""The context of every page's frame."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access.actor import impersonator_of
from accounts.access.frame import banner_of, nav_of, settings_of
from accounts.access.pages import AccountRequest
from accounts.access.reach import accounts_in_reach
from accounts.models import User
from seatportal.kit.contact import account_team


def frame(request: HttpRequest) -> dict[str, Any]:
    """account, account_team, membership, capabilities, accounts_of_user, nav, settings_nav, banner, theme,
    impersonating.

    What costs a query is lazy: a part rendered for htmx does not pay for the frame around it.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"theme": request.COOKIES.get("theme", User.Theme.SYSTEM), "impersonating": None}
    context: dict[str, Any] = {
        "theme": user.theme,
        "impersonating": impersonator_of(request),
        "accounts_of_user": SimpleLazyObject(lambda: list(accounts_in_reach(request))),
    }
    if hasattr(request, "account"):
        member = cast(AccountRequest, request)
        context |= {
            "account": member.account,
            "account_team": account_team(),
            "membership": member.membership,
            "capabilities": member.capabilities,
            "nav": SimpleLazyObject(lambda: nav_of(member)),
            "settings_nav": SimpleLazyObject(lambda: settings_of(member)),
            "banner": SimpleLazyObject(lambda: banner_of(member)),
        }
    return context
