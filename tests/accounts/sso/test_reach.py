"""What an organisation's provider opened shows and changes nothing of the person's other accounts."""

from datetime import datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Account, Membership, Role, SsoConnection, User
from tests.accounts.sso.conftest import policy, sign_in
from tests.accounts.sso.test_wall import by_password
from tests.conftest import make_account
from tests.idp import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def real_passwords(settings: Any) -> None:
    """What tests/conftest stores is argon2."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


@pytest.fixture
def abroad(admin_member: Membership, now: datetime) -> Account:
    """Adam is at home in a second account, of which his employer knows nothing."""
    other = make_account("Secret Startup", now, owner="Zoe", domain="startup.example").account
    Membership.objects.create(account=other, user=admin_member.user, role=Role.ADMIN, joined_at=now)
    return other


@pytest.fixture
def by_okta(okta: SsoConnection, idp: Provider, admin_member: Membership) -> Client:
    """A session that Acme's provider opened."""
    client = Client()
    idp.sign_in_as("adam@acme.example")
    sign_in(client, okta, idp)
    return client


def test_it_shows_no_other_account(by_okta: Client, abroad: Account, account: Account) -> None:
    for path in ("/accounts-of-mine/", "/profile/", f"/a/{account.slug}/settings/people/"):
        page = by_okta.get(path)
        assert (page.status_code, "Secret Startup" in page.content.decode()) == (200, False), path
    home = by_okta.get("/", follow=True)
    assert (home.status_code, "Secret Startup" in home.content.decode()) == (200, False)
    assert by_okta.get(f"/?account={abroad.slug}")["Location"].startswith(f"/a/{account.slug}/")


def test_a_session_of_ones_own_shows_all(
    okta: SsoConnection, abroad: Account, account: Account, admin_member: Membership
) -> None:
    page = by_password(admin_member.user).get("/accounts-of-mine/").content.decode()

    assert ("Secret Startup" in page, account.name in page) == (True, True)
    assert "Open account</button>" in page


def test_it_changes_no_profile_that_others_see(by_okta: Client, abroad: Account, admin_member: Membership) -> None:
    before = User.objects.filter(pk=admin_member.user_id).values().get()

    shown = by_okta.get("/profile/").content.decode()
    saved = by_okta.post("/profile/", {"name": "Mallory", "locale": "de", "time_zone": "", "theme": "dark"})
    by_okta.post("/theme/", {"theme": "dark"})
    by_okta.post("/i18n/setlang/", {"language": "de"})

    assert "Save profile" not in shown
    assert (saved.status_code, "Sign in by yourself first" in saved.content.decode()) == (403, True)
    after = User.objects.filter(pk=admin_member.user_id).values().get()
    assert after == before


def test_whoever_is_at_home_there_alone_changes_their_profile(by_okta: Client, admin_member: Membership) -> None:
    saved = by_okta.post("/profile/", {"name": "Adam A.", "locale": "de", "time_zone": "", "theme": "dark"})

    admin_member.user.refresh_from_db()
    assert (saved.status_code, admin_member.user.name, admin_member.user.locale) == (302, "Adam A.", "de")


def test_it_opens_no_further_account_which_it_could_not_open(by_okta: Client, admin_member: Membership) -> None:
    page = by_okta.get("/accounts-of-mine/").content.decode()
    made = by_okta.post("/accounts-of-mine/", {"name": "Second"})

    assert "Open account</button>" not in page
    assert made.status_code == 403
    assert not Account.objects.filter(name="Second").exists()


def test_when_its_connection_is_off_the_wall_says_so(
    by_okta: Client, okta: SsoConnection, abroad: Account, account: Account
) -> None:
    SsoConnection.objects.update(enabled_at=None)

    home = by_okta.get("/", follow=True)

    assert (home.status_code, "Secret Startup" in home.content.decode()) == (403, False)


def test_taking_every_work_address_off_is_no_way_round(
    okta: SsoConnection, admin_member: Membership, account: Account, abroad: Account
) -> None:
    """Adam never came by the provider, and nobody invited him: only his addresses show whose he is."""
    user, people = admin_member.user, f"/a/{account.slug}/settings/people/"
    EmailAddress.objects.create(user=user, email="adam@home.example", verified=True)
    client = by_password(user)
    client.post("/accounts/email/", {"email": "adam@home.example", "action_primary": ""})
    client.post("/accounts/email/", {"email": "adam@acme.example", "action_remove": ""})
    assert list(EmailAddress.objects.filter(user=user).values_list("email", flat=True)) == ["adam@home.example"]
    assert client.get(people).status_code == 200, "nothing is enforced yet"

    policy(account, enforced=True)

    assert client.get(people).status_code == 403
    assert client.get(f"/a/{abroad.slug}/settings/people/").status_code == 200
    admin_member.refresh_from_db()
    assert admin_member.former_addresses == ["adam@acme.example"]
    assert Membership.objects.get(account=abroad, user=user).former_addresses == [], "each account notes its own"
