"""The API's entrance: keys, browser sessions, capabilities."""

from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.actor import actor_of
from accounts.access.api import ApiRequest
from accounts.models import Account, Membership, User
from tests.accounts.conftest import browser_of
from tests.factories.accounts import AccountFactory, ApiKeyFactory, MembershipFactory, UserFactory, text_of

pytestmark = pytest.mark.django_db


class Seen(APIView):
    """Answers with what the entrance has found."""

    required_capability: str | dict[str, str | None] | None = {"GET": "seats.view", "POST": "seats.assign"}
    throttle_classes = ()

    def get(self, request: ApiRequest) -> Response:
        actor = actor_of(request)
        return Response(
            {
                "account": request.account.slug if request.account else None,
                "member": request.membership.role if request.membership else None,
                "user": actor.user.email if actor.user else None,
                "key": actor.api_key.prefix if actor.api_key else None,
                "door": actor.door,
            }
        )

    def post(self, request: Request) -> Response:
        return Response({})


class Anybody(Seen):
    """Needs no capability."""

    required_capability = None


urlpatterns = [path("api/seen/", Seen.as_view()), path("api/anybody/", Anybody.as_view())]


@pytest.fixture(autouse=True)
def routes() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_key_acts_for_its_account(acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme)

    response = Client().get("/api/seen/", headers=bearer(text_of(key)))

    assert response.status_code == 200
    assert response.json() == {"account": "acme", "member": None, "user": None, "key": key.prefix, "door": "api"}


def test_a_key_may_what_its_scopes_say(acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme, scopes=["seats.view"])

    response = Client().post("/api/seen/", headers=bearer(text_of(key)))

    assert response.status_code == 403
    assert response.json()["code"] == "capability_missing"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "bearer sp_test_00000000_x"])
def test_a_wrong_key_is_401(header: str, acme: Account) -> None:
    ApiKeyFactory.create(account=acme, prefix="sp_test_00000000")

    response = Client().get("/api/seen/", headers={"Authorization": header})

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("url", ["/api/seen/", "/api/anybody/"])
def test_nobody_is_401(url: str) -> None:
    assert Client().get(url).status_code == 401


def test_a_browser_with_one_account_needs_not_name_it(acme: Account, olga: Membership) -> None:
    response = browser_of(olga.user).get("/api/seen/")

    assert response.json() == {
        "account": "acme",
        "member": "owner",
        "user": "olga@example.com",
        "key": None,
        "door": "api",
    }


def test_a_browser_with_two_accounts_names_one(acme: Account, olga: Membership) -> None:
    MembershipFactory.create(user=olga.user, account=AccountFactory.create(slug="second"))
    browser = browser_of(olga.user)

    unnamed = browser.get("/api/seen/")
    named = browser.get("/api/seen/", headers={"Seat-Portal-Account": "acme"})

    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "account_not_named")
    assert named.json()["account"] == "acme"


def test_a_stranger_finds_no_account(acme: Account, charlie: User) -> None:
    response = browser_of(charlie).get("/api/seen/", headers={"Seat-Portal-Account": "acme"})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_role_without_the_capability(acme: Account, mia: Membership) -> None:
    assert browser_of(mia.user).get("/api/seen/").json()["code"] == "capability_missing"


def test_a_view_without_a_capability_is_for_any_caller() -> None:
    response = browser_of(UserFactory.create()).get("/api/anybody/")

    assert (response.status_code, response.json()["account"]) == (200, None)


def test_a_browser_needs_a_csrf_token_to_write(acme: Account, olga: Membership) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(olga.user)

    assert browser.post("/api/seen/").status_code == 403


def test_a_key_needs_none(acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme, scopes=["seats.assign"])

    assert Client(enforce_csrf_checks=True).post("/api/seen/", headers=bearer(text_of(key))).status_code == 200
