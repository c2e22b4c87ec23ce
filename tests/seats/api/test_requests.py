"""/api/v1/requests"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Membership, Role
from seats.models import Assignment, SeatPool, SeatRequest
from tests.conftest import join
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.api.conftest import limit_to

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


def asked(acme: Integrator, member: Membership, reason: str = "Joins support") -> dict[str, Any]:
    answer = acme.post("requests", {"member_id": member.public_id, "reason": reason})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_program_asks_and_is_answered(acme: Integrator, pool: SeatPool, member: Membership) -> None:
    made = asked(acme, member)

    row = SeatRequest.objects.get()
    assert made == {
        "id": row.public_id,
        "kind": "seat",
        "state": "open",
        "member": {"id": member.public_id, "name": "Mia", "email": "mia@acme.example"},
        "asked_by": "olivia@acme.example",
        "reason": "Joins support",
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "reminded_at": None,
        "decided_by": None,
        "decided_at": None,
        "answer": "",
        "purchase": None,
    }
    assert acme.get("requests?state=open").json()["results"] == [made]
    assert acme.get(f"requests/{made['id']}").json() == made

    answer = acme.post(f"requests/{made['id']}/decide", {"decision": "approve", "answer": "Welcome"})

    assert (answer.status_code, answer.json()["state"], answer.json()["answer"]) == (200, "approved", "Welcome")
    assert Assignment.objects.get().membership == member
    assert acme.get("requests?state=open").json()["results"] == []
    again = problem(acme.post(f"requests/{made['id']}/decide", {"decision": "refuse"}))
    assert (again["status"], again["code"]) == (409, "request_gone")
    assert Assignment.objects.filter(ended_at=None).count() == 1


def test_at_a_full_limit_it_stays_open(acme: Integrator, account: Account, pool: SeatPool, member: Membership) -> None:
    limit_to(account, 0)
    made = asked(acme, member)

    refused = problem(acme.post(f"requests/{made['id']}/decide", {"decision": "approve"}))

    assert (refused["status"], refused["code"]) == (409, "seat_limit_reached")
    assert SeatRequest.objects.get().state == "open"
    assert not Assignment.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"reason": "Why not"}, 422, "not_a_member", "member_id"),
        ({"reason": "Why not", "member_id": "mem_none"}, 422, "not_a_member", "member_id"),
        ({"member_id": "MIA"}, 422, "validation_failed", "reason"),
        ({"member_id": "MIA", "reason": "  "}, 422, "validation_failed", "reason"),
        ({"member_id": "MIA", "reason": "x" * 301}, 422, "validation_failed", "reason"),
    ],
)
def test_what_cannot_be_asked(
    acme: Integrator, member: Membership, body: dict[str, str], status: int, code: str, field: str
) -> None:
    sent = {name: member.public_id if value == "MIA" else value for name, value in body.items()}

    refused = problem(acme.post("requests", sent))

    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (status, code, field)
    assert not SeatRequest.objects.exists()


def test_one_open_request_each(acme: Integrator, member: Membership) -> None:
    asked(acme, member)

    refused = problem(acme.post("requests", {"member_id": member.public_id, "reason": "Again"}))

    assert (refused["status"], refused["code"]) == (409, "already_requested")
    assert SeatRequest.objects.count() == 1


def test_a_person_asks_for_oneself_and_sees_only_that(
    acme: Integrator, account: Account, member: Membership, admin_member: Membership, client_of: SignIn, now: datetime
) -> None:
    other = join(account, "Nora", Role.MEMBER, now)
    theirs = asked(acme, other)
    mia = client_of(member)

    def post(path: str, body: dict[str, str]) -> Any:
        return mia.post(f"/api/v1/{path}", body, content_type="application/json")

    mine = post("requests", {"reason": "For me"}).json()
    assert (mine["member"]["id"], mine["asked_by"]) == (member.public_id, "mia@acme.example")
    refused = problem(post("requests", {"reason": "For Adam", "member_id": admin_member.public_id}))
    assert (refused["status"], refused["capability"]) == (403, "requests.decide")
    assert [row["id"] for row in mia.get("/api/v1/requests").json()["results"]] == [mine["id"]]
    for verb in ("withdraw", "remind"):
        assert post(f"requests/{theirs['id']}/{verb}", {}).status_code == 404
    done = post(f"requests/{mine['id']}/withdraw", {})
    assert (done.status_code, done.json()["state"]) == (200, "withdrawn")
    assert SeatRequest.objects.get(public_id=theirs["id"]).state == "open"
    adam = client_of(admin_member)
    assert len(adam.get("/api/v1/requests").json()["results"]) == 2
    assert adam.post(f"/api/v1/requests/{theirs['id']}/withdraw").status_code == 404, "only one's own"


def test_a_reminder_a_day(acme: Integrator, member: Membership, now: datetime) -> None:
    made = asked(acme, member)
    early = problem(acme.post(f"requests/{made['id']}/remind"))
    assert (early["status"], early["code"]) == (409, "reminded_today")
    SeatRequest.objects.update(created_at=now - timedelta(days=2))

    answer = acme.post(f"requests/{made['id']}/remind")

    assert answer.status_code == 200
    assert answer.json()["reminded_at"] is not None


def test_a_key_asks_with_its_scope_only(owner: Membership, member: Membership, now: datetime) -> None:
    maker = integrator_of(owner, now, "requests.make")
    made = asked(maker, member)

    refused = problem(maker.post(f"requests/{made['id']}/decide", {"decision": "refuse"}))

    assert refused["capability"] == "requests.decide"
    assert SeatRequest.objects.get().state == "open"
