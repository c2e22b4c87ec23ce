"""Keys of the vendor's own tools: made by a member of staff for themself in Django admin, ended at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.errors import KeyRefused
from accounts.keys.staff_keys import authenticate_staff_key, issue_staff_key
from accounts.models import AuditEntry, StaffKey, User
from tests.accounts.conftest import browser_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
ADD, LIST = "admin:accounts_staffkey_add", "admin:accounts_staffkey_changelist"
RIGHTS = ("view_signal", "view_expansiontask", "add_staffkey", "view_staffkey", "change_staffkey")


@pytest.fixture
def jonas(db: None) -> User:
    """On the staff: reads signals and tasks, and may issue keys."""
    user = UserFactory.create(email="jonas@vendor.example", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


@pytest.fixture
def browser(jonas: User) -> Client:
    return browser_of(jonas)


def form(**changes: Any) -> dict[str, Any]:
    return {"name": "Planner", "permissions": ["seats.view_expansiontask"], "days": "90", **changes}


def test_issued_and_shown_once(browser: Client, jonas: User, now: datetime) -> None:
    page = browser.post(reverse(ADD), form())

    key = StaffKey.objects.get()
    secret = page.context["secret"]
    assert page.status_code == 200
    assert secret in page.content.decode()
    assert secret.startswith(f"{key.prefix}_")
    assert (key.user, key.name, key.permissions) == (jonas, "Planner", ["seats.view_expansiontask"])
    assert timedelta(days=89, hours=23) < key.expires_at - now < timedelta(days=90, hours=1)
    assert authenticate_staff_key(secret, now) == key
    entry = AuditEntry.objects.get(action="staff_key.issued")
    assert (entry.account, entry.user, entry.target, entry.door) == (None, jonas, key.public_id, "admin")
    assert secret not in str(entry.data)
    for name in (LIST, "admin:accounts_staffkey_change"):
        shown = browser.get(reverse(name, args=[key.pk] if "change" in name and name != LIST else []))
        assert shown.status_code == 200
        assert secret not in shown.content.decode()
        assert key.secret_hash not in shown.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": ["seats.change_expansiontask"]}, "permissions"),  # Jonas may not.
        ({"permissions": ["accounts.change_user"]}, "permissions"),
        ({"days": "4000"}, "days"),
    ],
)
def test_refused_by_field(browser: Client, changes: dict[str, Any], field: str) -> None:
    page = browser.post(reverse(ADD), form(**changes))

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not StaffKey.objects.exists()
    assert not AuditEntry.objects.filter(action="staff_key.issued").exists()


def test_whoever_may_not_issue_finds_no_form(browser: Client, jonas: User) -> None:
    jonas.user_permissions.remove(Permission.objects.get(codename="add_staffkey"))

    assert browser.get(reverse(ADD)).status_code == 403
    assert browser.post(reverse(ADD), form()).status_code == 403
    assert not StaffKey.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "ends", "field"),
    [
        (["seats.change_expansiontask"], timedelta(days=1), "permissions"),
        (["seats.view_signal", "accounts.view_user"], timedelta(days=1), "permissions"),
        (["accounts.add_staffkey"], timedelta(days=1), "permissions"),  # Jonas has it, and no key can.
        (["seats.view_signal"], timedelta(0), "expires_at"),
        (["seats.view_signal"], timedelta(days=367), "expires_at"),
    ],
)
def test_the_verb_refuses_too(jonas: User, now: datetime, permissions: list[str], ends: timedelta, field: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        issue_staff_key(
            user=jonas, name="x", permissions=permissions, expires_at=now + ends, actor=Actor(user=jonas), at=now
        )
    assert refused.value.field == field
    assert not StaffKey.objects.exists()


def test_revoked_at_once_and_told_once(browser: Client, jonas: User, now: datetime) -> None:
    secret = browser.post(reverse(ADD), form()).context["secret"]
    key = StaffKey.objects.get()
    act = {"action": "revoke", "_selected_action": [key.pk]}

    browser.post(reverse(LIST), act)
    browser.post(reverse(LIST), act)

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert authenticate_staff_key(secret, now) is None
    assert AuditEntry.objects.filter(action="staff_key.revoked", user=jonas).count() == 1


def test_use_is_noted_once_a_minute(browser: Client, now: datetime) -> None:
    secret = browser.post(reverse(ADD), form()).context["secret"]
    seen = []
    for seconds in (0, 59, 60):
        authenticate_staff_key(secret, now + timedelta(seconds=seconds))
        seen.append(StaffKey.objects.get().last_used_at)
    assert seen == [now, now, now + timedelta(seconds=60)]
