"""A firm with a proved domain and an identity provider, and somebody who came in by it and waits; one just begun.

The provider and its DNS are invented: nothing is looked up, and following its button leads to a name that does not
exist.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from accounts.access.actor import Actor
from accounts.models import MailDomain, SsoConnection, SsoPolicy
from accounts.sso.connections import note_test, save_policy, save_saml, switch_connection
from accounts.sso.domains import add_domain, check_domain, proof_of
from accounts.sso.joins import join
from seatportal.demo.firm import Firm


def add_unproved_domain(firm: Firm, at: datetime) -> None:
    """The domain stands in the list with what is to be published."""
    add_domain(
        account=firm.account,
        name=firm.cast.domain,
        membership=firm.people[firm.cast.people[0].key],
        actor=firm.actor,
        at=at,
    )


def connect_provider(firm: Firm, name: str, at: datetime) -> None:
    """The domain is proved and a SAML provider is on; whoever is new waits for an admin."""
    account, actor = firm.account, firm.actor
    owner = firm.people[firm.cast.people[0].key]
    domain = add_domain(account=account, name=firm.cast.domain, membership=owner, actor=actor, at=at)
    check_domain(domain=domain, actor=actor, at=at, lookup=lambda _: [proof_of(domain)])
    made = save_saml(
        account=account,
        connection=None,
        name=name,
        metadata_url="",
        metadata_xml=_metadata(f"https://login.{firm.cast.domain}/saml", at),
        actor=actor,
        at=at,
    )
    note_test(connection=made, at=at, actor=actor)
    switch_connection(account=account, connection=made, on=True, actor=actor, at=at)
    save_policy(account=account, enforced=False, join=SsoPolicy.Join.APPROVAL, actor=actor, at=at)


def check_again(firm: Firm, at: datetime) -> None:
    """As each night; so that the next look, which asks the real DNS in vain, is a day away."""
    proved = MailDomain.objects.get(account=firm.account)
    check_domain(domain=proved, actor=Actor.system("task"), at=at, lookup=lambda _: [proof_of(proved)])


def come_by_provider(firm: Firm, mailbox: str, name: str, at: datetime) -> None:
    """Somebody the account does not know came in by its provider."""
    join(
        connection=SsoConnection.objects.get(account=firm.account),
        uid=mailbox,
        email=f"{mailbox}@{firm.cast.domain}",
        name=name,
        actor=Actor.system("sso"),
        at=at,
    )


def _metadata(entity: str, at: datetime) -> str:
    """What the provider says about itself, with a certificate of its own."""
    key = generate_private_key(SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, entity.split("/")[2])])
    begins = at.astimezone(UTC).replace(microsecond=0)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=3 * 365))
        .sign(key, SHA256())
    )
    body = "".join(made.public_bytes(Encoding.PEM).decode().strip().splitlines()[1:-1])
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity}"><md:IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">'
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</md:KeyDescriptor><md:SingleSignOnService "
        f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{entity}/sso"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
