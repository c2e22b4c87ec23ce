"""/api/v1/api-keys"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.keys.authenticate_key import authenticate_key
from accounts.models import ApiKey, AuditEntry, IdempotentAnswer, Membership
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
NEW = {"name": "Sync", "scopes": ["seats.view"]}


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


def made(acme: Integrator, **more: Any) -> dict[str, Any]:
    answer = acme.post("api-keys", {**NEW, **more})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_one_is_issued_and_shown_once(acme: Integrator, owner: Membership, now: datetime) -> None:
    shown = made(acme)

    row = ApiKey.objects.get(public_id=shown["id"])
    assert shown == {
        "id": row.public_id,
        "name": "Sync",
        "kind": "api_key",
        "prefix": row.prefix,
        "live": False,
        "scopes": ["seats.view"],
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "created_by": owner.public_id,
        "last_used_at": None,
        "expires_at": None,
        "revoked_at": None,
        "replaces": None,
        "secret": shown["secret"],
    }
    assert shown["secret"].startswith(f"{row.prefix}_")
    rest = {name: value for name, value in shown.items() if name != "secret"}
    assert acme.get(f"api-keys/{row.public_id}").json() == rest
    assert acme.get("api-keys").json()["results"][0] == rest
    assert authenticate_key(shown["secret"], now) == row
    assert shown["secret"] not in str(AuditEntry.objects.values_list("data", "summary"))


def test_a_repeat_never_shows_it_again(acme: Integrator) -> None:
    first = acme.post("api-keys", NEW, idempotency_key="k1")
    second = acme.post("api-keys", NEW, idempotency_key="k1")

    assert second["Idempotent-Replayed"] == "true"
    assert second.json() == {**first.json(), "secret": None}
    assert first.json()["secret"] not in str(IdempotentAnswer.objects.get().body)
    assert ApiKey.objects.filter(name="Sync").count() == 1


def test_it_is_rotated_with_time_to_change_over(acme: Integrator, now: datetime) -> None:
    old = made(acme)

    new = acme.post(f"api-keys/{old['id']}/rotate", {"overlap_hours": 2})

    assert new.status_code == 201
    told = new.json()
    assert (told["name"], told["scopes"], told["replaces"], told["expires_at"]) == (
        "Sync",
        ["seats.view"],
        old["id"],
        None,
    )
    later = datetime.now(UTC)
    for secret, hours, works in (
        (old["secret"], 1, True),
        (old["secret"], 3, False),
        (told["secret"], 3, True),
    ):
        assert (authenticate_key(secret, later + timedelta(hours=hours)) is not None) == works
    refused = problem(acme.post(f"api-keys/{old['id']}/rotate"))
    assert (refused["status"], refused["code"]) == (409, "key_gone")
    assert ApiKey.objects.filter(name="Sync").count() == 2


def test_a_rotation_never_prolongs_the_old_one(acme: Integrator, now: datetime) -> None:
    end = now + timedelta(hours=5)
    old = made(acme, expires_at=end.isoformat())

    acme.post(f"api-keys/{old['id']}/rotate", {"overlap_hours": 700})

    assert ApiKey.objects.get(public_id=old["id"]).expires_at == end


def test_a_key_rotates_itself(owner: Membership, now: datetime) -> None:
    sync = integrator_of(owner, now, "keys.manage")

    told = sync.post(f"api-keys/{sync.key.public_id}/rotate", {"overlap_hours": 0}).json()

    assert sync.get("api-keys").status_code == 401
    assert Integrator(told["secret"], sync.key).get("api-keys").status_code == 200


def test_it_is_revoked_at_once(acme: Integrator) -> None:
    shown = made(acme)

    for _ in range(2):
        answer = acme.post(f"api-keys/{shown['id']}/revoke")
        assert answer.status_code == 200
        assert answer.json()["revoked_at"] is not None
    assert Integrator(shown["secret"], acme.key).get("me").status_code == 401
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


def test_a_key_passes_on_no_more_than_it_has(owner: Membership, now: datetime) -> None:
    small = integrator_of(owner, now, "keys.manage", "seats.view", expires_at=now + timedelta(days=1))
    before = ApiKey.objects.count()

    for body, field in (
        ({**NEW, "scopes": ["seats.buy"]}, "scopes"),
        (NEW, "expires_at"),
        ({**NEW, "expires_at": (now + timedelta(days=2)).isoformat()}, "expires_at"),
        ({**NEW, "expires_at": (now - timedelta(days=2)).isoformat()}, "expires_at"),
    ):
        refused = problem(small.post("api-keys", body))
        assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (400, "key_refused", field)
    other = ApiKey.objects.get(public_id=made(integrator_of(owner, now), scopes=["seats.buy"])["id"])
    refused = problem(small.post(f"api-keys/{other.public_id}/rotate"))
    assert refused["errors"][0]["field"] == "scopes"
    assert ApiKey.objects.count() == before + 2
    other.refresh_from_db()
    assert other.expires_at is None
    end = (now + timedelta(hours=1)).isoformat()
    assert small.post("api-keys", {**NEW, "expires_at": end}).status_code == 201


def test_a_person_makes_one_in_the_browser(admin_member: Membership, client_of: Callable[[Membership], Client]) -> None:
    answer = client_of(admin_member).post("/api/v1/api-keys", NEW, content_type="application/json")

    assert (answer.status_code, answer.json()["created_by"]) == (201, admin_member.public_id)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["seats.view"]}, "name"),
        ({"name": "Sync", "scopes": []}, "scopes"),
        ({"name": "Sync", "scopes": ["all"]}, "scopes.0"),
        ({**NEW, "expires_at": "tomorrow"}, "expires_at"),
    ],
)
def test_a_bad_key_is_not_made(acme: Integrator, body: dict[str, Any], field: str) -> None:
    before = ApiKey.objects.count()

    answer = acme.post("api-keys", body)

    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (422, field)
    assert ApiKey.objects.count() == before
