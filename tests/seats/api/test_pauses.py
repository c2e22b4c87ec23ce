"""POST /api/v1/members/{member_id}/pause and /resume, and what the entitlement check says meanwhile."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Account, Membership
from seats.models import Pause, SeatPool
from tests.factories.seats import seat
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pause_and_its_end(acme: Integrator, pool: SeatPool, member: Membership, now: datetime) -> None:
    seat(member, now)
    path = f"members/{member.public_id}"
    day = (now + timedelta(days=9)).date().isoformat()
    assert acme.get(f"entitlements/{member.public_id}").json()["state"] == "active"
    revision = SeatPool.objects.get().revision

    paused = acme.post(f"{path}/pause", {"resumes_on": day, "reason": "Leave"}, idempotency_key="a")

    assert paused.status_code == 200, paused.content
    found = paused.json()
    assert (found["paused"], found["resumes_on"], found["seat_id"], found["waiting"]) == (True, day, None, False)
    assert [one["id"] for one in acme.get("members?seat=paused").json()["results"]] == [member.public_id]
    answer = acme.get(f"entitlements/{member.public_id}").json()
    assert (answer["allowed"], answer["state"], answer["reason"]) == (False, "paused", "paused")
    assert SeatPool.objects.get().revision > revision
    resumed = acme.post(f"{path}/resume", idempotency_key="b").json()
    assert (resumed["paused"], resumed["resumes_on"], resumed["seat_id"] is not None) == (False, None, True)
    assert acme.get(f"entitlements/{member.public_id}").json()["state"] == "active"
    assert acme.get("members?seat=paused").json()["results"] == []


def test_what_is_refused(acme: Integrator, account: Account, pool: SeatPool, member: Membership, now: datetime) -> None:
    path = f"members/{member.public_id}"
    assert problem(acme.post(f"{path}/pause", idempotency_key="a"))["code"] == "no_seat_to_pause"
    assert problem(acme.post(f"{path}/resume", idempotency_key="b"))["code"] == "not_paused"
    seat(member, now)
    wrong = problem(acme.post(f"{path}/pause", {"resumes_on": now.date().isoformat()}, idempotency_key="c"))
    assert (wrong["status"], wrong["code"], wrong["errors"][0]["field"]) == (422, "pause_wrong", "resumes_on")
    assert not Pause.objects.exists()
    acme.post(f"{path}/pause", idempotency_key="d")
    given = problem(acme.post("assignments", {"member_id": member.public_id}, idempotency_key="e"))
    assert (given["status"], given["code"]) == (409, "person_paused")
    assert SeatPool.objects.get(account=account).assigned == 0


def test_who_may_not_assign_pauses_nobody(
    account: Account, pool: SeatPool, owner: Membership, outsider: Membership, member: Membership, now: datetime
) -> None:
    seat(member, now)
    reader, stranger = integrator_of(owner, now, "seats.view"), integrator_of(outsider, now)
    for asker, status in ((reader, 403), (stranger, 404)):
        for act in ("pause", "resume"):
            assert problem(asker.post(f"members/{member.public_id}/{act}"))["status"] == status
    assert not Pause.objects.exists()
