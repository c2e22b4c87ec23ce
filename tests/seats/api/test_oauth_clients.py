"""OAuth clients: an id and a secret for tokens, which every endpoint takes as it takes a key."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from allauth.idp.oidc.models import Token
from django.core.cache import cache
from django.test import Client
from rest_framework.settings import api_settings

from accounts.access.actor import Actor
from accounts.keys.authenticate_key import authenticate_key
from accounts.keys.issue_api_key import issue_api_key
from accounts.keys.oauth import forget_ended_tokens
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.keys.rotate_api_key import rotate_api_key
from accounts.models import Account, ApiKey, AuditEntry, Department, Membership
from seats.api.entitlements import Entitlement
from seats.api.usage_events import UsageEvents
from seats.entitlements.asker import asker_of
from seats.models import UsageEvent
from seats.pool.pools import pool_of
from seats.usage.sender import sender_of
from tests.conftest import make_account
from tests.integrator import ALL, Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


def client_of(owner: Membership, now: datetime, *scopes: str, expires_at: datetime | None = None) -> Integrator:
    """An OAuth client of the account; `secret` is the client's."""
    key, secret = issue_api_key(
        account=owner.account,
        name="Data platform",
        scopes=scopes or ALL,
        expires_at=expires_at,
        membership=owner,
        actor=Actor(user=owner.user),
        at=now,
        oauth=True,
    )
    return Integrator(secret, key)


def exchange(made: Integrator, secret: str = "", client: str = "", **fields: str) -> Any:
    """Ask for a token with HTTP Basic."""
    pair = base64.b64encode(f"{client or made.key.prefix}:{secret or made.secret}".encode()).decode()
    body = "&".join(f"{name}={value}" for name, value in {"grant_type": "client_credentials", **fields}.items())
    headers = {"Authorization": f"Basic {pair}"}
    return made.client.generic("POST", "/api/oauth/token", body, content_type=FORM, headers=headers)


def with_token(made: Integrator, **fields: str) -> Integrator:
    """The program with a token in place of a key."""
    answer = exchange(made, **fields)
    assert answer.status_code == 200, answer.content
    return Integrator(answer.json()["access_token"], made.key)


def event(owner: Membership, now: datetime, name: str = "a") -> list[dict[str, str]]:
    return [{"id": name, "user": owner.public_id, "feature": "Reports", "occurred_at": now.isoformat()}]


@pytest.fixture
def only_lean() -> Any:
    """REST framework's views must not be asked."""
    wrong = AssertionError("not the lean way")
    with (
        patch.object(UsageEvents, "initial", side_effect=wrong),
        patch.object(Entitlement, "initial", side_effect=wrong),
    ):
        yield


@pytest.fixture(autouse=True)
def pool(owner: Membership) -> None:
    pool_of(owner.account)


