"""SAML 2.0 by python3-saml: to the provider by a redirect, back by a POST whose assertion is signed.

allauth brings state and the shape of a sign-in; its own views take one certificate only and follow addresses of
metadata by themselves, so the way there and back is ours (ADR 46).
"""

from typing import Any

from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.errors import ConnectionRefused
from accounts.models import SsoConnection
from seatportal.kit.clock import now, to_unix
from seatportal.kit.outgoing import NoAnswer, NotAllowed, fetch

# Longer than any assertion is good for, should one not say until when.
_REMEMBER_SECONDS = 86_400
ATTRIBUTES = {
    "email": [
        "email",
        "mail",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    ],
    "first_name": [
        "firstName",
        "given_name",
        "urn:oid:2.5.4.42",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    ],
    "last_name": [
        "lastName",
        "family_name",
        "urn:oid:2.5.4.4",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    ],
}


class BadResponse(Exception):
    """Not an answer to believe; the text says why, for logs and who tests. process: what the sign-in was begun for."""

    process = ""


class SamlProvider(SAMLProvider):  # type: ignore[misc]  # allauth has no types
    """Named by SOCIALACCOUNT_PROVIDERS in allauth's place: keeps of the attributes what is read again."""

    def extract_extra_data(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """As an OpenID provider would have said it."""
        said = self.extract_common_fields(data)
        return {
            "email": said.get("email"),
            "given_name": said.get("first_name"),
            "family_name": said.get("last_name"),
        }


def read_metadata(*, url: str, xml: str) -> dict[str, Any]:
    """entity_id, sso_url and certificates of a provider, from its address or text. Call it outside of transactions.

    Raises ConnectionRefused, at the field that was used.
    """
    field = "metadata_url" if url else "metadata_xml"
    if url:
        try:
            got = fetch(url)
        except (NotAllowed, NoAnswer) as error:
            raise ConnectionRefused(
                _("The metadata could not be fetched. Write a public https address, or paste the text."), field=field
            ) from error
        xml = got.body.decode("utf-8", errors="replace") if got.status == 200 else ""
    try:
        idp = OneLogin_Saml2_IdPMetadataParser.parse(xml.strip().encode())["idp"]
        many = idp.get("x509certMulti", {}).get("signing") or [idp["x509cert"]]
        found: dict[str, Any] = {
            "entity_id": str(idp["entityId"]),
            "sso_url": str(idp["singleSignOnService"]["url"]),
            "certificates": ["".join(one.split()) for one in many],
        }
    except Exception as error:  # lxml's, the library's own, and whatever is missing
        raise ConnectionRefused(
            _("This is no metadata of an identity provider with a redirect address and a certificate."), field=field
        ) from error
    if not found["sso_url"].startswith(("https://", "http://")) or len(found["entity_id"] + found["sso_url"]) > 900:
        raise ConnectionRefused(_("The provider's sign-in address is no web address."), field=field)
    return found


def metadata_for(request: HttpRequest, connection: SsoConnection) -> bytes:
    """What the provider wants to know about us, as XML."""
    settings = OneLogin_Saml2_Settings(_settings(request, connection), sp_validation_only=True)
    made = settings.get_sp_metadata()
    return made.encode() if isinstance(made, str) else bytes(made)


def redirect_address(request: HttpRequest, connection: SsoConnection, state: dict[str, Any]) -> str:
    """Where to send the browser; the state waits in its session, for ten minutes and one answer."""
    relay = get_random_string(32)
    auth = _auth(request, connection, {})
    address = str(auth.login(return_to=relay))
    statekit.stash_state(
        request,
        provider_id=connection.public_id,
        state=state | {"request": auth.get_last_request_id()},
        state_id=relay,
    )
    return address


def login_from(
    request: HttpRequest, connection: SsoConnection, provider: SamlProvider, post: dict[str, str]
) -> SocialLogin:
    """Who the provider says it is. Raises BadResponse.

    The answer has to be to a request of this very browser, signed by the provider, for us, of now, and new.
    """
    state = statekit.unstash_state(request, provider_id=connection.public_id, state_id=post.get("RelayState", ""))
    if state is None:
        raise BadResponse("No sign-in of this browser waits for it.")
    try:
        auth = _believed(request, connection, post, state["request"])
    except BadResponse as error:
        error.process = state["process"]
        raise
    login: SocialLogin = provider.sociallogin_from_response(request, auth)
    login.state = state
    return login


def _believed(
    request: HttpRequest, connection: SsoConnection, post: dict[str, str], request_id: str
) -> OneLogin_Saml2_Auth:
    auth = _auth(request, connection, post)
    try:
        auth.process_response(request_id=request_id)
    except Exception as error:  # the library raises its own, lxml's and binascii's
        raise BadResponse(f"{type(error).__name__}: {error}") from error
    if auth.get_errors() or not auth.is_authenticated():
        raise BadResponse(auth.get_last_error_reason() or ", ".join(auth.get_errors()) or "not authenticated")
    _check_request(auth, request_id)
    _remember(connection, auth)
    uid = auth.get_nameid()
    if not uid or len(uid) > 190 or auth.get_nameid_format() == OneLogin_Saml2_Constants.NAMEID_TRANSIENT:
        raise BadResponse("The NameID is missing, too long or transient.")
    return auth


def _check_request(auth: OneLogin_Saml2_Auth, request_id: str) -> None:
    """The library lets an answer pass that names no request at all; ours has to name ours, in its signed part too."""
    response = OneLogin_Saml2_XML.to_etree(auth.get_last_response_xml())
    confirmed = OneLogin_Saml2_XML.query(response, "//saml:SubjectConfirmationData")
    if {auth.get_last_response_in_response_to(), *(one.get("InResponseTo") for one in confirmed)} != {request_id}:
        raise BadResponse("It answers another request, or none.")


def _remember(connection: SsoConnection, auth: OneLogin_Saml2_Auth) -> None:
    """An assertion serves once, whoever brings it."""
    until = auth.get_last_assertion_not_on_or_after()
    seconds = max(int(until or 0) - to_unix(now()) + 600, _REMEMBER_SECONDS)
    if not cache.add(f"saml:{connection.public_id}:{auth.get_last_assertion_id()}", 1, timeout=seconds):
        raise BadResponse("The assertion was used before.")


def _auth(request: HttpRequest, connection: SsoConnection, post: dict[str, str]) -> OneLogin_Saml2_Auth:
    acs = reverse("accounts:saml_acs", args=[connection.public_id])
    asked = {
        "https": "on" if request.is_secure() else "off",
        "http_host": request.get_host(),
        "script_name": acs,
        "get_data": {},
        "post_data": post,
    }
    return OneLogin_Saml2_Auth(asked, old_settings=_settings(request, connection))


def _settings(request: HttpRequest, connection: SsoConnection) -> dict[str, Any]:
    def absolute(name: str) -> str:
        return request.build_absolute_uri(reverse(f"accounts:{name}", args=[connection.public_id]))

    return {
        "strict": True,
        "security": {
            "wantAssertionsSigned": True,
            "wantNameId": True,
            "wantAttributeStatement": False,
            "requestedAuthnContext": False,
            "rejectDeprecatedAlgorithm": True,
            "allowRepeatAttributeName": True,
            # Our own address may be `localhost`; theirs is checked when it is written down.
            "allowSingleLabelDomains": True,
        },
        "sp": {
            "entityId": absolute("saml_metadata"),
            "assertionConsumerService": {
                "url": absolute("saml_acs"),
                "binding": OneLogin_Saml2_Constants.BINDING_HTTP_POST,
            },
            "NameIDFormat": OneLogin_Saml2_Constants.NAMEID_UNSPECIFIED,
        },
        "idp": {
            "entityId": connection.entity_id,
            "singleSignOnService": {
                "url": connection.sso_url,
                "binding": OneLogin_Saml2_Constants.BINDING_HTTP_REDIRECT,
            },
            "x509certMulti": {"signing": connection.certificates},
        },
    }
