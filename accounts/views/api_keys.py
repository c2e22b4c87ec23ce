"""API keys and OAuth clients: list, issue (shown once), rotate, revoke."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.access.roles import CAPABILITIES
from accounts.forms import KeyForm, RotateForm
from accounts.keys.issue_api_key import issue_api_key
from accounts.keys.queries import keys_of, working_keys_of
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.keys.rotate_api_key import rotate_api_key
from accounts.models import ApiKey
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("keys.manage")
@require_safe
def api_keys(request: AccountRequest) -> HttpResponse:
    """All keys, also ended ones."""
    context = {"keys": keys_of(request.account), "now": now()}
    return render(request, "accounts/api_keys.html", context)


@requires("keys.manage")
@never_cache
def issue(request: AccountRequest) -> HttpResponse:
    """Make one; its text is in this one answer and nowhere else."""
    form = KeyForm(request.POST or None, membership=request.membership)
    if request.method == "POST" and form.is_valid():
        try:
            key, secret = issue_api_key(
                account=request.account,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at(),
                oauth=form.cleaned_data["kind"] == "oauth_client",
                membership=request.membership,
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as error:
            # The verb speaks of a moment, the form of a last day.
            error.field = "ends_on" if error.field == "expires_at" else error.field
            put_error(form, error)
        else:
            return _shown(request, key, secret)
    return render(request, "accounts/api_key_new.html", {"form": form}, status=422 if form.errors else 200)


@requires("keys.manage")
@never_cache
def rotate(request: AccountRequest, key_id: str) -> HttpResponse:
    """Choose how long both work; then show the successor once."""
    key = get_object_or_404(working_keys_of(request.account, now()), public_id=key_id)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            new, secret = rotate_api_key(
                account=request.account,
                key=key,
                overlap=timedelta(hours=form.cleaned_data["overlap_hours"]),
                expires_at=key.expires_at,
                membership=request.membership,
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as error:
            put_error(form, error)
        else:
            return _shown(request, new, secret)
    context = {"form": form, "key": key}
    return render(request, "accounts/api_key_rotate.html", context, status=422 if form.errors else 200)


def _shown(request: AccountRequest, key: ApiKey, secret: str) -> HttpResponse:
    context = {
        "key": key,
        "secret": secret,
        "scopes": [CAPABILITIES[scope] for scope in key.scopes],
        "token_url": request.build_absolute_uri(reverse("oauth-token")),
    }
    return render(request, "accounts/api_key_shown.html", context)


@requires("keys.manage")
def revoke(request: AccountRequest, key_id: str) -> HttpResponse:
    """Ask, then end it."""
    key = get_object_or_404(keys_of(request.account), public_id=key_id, revoked_at__isnull=True)
    if request.method == "POST":
        revoke_api_key(account=request.account, key=key, actor=actor_of(request), at=now())
        messages.success(request, _("The key %(name)s no longer works.") % {"name": key.name})
        return redirect("accounts:api_keys", request.account.slug)
    return render(request, "accounts/api_key_revoke.html", {"key": key})
