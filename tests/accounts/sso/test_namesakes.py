"""An address that the organisation gives to somebody new opens nothing of whom it belonged to before (ADR 55)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.members.remove_member import remove_member
from accounts.models import Account, Invitation, JoinRequest, MailDomain, Membership, Notice, Role, SsoConnection, User
from accounts.notices.deliver_notice import mail_of
from tests.accounts.sso.conftest import policy, sign_in, who
from tests.accounts.sso.test_saml import begin, bring, set_up
from tests.conftest import PASSWORD, make_user
from tests.idp import Provider
from tests.saml_idp import Answer

pytestmark = pytest.mark.django_db
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def known(okta: SsoConnection, idp: Provider, member: Membership) -> Membership:
    """Mia, who came by the provider before, as its number 1."""
    idp.sign_in_as("mia@acme.example", sub="1")
    sign_in(Client(), okta, idp)
    return member


def decide(account: Account, client: Client, **values: str) -> Any:
    asked = JoinRequest.objects.get(state="open")
    return client.post(f"/a/{account.slug}/settings/joining/{asked.public_id}/approve/", values, follow=True)


def test_another_id_at_a_members_address_does_not_open_their_sign_in(
    okta: SsoConnection, idp: Provider, known: Membership, owner: Membership, account: Account, client_of: SignIn
) -> None:
    policy(account, join="member")
    client = Client()
    idp.sign_in_as("mia@acme.example", sub="2", name="Mia Neu")

    answer = sign_in(client, okta, idp)

    assert (answer.status_code, who(client)) == (202, "")
    assert [link.uid for link in SocialAccount.objects.all()] == ["1"]
    asked = JoinRequest.objects.get()
    assert (asked.email, asked.uid, asked.name, asked.state) == ("mia@acme.example", "2", "Mia Neu", "open")
    mail = mail_of(Notice.objects.get(kind="join_asked"))
    assert "by another id than the member of that address" in mail.body
    page = client_of(owner).get(f"/a/{account.slug}/settings/joining/").content.decode()
    assert "It is the same person" in page
    assert "Let in with a seat" not in page
    # The former one is not disturbed.
    old = Client()
    idp.sign_in_as("mia@acme.example", sub="1")
    sign_in(old, okta, idp)
    assert who(old) == "mia@acme.example"


def test_a_saml_provider_too(entra: SsoConnection, member: Membership) -> None:
    client, told = Client(), {"mail": "mia@acme.example"}

    def come(number: str) -> Any:
        answer = Answer(begin(client, entra), name_id=number, name_format=PERSISTENT, attributes=told)
        return bring(client, entra, answer.form())

    assert come("4711").status_code == 302
    client = Client()
    assert (come("4712").status_code, who(client)) == (202, "")
    assert [link.uid for link in SocialAccount.objects.all()] == ["4711"]


@pytest.fixture
def entra(account: Account, domain: MailDomain, now: datetime) -> SsoConnection:
    """Acme's SAML provider."""
    return set_up(account, now, "saml")


def test_where_the_id_was_the_address_itself_it_says_no_more_than_that(
    entra: SsoConnection, member: Membership
) -> None:
    """A provider that is set up anew with lasting ids does not lock everybody out."""
    first, then = Client(), Client()
    bring(first, entra, Answer(begin(first, entra), name_id="Mia@acme.example").form())
    told = {"mail": "mia@acme.example"}

    bring(then, entra, Answer(begin(then, entra), name_id="1", name_format=PERSISTENT, attributes=told).form())

    assert (who(first), who(then)) == ("mia@acme.example", "mia@acme.example")


def test_the_same_person_comes_in_by_the_new_id_once_an_admin_says_so(
    okta: SsoConnection, idp: Provider, known: Membership, owner: Membership, account: Account, client_of: SignIn
) -> None:
    idp.sign_in_as("mia@acme.example", sub="2")
    sign_in(Client(), okta, idp)

    decide(account, client_of(owner), seat="no")
    client, former = Client(), Client()
    sign_in(client, okta, idp)
    idp.sign_in_as("mia@acme.example", sub="1")
    again = sign_in(former, okta, idp)

    assert who(client) == "mia@acme.example"
    known.user.refresh_from_db()
    assert known.user.has_usable_password(), "nothing else of the sign-in changes"
    assert (again.status_code, who(former)) == (202, "")
    assert Membership.objects.filter(account=account, user=known.user).count() == 1


