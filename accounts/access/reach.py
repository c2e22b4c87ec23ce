"""How far a browser's session reaches: what an organisation's identity provider opened is that organisation's alone."""

from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.members.queries import accounts_of
from accounts.models import Account, SsoConnection, User
from accounts.sso.wall import how_signed_in


def by_provider_alone(request: HttpRequest) -> bool:
    """Whether only identity providers opened the session, and nothing of the person's own."""
    how = how_signed_in(request)
    return bool(how.providers) and not how.own


def accounts_in_reach(request: HttpRequest) -> QuerySet[Account]:
    """The person's accounts that this session may know of: all, or those whose provider opened it."""
    mine = accounts_of(cast(User, request.user))
    if not by_provider_alone(request):
        return mine
    theirs = SsoConnection.objects.filter(public_id__in=how_signed_in(request).providers)
    return mine.filter(pk__in=theirs.values("account"))


def is_guest(request: HttpRequest) -> bool:
    """Whether the person is at home in accounts beyond the session's reach: then it changes nothing that they see."""
    if not by_provider_alone(request):
        return False
    return accounts_of(cast(User, request.user)).exclude(pk__in=accounts_in_reach(request).values("pk")).exists()


def own_credentials(request: HttpRequest) -> HttpResponse:
    """The 403 page: sign in by yourself first."""
    return render(request, "accounts/own_credentials.html", status=403)
