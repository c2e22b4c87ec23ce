"""View as customer: staff only, never staff, look and not touch, and in the trail."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.access.impersonation import may_impersonate
from accounts.access.middleware import ViewOnlyMiddleware
from accounts.models import Account, AuditEntry, Membership, User
from tests.accounts.conftest import browser_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    """Staff with every right."""
    return UserFactory.create(name="Sam", email="sam@vendor.example", is_staff=True, is_superuser=True)


@pytest.fixture
def viewing(sam: User, acme: Account, olga: Membership) -> Client:
    """Sam's browser, which sees Acme as Olga."""
    browser = browser_of(sam)
    assert browser.post(reverse("hijack:acquire"), {"user_pk": olga.user.pk}).status_code == 302
    return browser


def test_who_may(sam: User) -> None:
    customer, colleague = UserFactory.create(), UserFactory.create(is_staff=True)
    permitted = UserFactory.create(is_staff=True)
    permitted.user_permissions.add(Permission.objects.get(codename="impersonate_user"))

    assert may_impersonate(hijacker=sam, hijacked=customer)
    assert may_impersonate(hijacker=permitted, hijacked=customer)
    assert not may_impersonate(hijacker=colleague, hijacked=customer)
    assert not may_impersonate(hijacker=sam, hijacked=colleague)
    assert not may_impersonate(hijacker=sam, hijacked=sam)
    assert not may_impersonate(hijacker=sam, hijacked=UserFactory.create(is_superuser=True))
    assert not may_impersonate(hijacker=sam, hijacked=UserFactory.create(is_active=False))
    assert not may_impersonate(hijacker=customer, hijacked=UserFactory.create())
    assert not may_impersonate(
        hijacker=UserFactory.create(is_staff=True, is_superuser=True, is_active=False), hijacked=customer
    )


def test_a_customer_cannot(olga: Membership, charlie: User) -> None:
    response = browser_of(charlie).post(reverse("hijack:acquire"), {"user_pk": olga.user.pk})

    assert response.status_code == 403
    assert AuditEntry.objects.count() == 0


def test_start_and_end_are_in_the_customers_trail(viewing: Client, sam: User, acme: Account, olga: Membership) -> None:
    viewing.post(reverse("hijack:release"))

    entries = AuditEntry.objects.filter(account=acme).order_by("pk")
    assert list(entries.values_list("action", "user", "impersonator", "door")) == [
        ("impersonation.started", olga.user.pk, sam.pk, "admin"),
        ("impersonation.ended", olga.user.pk, sam.pk, "admin"),
    ]
    # Back as oneself.
    assert viewing.get(reverse("accounts:profile")).context["user"] == sam


def test_pages_are_seen_with_a_banner(viewing: Client, sam: User) -> None:
    response = viewing.get(reverse("accounts:people", args=["acme"]))

    assert response.status_code == 200
    assert response.context["impersonating"] == sam
    assert "You see this account as olga@example.com" in response.content.decode()


def test_nothing_can_be_changed(viewing: Client, acme: Account) -> None:
    response = viewing.post(
        reverse("accounts:settings", args=["acme"]), {"name": "Other", "locale": "en", "time_zone": "UTC"}
    )

    assert response.status_code == 403
    assert "you can look, but nothing can be changed" in response.content.decode()
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_nor_by_the_api(sam: User, olga: Membership, rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise AssertionError

    request = rf.post("/api/v1/orders/")
    request.session = {"hijack_history": [str(sam.pk)]}  # type: ignore[assignment]
    request.resolver_match = None
    response = ViewOnlyMiddleware(view).process_view(request, view, (), {})

    assert response is not None
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert json.loads(response.content)["code"] == "view_only"


def test_the_language_form_changes_nothing_either(viewing: Client, olga: Membership) -> None:
    assert viewing.post(reverse("set_language"), {"language": "es"}).status_code == 403
    olga.user.refresh_from_db()
    assert olga.user.locale == "en"


@pytest.mark.parametrize("name", ["account_email", "mfa_index", "mfa_view_recovery_codes", "usersessions_list"])
def test_the_customers_sign_in_pages_are_closed(viewing: Client, name: str) -> None:
    assert viewing.get(reverse(name)).status_code == 403


def test_the_staff_site_is_closed_meanwhile(viewing: Client) -> None:
    assert viewing.get(reverse("admin:index")).status_code == 403


def test_signing_out_ends_it(viewing: Client) -> None:
    assert viewing.post(reverse("account_logout")).status_code == 302
    assert viewing.get(reverse("accounts:profile")).status_code == 302
