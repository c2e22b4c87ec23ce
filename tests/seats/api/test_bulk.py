"""Several people at once, and the way back, for programs: all or nobody."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.models import Account, AuditEntry, Invitation, Membership, Region, Role
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, SeatPool
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
WITHDRAW, REOPEN, MOVE = "bulk/withdraw-invitations", "bulk/reopen-invitations", "bulk/move-to-regions"


@pytest.fixture
def invited(account: Account, actor: Actor, now: datetime) -> list[Invitation]:
    """Ann with the only seat, and Ben."""
    SeatPool.objects.filter(account=account).update(purchased=1)
    common: dict[str, Any] = {"account": account, "role": Role.MEMBER, "department": None, "name": "", "actor": actor}
    return [
        invite_with_seat(email="ann@acme.example", reason="New", at=now, **common)[0],
        invite_member(email="ben@acme.example", at=now, **common)[0],
    ]


def ids(invited: list[Invitation]) -> dict[str, list[str]]:
    return {"invitation_ids": [one.public_id for one in invited]}


def states() -> list[str]:
    return list(Invitation.objects.order_by("email").values_list("state", flat=True))


def test_invitations_are_withdrawn_and_come_back_with_their_seat(acme: Integrator, invited: list[Invitation]) -> None:
    done = acme.post(WITHDRAW, ids(invited), idempotency_key="one")

    told = [(one["email"], one["state"]) for one in done.json()["invitations"]]
    assert (done.status_code, told) == (200, [("ben@acme.example", "revoked"), ("ann@acme.example", "revoked")])
    assert states() == ["revoked", "revoked"]
    assert not Assignment.objects.filter(ended_at=None).exists()
    assert {one.api_key for one in AuditEntry.objects.filter(action="invitation.revoked")} == {acme.key}
    assert acme.post(WITHDRAW, ids(invited), idempotency_key="one").json() == done.json()
    assert problem(acme.post(WITHDRAW, ids(invited)))["code"] == "invitation_gone"

    back = acme.post(REOPEN, ids(invited))

    assert [one["state"] for one in back.json()["invitations"]] == ["open", "open"]
    held = Assignment.objects.get(ended_at=None)
    assert (held.invitation, held.reason) == (invited[0], "New")
    gone = problem(acme.post(REOPEN, ids(invited)))
    assert (gone["status"], gone["code"]) == (410, "invitation_gone")
    assert states() == ["open", "open"]


def test_one_that_is_gone_keeps_all(acme: Integrator, invited: list[Invitation], now: datetime) -> None:
    Invitation.objects.filter(pk=invited[1].pk).update(state="revoked", closed_at=now)
    assert problem(acme.post(WITHDRAW, ids(invited)))["code"] == "invitation_gone"
    assert states() == ["open", "revoked"]
    unknown = problem(acme.post(WITHDRAW, {"invitation_ids": [invited[0].public_id, "inv_x"]}))
    assert (unknown["code"], unknown["errors"][0]["field"]) == ("invitation_gone", "invitation_ids")
    assert states() == ["open", "revoked"]
    assert Assignment.objects.filter(ended_at=None).count() == 1


def test_it_is_too_late_or_the_seat_has_gone_on(
    acme: Integrator, account: Account, member: Membership, actor: Actor, invited: list[Invitation], now: datetime
) -> None:
    wait_for_seat(account=account, membership=member, actor=actor, at=now)
    acme.post(WITHDRAW, ids(invited))
    refused = problem(acme.post(REOPEN, ids(invited)))
    assert (refused["status"], refused["code"]) == (409, "seat_limit_reached")
    assert states() == ["revoked", "revoked"]
    Invitation.objects.update(closed_at=now - timedelta(minutes=16))
    assert problem(acme.post(REOPEN, ids(invited[1:])))["code"] == "invitation_gone"
    assert states() == ["revoked", "revoked"]


def test_people_move_and_the_answer_moves_them_back(
    acme: Integrator, account: Account, member: Membership, invited: list[Invitation]
) -> None:
    north, south = (Region.objects.create(account=account, name=name) for name in ("North", "South"))
    Membership.objects.filter(pk=member.pk).update(region=north)
    people = [member.public_id, invited[1].public_id]
    wish = {"moves": [{"id": person, "region_id": south.public_id} for person in people]}

    moved = acme.post(MOVE, wish)

    before = {member.public_id: north.public_id, invited[1].public_id: None}
    assert moved.status_code == 200, moved.content
    assert {one["id"]: one["region_id"] for one in moved.json()["moves"]} == before
    assert (Membership.objects.get(pk=member.pk).region, Invitation.objects.get(pk=invited[1].pk).region) == (
        south,
        south,
    )
    assert acme.post(MOVE, wish).json() == {"moves": []}
    assert acme.post(MOVE, moved.json()).status_code == 200
    assert (Membership.objects.get(pk=member.pk).region, Invitation.objects.get(pk=invited[1].pk).region) == (
        north,
        None,
    )


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "moves"),
        ({"moves": []}, 422, "moves"),
        ({"moves": "mem_1"}, 422, "moves"),
        ({"moves": [{"id": "MINE"}]}, 422, "moves.0.region_id"),
        ({"moves": [{"id": "MINE", "region_id": 1}]}, 422, "moves.0.region_id"),
        ({"moves": [{"id": "MINE", "region_id": None, "to": 1}]}, 422, "moves.0.to"),
        ({"moves": [{"id": "MINE", "region_id": None}, {"id": "MINE", "region_id": None}]}, 422, "moves"),
        ({"moves": [{"id": "MINE", "region_id": "reg_x"}]}, 400, "region_id"),
        ({"moves": [{"id": "MINE", "region_id": "HERE"}, {"id": "mem_x", "region_id": "HERE"}]}, 409, "moves"),
    ],
)
def test_what_is_no_move(
    acme: Integrator, account: Account, member: Membership, body: dict[str, Any], status: int, field: str
) -> None:
    here = Region.objects.create(account=account, name="Here")
    names = {"MINE": member.public_id, "HERE": here.public_id}
    sent = body
    if isinstance(body.get("moves"), list):
        sent = {"moves": [{key: names.get(str(one), one) for key, one in move.items()} for move in body["moves"]]}
    refused = problem(acme.post(MOVE, sent))
    assert (refused["status"], [error["field"] for error in refused["errors"]]) == (status, [field])
    assert Membership.objects.get(pk=member.pk).region is None


def test_who_may_not_changes_nothing(
    account: Account, owner: Membership, outsider: Membership, invited: list[Invitation], now: datetime
) -> None:
    region = Region.objects.create(account=account, name="North")
    wish = {"moves": [{"id": owner.public_id, "region_id": region.public_id}]}
    reader = integrator_of(owner, now, "seats.assign")
    for path, body in ((WITHDRAW, ids(invited)), (REOPEN, ids(invited)), (MOVE, wish)):
        assert problem(reader.post(path, body))["capability"] == "members.manage"
    people = integrator_of(owner, now, "members.manage")
    assert people.post(WITHDRAW, ids(invited[1:])).status_code == 200
    assert problem(people.post(REOPEN, ids(invited[1:])))["capability"] == "seats.assign"
    stranger = integrator_of(outsider, now)
    assert problem(stranger.post(WITHDRAW, ids(invited)))["code"] == "invitation_gone"
    assert problem(stranger.post(REOPEN, ids(invited[1:])))["code"] == "invitation_gone"
    assert problem(stranger.post(MOVE, wish))["errors"][0]["field"] == "region_id"
    mine = {"moves": [{"id": owner.public_id, "region_id": None}]}
    assert problem(stranger.post(MOVE, mine))["code"] == "member_gone"
    assert states() == ["open", "revoked"]
    assert Membership.objects.get(pk=owner.pk).region is None
