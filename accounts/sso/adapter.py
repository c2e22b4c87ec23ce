"""How allauth's social sign-in meets our connections, domains and members."""

from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.errors import SsoRefused
from accounts.models import Account, JoinRequest, SsoConnection
from accounts.sso.come_in import Identity, checked, come_in
from accounts.sso.connections import note_test, secret_of
from accounts.sso.guarded import GuardedSession
from accounts.sso.joins import REFUSED, WAITING
from accounts.sso.rules import without_secrets
from accounts.sso.saml import ATTRIBUTES
from seatportal.kit.clock import now

log = structlog.get_logger(__name__)
GOOGLE = "https://accounts.google.com"
TEST = "test"
_NAMES = {SsoConnection.Kind.OIDC.value: "openid_connect", SsoConnection.Kind.SAML.value: "saml"}


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Apps are our connections, calls go by the guarded way out, and `come_in` alone says who gets a session."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The connection of that public id, as allauth wants one; never all of them."""
        found = SsoConnection.objects.filter(public_id=provider or "").select_related("account").first()
        return [app_of(found)] if found else []

    def get_requests_session(self) -> GuardedSession:
        """Addresses of customers' providers are addresses that somebody else wrote down."""
        return GuardedSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody signs up by themselves here: `come_in` made the sign-in, or refused."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider's word is true; now judge what it is worth."""
        connection = SsoConnection.objects.select_related("account").get(public_id=sociallogin.account.provider)
        identity = identity_of(connection, sociallogin)
        if sociallogin.state.get("process") == TEST:
            raise ImmediateHttpResponse(_tested(request, connection, identity))
        actor = actor_of(request, door="sso")
        try:
            found = come_in(connection=connection, identity=identity, actor=actor, at=now())
        except SsoRefused as error:
            log.info("sso_refused", connection=connection.public_id, why=str(error))
            raise ImmediateHttpResponse(refusal(request, connection, str(error))) from error
        if isinstance(found, JoinRequest):
            raise ImmediateHttpResponse(_asked(request, connection, found))
        sociallogin.user = found
        # Were there a way to connect instead of signing in, it would end here.
        sociallogin.state["process"] = "login"
        sociallogin.state.setdefault("next", f"/?account={connection.account.slug}")

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """One page for whatever went wrong between the provider and us; the log has the reason."""
        connection = SsoConnection.objects.select_related("account").get(public_id=provider.app.provider_id)
        state = (extra_context or {}).get("state") or {}
        raise ImmediateHttpResponse(
            failure(request, connection, exception or error, testing=state.get("process") == TEST)
        )


def app_of(connection: SsoConnection) -> SocialApp:
    """A connection in allauth's shape; never saved."""
    return SocialApp(
        provider=_NAMES[connection.kind],
        provider_id=connection.public_id,
        name=connection.name[:40],
        client_id=connection.client_id or connection.public_id,
        secret=secret_of(connection),
        settings={
            "server_url": connection.issuer,
            "oauth_pkce_enabled": True,
            "attribute_mapping": ATTRIBUTES,
            "use_nameid_for_email": True,
        },
    )


def identity_of(connection: SsoConnection, sociallogin: SocialLogin) -> Identity:
    """What the provider said, in our words."""
    said: dict[str, Any] = sociallogin.account.extra_data
    name = said.get("name") or " ".join(filter(None, (said.get("given_name"), said.get("family_name"))))
    return Identity(
        uid=sociallogin.account.uid,
        email=str(said.get("email") or ""),
        name=str(name or "")[:150],
        # Entra's word for it, where the app is set up to send it: the domain's owner gave the address.
        email_verified=_verified(said.get("email_verified", said.get("xms_edov"))),
        # Anybody may have a Google account at any address; only `hd` says that the organisation runs it.
        hosted=str(said.get("hd") or "") if connection.issuer == GOOGLE else None,
    )


def failure(request: HttpRequest, connection: SsoConnection, why: Any, *, testing: bool) -> HttpResponse:
    """The same for everybody, whatever went wrong between the provider and us; who tests it reads the reason."""
    reason = without_secrets(str(why))
    log.warning("sso_failed", connection=connection.public_id, why=reason)
    text = _("The sign-in with %(provider)s did not work. Try again; if it fails again, tell your admin.")
    detail = reason if testing else ""
    return refusal(request, connection, text % {"provider": connection.name}, detail=detail)


def refusal(
    request: HttpRequest, connection: SsoConnection, text: str, *, detail: str = "", status: int = 403
) -> HttpResponse:
    """The page that says why somebody is not in."""
    context = {"connection": connection, "text": text, "detail": detail}
    return render(request, "accounts/sso_refused.html", context, status=status)


def _verified(said: Any) -> bool | None:
    """Some providers write it as text. What is neither yes nor unsaid is no."""
    return None if said is None else str(said).lower() in ("true", "1")


def _asked(request: HttpRequest, connection: SsoConnection, found: JoinRequest) -> HttpResponse:
    waits = found.state == JoinRequest.State.OPEN
    text = str(WAITING if waits else REFUSED) % {"account": connection.account.name}
    context = {"connection": connection, "text": text, "waits": waits}
    return render(request, "accounts/sso_waiting.html", context, status=202 if waits else 403)


def _tested(request: HttpRequest, connection: SsoConnection, identity: Identity) -> HttpResponse:
    """Back from a test: nobody is signed in, the session stays whose it is."""
    account: Account = connection.account
    try:
        checked(connection, identity)
    except SsoRefused as error:
        return refusal(request, connection, str(error))
    note_test(connection=connection, at=now(), actor=actor_of(request))
    return redirect("accounts:sso_connection", account.slug, connection.public_id)
