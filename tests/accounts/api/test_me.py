"""GET /api/v1/me, and what every answer of the API says."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.access.roles import CAPABILITIES
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.members.open_account import open_account
from accounts.models import Membership
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now, "seats.view")


def test_a_key_learns_its_account_and_scopes(acme: Integrator, owner: Membership) -> None:
    answer = acme.get("me")

    assert answer.status_code == 200
    assert answer.json() == {
        "caller": {"kind": "api_key", "id": acme.key.public_id, "name": "Directory sync", "email": None},
        "account": {
            "id": owner.account.public_id,
            "slug": "acme",
            "name": "Acme",
            "locale": "en",
            "time_zone": "UTC",
        },
        "role": None,
        "capabilities": ["seats.view"],
    }


def test_a_person_learns_the_role(owner: Membership, client_of: Callable[[Membership], Client]) -> None:
    answer = client_of(owner).get("/api/v1/me")

    assert answer.json()["caller"] == {
        "kind": "person",
        "id": owner.user.public_id,
        "name": "Olivia",
        "email": "olivia@acme.example",
    }
    assert answer.json()["role"] == "owner"
    assert answer.json()["capabilities"] == sorted(CAPABILITIES)


def test_a_person_with_two_accounts_names_one(
    owner: Membership, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    other = open_account(name="Second", user=owner.user, at=now, actor=Actor(user=owner.user))
    browser = client_of(owner)

    unnamed = browser.get("/api/v1/me")
    named = browser.get("/api/v1/me", headers={"Seat-Portal-Account": other.slug})
    refused = browser.get("/api/v1/seats")

    assert (unnamed.json()["account"], unnamed.json()["capabilities"]) == (None, [])
    assert named.json()["account"]["slug"] == "second"
    assert problem(refused)["code"] == "account_not_named"


def test_another_tenants_account_is_not_found(
    owner: Membership, outsider: Membership, client_of: Callable[[Membership], Client]
) -> None:
    answer = client_of(owner).get("/api/v1/me", headers={"Seat-Portal-Account": outsider.account.slug})

    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize("secret", ["", "nonsense", "sp_test_abcdefgh_nothing"])
def test_an_unknown_key_is_401(db: None, secret: str) -> None:
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 401
    assert problem(answer)["code"] == "authentication_failed"
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_nobody_is_401(db: None) -> None:
    answer = Client().get("/api/v1/me")

    assert (answer.status_code, problem(answer)["code"]) == (401, "not_authenticated")


def test_a_revoked_key_is_401(acme: Integrator, owner: Membership, now: datetime) -> None:
    revoke_api_key(account=owner.account, key=acme.key, actor=Actor(user=owner.user), at=now)

    assert problem(acme.get("me"))["code"] == "authentication_failed"


def test_an_expired_key_is_401(owner: Membership, now: datetime) -> None:
    ended = integrator_of(owner, now - timedelta(days=2), expires_at=now - timedelta(days=1))

    assert problem(ended.get("me"))["code"] == "authentication_failed"


def test_a_key_of_a_closed_account_is_401(acme: Integrator, owner: Membership, now: datetime) -> None:
    owner.account.closed_at = now
    owner.account.save()

    assert acme.get("me").status_code == 401


def test_a_missing_scope_is_403_with_its_name(owner: Membership, now: datetime) -> None:
    answer = integrator_of(owner, now, "usage.view").get("seats")

    body = problem(answer)
    assert (answer.status_code, body["code"], body["capability"]) == (403, "capability_missing", "seats.view")
