"""Directories: list, connect (the token is shown once), change the token, disconnect."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.directory.connect import connect_directory, revoke_connection, rotate_token
from accounts.directory.queries import connections_of, living_connections_of
from accounts.forms import DirectoryForm
from accounts.models import ScimConnection
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("keys.manage")
@require_safe
def directories(request: AccountRequest) -> HttpResponse:
    """All connections, also ended ones."""
    context = {"connections": connections_of(request.account), "base_url": _base_url(request), "now": now()}
    return render(request, "accounts/directories.html", context)


@requires("keys.manage")
@never_cache
def connect(request: AccountRequest) -> HttpResponse:
    """Make one; its token is in this one answer and nowhere else."""
    form = DirectoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            connection, secret = connect_directory(
                account=request.account,
                name=form.cleaned_data["name"],
                membership=request.membership,
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as error:
            put_error(form, error)
        else:
            return _shown(request, connection, secret)
    return render(request, "accounts/directory_new.html", {"form": form}, status=422 if form.errors else 200)


@requires("keys.manage")
@never_cache
def rotate(request: AccountRequest, connection_id: str) -> HttpResponse:
    """Ask, then show a new token once."""
    connection = get_object_or_404(living_connections_of(request.account), public_id=connection_id)
    if request.method == "POST":
        secret = rotate_token(account=request.account, connection=connection, actor=actor_of(request), at=now())
        return _shown(request, connection, secret)
    return render(request, "accounts/directory_rotate.html", {"connection": connection})


@requires("keys.manage")
def disconnect(request: AccountRequest, connection_id: str) -> HttpResponse:
    """Ask, then end it."""
    connection = get_object_or_404(living_connections_of(request.account), public_id=connection_id)
    if request.method == "POST":
        revoke_connection(account=request.account, connection=connection, actor=actor_of(request), at=now())
        messages.success(request, _("%(name)s is no longer connected.") % {"name": connection.name})
        return redirect("accounts:directories", request.account.slug)
    return render(request, "accounts/directory_disconnect.html", {"connection": connection})


def _shown(request: AccountRequest, connection: ScimConnection, secret: str) -> HttpResponse:
    context = {"connection": connection, "secret": secret, "base_url": _base_url(request)}
    return render(request, "accounts/directory_shown.html", context)


def _base_url(request: AccountRequest) -> str:
    return request.build_absolute_uri("/scim/v2")
