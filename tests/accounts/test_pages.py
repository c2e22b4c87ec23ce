"""What the pages do when forms are sent: the act, the message, and bad input in its place."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditEntry, Invitation, Membership, Role, User
from seatportal.kit.clock import now
from tests.accounts.conftest import browser_of
from tests.factories.accounts import (
    ApiKeyFactory,
    DepartmentFactory,
    InvitationFactory,
    MembershipFactory,
    RegionFactory,
    UserFactory,
)


def url(name: str, *args: str) -> str:
    return reverse(f"accounts:{name}", args=["acme", *args])


def errors(response: Any, form: str = "form") -> dict[str, list[str]]:
    assert response.status_code in (403, 409, 422)
    return {name: list(texts) for name, texts in response.context[form].errors.items()}


# Profile and accounts of mine


def test_the_profile_is_saved(db: None) -> None:
    user = UserFactory.create()
    values = {"name": "Lena", "locale": "de", "time_zone": "Europe/Berlin", "theme": "dark"}

    response = browser_of(user).post(reverse("accounts:profile"), values, follow=True)

    user.refresh_from_db()
    assert (user.name, user.locale, user.time_zone, user.theme) == ("Lena", "de", "Europe/Berlin", "dark")
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"locale": "xx"}, "locale"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"theme": ""}, "theme"),
    ],
)
def test_a_bad_profile_is_not_saved(db: None, change: dict[str, str], field: str) -> None:
    user = UserFactory.create(name="Before")
    values = {"name": "Lena", "locale": "de", "time_zone": "", "theme": "auto"} | change

    response = browser_of(user).post(reverse("accounts:profile"), values)

    assert list(errors(response)) == [field]
    assert User.objects.get().name == "Before"


def test_a_further_account_is_opened(browser: Client, olga: Membership) -> None:
    response = browser.post(reverse("accounts:my_accounts"), {"name": "Second"})

    account = Account.objects.get(name="Second")
    assert response["Location"] == f"/?account={account.slug}"
    assert Membership.objects.get(account=account).user == olga.user


# Settings


def test_settings_are_saved_and_told(browser: Client, acme: Account) -> None:
    values = {"name": "Acme AG", "locale": "de", "time_zone": "Europe/Zurich", "industry": "software"}

    assert browser.post(url("settings"), values).status_code == 302
    assert browser.post(url("settings"), values).status_code == 302

    acme.refresh_from_db()
    assert (acme.name, acme.slug, acme.locale, acme.time_zone, acme.industry) == (
        "Acme AG",
        "acme",
        "de",
        "Europe/Zurich",
        "software",
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, sorted(entry.data)) == ("account.changed", ["industry", "locale", "name", "time_zone"])
    assert entry.data["name"] == {"before": "Acme", "after": "Acme AG"}


def test_bad_settings_change_nothing(browser: Client, acme: Account) -> None:
    response = browser.post(url("settings"), {"name": "", "locale": "en", "time_zone": "Mars/Base", "industry": "x"})

    assert sorted(errors(response)) == ["industry", "name", "time_zone"]
    acme.refresh_from_db()
    assert acme.name == "Acme"


# People


def test_people_are_found_by_name_address_department_and_role(browser: Client, acme: Account, mia: Membership) -> None:
    sales = MembershipFactory.create(account=acme, department=DepartmentFactory.create(account=acme, name="Sales"))
    MembershipFactory.create(account=acme, left_at=now())
    MembershipFactory.create()

    def found(**query: str) -> list[str]:
        return [member.user.name for member in browser.get(url("people"), query).context["page"]]

    assert found() == ["Mia", "Olga", sales.user.name]
    assert found(q="m") == ["Mia", "Olga", sales.user.name]  # each address has an m
    assert found(q="mia@") == ["Mia"]
    assert found(q="sale") == [sales.user.name]
    assert found(role="owner") == ["Olga"]
    assert found(q="nobody") == []
    assert len(found(page="99")) == 3


def test_a_role_is_changed(browser: Client, mia: Membership) -> None:
    response = browser.post(url("set_role", mia.public_id), {"role": "admin"}, follow=True)

    mia.refresh_from_db()
    assert mia.role == "admin"
    assert "The role of Mia is saved." in response.content.decode()


def test_the_last_owner_is_told_why_not(browser: Client, olga: Membership) -> None:
    response = browser.post(url("set_role", olga.public_id), {"role": "member"})

    assert response.status_code == 409
    assert errors(response, "role_form") == {"role": ["An account needs an owner. Make somebody else an owner first."]}
    olga.refresh_from_db()
    assert olga.role == "owner"


def test_an_admin_is_not_offered_the_owner_role(olga: Membership, adam: Membership, mia: Membership) -> None:
    browser = browser_of(adam.user)

    form = browser.get(url("person", mia.public_id)).context["role_form"]
    forged = browser.post(url("set_role", mia.public_id), {"role": "owner"})
    owner_page = browser.get(url("person", olga.public_id)).content.decode()

    assert "owner" not in dict(form.fields["role"].choices)
    assert list(errors(forged, "role_form")) == ["role"]
    assert "Save role" not in owner_page
    mia.refresh_from_db()
    assert mia.role == "member"


def test_details_are_saved(browser: Client, acme: Account, mia: Membership) -> None:
    department, region = DepartmentFactory.create(account=acme), RegionFactory.create(account=acme)
    values = {
        "title": "Designer",
        "department": department.public_id,
        "region": region.public_id,
        "employment": "contractor",
        "ends_on": "2026-12-31",
    }

    assert browser.post(url("set_details", mia.public_id), values).status_code == 302

    mia.refresh_from_db()
    assert (mia.title, mia.department, mia.region, mia.employment, str(mia.ends_on)) == (
        "Designer",
        department,
        region,
        "contractor",
        "2026-12-31",
    )
    page = browser.get(url("person", mia.public_id)).content.decode()
    assert re.search(rf'value="{department.public_id}"\s+selected', page)


def test_level_and_manager_are_saved(browser: Client, mia: Membership, adam: Membership) -> None:
    values = {"employment": "employee", "level": "individual", "manager": f" {adam.user.email.upper()} "}

    assert browser.post(url("set_details", mia.public_id), values).status_code == 302

    mia.refresh_from_db()
    assert (mia.level, mia.manager) == ("individual", adam)
    assert f'value="{adam.user.email}"' in browser.get(url("person", mia.public_id)).content.decode()
    browser.post(url("set_details", mia.public_id), values | {"manager": ""})
    mia.refresh_from_db()
    assert mia.manager is None


def test_a_manager_is_somebody_else_who_does_not_report_to_one(
    browser: Client, mia: Membership, adam: Membership
) -> None:
    Membership.objects.filter(pk=adam.pk).update(manager=mia)

    for typed in ("nobody@acme.example", mia.user.email, adam.user.email):
        response = browser.post(url("set_details", mia.public_id), {"employment": "employee", "manager": typed})
        assert list(response.context["details_form"].errors) == ["manager"]

    mia.refresh_from_db()
    assert mia.manager is None


def test_another_accounts_member_is_no_manager(browser: Client, mia: Membership) -> None:
    stranger = MembershipFactory.create()
    values = {"employment": "employee", "manager": stranger.user.email}

    assert list(errors(browser.post(url("set_details", mia.public_id), values), "details_form")) == ["manager"]


def test_another_accounts_department_is_no_choice(browser: Client, mia: Membership) -> None:
    values = {"department": DepartmentFactory.create().public_id, "employment": "employee"}

    response = browser.post(url("set_details", mia.public_id), values)

    assert list(errors(response, "details_form")) == ["department"]
    mia.refresh_from_db()
    assert mia.department is None


def test_removal_says_what_happens_and_then_does_it(browser: Client, acme: Account, mia: Membership) -> None:
    ApiKeyFactory.create(account=acme, created_by=mia)

    page = browser.get(url("remove_member", mia.public_id)).content.decode()
    mia.refresh_from_db()
    assert mia.left_at is None
    done = browser.post(url("remove_member", mia.public_id))

    assert "Mia loses access to this account at once." in page
    assert "1 API key that this person made keeps working" in page
    assert done["Location"] == url("people")
    mia.refresh_from_db()
    assert mia.left_at is not None


def test_the_last_owner_cannot_leave(browser: Client, olga: Membership) -> None:
    response = browser.post(url("leave"))

    assert response.status_code == 409
    assert "An account needs an owner." in response.content.decode()
    olga.refresh_from_db()
    assert olga.left_at is None


def test_a_member_leaves(olga: Membership, mia: Membership) -> None:
    response = browser_of(mia.user).post(url("leave"))

    assert response["Location"] == reverse("accounts:my_accounts")
    mia.refresh_from_db()
    assert mia.left_at is not None


# Invitations


def test_a_person_is_invited_once(browser: Client, acme: Account) -> None:
    department = DepartmentFactory.create(account=acme)
    values = {"email": "Lena@example.com", "name": "Lena", "role": "viewer", "department": department.public_id}

    first = browser.post(url("invite"), values, follow=True).content.decode()
    again = browser.post(url("invite"), values, follow=True).content.decode()

    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.department) == ("lena@example.com", "viewer", department)
    assert "lena@example.com is invited." in first
    assert "was invited before. No second mail was sent." in again


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "lena"}, "email"), ({"role": "boss"}, "role"), ({"department": "dep_x"}, "department")],
)
def test_a_bad_invitation_is_not_made(browser: Client, change: dict[str, str], field: str) -> None:
    values = {"email": "lena@example.com", "role": "member"} | change

    assert list(errors(browser.post(url("invite"), values))) == [field]
    assert Invitation.objects.count() == 0


def test_a_member_is_not_invited(browser: Client, mia: Membership) -> None:
    response = browser.post(url("invite"), {"email": mia.user.email, "role": "member"})

    assert errors(response) == {"email": ["This person is already a member of the account."]}


def test_invitations_are_sent_again_and_withdrawn(browser: Client, acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme, expires_at=now() + timedelta(days=1))
    nonce = invitation.nonce

    browser.post(url("resend_invitation", invitation.public_id))
    invitation.refresh_from_db()
    assert invitation.nonce != nonce
    browser.post(url("revoke_invitation", invitation.public_id))
    gone = browser.post(url("revoke_invitation", invitation.public_id))

    invitation.refresh_from_db()
    assert invitation.state == "revoked"
    assert gone.status_code == 404


# Query counts


@pytest.mark.parametrize("name", ["people", "api_keys", "audit_trail", "structure"])
def test_lists_cost_the_same_for_one_and_three(
    name: str, browser: Client, acme: Account, olga: Membership, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def rows() -> None:
        MembershipFactory.create(account=acme, department=DepartmentFactory.create(account=acme), role=Role.VIEWER)
        InvitationFactory.create(account=acme, invited_by=olga)
        ApiKeyFactory.create(account=acme, created_by=olga)
        RegionFactory.create(account=acme)
        AuditEntry.objects.create(account=acme, user=olga.user, door="page", action="seat.assigned")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url(name)).status_code == 200
        return len(queries)

    rows()
    cost()  # the first visit writes the session
    one = cost()
    rows()
    rows()

    assert cost() == one
    assert one <= 8


def test_an_old_form_is_explained(mia: Membership) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(mia.user)

    response = browser.post(reverse("accounts:profile"), {"name": "Other"})

    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
    mia.user.refresh_from_db()
    assert mia.user.name == "Mia"
