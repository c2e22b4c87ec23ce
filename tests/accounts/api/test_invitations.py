"""/api/v1/invitations"""

from datetime import datetime, timedelta

import pytest

from accounts.models import Department, Invitation, Membership
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_one_is_sent(acme: Integrator, owner: Membership) -> None:
    support = Department.objects.create(account=owner.account, name="Support")

    answer = acme.post("invitations", {"email": "Lena@Example.com", "name": "Lena", "department_id": support.public_id})

    row = Invitation.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": row.public_id,
        "email": "lena@example.com",
        "name": "Lena",
        "role": "member",
        "department_id": support.public_id,
        "region_id": None,
        "state": "open",
        "member_id": None,
        "created_at": stamp(row.created_at),
        "sent_at": None,
        "expires_at": stamp(row.expires_at),
        "closed_at": None,
    }
    assert row.invited_by == owner
    assert row.token_hash not in answer.content.decode()
    again = acme.post("invitations", {"email": "lena@example.com"})
    assert (again.status_code, again.json()["id"]) == (200, row.public_id)
    assert acme.get(f"invitations/{row.public_id}").json() == answer.json()


def test_it_is_sent_again_and_withdrawn(acme: Integrator, now: datetime) -> None:
    made = acme.post("invitations", {"email": "lena@example.com"}).json()
    Invitation.objects.update(expires_at=now + timedelta(hours=1), sent_at=now)
    before = Invitation.objects.get()

    sent = acme.post(f"invitations/{made['id']}/resend")
    after = Invitation.objects.get()
    assert (sent.status_code, sent.json()["sent_at"]) == (200, None)
    assert after.nonce != before.nonce
    assert after.expires_at > now + timedelta(days=6)

    gone = acme.post(f"invitations/{made['id']}/revoke")
    assert (gone.status_code, gone.json()["state"]) == (200, "revoked")
    for verb in ("resend", "revoke"):
        refused = problem(acme.post(f"invitations/{made['id']}/{verb}"))
        assert (refused["status"], refused["code"]) == (410, "invitation_gone")
    assert [row["state"] for row in acme.get("invitations?state=revoked").json()["results"]] == ["revoked"]
    assert acme.get("invitations?state=open").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"email": "lena"}, 400, "bad_address", "email"),
        ({"email": "lena@example.com", "role": "owner"}, 403, "not_allowed", "role"),
        ({"email": "lena@example.com", "role": "boss"}, 422, "validation_failed", "role"),
        ({"email": "olivia@acme.example"}, 409, "already_member", "email"),
        ({"email": "lena@example.com", "department_id": "dep_none"}, 400, "bad_setting", "department_id"),
        ({}, 422, "validation_failed", "email"),
    ],
)
def test_what_cannot_be_is_refused(acme: Integrator, body: dict[str, str], status: int, code: str, field: str) -> None:
    refused = problem(acme.post("invitations", body))

    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (status, code, field)
    assert not Invitation.objects.exists()


def test_anothers_department_is_none(acme: Integrator, outsider: Membership) -> None:
    theirs = Department.objects.create(account=outsider.account, name="Support")

    refused = problem(acme.post("invitations", {"email": "lena@example.com", "department_id": theirs.public_id}))

    assert refused["errors"][0]["field"] == "department_id"
    assert not Invitation.objects.exists()
