"""Identity providers of an account: set up, test, switch, delete."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.models import SsoConnection
from accounts.sso.certificates import last_end
from accounts.sso.connections import delete_connection, save_oidc, save_saml, switch_connection
from accounts.sso.queries import connections_of, verified_names
from accounts.sso_forms import OidcForm, SamlForm
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("account.manage")
def add_oidc(request: AccountRequest) -> HttpResponse:
    """Set up an OpenID provider."""
    return _form(request, OidcForm(request.POST or None, changing=False), None)


@requires("account.manage")
def add_saml(request: AccountRequest) -> HttpResponse:
    """Set up a SAML provider."""
    return _form(request, SamlForm(request.POST or None), None)


@requires("account.manage")
def change(request: AccountRequest, sso_id: str) -> HttpResponse:
    """Change one; another provider has to be tested anew."""
    connection = _find(request, sso_id)
    if connection.kind == SsoConnection.Kind.SAML:
        read = {"name": connection.name, "metadata_url": connection.metadata_url}
        return _form(request, SamlForm(request.POST or None, initial=read), connection)
    initial = {"name": connection.name, "issuer": connection.issuer, "client_id": connection.client_id}
    return _form(request, OidcForm(request.POST or None, changing=True, initial=initial), connection)


@requires("account.manage")
@require_safe
def connection(request: AccountRequest, sso_id: str) -> HttpResponse:
    """One, with what its provider has to know about us."""
    row = _find(request, sso_id)
    context = {
        "connection": row,
        "names": sorted(verified_names(request.account)),
        "certificate_ends": last_end(row.certificates),
        "copies": [
            *_for_provider(request, row),
            (_("Sign-in address, for a tile in the provider's list of apps"), _absolute(request, "sso_start", row)),
        ],
    }
    return render(request, "accounts/sso_connection.html", context)


@requires("account.manage")
@require_POST
def switch(request: AccountRequest, sso_id: str) -> HttpResponse:
    """On or off; the button says which it meant."""
    row, on = _find(request, sso_id), request.POST.get("to") == "on"
    try:
        switch_connection(account=request.account, connection=row, on=on, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        text = _("%(name)s signs people in now.") if on else _("%(name)s signs nobody in any more.")
        messages.success(request, text % {"name": row.name})
    return redirect("accounts:sso_connection", request.account.slug, row.public_id)


@requires("account.manage")
def delete(request: AccountRequest, sso_id: str) -> HttpResponse:
    """Ask, then forget it."""
    row = _find(request, sso_id)
    if request.method == "POST":
        try:
            delete_connection(account=request.account, connection=row, actor=actor_of(request), at=now())
        except PortalError as error:
            messages.error(request, str(error))
            return redirect("accounts:sso_connection", request.account.slug, row.public_id)
        messages.success(request, _("The connection %(name)s is deleted.") % {"name": row.name})
        return redirect("accounts:sign_in_settings", request.account.slug)
    return render(request, "accounts/sso_delete.html", {"connection": row})


def _for_provider(request: AccountRequest, row: SsoConnection) -> list[tuple[str, str]]:
    if row.kind == SsoConnection.Kind.OIDC:
        return [(_("Redirect URI"), _absolute(request, "sso_callback", row))]
    return [
        (_("Assertion consumer service (ACS), by POST"), _absolute(request, "saml_acs", row)),
        (_("Entity ID, and the address of our metadata"), _absolute(request, "saml_metadata", row)),
    ]


def _form(request: AccountRequest, form: OidcForm | SamlForm, row: SsoConnection | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            save = save_saml if isinstance(form, SamlForm) else save_oidc
            saved = save(
                account=request.account, connection=row, actor=actor_of(request), at=now(), **form.cleaned_data
            )
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The connection is saved."))
            return redirect("accounts:sso_connection", request.account.slug, saved.public_id)
    context: dict[str, Any] = {"form": form, "connection": row}
    return render(request, "accounts/sso_form.html", context, status=422 if form.errors else 200)


def _absolute(request: AccountRequest, name: str, row: SsoConnection) -> str:
    return request.build_absolute_uri(reverse(f"accounts:{name}", args=[row.public_id]))


def _find(request: AccountRequest, sso_id: str) -> SsoConnection:
    return get_object_or_404(connections_of(request.account), public_id=sso_id)
