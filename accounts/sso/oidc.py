"""allauth's OpenID Connect, made stricter: every ID token is verified with the provider's keys (ADR 46).

allauth takes a token that it fetched itself at its word, and the person from /userinfo; here the token is checked in
full, must come from the very issuer that the account wrote down, and userinfo only adds what the token leaves out.
"""

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

CLAIMS = ("sub", "email", "email_verified", "name", "given_name", "family_name", "hd")


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


provider_classes = [OidcProvider]
