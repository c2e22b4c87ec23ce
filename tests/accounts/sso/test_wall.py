"""Which session opens which account."""

from collections.abc import Callable
from datetime import datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django_htmx.http import HttpResponseClientRedirect

from accounts.access.actor import Actor
from accounts.keys.issue_api_key import issue_api_key
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import invite_member, token_of
from accounts.models import Account, DirectoryPerson, MailDomain, Membership, Role, SsoConnection, User
from accounts.sso.rules import SignedIn, Wall, wall_for
from tests.accounts.sso.conftest import connected, policy, proved, sign_in
from tests.conftest import PASSWORD, join, make_user
from tests.idp import Provider, providing

pytestmark = pytest.mark.django_db

MINE, OTHER = frozenset({"sso_mine"}), frozenset({"sso_other"})
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("providers", "own", "factor", "enforced", "is_owner", "wall"),
    [
        (NONE, True, False, False, False, None),
        (NONE, False, False, False, False, None),
        (NONE, True, False, True, False, Wall.ENFORCED),
        (NONE, True, True, True, False, Wall.ENFORCED),
        (NONE, True, False, True, True, Wall.ENFORCED),
        (NONE, True, True, True, True, None),
        (MINE, False, False, True, False, None),
        (MINE | OTHER, False, False, True, False, None),
        (OTHER, False, False, False, True, Wall.ELSEWHERE),
        (OTHER, False, True, True, True, Wall.ELSEWHERE),
        (OTHER, True, False, False, False, None),
        (OTHER, True, False, True, False, Wall.ENFORCED),
        (OTHER, True, True, True, True, None),
    ],
)
def test_the_rule(
    providers: frozenset[str], own: bool, factor: bool, enforced: bool, is_owner: bool, wall: Wall | None
) -> None:
    how = SignedIn(providers, own=own, factor=factor)

    assert wall_for(how=how, mine=MINE, enforced=enforced, is_owner=is_owner) is wall


def by_password(user: User) -> Client:
    """Signs in at the page, as people do."""
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


