"""Joiners who were invited before, and those of a region with seats of its own."""

from datetime import datetime

import pytest

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.models import Account, Region, Role
from seats.capacity.split_seats import split_seats
from seats.holders.queries import open_seats, waiting_in
from seats.holders.reserve_seat import invite_with_seat
from seats.models import SeatPool, SeatRequest
from tests.directory import SEAT, Directory, new_user, person
from tests.factories.seats import SYSTEM
from tests.factories.seats import seat as give_seat
from tests.seats.scim.test_joiners import add, member_of

pytestmark = pytest.mark.django_db


def test_an_invited_person_gets_the_reserved_seat_and_the_invited_role(
    okta: Directory, acme: Account, actor: Actor, now: datetime
) -> None:
    invitation, reserved = invite_with_seat(
        account=acme, email="lena@acme.example", role=Role.ADMIN, department=None, name="", actor=actor, at=now
    )

    key = add(okta, "Lena")

    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == ("accepted", member_of(key))
    assert member_of(key).role == Role.ADMIN
    assert [seat.pk for seat in open_seats(acme)] == [reserved.pk]
    assert SeatPool.objects.get(account=acme).assigned == 1


def test_an_invitation_without_a_seat_is_used_too(okta: Directory, acme: Account, actor: Actor, now: datetime) -> None:
    invitation, _ = invite_member(
        account=acme, email="lena@acme.example", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )

    assert okta.state(add(okta, "Lena")) == (True, "seated")
    invitation.refresh_from_db()
    assert invitation.state == "accepted"


@pytest.mark.parametrize("role", [Role.BILLING, Role.VIEWER])
def test_who_is_invited_with_a_free_role_takes_no_seat(
    okta: Directory, acme: Account, actor: Actor, now: datetime, role: Role
) -> None:
    invite_member(account=acme, email="lena@acme.example", role=role, department=None, name="", actor=actor, at=now)

    key = add(okta, "Lena")

    assert (member_of(key).role, okta.state(key)) == (role, (True, "no_seat"))
    assert not waiting_in(acme).exists()
    assert not SeatRequest.objects.exists()
    assert SeatPool.objects.get(account=acme).assigned == 0
    give_seat(member_of(key), now)  # by hand anybody may have one
    assert okta.state(key) == (True, "seated")


def test_a_joiner_of_a_full_region_waits_and_holds_up_nobody(okta: Directory, acme: Account, now: datetime) -> None:
    region = Region.objects.create(account=acme, name="EU")
    split_seats(account=acme, seats={region: 1}, reason="", actor=SYSTEM, at=now)
    first = add(okta, "Eva", **{SEAT: {"region": "EU"}})

    second = add(okta, "Emil", **{SEAT: {"region": "EU"}})
    other = add(okta, "Nora")

    assert [okta.state(key) for key in (first, second, other)] == [
        (True, "seated"),
        (True, "waiting_for_seat"),
        (True, "seated"),
    ]
    assert SeatRequest.objects.get().membership == member_of(second)


def test_a_directory_moves_nobody_with_a_seat_into_a_full_region(okta: Directory, acme: Account, now: datetime) -> None:
    region = Region.objects.create(account=acme, name="EU")
    split_seats(account=acme, seats={region: 1}, reason="", actor=SYSTEM, at=now)
    add(okta, "Eva", **{SEAT: {"region": "EU"}})
    nora = add(okta, "Nora")

    answer = okta.ask("PUT", f"Users/{nora}", new_user("Nora") | {SEAT: {"region": "EU"}})

    assert (answer.status_code, answer.json()["status"]) == (409, "409")
    assert "The seat of the region EU is in use." in answer.json()["detail"]
    assert member_of(nora).region is None
    assert person(nora).region is None
    assert okta.state(nora) == (True, "seated")


def test_a_reserved_seat_is_given_back_where_the_region_has_no_room(
    okta: Directory, acme: Account, actor: Actor, now: datetime
) -> None:
    region = Region.objects.create(account=acme, name="EU")
    split_seats(account=acme, seats={region: 1}, reason="", actor=SYSTEM, at=now)
    add(okta, "Eva", **{SEAT: {"region": "EU"}})
    invite_with_seat(
        account=acme, email="emil@acme.example", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )

    key = add(okta, "Emil", **{SEAT: {"region": "EU"}})

    assert okta.state(key) == (True, "waiting_for_seat")
    assert SeatPool.objects.get(account=acme).assigned == 1
