"""Taking back one's own last act on a seat, while nothing else happened."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Invitation, Membership
from seats.errors import SeatLimitReached, UndoGone
from seats.holders.assign_seat import assign_seat
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.undo import Act, undo_seat_act
from seats.models import Assignment, LedgerEntry
from seats.pool.pools import pool_of
from tests.factories.seats import give_pool, seat

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=14)


def test_an_assignment_becomes_free_again(account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now)
    held = assign_seat(account=account, membership=member, actor=actor, at=now)
    assert undo_seat_act(account=account, assignment=held, actor=actor, at=now + SOON) == Act.ASSIGNED
    assert (seat_of(member), pool_of(account).assigned) == (None, 0)


def test_a_release_gives_the_seat_back(account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now)
    held = seat(member, now)
    release_seat(account=account, assignment=held, actor=actor, at=now)
    assert undo_seat_act(account=account, assignment=held, actor=actor, at=now + SOON) == Act.RELEASED
    assert seat_of(member) is not None


def test_a_reassignment_goes_back(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 1, now)
    held = reassign_seat(account=account, assignment=seat(owner, now), to=member, actor=actor, at=now)
    assert undo_seat_act(account=account, assignment=held, actor=actor, at=now + SOON) == Act.REASSIGNED
    assert (seat_of(member), pool_of(account).assigned) == (None, 1)
    assert seat_of(owner) is not None
    assert LedgerEntry.objects.filter(account=account, kind="reassigned").count() == 2


def test_an_invitation_is_withdrawn(account: Account, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now)
    invitation, held = invite_with_seat(
        account=account, email="lena@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    assert undo_seat_act(account=account, assignment=held, actor=actor, at=now + SOON) == Act.RESERVED
    invitation.refresh_from_db()
    assert (invitation.state, pool_of(account).assigned) == (Invitation.State.REVOKED, 0)


def test_too_late(account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now)
    held = assign_seat(account=account, membership=member, actor=actor, at=now)
    with pytest.raises(UndoGone):
        undo_seat_act(account=account, assignment=held, actor=actor, at=now + timedelta(minutes=16))
    assert seat_of(member) is not None


def test_only_who_did_it(
    account: Account, member: Membership, admin_member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 1, now)
    held = assign_seat(account=account, membership=member, actor=actor, at=now)
    with pytest.raises(UndoGone):
        undo_seat_act(account=account, assignment=held, actor=Actor(user=admin_member.user), at=now)
    assert seat_of(member) is not None


def test_a_seat_that_went_on_is_left_alone(
    account: Account, owner: Membership, member: Membership, admin_member: Membership, actor: Actor, now: datetime
) -> None:
    """A colleague moved the seat on; the first act can no longer be undone and the new holder keeps it."""
    give_pool(account, 1, now)
    held = assign_seat(account=account, membership=member, actor=actor, at=now)
    reassign_seat(account=account, assignment=held, to=owner, actor=Actor(user=admin_member.user), at=now)
    with pytest.raises(UndoGone):
        undo_seat_act(account=account, assignment=held, actor=actor, at=now)
    assert seat_of(owner) is not None


def test_a_released_seat_that_was_given_on_is_not_taken(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 1, now)
    held = seat(member, now)
    release_seat(account=account, assignment=held, actor=actor, at=now)
    seat(owner, now)
    with pytest.raises(SeatLimitReached):
        undo_seat_act(account=account, assignment=held, actor=actor, at=now)
    assert (seat_of(member), Assignment.objects.filter(ended_at=None).count()) == (None, 1)
