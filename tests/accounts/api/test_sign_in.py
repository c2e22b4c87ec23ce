"""Domains, identity providers and requests to join, for programs."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import (
    Account,
    AuditEntry,
    JoinRequest,
    MailDomain,
    Membership,
    Notice,
    Role,
    SsoConnection,
    SsoPolicy,
)
from accounts.sso.connections import secret_of
from seats.models import Assignment, SeatPool, WaitingPerson
from tests.accounts.sso.conftest import proved
from tests.conftest import join
from tests.idp import Provider, providing
from tests.integrator import Integrator, integrator_of, problem
from tests.saml_idp import ENTITY, SSO, metadata

pytestmark = pytest.mark.django_db


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


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the world's DNS says."""
    texts: dict[str, list[str]] = {}
    monkeypatch.setattr("accounts.sso.domains.txt_records", lambda name: texts.get(name, []))
    return texts


def oidc(idp: Provider, **more: str) -> dict[str, str]:
    """A body."""
    said = {"kind": "oidc", "name": "Okta", "issuer": idp.issuer, "client_id": idp.client_id, "secret": idp.secret}
    return said | more


def test_a_domain_is_added_proved_and_removed(acme: Integrator, owner: Membership, dns: dict[str, list[str]]) -> None:
    made = acme.post("domains", {"name": "Acme.Example"}, idempotency_key="one")

    row = MailDomain.objects.get()
    assert made.status_code == 201
    shown = made.json()
    created_at = shown.pop("created_at")
    assert created_at.endswith("Z")
    assert shown == {
        "id": row.public_id,
        "name": "acme.example",
        "record_name": "_seat-portal.acme.example",
        "record_value": f"seat-portal-verification={row.token}",
        "verified_at": None,
        "checked_at": None,
        "finding": "",
        "lost_since": None,
        "lost_after": None,
    }
    assert row.added_by == owner
    assert acme.post("domains", {"name": "Acme.Example"}, idempotency_key="one").json()["id"] == row.public_id
    path = f"domains/{row.public_id}"

    refused = problem(acme.post(f"{path}/check"))
    assert (refused["status"], refused["code"]) == (409, "domain_not_proved")
    assert acme.get(path).json()["finding"] == "missing"
    dns["_seat-portal.acme.example"] = [shown["record_value"]]
    proof = acme.post(f"{path}/check")
    assert (proof.status_code, proof.json()["finding"]) == (200, "found")
    assert proof.json()["verified_at"] == proof.json()["checked_at"] is not None
    assert acme.get("domains").json()["results"] == [proof.json()]

    assert acme.delete(path).status_code == 204
    assert not MailDomain.objects.exists()
    assert acme.get(path).status_code == 404
    entries = AuditEntry.objects.filter(action__startswith="domain.").order_by("pk")
    assert [(entry.action, entry.api_key) for entry in entries] == [
        ("domain.added", acme.key),
        ("domain.verified", acme.key),
        ("domain.removed", acme.key),
    ]


