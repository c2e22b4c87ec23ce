"""Coming in by an OpenID provider: real redirects, a real signed token, and every way to lie."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone
from rest_framework.settings import api_settings

from accounts.models import Account, AuditEntry, JoinRequest, MailDomain, Membership, Role, SsoConnection, User
from tests.accounts.sso.conftest import connected, policy, proved, sign_in, who
from tests.conftest import make_user
from tests.idp import Provider

pytestmark = pytest.mark.django_db


def nobody_new(before: int) -> bool:
    return (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_a_member_comes_in_and_lands_in_the_account(
    okta: SsoConnection, idp: Provider, member: Membership, account: Account
) -> None:
    client, users = Client(), User.objects.count()
    idp.sign_in_as("Mia@acme.example")

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, answer["Location"]) == (302, f"/?account={account.slug}")
    assert who(client) == "mia@acme.example"
    link = SocialAccount.objects.get()
    assert (link.user, link.provider, link.uid) == (member.user, okta.public_id, idp.person["sub"])
    assert User.objects.count() == users
    okta.refresh_from_db()
    assert okta.last_used_at is not None


def test_the_way_back_leads_where_one_was_going(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    idp.sign_in_as("mia@acme.example")

    inside = sign_in(Client(), okta, idp, query="?next=/profile/")
    outside = sign_in(Client(), okta, idp, query="?next=https://evil.example/")

    assert inside["Location"] == "/profile/"
    assert outside["Location"].startswith("/?account=")


def test_the_same_person_is_known_by_the_providers_id_when_their_address_changes(
    okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    idp.sign_in_as("mia@acme.example", sub="42")
    sign_in(Client(), okta, idp)
    idp.sign_in_as("mia.maier@acme.example", sub="42")
    client = Client()

    sign_in(client, okta, idp)

    assert who(client) == "mia@acme.example"
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize(
    "email", ["oscar@elsewhere.example", "mia@sub.acme.example", "mia@acme.example.evil", "", "mia"]
)
def test_an_address_of_no_proved_domain_is_refused(
    email: str, okta: SsoConnection, idp: Provider, member: Membership, outsider: Membership
) -> None:
    client, users = Client(), User.objects.count()
    idp.sign_in_as(email)

    answer = sign_in(client, okta, idp)

    assert answer.status_code == 403
    assert who(client) == ""
    assert nobody_new(users)
    assert not JoinRequest.objects.exists()


def test_another_accounts_domain_is_refused_also_where_that_account_proved_it(
    okta: SsoConnection, idp: Provider, outsider: Membership
) -> None:
    proved(outsider.account, "elsewhere.example", timezone.now())
    client = Client()
    idp.sign_in_as("oscar@elsewhere.example")

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert "oscar@elsewhere.example is none" in answer.content.decode()


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_staff_are_never_signed_in_by_a_customers_provider(
    right: str, okta: SsoConnection, idp: Provider, account: Account
) -> None:
    sam = make_user("Sam", is_staff=right == "is_staff", is_superuser=right == "is_superuser")
    Membership.objects.create(account=account, user=sam, role=Role.ADMIN, joined_at=timezone.now())
    client = Client()
    idp.sign_in_as("sam@acme.example")

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert not SocialAccount.objects.exists()
    sam.refresh_from_db()
    assert sam.has_usable_password()


def test_staff_made_of_a_linked_person_come_in_no_more(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    idp.sign_in_as("mia@acme.example")
    sign_in(Client(), okta, idp)
    User.objects.filter(pk=member.user_id).update(is_staff=True)
    client = Client()

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")


def test_a_session_of_a_customers_provider_opens_no_staff_site_when_its_person_becomes_staff(
    okta: SsoConnection, idp: Provider, member: Membership, owner: Membership, settings: Any
) -> None:
    settings.STAFF_NEED_MFA = False
    client, by_password = Client(), Client()
    idp.sign_in_as("mia@acme.example")
    sign_in(client, okta, idp)
    User.objects.filter(pk=member.user_id).update(is_staff=True, is_superuser=True)
    by_password.force_login(User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")

    site = client.get("/staff/")
    look = client.post("/hijack/acquire/", {"user_pk": owner.user_id})

    assert (site.status_code, look.status_code) == (403, 403)
    assert who(client) == "mia@acme.example"
    assert by_password.get("/staff/").status_code == 200


def test_a_sign_in_that_is_switched_off_stays_off(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)
    client = Client()
    idp.sign_in_as("mia@acme.example")

    assert (sign_in(client, okta, idp).status_code, who(client)) == (403, "")


@pytest.mark.parametrize("said", [False, "false", "no", 0])
def test_an_unconfirmed_address_is_refused(
    said: object, okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    client = Client()
    idp.sign_in_as("mia@acme.example", email_verified=said)

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert "is not confirmed" in answer.content.decode()


def test_a_provider_that_says_nothing_of_it_is_believed_in_its_own_domain(
    okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    client = Client()
    idp.sign_in_as("mia@acme.example")
    idp.lies.drop = ("email_verified",)

    sign_in(client, okta, idp)

    assert who(client) == "mia@acme.example"


def test_a_provider_that_calls_itself_by_another_name_is_not_asked_to_sign_in(
    okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    idp.lies.issuer = "https://evil.example"

    answer = Client().get(f"/sso/{okta.public_id}/start/")

    assert answer.status_code == 403
    assert "did not work" in answer.content.decode()


def test_a_connection_that_is_off_is_not_there(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    client = Client()
    idp.sign_in_as("mia@acme.example")
    back = idp.authorize(client.get(f"/sso/{okta.public_id}/start/")["Location"]).removeprefix("http://testserver")
    SsoConnection.objects.update(enabled_at=None)

    answer = client.get(back)

    assert (answer.status_code, who(client)) == (403, "")
    assert client.get(f"/sso/{okta.public_id}/start/").status_code == 404


def test_a_domain_whose_proof_is_lost_signs_nobody_in(
    okta: SsoConnection, idp: Provider, member: Membership, domain: MailDomain
) -> None:
    MailDomain.objects.update(verified_at=None)
    client = Client()
    idp.sign_in_as("mia@acme.example")

    assert (sign_in(client, okta, idp).status_code, who(client)) == (403, "")


def test_whoever_waited_at_an_address_that_they_never_proved_loses_it(
    okta: SsoConnection, idp: Provider, account: Account
) -> None:
    """Somebody signs up with Lena's address and a password, and waits for Lena to come."""
    lena = make_user("Lena")
    EmailAddress.objects.filter(user=lena).update(verified=False)
    EmailAddress.objects.create(user=lena, email="thief@evil.example", verified=True)
    Authenticator.objects.create(user=lena, type=Authenticator.Type.TOTP, data={"secret": "x"})
    Membership.objects.create(account=account, user=lena, role=Role.MEMBER, joined_at=timezone.now())
    client = Client()
    idp.sign_in_as("lena@acme.example")

    sign_in(client, okta, idp)

    assert who(client) == "lena@acme.example"
    lena.refresh_from_db()
    assert not lena.has_usable_password()
    assert not Authenticator.objects.filter(user=lena).exists()
    assert list(EmailAddress.objects.filter(user=lena).values_list("email", "verified")) == [
        ("lena@acme.example", True)
    ]


