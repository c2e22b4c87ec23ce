"""After a subscription has ended: seats are off, their holders are kept for a month, and a new one finds them."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Membership, Role
from billing.mirror.refresh import refresh_subscription
from seats.capacity.enforce_grace import enforce_grace
from seats.holders.assign_seat import assign_seat
from seats.holders.queries import seat_counts, waiting_in
from seats.models import Assignment, SeatPool
from tests.conftest import Funded, FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(owner: Membership, fund: FundMaker, now: datetime) -> Funded:
    """Three people sat when it ended."""
    funded = fund(owner, quantity=3)
    for number, name in enumerate(("Ana", "Ben", "Cleo")):
        someone = join(funded.account, name, Role.MEMBER, now)
        assign_seat(account=funded.account, membership=someone, actor=funded.actor, at=now + timedelta(seconds=number))
    funded.desk.client.v1.subscriptions.cancel(funded.stripe_id)
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    return funded


def holders(funded: Funded) -> list[str]:
    rows = Assignment.objects.filter(account=funded.account, ended_at__isnull=True).order_by("started_at")
    return [row.membership.user.name for row in rows if row.membership]


def subscribe(funded: Funded, quantity: int, now: datetime) -> None:
    stripe_id = funded.desk.subscribe(funded.customer.stripe_id, funded.desk.price(), quantity)
    refresh_subscription(stripe_id=stripe_id, at=now)


def test_seats_are_off_and_holders_are_kept_for_thirty_days(ended: Funded, now: datetime) -> None:
    counts = seat_counts(ended.account, now)
    assert (counts.purchased, counts.assigned, counts.frozen, counts.off) == (0, 3, "canceled", True)

    assert enforce_grace(at=now + timedelta(days=29)) == 0
    assert holders(ended) == ["Ana", "Ben", "Cleo"]

    assert enforce_grace(at=now + timedelta(days=31)) == 3
    assert set(Assignment.objects.values_list("end_reason", flat=True)) == {"ended"}
    assert not waiting_in(ended.account).exists()


def test_a_new_subscription_gives_everybody_their_seat_back(ended: Funded, now: datetime) -> None:
    subscribe(ended, 5, now)

    counts = seat_counts(ended.account, now)
    assert (counts.purchased, counts.assigned, counts.frozen, counts.off) == (5, 3, "", False)
    assert holders(ended) == ["Ana", "Ben", "Cleo"]


def test_with_fewer_seats_those_who_came_last_wait(ended: Funded, now: datetime) -> None:
    subscribe(ended, 2, now)

    assert holders(ended) == ["Ana", "Ben"]
    assert [place.name for place in waiting_in(ended.account)] == ["Cleo"]
    assert SeatPool.objects.get(account=ended.account).over_since is None


def test_a_late_word_of_the_old_one_does_not_stop_the_new_one(ended: Funded, now: datetime) -> None:
    subscribe(ended, 3, now)

    type(ended.subscription).objects.filter(stripe_id=ended.stripe_id).update(status="incomplete_expired")
    refresh_subscription(stripe_id=ended.stripe_id, at=now)

    assert SeatPool.objects.get(account=ended.account).frozen == ""