def test_a_secret_is_exchanged_for_a_token_that_ends(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now, "seats.view", "audit.view")

    answer = exchange(made)

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert {name: told[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "audit.view seats.view",
    }
    assert "refresh_token" not in told
    token = Token.objects.get()
    assert timedelta(minutes=14) < token.expires_at - now < timedelta(minutes=16)
    kept = str([*Token.objects.values_list(), *OAuthClient.objects.values_list(), *ApiKey.objects.values_list()])
    assert told["access_token"] not in kept
    assert made.secret not in kept


def test_the_client_names_itself_in_the_body_as_well(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now)
    fields = {"grant_type": "client_credentials", "client_id": made.key.prefix, "client_secret": made.secret}

    answer = Client().post("/api/oauth/token", fields)

    assert answer.status_code == 200


def test_a_token_acts_as_a_key_does(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now, "seats.view", "account.manage", "audit.view")
    acme = with_token(made)

    me = acme.get("me").json()
    assert me["caller"] == {"kind": "oauth_client", "id": made.key.public_id, "name": "Data platform", "email": None}
    assert (me["account"]["slug"], me["capabilities"]) == ("acme", ["account.manage", "audit.view", "seats.view"])
    first = acme.post("departments", {"name": "Support"}, idempotency_key="k1")
    again = with_token(made).post("departments", {"name": "Support"}, idempotency_key="k1")
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert Department.objects.filter(account=owner.account, name="Support").count() == 1
    entry = AuditEntry.objects.get(action="department.added")
    assert (entry.api_key, entry.user, entry.door) == (made.key, None, "api")
    made.key.refresh_from_db()
    assert made.key.last_used_at is not None


def test_all_tokens_of_a_client_share_its_rate(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now)

    left = [int(with_token(made).get("me")["RateLimit-Remaining"]) for _ in range(2)]

    assert left[0] - left[1] == 1


def test_a_token_may_what_it_was_given_for(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now, "seats.view", "audit.view")

    narrow = with_token(made, scope="seats.view")

    assert narrow.get("seats").status_code == 200
    refused = problem(narrow.get("audit"))
    assert (refused["status"], refused["code"], refused["capability"]) == (403, "capability_missing", "audit.view")
    wide = exchange(made, scope="seats.view keys.manage")
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")
    assert Token.objects.count() == 1


def test_a_token_passes_on_its_own_scopes_only(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now, "keys.manage", "seats.view", "audit.view")
    acme = with_token(made, scope="keys.manage seats.view")

    refused = acme.post("api-keys", {"name": "More", "scopes": ["audit.view"]})
    given = acme.post("api-keys", {"name": "Less", "kind": "oauth_client", "scopes": ["seats.view"]})

    assert problem(refused)["code"] == "key_refused"
    told = given.json()
    assert (given.status_code, told["kind"], told["scopes"]) == (201, "oauth_client", ["seats.view"])
    assert with_token(Integrator(told["secret"], ApiKey.objects.get(name="Less"))).get("seats").status_code == 200
    made.key.refresh_from_db()
    assert made.key.scopes == ["audit.view", "keys.manage", "seats.view"]


def test_the_lean_doors_take_tokens(only_lean: Any, owner: Membership, now: datetime) -> None:
    acme = with_token(client_of(owner, now, "usage.send", "entitlements.check"))

    sent = acme.post("usage-events", event(owner, now))
    asked = acme.get(f"entitlements/{owner.public_id}")

    assert (sent.status_code, sent.json()["verdicts"]) == (200, ["accepted"])
    assert (asked.status_code, asked.json()["allowed"]) == (200, False)


def test_the_lean_doors_ask_for_the_scope(only_lean: Any, owner: Membership, now: datetime) -> None:
    acme = with_token(client_of(owner, now, "usage.send", "entitlements.check", "usage.view"), scope="usage.view")

    for answer, scope in (
        (acme.post("usage-events", event(owner, now)), "usage.send"),
        (acme.get(f"entitlements/{owner.public_id}"), "entitlements.check"),
    ):
        assert (answer.status_code, problem(answer)["capability"]) == (403, scope)
    assert not UsageEvent.objects.exists()


def _token_ended(made: Integrator, owner: Membership, now: datetime) -> None:
    Token.objects.update(expires_at=now - timedelta(seconds=1))


def _revoked(made: Integrator, owner: Membership, now: datetime) -> None:
    revoke_api_key(account=owner.account, key=made.key, actor=Actor(user=owner.user), at=now)


def _client_ended(made: Integrator, owner: Membership, now: datetime) -> None:
    ApiKey.objects.filter(pk=made.key.pk).update(expires_at=now - timedelta(seconds=1))


def _closed(made: Integrator, owner: Membership, now: datetime) -> None:
    Account.objects.filter(pk=owner.account.pk).update(closed_at=now)


@pytest.mark.parametrize("end", [_token_ended, _revoked, _client_ended, _closed])
def test_what_lives_no_more_opens_nothing(
    owner: Membership, now: datetime, end: Callable[[Integrator, Membership, datetime], None]
) -> None:
    made = client_of(owner, now)
    acme = with_token(made)
    assert acme.get("me").status_code == 200
    end(made, owner, now)
    later = now + timedelta(seconds=1)

    for answer in (
        acme.get("me"),
        acme.post("usage-events", event(owner, now)),
        acme.get(f"entitlements/{owner.public_id}"),
    ):
        assert (answer.status_code, problem(answer)["code"]) == (401, "authentication_failed")
    assert (authenticate_key(acme.secret, later), sender_of(acme.secret, later), asker_of(acme.secret, later)) == (
        None,
        None,
        None,
    )
    assert not UsageEvent.objects.exists()


@pytest.mark.parametrize("end", [_revoked, _client_ended, _closed])
def test_what_lives_no_more_gets_no_token(
    owner: Membership, now: datetime, end: Callable[[Integrator, Membership, datetime], None]
) -> None:
    made = client_of(owner, now)
    end(made, owner, now)

    answer = exchange(made)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert not Token.objects.exists()


def test_a_client_is_rotated_with_time_to_change_over(owner: Membership, now: datetime) -> None:
    old = client_of(owner, now, "seats.view")
    before = with_token(old)

    new_key, secret = rotate_api_key(
        account=owner.account,
        key=old.key,
        overlap=timedelta(hours=1),
        expires_at=None,
        membership=owner,
        actor=Actor(user=owner.user),
        at=now,
    )

    after = with_token(Integrator(secret, new_key))
    assert new_key.prefix != old.key.prefix
    assert [each.get("seats").status_code for each in (before, after)] == [200, 200]
    assert exchange(old).status_code == 200
    late = now + timedelta(hours=1)
    Token.objects.update(expires_at=late + timedelta(minutes=1))
    assert authenticate_key(before.secret, late) is None
    assert authenticate_key(after.secret, late) == new_key


def test_each_account_sees_its_own(owner: Membership, now: datetime) -> None:
    other = make_account("Elsewhere", now, owner="Oscar", domain="elsewhere.example")
    acme, elsewhere = with_token(client_of(owner, now)), with_token(client_of(other, now))

    assert (acme.get("me").json()["account"]["slug"], elsewhere.get("me").json()["account"]["slug"]) == (
        "acme",
        "elsewhere",
    )
    assert elsewhere.get(f"members/{owner.public_id}").status_code == 404
    assert elsewhere.get(f"api-keys/{acme.key.public_id}").status_code == 404
    assert elsewhere.post(f"api-keys/{acme.key.public_id}/revoke").status_code == 404
    assert elsewhere.post("usage-events", event(owner, now)).json()["verdicts"] == ["accepted"]
    assert not UsageEvent.objects.filter(account=owner.account).exists()
    assert acme.get("me").status_code == 200


def test_a_secret_is_no_key_and_a_key_no_secret(owner: Membership, now: datetime) -> None:
    made, plain = client_of(owner, now), integrator_of(owner, now)

    for path in ("me", f"entitlements/{owner.public_id}"):
        assert Integrator(made.secret, made.key).get(path).status_code == 401
    assert exchange(made, secret=plain.secret).json()["error"] == "invalid_client"
    assert exchange(made, client=plain.key.prefix, secret=plain.secret).json()["error"] == "invalid_client"
    assert not Token.objects.exists()


@pytest.mark.parametrize("fields", [{"secret": "wrong"}, {"client": "spc_test_00000000"}, {"client": "a\0b"}])
def test_who_is_no_client_gets_nothing(owner: Membership, now: datetime, fields: dict[str, str]) -> None:
    answer = exchange(client_of(owner, now), **fields)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer["WWW-Authenticate"] == 'Basic realm="api"'
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    "grant", ["", "password", "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
)
def test_other_grants_are_refused(owner: Membership, now: datetime, grant: str) -> None:
    answer = exchange(client_of(owner, now), grant_type=grant)

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert not Token.objects.exists()


def test_a_body_that_is_no_form_says_so(owner: Membership, now: datetime) -> None:
    body = json.dumps({"grant_type": "client_credentials"})

    answer = Client().post("/api/oauth/token", body, content_type="application/json")

    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error_description"]
    assert Client().get("/api/oauth/token").status_code == 405


def test_askers_are_counted_before_secrets_are(
    owner: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "token", "2/min")
    cache.clear()
    made = client_of(owner, now)
    with patch("seatportal.api.throttling.time.time", return_value=now.timestamp()):
        answers = [exchange(made, secret="wrong") for _ in range(2)]
        with patch("allauth.idp.oidc.views.token", side_effect=AssertionError("asked")):
            answers.append(exchange(made))

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("keep", [True, False])
def test_tokens_outlive_a_new_secret_key_of_the_server(
    owner: Membership, now: datetime, keep: bool, settings: Any
) -> None:
    acme = with_token(client_of(owner, now))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
    settings.SECRET_KEY = "new-" + "1" * 50

    opened = 200 if keep else 401
    assert acme.get("me").status_code == opened
    assert acme.get(f"entitlements/{owner.public_id}").status_code == opened
    assert acme.post("usage-events", event(owner, now)).status_code == opened


def test_ended_tokens_are_forgotten(owner: Membership, now: datetime) -> None:
    made = client_of(owner, now)
    living = with_token(made)
    with_token(made)
    Token.objects.filter(pk=Token.objects.latest("pk").pk).update(expires_at=now - timedelta(seconds=1))

    assert forget_ended_tokens(at=now) == 1

    assert living.get("me").status_code == 200
