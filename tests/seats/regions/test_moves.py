"""People, seats, the queue and invitations between regions."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.details import Details
from accounts.members.edit_member import edit_member
from accounts.members.invitations import token_of
from accounts.members.structure import delete_place
from accounts.models import Account, AuditEntry, Invitation, Region, Role
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.capacity.split_seats import split_seats
from seats.errors import PersonPaused, RegionFull
from seats.holders.admit_waiting import admit_waiting
from seats.holders.buy_and_assign import buy_and_assign
from seats.holders.pause_person import pause_person
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.undo import undo_seat_act
from seats.holders.wait import wait_for_seat
from seats.models import PlannedHolder, SeatPool, WaitingPerson
from tests.conftest import Funded, make_user
from tests.factories.seats import give_pool, seat
from tests.seats.regions.conftest import numbers, person, region


def test_a_holder_takes_the_seat_along_into_another_region_only_if_there_is_room(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    for name in ("Eva", "Emil"):
        seat(person(account, name, europe, now), now)
    uma = person(account, "Uma", america, now)
    held = seat(uma, now)

    with pytest.raises(RegionFull):
        edit_member(account=account, membership=uma, changes={"region": europe}, actor=actor, at=now)
    uma.refresh_from_db()
    assert uma.region == america
    edit_member(account=account, membership=uma, changes={"region": None}, actor=actor, at=now)
    assert numbers(account) == (3, 1, 7, {"EU": (2, 2), "US": (0, 5)})
    release_seat(account=account, assignment=held, actor=actor, at=now)
    edit_member(account=account, membership=uma, changes={"region": europe}, actor=actor, at=now)

    uma.refresh_from_db()
    assert uma.region == europe
    assert seat_of(uma) is None


def test_a_seat_moves_between_regions_only_if_there_is_room(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    eva, emil, ella = (person(account, name, europe, now) for name in ("Eva", "Emil", "Ella"))
    uma = person(account, "Uma", america, now)
    seat(eva, now), seat(emil, now)
    held = seat(uma, now, actor=actor)

    with pytest.raises(RegionFull):
        reassign_seat(account=account, assignment=held, to=ella, actor=actor, at=now)
    assert seat_of(uma) == held
    mine = seat_of(eva)
    assert mine is not None
    reassign_seat(account=account, assignment=mine, to=ella, actor=actor, at=now)  # within a full region

    assert numbers(account) == (3, 0, 7, {"EU": (2, 2), "US": (1, 5)})
    theirs = seat_of(emil)
    assert theirs is not None
    moved = reassign_seat(
        account=account, assignment=theirs, to=person(account, "Ulf", america, now), actor=actor, at=now
    )
    assert numbers(account) == (3, 0, 7, {"EU": (1, 2), "US": (2, 5)})
    seat(eva, now)
    with pytest.raises(RegionFull):  # its place was taken meanwhile
        undo_seat_act(account=account, assignment=moved, actor=actor, at=now)


def test_the_seat_that_leaves_a_region_goes_to_who_waits_there(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    eva, emil, ella = (person(account, name, europe, now) for name in ("Eva", "Emil", "Ella"))
    held = seat(eva, now)
    seat(emil, now)
    assert wait_for_seat(account=account, membership=ella, actor=actor, at=now).served_at is None

    reassign_seat(account=account, assignment=held, to=person(account, "Uma", america, now), actor=actor, at=now)

    assert seat_of(ella) is not None
    assert numbers(account) == (3, 0, 7, {"EU": (2, 2), "US": (1, 5)})


def test_the_queue_is_not_held_up_by_a_full_region(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    """Two of the EU and one of nowhere are first; a seat of the US goes to who waits for it, behind them."""
    for n in range(2):
        seat(person(account, f"E{n}", europe, now), now)
    us = [seat(person(account, f"U{n}", america, now), now) for n in range(5)]
    common = [seat(person(account, f"N{n}", None, now), now) for n in range(3)]
    queue = []
    for minute, (name, where) in enumerate((("Ella", europe), ("Ed", europe), ("Nora", None), ("Uma", america))):
        member = person(account, name, where, now)
        wait_for_seat(account=account, membership=member, actor=actor, at=now + timedelta(minutes=minute))
        queue.append(member)
    assert WaitingPerson.objects.filter(served_at__isnull=True).count() == 4

    release_seat(account=account, assignment=us[0], actor=actor, at=now)
    assert [seat_of(member) is not None for member in queue] == [False, False, False, True]
    release_seat(account=account, assignment=common[0], actor=actor, at=now)
    assert [seat_of(member) is not None for member in queue] == [False, False, True, True]
    split_seats(account=account, seats={europe: 3, america: 5}, reason="", actor=actor, at=now)
    assert [seat_of(member) is not None for member in queue] == [False, False, True, True]  # all ten are in use
    give_pool(account, 12, now)

    assert [seat_of(member) is not None for member in queue] == [True, False, True, True]
    assert numbers(account) == (11, 3, 8, {"EU": (3, 3), "US": (5, 5)})
    assert admit_waiting(account=account, at=now) == 0


def test_the_first_come_are_served_first_over_all_regions(
    account: Account, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    give_pool(account, 4, now)
    split_seats(account=account, seats={europe: 2, america: 2}, reason="", actor=actor, at=now)
    give_pool(account, 1, now)
    seat(person(account, "Uwe", america, now), now)
    queue = []
    for minute, (name, where) in enumerate((("Uma", america), ("Eva", europe), ("Emil", europe))):
        member = person(account, name, where, now)
        wait_for_seat(account=account, membership=member, actor=actor, at=now + timedelta(minutes=minute))
        queue.append(member)

    give_pool(account, 3, now)

    assert [seat_of(member) is not None for member in queue] == [True, True, False]


def test_an_invitation_reserves_in_its_region_and_is_taken_there(
    account: Account, split: None, europe: Region, actor: Actor, now: datetime
) -> None:
    common = {"account": account, "role": Role.MEMBER, "department": None, "name": "", "actor": actor, "at": now}
    invitation, reserved = invite_with_seat(email="eva@new.example", details=Details(region=europe), **common)  # type: ignore[arg-type]
    seat(person(account, "Emil", europe, now), now)
    assert numbers(account) == (2, 0, 7, {"EU": (2, 2), "US": (0, 5)})

    with pytest.raises(RegionFull):
        invite_with_seat(email="ella@new.example", details=Details(region=europe), **common)  # type: ignore[arg-type]
    assert not Invitation.objects.filter(email="ella@new.example").exists()
    user = make_user("Eva", domain="new.example")
    member = accept_invitation(token=token_of(invitation), user=user, at=now, actor=Actor(user=user, door="invitation"))

    assert member.region == europe
    assert seat_of(member) == reserved
    assert numbers(account) == (2, 0, 7, {"EU": (2, 2), "US": (0, 5)})


@pytest.mark.django_db(transaction=True)
def test_nothing_is_bought_for_whom_more_seats_would_not_help(funded: Funded, now: datetime) -> None:
    account, actor = funded.account, funded.actor
    europe = region(account, "EU", now)
    split_seats(account=account, seats={europe: 2}, reason="", actor=actor, at=now)
    eva, emil, ella = (person(account, name, europe, now) for name in ("Eva", "Emil", "Ella"))
    nora = person(account, "Nora", None, now)
    seat(eva, now)
    quote = quote_quantity(account=account, actor=actor, add=2, at=now)
    buy = {"account": account, "quote_id": quote.public_id, "emails": [], "actor": actor, "at": now}

    with pytest.raises(RegionFull) as refused:
        buy_and_assign(members=[emil, ella], **buy)
    assert refused.value.data["missing"] == 1
    seat(nora, now)
    pause_person(account=account, membership=nora, resumes_on=None, reason="", actor=actor, at=now)
    with pytest.raises(PersonPaused):
        buy_and_assign(members=[nora], **buy)

    assert not QuantityChange.objects.exists()
    assert not PlannedHolder.objects.exists()
    assert SeatPool.objects.get(account=account).purchased == 10


def test_a_region_that_ends_gives_its_seats_back(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    common = {"account": account, "role": Role.MEMBER, "department": None, "name": "", "actor": actor, "at": now}
    invite_with_seat(email="eva@new.example", details=Details(region=europe), **common)  # type: ignore[arg-type]

    delete_place(account=account, place=europe, actor=actor, at=now)

    assert numbers(account) == (1, 1, 5, {"US": (0, 5)})
    assert Invitation.objects.get(email="eva@new.example").region is None
    assert AuditEntry.objects.filter(action="regions.split").latest("pk").data["new"] == [
        {"region": {"id": america.public_id, "name": "US"}, "seats": 5}
    ]
