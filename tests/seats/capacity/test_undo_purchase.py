"""An undone purchase takes along whom it seated, and nobody else."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import token_of
from accounts.models import Invitation, Membership, Role
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.capacity.undo_purchase import undo_purchase
from seats.errors import SeatsInUse
from seats.holders.assign_seat import assign_seat
from seats.holders.buy_and_assign import buy_and_assign
from seats.holders.queries import seat_of
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, SeatPool
from tests.conftest import Funded, FundMaker, join, make_user
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(owner: Membership, fund: FundMaker, now: datetime) -> Funded:
    """Two seats, both taken."""
    funded = fund(owner, quantity=2)
    for name in ("Ana", "Ben"):
        assign_seat(
            account=funded.account, membership=join(funded.account, name, Role.MEMBER, now), actor=funded.actor, at=now
        )
    return funded


def buy(funded: Funded, now: datetime, *, members: list[Membership], emails: list[str]) -> QuantityChange:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    return buy_and_assign(
        account=funded.account, quote_id=quote.public_id, members=members, emails=emails, actor=funded.actor, at=now
    )


def undo(funded: Funded, purchase: QuantityChange, at: datetime) -> QuantityChange:
    return undo_purchase(account=funded.account, change_id=purchase.public_id, actor=funded.actor, at=at)


def counts(funded: Funded) -> tuple[int, int]:
    pool = SeatPool.objects.get(account=funded.account)
    return pool.purchased, pool.assigned


def test_who_was_named_while_buying_goes_along(two: Funded, member: Membership, now: datetime) -> None:
    purchase = buy(two, now, members=[member], emails=["lena@example.com"])
    assert counts(two) == (4, 4)

    done = undo(two, purchase, now + timedelta(minutes=1))

    assert done.state == QuantityChange.State.APPLIED
    assert counts(two) == (2, 2)
    assert seat_of(member) is None
    assert Invitation.objects.get(email="lena@example.com").state == Invitation.State.REVOKED
    assert SeatPool.objects.get(account=two.account).over_since is None
    assert broken_invariants(two.desk) == []


def test_who_waits_gets_none_of_the_seats_that_go(
    two: Funded, member: Membership, admin_member: Membership, now: datetime
) -> None:
    purchase = buy(two, now, members=[member], emails=["lena@example.com"])
    wait_for_seat(account=two.account, membership=admin_member, actor=two.actor, at=now)

    undo(two, purchase, now)

    assert seat_of(admin_member) is None
    assert counts(two) == (2, 2)


def test_an_accepted_invitation_stands_in_the_way(two: Funded, member: Membership, now: datetime) -> None:
    purchase = buy(two, now, members=[member], emails=["lena@example.com"])
    lena = make_user("Lena", domain="example.com")
    invitation = Invitation.objects.get(email="lena@example.com")
    accept_invitation(token=token_of(invitation), user=lena, actor=Actor(user=lena, door="invitation"), at=now)

    with pytest.raises(SeatsInUse) as refused:
        undo(two, purchase, now)

    assert str(refused.value) == "1 of these seats is in use. Release 1 seat first, then undo the purchase."
    assert counts(two) == (4, 4)
    assert two.desk.quantity(two.stripe_id) == 4
    assert not QuantityChange.objects.filter(kind="undo").exists()


def test_seats_given_later_are_not_taken(two: Funded, member: Membership, now: datetime) -> None:
    purchase = buy(two, now, members=[], emails=[])
    assign_seat(account=two.account, membership=member, actor=two.actor, at=now + timedelta(minutes=1))

    with pytest.raises(SeatsInUse):
        undo(two, purchase, now + timedelta(minutes=2))

    assert Assignment.objects.filter(account=two.account, ended_at__isnull=True).count() == 3
    assert two.desk.quantity(two.stripe_id) == 4


def test_an_older_invitation_only_loses_its_seat(two: Funded, now: datetime) -> None:
    from accounts.members.invitations import invite_member

    invite_member(
        account=two.account,
        email="lena@example.com",
        role=Role.MEMBER,
        department=None,
        name="",
        actor=two.actor,
        at=now,
    )
    Invitation.objects.update(created_at=now - timedelta(days=1))
    purchase = buy(two, now, members=[], emails=["lena@example.com"])
    assert counts(two) == (4, 3)

    undo(two, purchase, now)

    assert Invitation.objects.get().state == Invitation.State.OPEN
    assert counts(two) == (2, 2)
