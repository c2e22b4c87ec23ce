"""What we look at outside on somebody's wish is counted, and of a failed test people read the reason."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.settings import api_settings

from accounts.access.actor import Actor
from accounts.models import Account, MailDomain, Membership, SsoConnection
from accounts.sso.connections import save_oidc
from accounts.sso.domains import add_domain, check_domain
from accounts.sso.outward import TooManyLooks
from seatportal.api.errors import problem_handler
from tests.accounts.sso.conftest import sign_in, who
from tests.accounts.sso.test_saml import begin, bring, set_up
from tests.idp import Provider
from tests.saml_idp import Answer

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks a minute."""
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "looks", "2/min")


@pytest.mark.usefixtures("two")
def test_domains_and_connections_share_one_rate_of_the_account(
    account: Account, owner: Membership, outsider: Membership, idp: Provider, client_of: SignIn, now: datetime
) -> None:
    asked: list[str] = []
    actor = Actor(user=owner.user)
    domain = add_domain(account=account, name="acme.example", membership=owner, actor=actor, at=now)
    theirs = add_domain(
        account=outsider.account, name="elsewhere.example", membership=outsider, actor=Actor.system("demo"), at=now
    )

    def lookup(name: str) -> list[str]:
        asked.append(name)
        return [f"seat-portal-verification={MailDomain.objects.get(name=name.partition('.')[2]).token}"]

    check_domain(domain=domain, actor=actor, at=now, lookup=lookup)
    base = f"/a/{account.slug}/settings/sign-in/connections"
    form = {"name": "Okta", "issuer": idp.issuer, "client_id": "portal", "secret": "s"}
    assert client_of(owner).post(f"{base}/oidc/", form).status_code == 302
    heard = len(idp.asked)

    with pytest.raises(TooManyLooks):
        check_domain(domain=domain, actor=actor, at=now, lookup=lookup)
    refused = client_of(owner).post(f"{base}/oidc/", form | {"name": "Another"})
    saml = client_of(owner).post(f"{base}/saml/", {"name": "Entra", "metadata_url": f"{idp.issuer}/metadata"})

    assert (refused.status_code, saml.status_code) == (422, 422)
    assert "Too many attempts" in refused.content.decode()
    assert (len(asked), len(idp.asked), SsoConnection.objects.count()) == (1, heard, 1)
    check_domain(domain=theirs, actor=actor, at=now, lookup=lookup)
    assert len(asked) == 2, "another account has its own"


@pytest.mark.usefixtures("two")
def test_programs_read_when_to_come_again(account: Account, idp: Provider, now: datetime) -> None:
    given: dict[str, Any] = {"account": account, "connection": None, "name": "Okta", "client_id": "p", "secret": "s"}
    for _ in range(2):
        save_oidc(issuer=idp.issuer, actor=Actor.system("demo"), at=now, **given)
    with pytest.raises(TooManyLooks) as caught:
        save_oidc(issuer=idp.issuer, actor=Actor.system("demo"), at=now, **given)

    answer = problem_handler(caught.value, {})

    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_failed_test_of_a_saml_connection_shows_its_reason(
    account: Account, owner: Membership, member: Membership, domain: MailDomain, client_of: SignIn, now: datetime
) -> None:
    entra, client = set_up(account, now, "saml"), client_of(owner)

    wrong = bring(client, entra, Answer(begin(client, entra, "?test"), key="stranger").form())
    stranger = bring(client, entra, Answer(begin(client, entra), key="stranger").form())

    assert (wrong.status_code, stranger.status_code) == (403, 403)
    assert "Signature validation failed" in wrong.content.decode()
    assert "Signature" not in stranger.content.decode(), "whoever only signs in reads no details"


@pytest.mark.parametrize("nonce", ["another", None])
def test_a_token_made_for_another_sign_in_is_refused(
    nonce: str | None, okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    client = Client()
    idp.sign_in_as("mia@acme.example")
    if nonce is None:
        idp.lies.drop = ("nonce",)
    else:
        idp.lies.claims = {"nonce": nonce}

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")


@pytest.mark.parametrize(("said", "status"), [(True, 302), ("1", 302), (False, 403), ("0", 403)])
def test_entras_word_for_an_address_counts_where_it_says_nothing_else(
    said: object, status: int, okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    idp.sign_in_as("mia@acme.example", xms_edov=said)
    idp.lies.drop = ("email_verified",)

    assert sign_in(Client(), okta, idp).status_code == status
