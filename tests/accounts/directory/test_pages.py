"""The pages of directories."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.directory.authenticate import authenticate_directory
from accounts.models import AuditEntry, Membership, Role, ScimConnection, ScimToken
from tests.conftest import join
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(owner: Membership) -> Client:
    """The owner's."""
    client = Client()
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(owner: Membership, rest: str = "") -> str:
    return f"/a/{owner.account.slug}/settings/directories/{rest}"


def secret_in(page: str) -> str:
    return str(re.findall(r"sp_scim_\w{8}_[\w-]{43}", page)[0])


def test_a_token_is_shown_once(browser: Client, owner: Membership) -> None:
    answer = browser.post(url(owner, "new/"), {"name": " Okta "})

    connection = ScimConnection.objects.get()
    secret = secret_in(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert "http://testserver/scim/v2" in answer.content.decode()
    assert authenticate_directory(secret, timezone.now()) == connection
    assert (connection.account, connection.name, connection.created_by) == (owner.account, "Okta", owner)
    page = browser.get(url(owner)).content.decode()
    assert "Okta" in page
    assert secret not in page
    assert secret not in str(list(ScimToken.objects.values()))
    assert AuditEntry.objects.filter(account=owner.account).latest("pk").action == "directory.connected"


def test_a_directory_needs_a_name(browser: Client, owner: Membership) -> None:
    answer = browser.post(url(owner, "new/"), {"name": "  "})

    assert answer.status_code == 422
    assert not ScimConnection.objects.exists()


def test_a_new_token_leaves_the_old_one_a_day(browser: Client, owner: Membership) -> None:
    old = secret_in(browser.post(url(owner, "new/"), {"name": "Okta"}).content.decode())
    connection = ScimConnection.objects.get()
    assert "Make new token" in browser.get(url(owner, f"{connection.public_id}/rotate/")).content.decode()
    assert ScimToken.objects.count() == 1

    new = secret_in(browser.post(url(owner, f"{connection.public_id}/rotate/")).content.decode())

    at = timezone.now()
    assert new != old
    assert authenticate_directory(old, at) == authenticate_directory(new, at) == connection
    assert authenticate_directory(old, at + timedelta(hours=25)) is None
    assert authenticate_directory(new, at + timedelta(hours=25)) == connection


def test_disconnect_ends_every_token_at_once(browser: Client, owner: Membership) -> None:
    secret = secret_in(browser.post(url(owner, "new/"), {"name": "Okta"}).content.decode())
    connection = ScimConnection.objects.get()
    page = url(owner, f"{connection.public_id}/disconnect/")
    assert browser.get(page).status_code == 200
    assert authenticate_directory(secret, timezone.now()) == connection

    assert browser.post(page).status_code == 302

    assert authenticate_directory(secret, timezone.now()) is None
    assert browser.post(page).status_code == 404
    assert "Disconnected" in browser.get(url(owner)).content.decode()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.BILLING, Role.TEAM_MANAGER])
def test_others_have_no_business_here(owner: Membership, role: Role) -> None:
    client = Client()
    member = join(owner.account, "Mia", role, timezone.now())
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(url(owner)).status_code == 403
    assert client.post(url(owner, "new/"), {"name": "Okta"}).status_code == 403
    assert not ScimConnection.objects.exists()


def test_staff_see_connections_without_secrets(owner: Membership, browser: Client) -> None:
    secret = secret_in(browser.post(url(owner, "new/"), {"name": "Okta"}).content.decode())
    connection = ScimConnection.objects.get()
    staff = Client()
    staff.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")

    pages = [
        staff.get("/staff/accounts/scimconnection/"),
        staff.get(f"/staff/accounts/scimconnection/{connection.pk}/change/"),
        staff.get("/staff/accounts/directoryperson/"),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert "Okta" in pages[0].content.decode()
    for page in pages:
        assert secret not in page.content.decode()
        assert ScimToken.objects.get().secret_hash not in page.content.decode()
