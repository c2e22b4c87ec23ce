"""The rules of sign-in for programs, and that nobody overwrites what they have not seen."""

from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from accounts.models import Account, AuditEntry, MailDomain, Membership, SsoConnection, SsoPolicy
from accounts.sso.connections import secret_of
from accounts.sso.domains import recheck_domain
from tests.accounts.api.test_sign_in import oidc
from tests.accounts.sso.conftest import proved
from tests.idp import Provider, providing
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
RULES = "policy/sign-in"


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    """A key of Acme with every scope."""
    return integrator_of(owner, now)


@pytest.fixture
def idp(settings: Any) -> Any:
    """A provider on this machine."""
    settings.WEBHOOKS_TO_LOOPBACK = True
    with providing() as server:
        yield server


def test_the_rules_are_read_and_changed(acme: Integrator, owner: Membership, now: datetime) -> None:
    seen = acme.get(RULES)
    assert seen.json() == {"enforced": False, "join": "approval"}
    assert acme.get(RULES, if_none_match=seen["ETag"]).status_code == 304
    assert not SsoPolicy.objects.exists()
    proved(owner.account, "acme.example", now)
    SsoConnection.objects.create(account=owner.account, kind="oidc", name="Okta", tested_at=now, enabled_at=now)
    Authenticator.objects.create(user=owner.user, type=Authenticator.Type.TOTP, data={})

    changed = acme.put(RULES, {"enforced": True, "join": "seat"}, if_match=seen["ETag"])

    assert (changed.status_code, changed.json()) == (200, {"enforced": True, "join": "seat"})
    assert changed["ETag"] == acme.get(RULES)["ETag"] != seen["ETag"]
    row = SsoPolicy.objects.get()
    assert (row.account, row.enforced, row.join) == (owner.account, True, "seat")
    entry = AuditEntry.objects.get(action="sso.policy_changed")
    assert (entry.api_key, entry.data["enforced"]) == (acme.key, {"before": "", "after": "True"})


def test_what_would_lock_everybody_out_is_refused(acme: Integrator, owner: Membership, now: datetime) -> None:
    wish = {"enforced": True, "join": "seat"}
    refused = problem(acme.put(RULES, wish, if_match="*"))
    assert (refused["status"], refused["code"]) == (422, "connection_refused")
    assert refused["errors"][0]["field"] == "enforced"
    proved(owner.account, "acme.example", now)
    SsoConnection.objects.create(account=owner.account, kind="oidc", name="Okta", tested_at=now, enabled_at=now)
    type(owner.user).objects.update(email="olga@acme.example")
    assert problem(acme.put(RULES, wish, if_match="*"))["title"].startswith("First let an owner set up")
    assert not SsoPolicy.objects.exists()
    assert not AuditEntry.objects.filter(action="sso.policy_changed").exists()


def test_the_rules_are_replaced_only_by_who_has_read_them(acme: Integrator, account: Account) -> None:
    seen = acme.get(RULES)
    missing = problem(acme.put(RULES, {"enforced": False, "join": "never"}))
    assert (missing["status"], missing["code"]) == (428, "precondition_required")
    assert acme.put(RULES, {"enforced": False, "join": "member"}, if_match=seen["ETag"]).status_code == 200
    late = problem(acme.put(RULES, {"enforced": False, "join": "never"}, if_match=seen["ETag"]))
    assert (late["status"], late["code"]) == (412, "precondition_failed")
    assert SsoPolicy.objects.get(account=account).join == "member"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"join": "seat"}, "enforced"),
        ({"enforced": False}, "join"),
        ({"enforced": "false", "join": "seat"}, "enforced"),
        ({"enforced": 0, "join": "seat"}, "enforced"),
        ({"enforced": None, "join": "seat"}, "enforced"),
        ({"enforced": False, "join": "everybody"}, "join"),
        ({"enforced": False, "join": ["seat"]}, "join"),
        ({"enforced": False, "join": "seat", "mode": 1}, "mode"),
    ],
)
def test_what_is_no_rule(acme: Integrator, body: dict[str, Any], field: str) -> None:
    refused = problem(acme.put(RULES, body, if_match="*"))
    assert (refused["status"], [error["field"] for error in refused["errors"]]) == (422, [field])
    assert not SsoPolicy.objects.exists()


def test_a_domain_that_changed_is_not_removed(
    acme: Integrator, account: Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"domains/{acme.post('domains', {'name': 'acme.example'}).json()['id']}"
    seen = acme.get(path)["ETag"]
    MailDomain.objects.update(verified_at=now)

    late = problem(acme.delete(path, if_match=seen))

    assert (late["status"], late["code"]) == (412, "precondition_failed")
    assert MailDomain.objects.exists()
    # A nightly check that finds what it expects is no change.
    seen = acme.get(path)["ETag"]
    row = MailDomain.objects.get()
    recheck_domain(domain_id=row.pk, at=now, lookup=lambda name: [f"seat-portal-verification={row.token}"])
    assert MailDomain.objects.get().checked_at == now
    assert acme.delete(path, if_match=f"W/{seen}").status_code == 204
    assert not MailDomain.objects.exists()


def test_a_connection_that_changed_is_neither_replaced_nor_deleted(
    acme: Integrator, idp: Provider, now: datetime
) -> None:
    path = f"sso-connections/{acme.post('sso-connections', oidc(idp)).json()['id']}"
    first = acme.get(path)["ETag"]
    same = {"name": "Okta", "issuer": idp.issuer, "client_id": idp.client_id}

    # Only the secret differs, which no answer shows.
    changed = acme.put(path, same | {"secret": "another"}, if_match=first)

    assert changed.status_code == 200, changed.content
    second = acme.get(path)["ETag"]
    assert changed["ETag"] == second != first
    asked = len(idp.asked)
    for late in (acme.put(path, same | {"name": "Late"}, if_match=first), acme.delete(path, if_match=first)):
        refused = problem(late)
        assert (refused["status"], refused["code"]) == (412, "precondition_failed")
    assert len(idp.asked) == asked
    row = SsoConnection.objects.get()
    assert (row.name, secret_of(row)) == ("Okta", "another")
    SsoConnection.objects.update(last_used_at=now)
    assert acme.get(path)["ETag"] == second
    assert acme.delete(path, if_match=second).status_code == 204
    assert not SsoConnection.objects.exists()


def test_a_connection_that_changes_while_its_provider_is_asked_stays(
    acme: Integrator, idp: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"sso-connections/{acme.post('sso-connections', oidc(idp)).json()['id']}"
    seen = acme.get(path)["ETag"]

    def meanwhile(account: Account) -> None:
        SsoConnection.objects.update(name="Okta EU")

    monkeypatch.setattr("accounts.sso.connections.count_look", meanwhile)
    same = {"name": "Late", "issuer": idp.issuer, "client_id": idp.client_id}
    assert problem(acme.put(path, same, if_match=seen))["code"] == "precondition_failed"
    assert SsoConnection.objects.get().name == "Okta EU"
