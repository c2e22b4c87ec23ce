"""The last seat of a region, and people who move between regions, under many real connections."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.members.edit_member import edit_member
from accounts.members.structure import add_place
from accounts.models import Account, Membership, Region
from seats.capacity.split_seats import split_seats
from seats.holders.admit_waiting import admit_waiting
from seats.holders.assign_seat import assign_seat
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.wait import wait_for_seat
from seats.invariants.check_invariants import check_invariants
from seats.models import Assignment, RegionPool, SeatPool, WaitingPerson
from tests.conftest import join
from tests.races.test_last_seat import THREADS, all_at_once, buy, people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
SYSTEM = Actor.system("demo")


@pytest.fixture
def europe(account: Account, now: datetime) -> Region:
    """EU."""
    return _region(account, "EU", now)


@pytest.fixture
def america(account: Account, now: datetime) -> Region:
    """US."""
    return _region(account, "US", now)


def _region(account: Account, name: str, now: datetime) -> Region:
    found = add_place(account=account, kind="region", name=name, actor=SYSTEM, at=now)
    assert isinstance(found, Region)
    return found


def _of(region: Region | None, members: list[Membership]) -> list[Membership]:
    Membership.objects.filter(pk__in=[m.pk for m in members]).update(region=region)
    return list(Membership.objects.filter(pk__in=[m.pk for m in members]).order_by("pk"))


def _true(account: Account, now: datetime) -> None:
    assert [broken for broken in check_invariants(at=now) if broken.number in (13, 17)] == []
    for pool in RegionPool.objects.filter(account=account):
        assert pool.assigned <= pool.entitled


def test_24_people_race_for_the_last_seat_of_their_region(
    account: Account, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    buy(account, 40, now)
    split_seats(account=account, seats={europe: 3, america: 20}, reason="", actor=actor, at=now)
    crowd = _of(europe, people(account, THREADS, now))
    for member in crowd[:2]:
        assign_seat(account=account, membership=member, actor=actor, at=now)

    outcome = all_at_once([partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in crowd[2:]])

    assert outcome == {"ok": 1, "region_full": THREADS - 3}
    assert RegionPool.objects.get(region=europe).assigned == 3
    assert SeatPool.objects.get(account=account).assigned == 3
    _true(account, now)


def test_claims_moves_splits_and_releases_cross_without_deadlock(
    account: Account, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    """Holders move between regions, seats between holders, numbers change, and others claim, all at once."""
    buy(account, 30, now)
    split_seats(account=account, seats={europe: 8, america: 8}, reason="", actor=actor, at=now)
    eu, us = _of(europe, people(account, 6, now)), _of(america, _more(account, "U", now))
    rest, standing = _more(account, "N", now), _of(america, _more(account, "S", now))
    seats = {m.pk: assign_seat(account=account, membership=m, actor=actor, at=now) for m in [*eu, *us, *rest]}
    move = partial(edit_member, account=account, actor=actor, at=now)
    calls: list[Callable[[], Any]] = [
        *(partial(move, membership=m, changes={"region": america}) for m in eu[:3]),
        *(partial(move, membership=m, changes={"region": europe}) for m in us[:3]),
        *(partial(move, membership=m, changes={"region": europe}) for m in rest[:2]),
        *(
            partial(reassign_seat, account=account, assignment=seats[m.pk], to=to, actor=actor, at=now)
            for m, to in zip(rest[2:5], standing[:3], strict=True)
        ),
        *(partial(release_seat, account=account, assignment=seats[m.pk], actor=actor, at=now) for m in us[3:]),
        *(partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in standing[3:]),
        partial(split_seats, account=account, seats={europe: 7}, reason="", actor=actor, at=now),
        partial(split_seats, account=account, seats={europe: 9, america: 9}, reason="", actor=actor, at=now),
    ]

    outcome = all_at_once(calls)

    assert set(outcome) <= {"ok", "region_full"}
    _true(account, now)


def test_the_queue_and_a_mover_never_oversell(
    account: Account, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    """Who waits for Europe's last seat, and who moves there with a seat, at the same moment: one of them has it."""
    buy(account, 20, now)
    split_seats(account=account, seats={europe: 1, america: 10}, reason="", actor=actor, at=now)
    held, *waiting = _of(europe, people(account, 6, now))
    seat = assign_seat(account=account, membership=held, actor=actor, at=now)
    for minute, member in enumerate(waiting):
        wait_for_seat(account=account, membership=member, actor=actor, at=now + timedelta(minutes=minute))
    movers = _of(america, _more(account, "U", now))
    for member in movers:
        assign_seat(account=account, membership=member, actor=actor, at=now)
    move = partial(edit_member, account=account, changes={"region": europe}, actor=actor, at=now)

    all_at_once(
        [
            partial(release_seat, account=account, assignment=seat, actor=actor, at=now),
            *(partial(move, membership=member) for member in movers),
            *(partial(admit_waiting, account=account, at=now) for _ in range(6)),
        ]
    )

    assert RegionPool.objects.get(region=europe).assigned == 1
    assert Assignment.objects.filter(account=account, ended_at__isnull=True).count() in (6, 7)
    assert WaitingPerson.objects.filter(served_at__isnull=True).count() in (4, 5)
    _true(account, now)


def _more(account: Account, name: str, now: datetime) -> list[Membership]:
    return [join(account, f"{name}{n}", "member", now) for n in range(6)]