def test_a_lost_proof_says_until_when(acme: Integrator, account: Account, now: datetime) -> None:
    row = proved(account, "acme.example", now)
    MailDomain.objects.update(lost_since=now)
    shown = acme.get(f"domains/{row.public_id}").json()
    until = (now + timedelta(days=7)).isoformat().replace("+00:00", "Z")
    assert (shown["lost_since"], shown["lost_after"]) == (now.isoformat().replace("+00:00", "Z"), until)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"name": "gmail.com"}, 422, "domain_refused", "name"),
        ({"name": "com"}, 422, "domain_refused", "name"),
        ({"name": ""}, 422, "validation_failed", "name"),
        ({"name": 1}, 422, "validation_failed", "name"),
        ({}, 422, "validation_failed", "name"),
        ({"name": "acme.example"}, 409, "domain_taken", "name"),
    ],
)
def test_what_is_no_domain_of_ones_own(
    acme: Integrator, account: Account, now: datetime, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    proved(account, "acme.example", now)
    refused = problem(acme.post("domains", body))
    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (status, code, field)
    assert MailDomain.objects.count() == 1


def test_another_accounts_proof_stands(
    acme: Integrator, outsider: Membership, now: datetime, dns: dict[str, list[str]]
) -> None:
    theirs = proved(outsider.account, "acme.example", now)
    mine = acme.post("domains", {"name": "acme.example"}).json()
    dns[mine["record_name"]] = [mine["record_value"]]

    refused = problem(acme.post(f"domains/{mine['id']}/check"))

    assert (refused["status"], refused["code"]) == (409, "domain_taken")
    assert acme.get(f"domains/{mine['id']}").json()["verified_at"] is None
    assert [row["id"] for row in acme.get("domains").json()["results"]] == [mine["id"]]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/check")):
        assert acme.ask(method, f"domains/{theirs.public_id}{path}").status_code == 404
    assert MailDomain.objects.filter(pk=theirs.pk, verified_at=now).exists()


def test_a_provider_is_set_up_without_saying_its_secret(acme: Integrator, idp: Provider) -> None:
    made = acme.post("sso-connections", oidc(idp), idempotency_key="one")

    row = SsoConnection.objects.get()
    assert made.status_code == 201, made.content
    shown = made.json()
    created_at = shown.pop("created_at")
    ours = f"http://testserver/sso/{row.public_id}"
    assert shown == {
        "id": row.public_id,
        "kind": "oidc",
        "name": "Okta",
        "issuer": idp.issuer,
        "client_id": idp.client_id,
        "metadata_url": "",
        "entity_id": "",
        "sso_url": "",
        "certificates": 0,
        "tested_at": None,
        "enabled_at": None,
        "last_used_at": None,
        "for_provider": {
            "redirect_uri": f"{ours}/callback/",
            "acs_url": None,
            "metadata_url": None,
            "sign_in_url": f"{ours}/start/",
        },
    }
    assert secret_of(row) == idp.secret
    again = acme.post("sso-connections", oidc(idp), idempotency_key="one")
    read = acme.get(f"sso-connections/{row.public_id}")
    listed = acme.get("sso-connections")
    assert again.json() == read.json() == listed.json()["results"][0] == shown | {"created_at": created_at}
    for answer in (made, again, read, listed):
        assert idp.secret not in answer.content.decode()
        assert row.secret_sealed not in answer.content.decode()
    assert idp.secret not in str(list(AuditEntry.objects.values()))
    assert AuditEntry.objects.get(action="sso.added").api_key == acme.key


def test_a_saml_provider_by_its_text(acme: Integrator) -> None:
    made = acme.post("sso-connections", {"kind": "saml", "name": "Entra", "metadata_xml": metadata("saml")})

    row = SsoConnection.objects.get()
    ours = f"http://testserver/sso/{row.public_id}"
    shown = made.json()
    assert made.status_code == 201, made.content
    assert (shown["entity_id"], shown["sso_url"], shown["certificates"]) == (ENTITY, SSO, 1)
    assert shown["for_provider"] == {
        "redirect_uri": None,
        "acs_url": f"{ours}/acs/",
        "metadata_url": f"{ours}/metadata/",
        "sign_in_url": f"{ours}/start/",
    }
    two = {"name": "Entra ID", "metadata_xml": metadata("saml", "next")}
    changed = acme.put(f"sso-connections/{row.public_id}", two).json()
    assert (changed["name"], changed["certificates"]) == ("Entra ID", 2)


def test_what_is_no_provider_is_named_and_kept_nowhere(acme: Integrator, idp: Provider) -> None:
    without = {"kind": "oidc", "name": "Okta"}
    for body, code, fields in (
        (oidc(idp, issuer="not an address"), "connection_refused", ["issuer"]),
        (oidc(idp, issuer=f"{idp.issuer}/elsewhere"), "connection_refused", ["issuer"]),
        ({**without, "issuer": idp.issuer, "client_id": "x"}, "connection_refused", ["secret"]),
        (without, "validation_failed", ["issuer", "client_id"]),
        (oidc(idp, metadata_url="https://idp.example"), "validation_failed", ["metadata_url"]),
        (oidc(idp, kind="ldap"), "validation_failed", ["kind"]),
        ({"kind": "saml", "name": "Entra"}, "connection_refused", ["metadata_url"]),
        ({"kind": "saml", "name": "Entra", "metadata_xml": "<a/>"}, "connection_refused", ["metadata_xml"]),
        ({"kind": "saml", "name": "Entra", "issuer": "https://a.example"}, "validation_failed", ["issuer"]),
        ({"kind": "saml"}, "validation_failed", ["name"]),
    ):
        refused = problem(acme.post("sso-connections", body))
        assert (refused["status"], refused["code"]) == (422, code), body
        assert [error["field"] for error in refused["errors"]] == fields, body
    assert not SsoConnection.objects.exists()
    assert not AuditEntry.objects.filter(action="sso.added").exists()


def test_a_provider_is_changed_switched_and_deleted(
    acme: Integrator, account: Account, idp: Provider, now: datetime
) -> None:
    path = f"sso-connections/{acme.post('sso-connections', oidc(idp)).json()['id']}"
    assert problem(acme.post(f"{path}/enable"))["code"] == "connection_refused"
    assert SsoConnection.objects.get().enabled_at is None
    # Only a person who signs in by it can test it.
    SsoConnection.objects.update(tested_at=now)
    assert problem(acme.post(f"{path}/enable"))["title"].startswith("Prove a domain first")
    proved(account, "acme.example", now)
    assert acme.post(f"{path}/enable").json()["enabled_at"] is not None

    same = {"name": "Okta", "issuer": idp.issuer, "client_id": idp.client_id}
    renamed = acme.put(path, same | {"name": "Okta EU"}).json()
    assert (renamed["name"], renamed["enabled_at"] is not None) == ("Okta EU", True)
    assert secret_of(SsoConnection.objects.get()) == idp.secret
    SsoPolicy.objects.create(account=account, enforced=True)
    for method, where in (("POST", f"{path}/disable"), ("DELETE", path)):
        assert problem(acme.ask(method, where))["code"] == "connection_refused"
    assert problem(acme.put(path, same | {"client_id": "other"}))["code"] == "connection_refused"
    row = SsoConnection.objects.get()
    assert (row.client_id, row.enabled_at is not None) == (idp.client_id, True)

    SsoPolicy.objects.update(enforced=False)
    other = acme.put(path, same | {"client_id": "other"}).json()
    assert (other["client_id"], other["tested_at"], other["enabled_at"]) == ("other", None, None)
    SsoConnection.objects.update(tested_at=now, enabled_at=now)
    assert acme.post(f"{path}/disable").json()["enabled_at"] is None
    assert acme.delete(path).status_code == 204
    assert not SsoConnection.objects.exists()
    assert acme.get(path).status_code == 404


@pytest.fixture
def lena(account: Account, now: datetime) -> JoinRequest:
    """Came by Okta, and waits."""
    okta = SsoConnection.objects.create(account=account, kind="oidc", name="Okta", issuer="https://idp.example")
    return JoinRequest.objects.create(
        account=account, connection=okta, email="lena@acme.example", name="Lena Lang", asked_at=now
    )


def test_somebody_is_let_in(acme: Integrator, account: Account, lena: JoinRequest, now: datetime) -> None:
    path = f"join-requests/{lena.public_id}"
    shown = {
        "id": lena.public_id,
        "email": "lena@acme.example",
        "name": "Lena Lang",
        "member_now": False,
        "connection_id": lena.connection.public_id if lena.connection else "",
        "state": "open",
        "asked_at": now.isoformat().replace("+00:00", "Z"),
        "decided_at": None,
        "decided_by": None,
        "member_id": None,
    }
    assert acme.get("join-requests?state=open").json()["results"] == [shown] == [acme.get(path).json()]

    answer = acme.post(f"{path}/decide", {"decision": "approve"}, idempotency_key="in")

    member = Membership.objects.get(account=account, user__email="lena@acme.example")
    decided = answer.json()
    assert answer.status_code == 200, answer.content
    assert decided == shown | {
        "state": "approved",
        "decided_at": decided["decided_at"],
        "member_id": member.public_id,
    }
    assert decided["decided_at"] is not None
    assert member.role == "member"
    assert not Assignment.objects.exists()
    assert Notice.objects.filter(kind="join_approved").count() == 1
    assert AuditEntry.objects.get(action="join.approved").api_key == acme.key
    assert acme.get("join-requests?state=open").json()["results"] == []
    for decision in ("approve", "refuse"):
        late = problem(acme.post(f"{path}/decide", {"decision": decision}))
        assert (late["status"], late["code"]) == (409, "join_decided")
    assert Membership.objects.filter(account=account, left_at=None).count() == 2


def test_somebody_is_kept_out_and_let_in_after_all(acme: Integrator, account: Account, lena: JoinRequest) -> None:
    path = f"join-requests/{lena.public_id}/decide"
    assert acme.post(path, {"decision": "refuse"}).json()["state"] == "refused"
    assert problem(acme.post(path, {"decision": "refuse"}))["code"] == "join_decided"
    assert not Membership.objects.filter(user__email="lena@acme.example").exists()
    assert acme.post(path, {"decision": "approve"}).json()["state"] == "approved"


def test_a_seat_for_who_joins_takes_the_right_to_give_one(
    owner: Membership, account: Account, lena: JoinRequest, now: datetime
) -> None:
    SeatPool.objects.filter(account=account).update(purchased=1)
    path, wish = f"join-requests/{lena.public_id}/decide", {"decision": "approve", "seat": True}
    refused = problem(integrator_of(owner, now, "members.manage").post(path, wish))
    assert (refused["status"], refused["capability"]) == (403, "seats.assign")
    assert JoinRequest.objects.get().state == "open"
    assert not Membership.objects.filter(user__email="lena@acme.example").exists()

    both = integrator_of(owner, now, "members.manage", "seats.assign")
    assert both.post(path, wish).json()["state"] == "approved"
    assert Assignment.objects.get().membership == Membership.objects.get(user__email="lena@acme.example")


def test_beyond_the_limit_they_wait(acme: Integrator, lena: JoinRequest) -> None:
    answer = acme.post(f"join-requests/{lena.public_id}/decide", {"decision": "approve", "seat": True})
    assert answer.json()["state"] == "approved"
    assert not Assignment.objects.exists()
    assert WaitingPerson.objects.get().membership == Membership.objects.get(user__email="lena@acme.example")


def test_an_address_that_is_a_members_is_said(
    acme: Integrator, owner: Membership, lena: JoinRequest, now: datetime
) -> None:
    mia = join(owner.account, "Mia", Role.MEMBER, now)
    JoinRequest.objects.update(email=mia.user.email)
    assert acme.get(f"join-requests/{lena.public_id}").json()["member_now"] is True
    assert acme.get("join-requests").json()["results"][0]["member_now"] is True
    acme.delete(f"members/{mia.public_id}")
    assert acme.get(f"join-requests/{lena.public_id}").json()["member_now"] is False


@pytest.mark.parametrize(
    "body",
    [{}, {"decision": "perhaps"}, {"decision": "approve", "role": "owner"}, {"decision": "approve", "seat": "no"}],
)
def test_a_word_that_is_none(acme: Integrator, lena: JoinRequest, body: dict[str, str]) -> None:
    assert problem(acme.post(f"join-requests/{lena.public_id}/decide", body))["code"] == "validation_failed"
    assert JoinRequest.objects.get().state == "open"


def test_who_may_not_hears_nothing(
    owner: Membership, outsider: Membership, lena: JoinRequest, idp: Provider, now: datetime
) -> None:
    domain, okta = proved(owner.account, "acme.example", now), SsoConnection.objects.get()
    reader, stranger = integrator_of(owner, now, "seats.view", "audit.view"), integrator_of(outsider, now)
    for method, path, body, capability in (
        ("GET", f"domains/{domain.public_id}", None, "account.manage"),
        ("DELETE", f"domains/{domain.public_id}", None, "account.manage"),
        ("POST", f"domains/{domain.public_id}/check", {}, "account.manage"),
        ("GET", f"sso-connections/{okta.public_id}", None, "account.manage"),
        ("PUT", f"sso-connections/{okta.public_id}", oidc(idp), "account.manage"),
        ("DELETE", f"sso-connections/{okta.public_id}", None, "account.manage"),
        ("POST", f"sso-connections/{okta.public_id}/enable", {}, "account.manage"),
        ("POST", f"sso-connections/{okta.public_id}/disable", {}, "account.manage"),
        ("GET", "policy/sign-in", None, "account.manage"),
        ("PUT", "policy/sign-in", {"enforced": False, "join": "seat"}, "account.manage"),
        ("GET", f"join-requests/{lena.public_id}", None, "members.manage"),
        ("POST", f"join-requests/{lena.public_id}/decide", {"decision": "approve"}, "members.manage"),
    ):
        refused = problem(reader.ask(method, path, body))
        assert (refused["status"], refused["capability"]) == (403, capability), (method, path)
        if path != "policy/sign-in":  # Everybody has their own.
            assert stranger.ask(method, path, body).status_code == 404, (method, path)
    for path, capability in (
        ("domains", "account.manage"),
        ("sso-connections", "account.manage"),
        ("join-requests", "members.manage"),
    ):
        assert problem(reader.get(path))["capability"] == capability
        assert stranger.get(path).json()["results"] == []
    for path, body in (("domains", {"name": "b.example"}), ("sso-connections", oidc(idp))):
        assert problem(reader.post(path, body))["capability"] == "account.manage"
    assert (MailDomain.objects.get(), SsoConnection.objects.get()) == (domain, okta)
    assert JoinRequest.objects.get().state == "open"
    assert not idp.asked
    assert not SsoPolicy.objects.exists()