def test_whoever_took_their_sign_in_to_a_private_address_is_not_opened_any_more(
    okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    idp.sign_in_as("mia@acme.example")
    sign_in(Client(), okta, idp)
    User.objects.filter(pk=member.user_id).update(email="mia@home.example")
    EmailAddress.objects.filter(user=member.user).update(email="mia@home.example")
    client = Client()

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (403, "")
    assert "private address" in answer.content.decode()


@pytest.mark.parametrize(("hosted", "status"), [("acme.example", 302), ("other.example", 403), (None, 403)])
def test_google_has_to_name_the_organisation(
    hosted: str | None,
    status: int,
    okta: SsoConnection,
    idp: Provider,
    member: Membership,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A private Google account may have any address; `hd` tells the organisation's own."""
    monkeypatch.setattr("accounts.sso.adapter.GOOGLE", idp.issuer)
    idp.sign_in_as("mia@acme.example", **({"hd": hosted} if hosted else {}))

    assert sign_in(Client(), okta, idp).status_code == status


def test_a_provider_that_says_no_is_told_so(okta: SsoConnection, idp: Provider) -> None:
    client = Client()
    start = client.get(f"/sso/{okta.public_id}/start/")["Location"]
    state = idp.authorize(start).partition("state=")[2]

    answer = client.get(f"/sso/{okta.public_id}/callback/?error=access_denied&state={state}")

    assert (answer.status_code, who(client)) == (403, "")


def test_the_address_leads_to_the_provider(okta: SsoConnection, member: Membership) -> None:
    page = Client().post("/sso/", {"login": "Mia@Acme.example", "password": "ignored"})

    text = page.content.decode()
    assert page.status_code == 200
    assert f'<meta http-equiv="refresh" content="0; url=/sso/{okta.public_id}/start/">' in text
    assert "Continue with Okta" in text


@pytest.mark.parametrize("address", ["mia@elsewhere.example", "nonsense"])
def test_an_address_without_single_sign_on_is_told(address: str, okta: SsoConnection) -> None:
    page = Client().post("/sso/", {"login": address})

    assert page.status_code == 422
    assert okta.public_id not in page.content.decode()


def test_the_sign_in_page_offers_it(okta: SsoConnection) -> None:
    page = Client().get("/accounts/login/").content.decode()

    assert 'formaction="/sso/"' in page
    assert Client().post("/sso/", {"login": "", "password": ""}).status_code == 200


def test_the_trail_has_who_joined_by_it(okta: SsoConnection, idp: Provider, account: Account) -> None:
    policy(account, join="member")
    idp.sign_in_as("lena@acme.example")

    sign_in(Client(), okta, idp)

    entry = AuditEntry.objects.get(action="member.joined", summary="Lena Lang")
    assert entry.door == "sso"


def test_strangers_are_counted_where_they_make_us_call_a_provider_or_keep_what_they_post(
    okta: SsoConnection, idp: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "sso", "2/min")
    client, address = Client(REMOTE_ADDR="203.0.113.7"), f"/sso/{okta.public_id}/start/"
    saml = connected(okta.account, idp, timezone.now(), kind="saml", name="Entra", entity_id="https://idp.example/")

    answers = [client.get(address).status_code for _ in range(2)]
    asked = len(idp.asked)
    refused = client.get(address)
    posted = client.post(f"/sso/{saml.public_id}/acs/", {"SAMLResponse": "x", "RelayState": "y"})

    assert (answers, refused.status_code, posted.status_code) == ([302, 302], 429, 429)
    assert "Too many attempts" in refused.content.decode()
    assert (len(idp.asked), "saml-acs-session" in posted.cookies) == (asked, False)
    assert Client(REMOTE_ADDR="203.0.113.8").get(address).status_code == 302


@pytest.mark.parametrize("keys", [["x"], "x", {"kid": "k"}, [None]])
def test_what_is_no_list_of_keys_is_no_fault_of_ours(
    okta: SsoConnection, idp: Provider, member: Membership, monkeypatch: pytest.MonkeyPatch, keys: Any
) -> None:
    monkeypatch.setattr(Provider, "jwks", lambda _self: {"keys": keys})
    idp.sign_in_as("mia@acme.example")
    client = Client()

    assert (sign_in(client, okta, idp).status_code, who(client)) == (403, "")