@pytest.fixture(autouse=True)
def real_passwords(settings: object) -> None:
    """What tests/conftest stores is argon2."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]  # type: ignore[attr-defined]


@pytest.fixture
def enforced(okta: SsoConnection, account: Account) -> SsoConnection:
    """Acme wants single sign-on only."""
    policy(account, enforced=True)
    return okta


def home(account: Account) -> str:
    return f"/a/{account.slug}/settings/people/"


def test_a_password_opens_no_account_that_wants_single_sign_on(
    enforced: SsoConnection, idp: Provider, admin_member: Membership, account: Account
) -> None:
    client = by_password(admin_member.user)

    page = client.get(home(account))
    act = client.post(f"/a/{account.slug}/settings/people/invite/", {"email": "x@acme.example", "role": "member"})
    api = client.get("/api/v1/members", headers={"Seat-Portal-Account": account.slug})
    idp.sign_in_as("adam@acme.example")
    sign_in(client, enforced, idp)

    text = page.content.decode()
    assert (page.status_code, act.status_code) == (403, 403)
    assert f"/sso/{enforced.public_id}/start/?next=/a/{account.slug}/settings/people/" in text
    assert "Olivia" not in text
    assert (api.status_code, api.json()["code"]) == (403, "sso_needed")
    assert client.get(home(account)).status_code == 200
    assert client.get("/api/v1/members", headers={"Seat-Portal-Account": account.slug}).status_code == 200


def test_a_part_of_a_page_makes_the_whole_page_go(
    enforced: SsoConnection, admin_member: Membership, account: Account
) -> None:
    client = by_password(admin_member.user)

    answer = client.get(
        home(account), headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{home(account)}"}
    )

    assert answer.headers["HX-Redirect"] == home(account)
    assert HttpResponseClientRedirect.status_code == answer.status_code


@pytest.mark.parametrize(
    "change",
    [
        lambda connection: policy(connection.account, enforced=False),
        lambda connection: SsoConnection.objects.update(enabled_at=None),
        lambda connection: MailDomain.objects.update(verified_at=None),
    ],
)
def test_the_wall_stands_only_with_policy_connection_and_domain(
    change: Callable[[SsoConnection], object], enforced: SsoConnection, admin_member: Membership, account: Account
) -> None:
    change(enforced)

    assert by_password(admin_member.user).get(home(account)).status_code == 200


def test_who_has_another_domain_is_not_covered(enforced: SsoConnection, account: Account, now: datetime) -> None:
    ada = join(account, "Ada", Role.ADMIN, now, domain="accountants.example")

    assert by_password(ada.user).get(home(account)).status_code == 200


def test_a_private_address_in_front_is_no_way_round(
    enforced: SsoConnection, idp: Provider, account: Account, admin_member: Membership, now: datetime
) -> None:
    ada = join(account, "Ada", Role.ADMIN, now, domain="home.example")
    EmailAddress.objects.create(user=ada.user, email="ada@acme.example", verified=True)
    idp.sign_in_as("adam@acme.example")
    sign_in(Client(), enforced, idp)
    User.objects.filter(pk=admin_member.user_id).update(email="adam@home.example")
    EmailAddress.objects.filter(user=admin_member.user).update(email="adam@home.example")
    admin_member.user.refresh_from_db()

    second_address = by_password(ada.user).get(home(account))
    once_linked = by_password(admin_member.user).get(home(account))

    assert (second_address.status_code, once_linked.status_code) == (403, 403)


def test_who_was_invited_at_the_domain_stays_covered_though_they_move_away_before_they_ever_came_by_it(
    enforced: SsoConnection, owner: Membership, account: Account, now: datetime
) -> None:
    actor = Actor(user=owner.user)
    invitation, _new = invite_member(
        account=account, email="ada@acme.example", role=Role.ADMIN, department=None, name="Ada", actor=actor, at=now
    )
    ada = make_user("Ada")
    accept_invitation(token=token_of(invitation), user=ada, actor=Actor(user=ada), at=now)
    User.objects.filter(pk=ada.pk).update(email="ada@home.example")
    EmailAddress.objects.filter(user=ada).update(email="ada@home.example")
    ada.refresh_from_db()

    assert by_password(ada).get(home(account)).status_code == 403


def test_whom_the_directory_names_at_the_domain_stays_covered(
    enforced: SsoConnection, account: Account, now: datetime
) -> None:
    ada = join(account, "Ada", Role.ADMIN, now, domain="home.example")
    emails = [{"value": "Ada@acme.example", "key": "ada@acme.example", "type": "work", "primary": True}]
    DirectoryPerson.objects.create(account=account, user=ada.user, user_name="ada", emails=emails, changed_at=now)

    assert by_password(ada.user).get(home(account)).status_code == 403


def test_without_a_domain_the_wall_stands_for_nobody_also_not_for_whom_the_provider_named(
    enforced: SsoConnection, idp: Provider, admin_member: Membership, account: Account
) -> None:
    idp.sign_in_as("adam@acme.example")
    sign_in(Client(), enforced, idp)
    MailDomain.objects.update(verified_at=None)

    assert by_password(admin_member.user).get(home(account)).status_code == 200


def with_factor(user: User) -> Client:
    """Signs in by a password and a real TOTP code."""
    from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time

    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    client = by_password(user)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client


def test_an_owner_with_a_second_factor_breaks_the_glass(
    enforced: SsoConnection, owner: Membership, admin_member: Membership, account: Account
) -> None:
    without = by_password(owner.user).get(home(account))
    glass = with_factor(owner.user).get(home(account))
    admin = with_factor(admin_member.user).get(home(account))

    assert (without.status_code, glass.status_code, admin.status_code) == (403, 200, 403)


def test_keys_go_on_working(enforced: SsoConnection, owner: Membership, account: Account, now: datetime) -> None:
    _key, secret = issue_api_key(
        account=account,
        name="Sync",
        scopes=["seats.view"],
        expires_at=None,
        membership=owner,
        actor=Actor(user=owner.user),
        at=now,
    )

    assert Client().get("/api/v1/members", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_staff_who_look_through_a_members_eyes_still_see(
    enforced: SsoConnection, admin_member: Membership, account: Account
) -> None:
    sam = make_user("Sam", domain="vendor.example", is_staff=True, is_superuser=True)
    Authenticator.objects.create(user=sam, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = Client()
    client.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/hijack/acquire/", {"user_pk": admin_member.user_id})

    assert client.get(home(account)).status_code == 200


def test_a_provider_opens_its_own_account_only(
    okta: SsoConnection, idp: Provider, account: Account, outsider: Membership, admin_member: Membership
) -> None:
    """Adam is an admin of both; Acme's provider must not open the other one."""
    Membership.objects.create(
        account=outsider.account, user=admin_member.user, role=Role.ADMIN, joined_at=outsider.joined_at
    )
    client = Client()
    idp.sign_in_as("adam@acme.example")
    sign_in(client, okta, idp)

    here = client.get(home(account))
    there = client.get(home(outsider.account))
    api = client.get("/api/v1/members", headers={"Seat-Portal-Account": outsider.account.slug})

    assert (here.status_code, there.status_code) == (200, 403)
    assert (api.status_code, api.json()["code"]) == (403, "sso_needed")
    assert "Oscar" not in there.content.decode()
    assert by_password(admin_member.user).get(home(outsider.account)).status_code == 200


