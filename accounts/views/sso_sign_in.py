"""Signing in by single sign-on: whose it is, there, and back.

The last step to a provider is always a link or a redirect of a page, never of a form: our own content security policy
lets forms lead nowhere else.
"""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.sessions import LoginSession
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import client_ip
from accounts.access.pages import public
from accounts.access.roles import capabilities_of
from accounts.members.queries import membership_of
from accounts.models import SsoConnection
from accounts.sso.adapter import TEST, failure, refusal
from accounts.sso.oidc import OidcAdapter
from accounts.sso.queries import connections_for
from accounts.sso.saml import BadResponse, login_from, metadata_for, redirect_address
from accounts.sso_forms import AddressForm
from seatportal.api.throttling import count_request
from seatportal.kit.htmx import path_here

TOO_MANY = _("Too many attempts. Wait a moment, then try again.")


@public
@never_cache
def single_sign_on(request: HttpRequest) -> HttpResponse:
    """Ask for the address, then lead to its organisation's provider."""
    # The sign-in page sends its own form here, maybe before anything was typed.
    form = AddressForm(request.POST if request.POST.get("login") else None)
    connections: list[SsoConnection] = []
    if form.is_valid():
        connections = connections_for(form.cleaned_data["login"])
        if not connections:
            form.add_error("login", _("No single sign-on is set up for this address. Sign in with your password."))
    context = {"form": form, "connections": connections, "next": _next(request)}
    return render(request, "accounts/single_sign_on.html", context, status=422 if form.errors else 200)


@public
@require_safe
@never_cache
def start(request: HttpRequest, sso_id: str) -> HttpResponse:
    """Off to the provider."""
    connection = get_object_or_404(SsoConnection.objects.select_related("account"), public_id=sso_id)
    testing = "test" in request.GET
    if not (_manages(request, connection) if testing else connection.enabled_at):
        raise Http404
    if _too_many(request):
        return refusal(request, connection, str(TOO_MANY), status=429)
    provider = get_adapter(request).get_provider(request, provider=connection.public_id)
    process = TEST if testing else "login"
    if connection.kind == SsoConnection.Kind.SAML:
        state = {"process": process} | ({"next": _next(request)} if _next(request) else {})
        return HttpResponseRedirect(redirect_address(request, connection, state))
    try:
        answer: HttpResponse = provider.redirect(request, process, next_url=_next(request) or None)
    except OAuth2Error as error:
        return failure(request, connection, error, testing=testing)
    return answer


@public
@require_safe
@never_cache
def callback(request: HttpRequest, sso_id: str) -> HttpResponse:
    """Back from an OpenID provider."""
    get_object_or_404(SsoConnection, public_id=sso_id, kind=SsoConnection.Kind.OIDC)
    answer: HttpResponse = OAuth2CallbackView.adapter_view(OidcAdapter(request, sso_id))(request)
    return answer


@public
@csrf_exempt
@require_POST
def saml_acs(request: HttpRequest, sso_id: str) -> HttpResponse:
    """What a SAML provider lets the browser post. It comes from another site, so the session's cookie is not with it:
    the answer is kept for a moment, and the next step, a page of ours, has both.
    """
    connection = get_object_or_404(SsoConnection, public_id=sso_id, kind=SsoConnection.Kind.SAML)
    if _too_many(request):
        return refusal(request, connection, str(TOO_MANY), status=429)
    answer = redirect("accounts:saml_finish", sso_id)
    kept = LoginSession(request, "saml_acs_session", "saml-acs-session")
    kept.store.update({name: request.POST.get(name, "") for name in ("SAMLResponse", "RelayState")})
    kept.save(answer)
    return answer


@public
@require_safe
@never_cache
def saml_finish(request: HttpRequest, sso_id: str) -> HttpResponse:
    """Back from a SAML provider."""
    found = SsoConnection.objects.select_related("account").filter(kind=SsoConnection.Kind.SAML)
    connection = get_object_or_404(found, public_id=sso_id)
    kept = LoginSession(request, "saml_acs_session", "saml-acs-session")
    post = {name: str(kept.store.get(name, "")) for name in ("SAMLResponse", "RelayState")}
    kept.delete()
    provider = get_adapter(request).get_provider(request, provider=sso_id)
    try:
        login = login_from(request, connection, provider, post)
    except BadResponse as error:
        return failure(request, connection, error, testing=error.process == TEST)
    answer: HttpResponse = complete_social_login(request, login)
    return answer


@public
@require_safe
def saml_metadata(request: HttpRequest, sso_id: str) -> HttpResponse:
    """What the provider reads about us; there is no secret in it."""
    connection = get_object_or_404(SsoConnection, public_id=sso_id, kind=SsoConnection.Kind.SAML)
    return HttpResponse(metadata_for(request, connection), content_type="application/samlmetadata+xml")


def _manages(request: HttpRequest, connection: SsoConnection) -> bool:
    """Tests are for those who set the connection up."""
    if not request.user.is_authenticated:
        return False
    membership = membership_of(user=request.user, account_slug=connection.account.slug)
    return membership is not None and "account.manage" in capabilities_of(membership.role)


def _too_many(request: HttpRequest) -> bool:
    """Strangers are counted where they make us call a provider, or keep what they post."""
    counted = count_request("sso", f"ip:{client_ip(request)}")
    return counted is not None and not counted[1]


def _next(request: HttpRequest) -> str:
    return path_here(request, request.POST.get("next") or request.GET.get("next") or "")
