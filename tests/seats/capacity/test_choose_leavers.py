"""Who gives up a seat when fewer are left: chosen by an admin, or those who came last after their grace."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Membership, Role
from billing.changes.decreases import place_due_decreases, plan_decrease
from billing.mirror.refresh import refresh_subscription
from seats.capacity.choose_leavers import choose_leavers, chosen_for
from seats.errors import NothingToChoose, SeatGone, TooManyChosen
from seats.holders.assign_seat import assign_seat
from seats.models import Assignment, ReductionLeaver, SeatPool
from tests.conftest import Funded, FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


@pytest.fixture
def three(owner: Membership, fund: FundMaker, now: datetime) -> Funded:
    """Three people sit, and one seat goes with the next period."""
    funded = fund(owner, quantity=3)
    for number, name in enumerate(("Ana", "Ben", "Cleo")):
        someone = join(funded.account, name, Role.MEMBER, now)
        assign_seat(account=funded.account, membership=someone, actor=funded.actor, at=now + timedelta(seconds=number))
    plan_decrease(account=funded.account, quantity=2, actor=funded.actor, at=now)
    return funded


def seat_id(name: str) -> str:
    return str(Assignment.objects.get(membership__user__name=name, ended_at__isnull=True).public_id)


def choose(funded: Funded, now: datetime, *ids: str) -> int:
    return choose_leavers(account=funded.account, seat_ids=ids, actor=funded.actor, at=now)


def holders(funded: Funded) -> set[str]:
    rows = Assignment.objects.filter(account=funded.account, ended_at__isnull=True)
    return set(rows.values_list("membership__user__name", flat=True))


def renew(funded: Funded, now: datetime) -> None:
    end = funded.subscription.items.get().period_end
    funded.desk.advance(int((end - timedelta(hours=12) - now).total_seconds()))
    place_due_decreases(at=end - timedelta(hours=12))
    funded.desk.advance(15 * 3600)
    refresh_subscription(stripe_id=funded.stripe_id, at=end + timedelta(hours=3))


def test_the_chosen_one_leaves_on_the_day_and_nobody_before(three: Funded, now: datetime) -> None:
    assert choose(three, now, seat_id("Ana")) == 1
    assert holders(three) == {"Ana", "Ben", "Cleo"}

    renew(three, now)

    assert holders(three) == {"Ben", "Cleo"}
    pool = SeatPool.objects.get(account=three.account)
    assert (pool.purchased, pool.assigned, pool.over_since) == (2, 2, None)
    assert Assignment.objects.get(ended_at__isnull=False).end_reason == "over_limit"


def test_without_a_choice_everybody_has_their_grace(three: Funded, now: datetime) -> None:
    renew(three, now)

    assert holders(three) == {"Ana", "Ben", "Cleo"}
    assert SeatPool.objects.get(account=three.account).over_since is not None


def test_a_new_choice_replaces_the_old_one(three: Funded, now: datetime) -> None:
    choose(three, now, seat_id("Ana"))
    choose(three, now, seat_id("Ben"))

    assert [row.assignment.public_id for row in ReductionLeaver.objects.all()] == [seat_id("Ben")]


def test_more_than_needed_and_other_peoples_seats_are_refused(
    three: Funded, outsider: Membership, now: datetime
) -> None:
    choose(three, now, seat_id("Ana"))

    with pytest.raises(TooManyChosen):
        choose(three, now, seat_id("Ana"), seat_id("Ben"))
    with pytest.raises(SeatGone):
        choose(three, now, "seat_unknown")
    with pytest.raises(NothingToChoose):
        choose_leavers(account=outsider.account, seat_ids=[], actor=three.actor, at=now)

    assert [row.assignment.public_id for row in ReductionLeaver.objects.all()] == [seat_id("Ana")]


def test_the_page_keeps_the_choice(three: Funded, client_of: ClientOf, now: datetime) -> None:
    client, page = client_of(three.owner), f"/a/{three.account.slug}/seats/leavers/"
    assert "Choose whose seat goes on that day" in client.get(page).content.decode()

    answer = client.post(page, {"seat": [seat_id("Ben")]}, follow=True)
    assert "1 seat is chosen." in answer.content.decode()
    refused = client.post(page, {"seat": [seat_id("Ana"), seat_id("Ben")]})

    assert refused.status_code == 422
    plan = three.subscription.decreases.get()
    assert chosen_for(plan) == {seat_id("Ben")}
    assert "leavers/" in client.get(f"/a/{three.account.slug}/seats/reduce/").content.decode()