def test_a_session_ends_with_its_connection(
    okta: SsoConnection, idp: Provider, account: Account, admin_member: Membership
) -> None:
    client = Client()
    idp.sign_in_as("adam@acme.example")
    sign_in(client, okta, idp)
    SsoConnection.objects.update(enabled_at=None)

    assert client.get(home(account)).status_code == 403


def test_two_accounts_of_one_person_each_by_its_own_provider(
    okta: SsoConnection, idp: Provider, account: Account, outsider: Membership, admin_member: Membership, now: datetime
) -> None:
    EmailAddress.objects.create(user=admin_member.user, email="adam@elsewhere.example", verified=True)
    Membership.objects.create(account=outsider.account, user=admin_member.user, role=Role.ADMIN, joined_at=now)
    proved(outsider.account, "elsewhere.example", now)
    with providing() as other:
        theirs = connected(outsider.account, other, now)
        client = Client()
        other.sign_in_as("adam@elsewhere.example")
        sign_in(client, theirs, other)

    assert client.get(home(outsider.account)).status_code == 200
    assert client.get(home(account)).status_code == 403


@pytest.mark.parametrize(
    "path", ["password/set/", "password/change/", "email/", "2fa/", "2fa/totp/activate/", "reauthenticate/"]
)
def test_a_provider_changes_nothing_that_is_the_persons_own(
    path: str, okta: SsoConnection, idp: Provider, admin_member: Membership
) -> None:
    client = Client()
    idp.sign_in_as("adam@acme.example")
    sign_in(client, okta, idp)

    assert client.get(f"/accounts/{path}").status_code == 403
    assert client.post(f"/accounts/{path}", {"password1": "a new password", "email": "a@b.example"}).status_code == 403
    assert by_password(admin_member.user).get("/accounts/email/").status_code == 200


def test_signing_out_and_ending_sessions_stay_open(
    okta: SsoConnection, idp: Provider, admin_member: Membership
) -> None:
    client = Client()
    idp.sign_in_as("adam@acme.example")
    sign_in(client, okta, idp)

    assert client.get("/accounts/sessions/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302


def test_home_leads_somewhere_for_every_kind_of_session(
    enforced: SsoConnection, idp: Provider, admin_member: Membership, account: Account
) -> None:
    wall = by_password(admin_member.user).get("/", follow=True)
    client = Client()
    idp.sign_in_as("adam@acme.example")
    inside = client.get(sign_in(client, enforced, idp)["Location"], follow=True)

    assert wall.status_code == 403
    assert "Continue with Okta" in wall.content.decode()
    assert inside.status_code == 200
