"""allauth's OpenID Connect, made stricter: every ID token is verified with the provider's keys (ADR 46).

allauth takes a token that it fetched itself at its word, and the person from /userinfo; here the token is checked in
full, must come from the very issuer that the account wrote down, and userinfo only adds what the token leaves out.
"""

import hashlib
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.urls import reverse

from accounts.errors import ConnectionRefused
from accounts.sso.discovery import discover
from accounts.sso.tokens import BadToken, claims_of

CLAIMS = ("sub", "email", "email_verified", "xms_edov", "name", "given_name", "family_name", "hd")


class OidcAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """One sign-in by one account's provider."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says about itself now. Raises OAuth2Error."""
        if not hasattr(self, "_document"):
            try:
                self._document = discover(self.get_provider().app.settings["server_url"]).document
            except ConnectionRefused as error:
                raise OAuth2Error(str(error)) from error
        return self._document

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Ours: every connection has its own, so that no provider's answer is taken for another's."""
        return request.build_absolute_uri(reverse("accounts:sso_callback", args=[self.provider_id]))

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """The code for tokens; what this sign-in is known by is kept for the look at them."""
        self._nonce = nonce_of(pkce_code_verifier or "")
        got: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)
        return got

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who it is, from the ID token. Raises OAuth2Error."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            try:
                claims = claims_of(
                    str(kwargs["response"].get("id_token", "")),
                    jwks=answer.json(),
                    issuer=self.openid_config["issuer"],
                    client_id=app.client_id,
                    nonce=self._nonce,
                )
            except BadToken as error:
                raise OAuth2Error(str(error)) from error
        if not claims.get("email") and self.openid_config.get("userinfo_endpoint"):
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("userinfo speaks of somebody else")
            claims = {**more, **claims}
        kept = {name: claims[name] for name in CLAIMS if name in claims}
        return self.get_provider().sociallogin_from_response(request, kept)


class OidcProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """Named by SOCIALACCOUNT_PROVIDERS in allauth's place."""

    oauth2_adapter_class = OidcAdapter

    def get_pkce_params(self) -> dict[str, str]:
        """The nonce stands beside the challenge: both come from the one secret that waits in the session."""
        found: dict[str, str] = super().get_pkce_params()
        return found | {"nonce": nonce_of(found["code_verifier"])}


def nonce_of(verifier: str) -> str:
    """What ties an ID token to the sign-in that asked for it (OpenID Connect Core 1.0, 3.1.2.1); empty for nothing.

    It says nothing of the verifier, and another hash than the challenge, which everybody sees.
    """
    return hashlib.sha256(f"nonce:{verifier}".encode()).hexdigest() if verifier else ""


provider_classes = [OidcProvider]
