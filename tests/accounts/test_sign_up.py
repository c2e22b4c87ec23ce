"""Signing up opens an account, or joins the one that invited; signing in knows its second factors."""

import logging
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import token_of
from accounts.models import Account, AuditEntry, Invitation, Membership, Role, User
from tests.accounts.conftest import browser_of
from tests.factories.accounts import InvitationFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a long and winding road"
NEW = {"name": "Lena", "organisation": "Lena's", "email": "Lena@Example.com", "password1": PASSWORD}


@pytest.fixture
def invitation(acme: Account, olga: Membership) -> Invitation:
    """Lena is invited as an admin; it lives while the tests run."""
    from accounts.members.invitations import LIFETIME
    from seatportal.kit.clock import now

    return InvitationFactory.create(
        account=acme, email="lena@example.com", name="Lena L.", role=Role.ADMIN, expires_at=now() + LIFETIME
    )


def sign_up(client: Client, **changes: Any) -> Any:
    return client.post(reverse("account_signup"), NEW | changes)


def code_in(text: str) -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text, re.MULTILINE)
    assert found is not None, text
    return found.group(1)


def test_a_new_person_opens_an_account_and_proves_the_address(client: Client) -> None:
    response = sign_up(client, HTTP_ACCEPT_LANGUAGE="de")

    assert response["Location"] == reverse("account_email_verification_sent")
    user = User.objects.get()
    assert (user.email, user.name) == ("lena@example.com", "Lena")
    membership = Membership.objects.get()
    assert (membership.user, membership.role, membership.account.name) == (user, "owner", "Lena's")
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "user", "door")) == [
        ("account.opened", user.pk, "sign_up"),
        ("member.joined", user.pk, "sign_up"),
    ]
    # Not signed in before the address is proved.
    assert client.get(reverse("accounts:profile")).status_code == 302

    done = client.post(response["Location"], {"code": code_in(str(mail.outbox[0].body))})

    assert done.status_code == 302
    assert EmailAddress.objects.get(user=user).verified is True
    assert client.get(reverse("accounts:profile")).status_code == 200


def test_the_visitors_language_becomes_the_users(client: Client) -> None:
    client.post(reverse("account_signup"), NEW, headers={"Accept-Language": "de-AT,de;q=0.9"})

    assert User.objects.get().locale == "de"
    assert Account.objects.get().locale == "de"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "lena"}, "email"),
        ({"email": ""}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "1234567890123"}, "password1"),
        ({"organisation": " "}, "organisation"),
        ({"name": ""}, "name"),
        ({"name": "x" * 151}, "name"),
    ],
)
def test_bad_input_makes_nothing(client: Client, changes: dict[str, str], field: str) -> None:
    response = sign_up(client, **changes)

    assert list(response.context["form"].errors) == [field]
    assert (User.objects.count(), Account.objects.count(), len(mail.outbox)) == (0, 0, 0)


def test_a_known_address_is_not_told_apart_and_opens_nothing(client: Client) -> None:
    UserFactory.create(email="lena@example.com")

    response = sign_up(client)

    assert response["Location"] == reverse("account_email_verification_sent")
    assert (User.objects.count(), Account.objects.count()) == (1, 0)


def test_a_broken_mail_server_does_not_break_the_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)

    assert sign_up(client)["Location"] == reverse("account_email_verification_sent")
    assert Account.objects.count() == 1


def test_an_invited_new_person_joins_without_a_further_proof(client: Client, invitation: Invitation) -> None:
    link = reverse("accounts:accept_invitation", args=[token_of(invitation)])

    assert "Create your sign-in" in client.get(link).content.decode()
    to_sign_up = client.post(link)
    form = client.get(to_sign_up["Location"]).context["form"]
    response = sign_up(client, name="Lena", email="somebody@else.example")

    assert to_sign_up["Location"] == reverse("account_signup")
    assert list(form.fields) == ["name", "email", "password1"]
    assert (form["email"].value(), form["name"].value()) == ("lena@example.com", "Lena L.")
    assert response.status_code == 302
    user = User.objects.get(name="Lena")
    # The address that the link proved, whatever was posted.
    assert user.email == "lena@example.com"
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [("lena@example.com", True)]
    membership = Membership.objects.get(user=user)
    assert (membership.account, membership.role) == (invitation.account, "admin")
    assert Account.objects.count() == 1
    invitation.refresh_from_db()
    assert invitation.state == "accepted"
    assert mail.outbox == []
    assert client.get(reverse("accounts:people", args=["acme"])).status_code == 200


