"""A SAML provider that signs for real: responses are built here and signed by xmlsec."""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from secrets import token_hex
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from tests.idp import key_pair

ENTITY = "https://idp.example/saml"
SSO = "https://idp.example/saml/sso"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


@cache
def certificate(name: str) -> str:
    """Self-signed, as providers' are."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key_pair(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key_pair(name), SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def body_of(name: str) -> str:
    """The certificate as metadata writes it."""
    return "".join(certificate(name).strip().splitlines()[1:-1])


def metadata(*names: str) -> str:
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body_of(name)}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for name in names
    )
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{ENTITY}"><md:IDPSSODescriptor '
        f'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleSignOnService '
        f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{SSO}"/></md:IDPSSODescriptor>'
        "</md:EntityDescriptor>"
    )


@dataclass
class Answer:
    """A response to the request in `address`; every part can be told to lie."""

    address: str
    name_id: str = "mia@acme.example"
    name_format: str = EMAIL
    attributes: dict[str, str] = field(default_factory=dict)
    key: str | None = "saml"
    issuer: str = ENTITY
    audience: str = ""
    acs: str = ""
    in_response_to: str | None = ""
    age: timedelta = timedelta(0)

    @property
    def request(self) -> etree._Element:
        packed = parse_qs(urlsplit(self.address).query)["SAMLRequest"][0]
        return etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))

    @property
    def relay(self) -> str:
        return parse_qs(urlsplit(self.address).query)["RelayState"][0]

    def form(self) -> dict[str, str]:
        """What the browser posts."""
        asked = self.request
        acs = self.acs or asked.get("AssertionConsumerServiceURL")
        mine = asked.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer")
        answered = asked.get("ID") if self.in_response_to == "" else self.in_response_to
        reply = f' InResponseTo="{answered}"' if answered else ""
        now = datetime.now(UTC) - self.age
        at, start, end = ((now + timedelta(minutes=offset)).strftime("%Y-%m-%dT%H:%M:%SZ") for offset in (0, -2, 5))
        told = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
            for name, value in self.attributes.items()
        )
        statement = f"<saml:AttributeStatement>{told}</saml:AttributeStatement>" if told else ""
        assertion = (
            f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{token_hex(16)}" Version="2.0" '
            f'IssueInstant="{at}"><saml:Issuer>{self.issuer}</saml:Issuer><saml:Subject>'
            f'<saml:NameID Format="{self.name_format}">{self.name_id}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{acs}"{reply}/></saml:SubjectConfirmation>'
            f'</saml:Subject><saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}"><saml:AudienceRestriction>'
            f"<saml:Audience>{self.audience or mine}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{at}"><saml:AuthnContext><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            f"</saml:AuthnStatement>{statement}</saml:Assertion>"
        )
        if self.key:
            assertion = signed(assertion, self.key)
        response = (
            '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
            f'ID="_{token_hex(16)}" Version="2.0" IssueInstant="{at}" Destination="{acs}"{reply}>'
            f'<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{self.issuer}</saml:Issuer>'
            '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
            f"{assertion}</samlp:Response>"
        )
        return {"SAMLResponse": base64.b64encode(response.encode()).decode(), "RelayState": self.relay}


def signed(xml: str, name: str) -> str:
    """With an enveloped RSA-SHA256 signature."""
    key = key_pair(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    made = OneLogin_Saml2_Utils.add_sign(xml, key, certificate(name))
    return made.decode() if isinstance(made, bytes) else str(made)
