"""Admins who take the same idle seat at once, and one who gives it to somebody else."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Notice, Role
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.models import Assignment, LedgerEntry, Nudge
from seats.reclaim.nudge_people import nudge_people
from seats.reclaim.reclaim_seats import reclaim_seats
from tests.conftest import join
from tests.factories.seats import seat
from tests.races.test_last_seat import all_at_once, buy, seats_are_true

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def idle(account: Account, now: datetime) -> list[Assignment]:
    buy(account, 4, now)
    return [seat(join(account, f"Idle{n}", Role.MEMBER, now), now - timedelta(days=40)) for n in range(4)]


@pytest.mark.parametrize("round_", range(3))
def test_eight_admins_reclaim_the_same_seats(
    account: Account, actor: Actor, idle: list[Assignment], now: datetime, round_: int
) -> None:
    wanted = [one.public_id for one in idle[:3]]

    outcome = all_at_once(
        [partial(reclaim_seats, account=account, seat_ids=wanted, actor=actor, at=now) for _ in range(8)]
    )

    assert outcome == {"ok": 1, "nothing_to_reclaim": 7}
    seats_are_true(account, most=1)
    assert LedgerEntry.objects.filter(account=account, kind="released").count() == 3


@pytest.mark.parametrize("round_", range(5))
def test_a_reclaim_against_a_reassign(
    account: Account, actor: Actor, member: Membership, idle: list[Assignment], now: datetime, round_: int
) -> None:
    """Whoever is first wins, and the new holder, who has the seat since a moment ago, never loses it."""
    one = idle[0]

    outcome = all_at_once(
        [
            partial(reclaim_seats, account=account, seat_ids=[one.public_id], actor=actor, at=now),
            partial(reassign_seat, account=account, assignment=one, to=member, actor=actor, at=now),
        ]
    )

    held = seat_of(member)
    if held is None:
        assert outcome == {"ok": 1, "seat_gone": 1}
        seats_are_true(account, most=3)
    else:
        assert outcome == {"ok": 1, "nothing_to_reclaim": 1}
        assert held == one
        seats_are_true(account, most=4)


@pytest.mark.parametrize("round_", range(3))
def test_twelve_clicks_on_nudge_are_one_mail(
    account: Account, actor: Actor, idle: list[Assignment], now: datetime, round_: int
) -> None:
    wanted = [one.public_id for one in idle]

    outcome = all_at_once(
        [partial(nudge_people, account=account, seat_ids=wanted, actor=actor, at=now) for _ in range(12)]
    )

    assert outcome == {"ok": 1, "nobody_to_nudge": 11}
    assert Nudge.objects.filter(account=account).count() == 4
    assert Notice.objects.filter(account=account, kind="nudge").count() == 4