def test_somebody_new_gets_the_address_without_what_the_former_one_knew(
    okta: SsoConnection,
    idp: Provider,
    known: Membership,
    owner: Membership,
    account: Account,
    client_of: SignIn,
    now: datetime,
) -> None:
    Authenticator.objects.create(user=known.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    remove_member(account=account, membership=known, actor=Actor(user=owner.user), at=now)
    idp.sign_in_as("mia@acme.example", sub="2", name="Mia Neu")
    assert sign_in(Client(), okta, idp).status_code == 202
    inside = client_of(known)
    assert who(inside) == "mia@acme.example"
    before = set(UserSession.objects.filter(user=known.user).values_list("pk", flat=True))
    assert before

    decide(account, client_of(owner), seat="no")
    client = Client()
    sign_in(client, okta, idp)

    assert who(client) == "mia@acme.example"
    # The list of one's own sessions tells where somebody signs in from.
    assert not UserSession.objects.filter(pk__in=before).exists()
    assert who(inside) == ""
    user = User.objects.get(email="mia@acme.example")
    assert not user.has_usable_password()
    assert not Authenticator.objects.filter(user=user).exists()
    former = Client()
    former.post("/accounts/login/", {"login": "mia@acme.example", "password": PASSWORD})
    assert who(former) == ""
    idp.sign_in_as("mia@acme.example", sub="1")
    assert sign_in(former, okta, idp).status_code == 202, "the former id is a stranger's now"
    assert [link.uid for link in SocialAccount.objects.all()] == ["2"]


def test_whoever_comes_back_by_the_same_id_keeps_their_password(
    okta: SsoConnection,
    idp: Provider,
    known: Membership,
    owner: Membership,
    account: Account,
    client_of: SignIn,
    now: datetime,
) -> None:
    remove_member(account=account, membership=known, actor=Actor(user=owner.user), at=now)
    idp.sign_in_as("mia@acme.example", sub="1")
    sign_in(Client(), okta, idp)
    decide(account, client_of(owner), seat="no")
    client = Client()

    sign_in(client, okta, idp)

    assert who(client) == "mia@acme.example"
    known.user.refresh_from_db()
    assert known.user.has_usable_password()


def test_a_second_address_leaves_the_sign_in_whose_own_is_another(
    okta: SsoConnection,
    idp: Provider,
    known: Membership,
    owner: Membership,
    account: Account,
    client_of: SignIn,
    now: datetime,
) -> None:
    former = known.user
    EmailAddress.objects.filter(user=former).update(primary=False)
    EmailAddress.objects.create(user=former, email="mia@home.example", verified=True, primary=True)
    User.objects.filter(pk=former.pk).update(email="mia@home.example")
    remove_member(account=account, membership=known, actor=Actor(user=owner.user), at=now)
    idp.sign_in_as("mia@acme.example", sub="2", name="Mia Neu")
    sign_in(Client(), okta, idp)

    decide(account, client_of(owner), seat="no")
    client = Client()
    sign_in(client, okta, idp)

    new = User.objects.get(email="mia@acme.example")
    assert (who(client), new.name) == ("mia@acme.example", "Mia Neu")
    assert new.pk != former.pk
    former.refresh_from_db()
    assert former.has_usable_password()
    assert list(EmailAddress.objects.filter(user=former).values_list("email", flat=True)) == ["mia@home.example"]
    assert Membership.objects.get(account=account, left_at=None, user=new).role == Role.MEMBER


@pytest.mark.parametrize("invited_at", ["lena@acme.example", "lena@home.example"])
def test_an_invitation_at_either_address_gives_its_role_and_is_used_up(
    invited_at: str, okta: SsoConnection, idp: Provider, owner: Membership, account: Account, now: datetime
) -> None:
    """Whoever came by a second address joined as a plain member, and their invitation stayed open."""
    policy(account, join="member")
    lena = make_user("Lena", domain="home.example")
    EmailAddress.objects.create(user=lena, email="lena@acme.example", verified=True)
    invite_member(
        account=account,
        email=invited_at,
        role=Role.ADMIN,
        department=None,
        name="Lena",
        actor=Actor(user=owner.user),
        at=now,
    )
    client = Client()
    idp.sign_in_as("lena@acme.example")

    sign_in(client, okta, idp)

    member = Membership.objects.get(account=account, user=lena, left_at=None)
    invitation = Invitation.objects.get()
    assert (who(client), member.role) == ("lena@home.example", Role.ADMIN)
    assert (invitation.state, invitation.accepted_by) == ("accepted", member)