def test_an_invitation_that_ended_meanwhile_makes_an_ordinary_sign_up(client: Client, invitation: Invitation) -> None:
    client.post(reverse("accounts:accept_invitation", args=[token_of(invitation)]))
    Invitation.objects.update(state=Invitation.State.REVOKED)

    assert "organisation" in client.get(reverse("account_signup")).context["form"].fields
    response = sign_up(client)

    assert response["Location"] == reverse("account_email_verification_sent")
    assert not Membership.objects.filter(account=invitation.account, user__email="lena@example.com").exists()


def test_an_invitation_withdrawn_in_the_last_moment_leaves_no_user(
    client: Client, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = reverse("accounts:accept_invitation", args=[token_of(invitation)])
    client.post(link)
    users = User.objects.count()

    def withdraw(*args: Any, **kwargs: Any) -> Any:
        Invitation.objects.update(state=Invitation.State.REVOKED)
        return accept_invitation(*args, **kwargs)

    monkeypatch.setattr("accounts.forms.accept_invitation", withdraw)

    response = sign_up(client)

    assert response["Location"] == link
    assert User.objects.count() == users


def test_a_known_person_signs_in_and_joins(client: Client, invitation: Invitation) -> None:
    user = UserFactory.create(email="lena@example.com")
    user.set_password(PASSWORD)
    user.save()
    link = reverse("accounts:accept_invitation", args=[token_of(invitation)])

    page = client.get(link).content.decode()
    signed_in = client.post(
        f"{reverse('account_login')}?next={link}", {"login": "LENA@example.com", "password": PASSWORD, "next": link}
    )
    joined = client.post(link)

    assert "There is a sign-in for lena@example.com" in page
    assert signed_in["Location"] == link
    assert joined["Location"] == "/?account=acme"
    assert Membership.objects.get(user=user).account == invitation.account


def test_somebody_elses_invitation_is_explained_and_not_used(invitation: Invitation, charlie: User) -> None:
    browser = browser_of(charlie)
    link = reverse("accounts:accept_invitation", args=[token_of(invitation)])

    page = browser.get(link)
    tried = browser.post(link)

    assert page.status_code == 200
    assert "You are signed in as charlie@example.com" in page.content.decode()
    assert tried.status_code == 403
    invitation.refresh_from_db()
    assert invitation.state == "open"


def test_a_member_opens_an_invitation_of_the_same_account(acme: Account, mia: Membership) -> None:
    from accounts.members.invitations import LIFETIME
    from seatportal.kit.clock import now

    row = InvitationFactory.create(account=acme, email=mia.user.email, expires_at=now() + LIFETIME)

    response = browser_of(mia.user).post(reverse("accounts:accept_invitation", args=[token_of(row)]))

    assert response.status_code == 409
    assert "already a member" in response.content.decode()


@pytest.mark.parametrize("token", ["x", "0" * 64, "%00"])
def test_a_wrong_link_says_that_it_has_ended(client: Client, token: str) -> None:
    response = client.get(f"/invitations/{token}/")

    assert response.status_code == 410
    assert "This invitation has ended" in response.content.decode()


def test_the_link_is_not_logged(client: Client, invitation: Invitation, caplog: pytest.LogCaptureFixture) -> None:
    token = token_of(invitation)

    client.get(f"/invitations/{token}/")
    client.get(f"/invitations/{token[::-1]}/")

    # The messages as they are handed to every handler; the arguments of Django's own are cut when they are rendered.
    written = [logging.getLogger().handlers[0].format(record) for record in caplog.records]
    assert any("/invitations/…" in line for line in written)
    assert not [line for line in written if token in line or token[::-1] in line]


def test_an_inactive_user_does_not_get_in(client: Client) -> None:
    user = UserFactory.create(is_active=False)
    user.set_password(PASSWORD)
    user.save()

    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})

    assert client.get(reverse("accounts:profile")).status_code == 302


@pytest.mark.parametrize(
    "name",
    ["account_email", "account_change_password", "mfa_index", "mfa_list_webauthn", "usersessions_list"],
)
def test_the_sign_ins_own_pages_answer(olga: Membership, name: str) -> None:
    olga.user.set_password(PASSWORD)
    olga.user.save()
    browser = Client()
    browser.post(reverse("account_login"), {"login": olga.user.email, "password": PASSWORD})

    assert browser.get(reverse(name)).status_code == 200
