"""Whose sign-in it is: a directory never changes, and never takes, what another account or a person has."""

from datetime import datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import Account, Membership, User
from tests.accounts.test_sign_up import code_in
from tests.conftest import PASSWORD, hashed_password, make_user
from tests.directory import Directory, new_user, person

pytestmark = pytest.mark.django_db


def put(okta: Directory, key: str, name: str, **more: Any) -> Any:
    return okta.ask("PUT", f"Users/{key}", new_user(name, **more))


def test_a_sign_in_of_another_account_joins_and_stays_as_it_is(
    okta: Directory, outsider: Membership, acme: Account
) -> None:
    before = User.objects.filter(pk=outsider.user_id).values().get()
    key = okta.add("Oscar", domain="elsewhere.example", displayName="Somebody Else").json()["id"]
    assert okta.state(key) == (True, "seated")

    put(okta, key, "Oscar", domain="elsewhere.example", displayName="Mallory")
    renamed = put(okta, key, "Mallory", emails=[{"value": "mallory@acme.example", "primary": True}])

    assert renamed.status_code == 200
    assert renamed.json()["userName"] == "mallory@acme.example"
    assert person(key).user == outsider.user
    assert User.objects.filter(pk=outsider.user_id).values().get() == before
    assert list(EmailAddress.objects.filter(user=outsider.user).values_list("email", "verified")) == [
        ("oscar@elsewhere.example", True)
    ]
    assert Membership.objects.filter(account=outsider.account, left_at__isnull=True).count() == 1


def test_a_sign_in_of_staff_is_not_touched(okta: Directory) -> None:
    """Staff have no membership, and often no address that they proved."""
    imani = make_user("Imani", domain="vendor.example", is_staff=True)
    EmailAddress.objects.filter(user=imani).delete()
    before = User.objects.filter(pk=imani.pk).values().get()

    okta.add("Imani", domain="vendor.example", displayName="Mallory")

    assert User.objects.filter(pk=imani.pk).values().get() == before
    assert imani.check_password(PASSWORD)


def test_what_the_directory_made_it_may_rename(okta: Directory) -> None:
    key = okta.add("Lena").json()["id"]
    user = person(key).user
    assert user is not None

    answer = put(okta, key, "Helena", displayName="Helena Ford")

    user.refresh_from_db()
    assert answer.status_code == 200
    assert (user.name, user.email) == ("Helena Ford", "helena@acme.example")
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")) == [
        ("helena@acme.example", False, True)
    ]


def test_once_another_account_has_the_person_nothing_is_renamed(
    okta: Directory, outsider: Membership, now: datetime
) -> None:
    key = okta.add("Lena").json()["id"]
    user = person(key).user
    assert user is not None
    # Even when they left there again: what they did there carries their name.
    Membership.objects.create(account=outsider.account, user=user, joined_at=now, left_at=now)

    put(okta, key, "Helena")

    user.refresh_from_db()
    assert (user.name, user.email) == ("Lena Smith", "lena@acme.example")


def test_a_person_who_signed_up_themselves_keeps_name_and_address(okta: Directory) -> None:
    user = make_user("Lena")
    key = okta.add("Lena", displayName="Else").json()["id"]

    put(okta, key, "Helena")

    user.refresh_from_db()
    assert (user.name, user.email) == ("Lena", "lena@acme.example")
    assert user.check_password(PASSWORD)


def test_an_address_of_somebody_else_is_refused(okta: Directory, outsider: Membership) -> None:
    key = okta.add("Lena").json()["id"]

    answer = put(okta, key, "Lena", emails=[{"value": outsider.user.email, "primary": True}], displayName="Changed")

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert answer.json()["detail"] == "This e-mail address already belongs to another sign-in."
    assert person(key).display_name == "Lena Smith"
    assert person(key).emails[0]["value"] == "lena@acme.example"


def test_whoever_waits_at_an_unproved_address_does_not_get_in(okta: Directory) -> None:
    """Somebody signed up with Lena's address before her and never proved it; their password ends as she joins."""
    waiting = User.objects.create(email="lena@acme.example", password=hashed_password(), name="Lena?")
    EmailAddress.objects.create(user=waiting, email=waiting.email, verified=False, primary=True)

    key = okta.add("Lena").json()["id"]

    waiting.refresh_from_db()
    assert person(key).user == waiting
    assert not waiting.has_usable_password()


def test_a_joiner_signs_in_by_a_code_to_the_address(okta: Directory, acme: Account) -> None:
    okta.add("Lena")
    browser = Client()

    browser.post("/accounts/login/code/", {"email": "lena@acme.example"})
    assert len(mail.outbox) == 1
    browser.post("/accounts/login/code/confirm/", {"code": code_in(str(mail.outbox[0].body))})

    assert browser.get(f"/a/{acme.slug}/me/").status_code == 200
    assert EmailAddress.objects.get(email="lena@acme.example").verified


@pytest.mark.parametrize(
    "more",
    [
        {"userName": "LENA@acme.example", "emails": []},
        {"externalId": "e-1"},
        {"userName": "lena.two", "emails": [{"value": "Lena@Acme.example", "primary": True}]},
    ],
)
def test_user_name_id_and_address_are_there_once(okta: Directory, acme: Account, more: dict[str, Any]) -> None:
    okta.add("Lena", externalId="e-1")
    before = Membership.objects.filter(account=acme).count()

    answer = okta.add("Mara", **more)

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert Membership.objects.filter(account=acme).count() == before
    assert okta.get("Users").json()["totalResults"] == 2


def test_two_accounts_may_have_the_same_person(okta: Directory, elsewhere: Directory) -> None:
    first = okta.add("Lena").json()["id"]
    second = elsewhere.add("Lena").json()["id"]

    assert first != second
    assert person(first).user == person(second).user
    assert (person(first).made_sign_in, person(second).made_sign_in) == (True, False)
