"""Joiners without a seat: bought for within the allowance, or sent for approval; never more than wait."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.access.actor import Actor
from accounts.models import DirectoryPerson, Membership, Notice, Role
from billing.models import BuyingPolicy, QuantityChange, Quote
from seats.capacity.split_seats import split_seats
from seats.directory.buy_for_joiners import buy_for_all_joiners, buy_for_joiners, joiners_without_seat, try_again
from seats.directory.seat_or_wait import seat_or_wait
from seats.holders.assign_seat import assign_seat
from seats.holders.queries import waiting_in
from seats.holders.release_seat import release_seat
from seats.models import Assignment, JoinerPurchase, SeatPool, SeatRequest
from seats.requests.decide_purchase import approve_purchase, price_request, refuse_purchase
from tests.conftest import Funded, join
from tests.factories.accounts import RegionFactory
from tests.invariants import broken_invariants
from tests.races.test_last_seat import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
Joiners, State = BuyingPolicy.Joiners, JoinerPurchase.State
TASK = Actor.system("scim")


@pytest.fixture
def full(funded: Funded, now: datetime) -> Funded:
    """Ten seats, all taken."""
    for n in range(10):
        member = join(funded.account, f"Old{n}", Role.MEMBER, now)
        assign_seat(account=funded.account, membership=member, actor=funded.actor, at=now)
    return funded


def policy(funded: Funded, joiners: str, *, seats: int | None = 20) -> None:
    """What happens to joiners."""
    BuyingPolicy.objects.create(account=funded.account, seats=seats, joiners=joiners)


def come(funded: Funded, count: int, now: datetime) -> list[Membership]:
    """The directory adds people."""
    people = []
    for n in range(count):
        member = join(funded.account, f"New{n}", Role.MEMBER, now)
        DirectoryPerson.objects.create(
            account=funded.account, user=member.user, user_name=member.user.email, active=True, changed_at=now
        )
        seat_or_wait(account=funded.account, membership=member, reason="Added by Okta", actor=TASK, at=now)
        people.append(member)
    return people


def paid(funded: Funded) -> list[int]:
    """What Stripe took for purchases."""
    rows = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update", status="paid")
    return [row["amount_paid"] for row in rows]


def test_without_a_policy_they_wait_and_ask_as_ever(full: Funded, now: datetime) -> None:
    people = come(full, 2, now)
    assert not JoinerPurchase.objects.exists()
    assert {asked.membership for asked in SeatRequest.objects.filter(kind="seat")} == set(people)


def test_a_burst_is_one_purchase(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY)
    people = come(full, 8, now)
    assert buy_for_all_joiners(at=now) == 0, "the others may still come"
    assert not SeatRequest.objects.exists()
    later = now + timedelta(seconds=30)

    assert buy_for_all_joiners(at=later) == 1

    assert [change.added for change in QuantityChange.objects.all()] == [8]
    assert paid(full) == [32_000]
    assert not waiting_in(full.account).exists()
    assert Assignment.objects.filter(ended_at=None, membership__in=people).count() == 8
    buy_for_all_joiners(at=later)
    assert JoinerPurchase.objects.get().state == State.DONE
    assert QuantityChange.objects.count() == 1
    assert broken_invariants(full.desk) == []


def test_above_the_allowance_the_rest_is_sent_for_approval(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY, seats=3)
    come(full, 5, now)
    later = now + timedelta(seconds=30)
    for _ in range(3):
        buy_for_all_joiners(at=later)
    assert [change.added for change in QuantityChange.objects.all()] == [3]
    asked = SeatRequest.objects.get(kind="purchase")
    assert (asked.quantity, asked.state) == (2, "open")
    for minutes in (3, 6):
        buy_for_all_joiners(at=later + timedelta(minutes=minutes))
    assert SeatRequest.objects.count() == 1
    quote = price_request(account=full.account, request=asked, actor=full.actor, at=later)
    approve_purchase(
        account=full.account, request=asked, quote_id=quote.public_id, answer="", actor=full.actor, at=later
    )
    assert not waiting_in(full.account).exists()
    assert SeatPool.objects.get(account=full.account).purchased == 15


def test_with_request_all_are_sent_for_approval_once(full: Funded, now: datetime) -> None:
    policy(full, Joiners.REQUEST, seats=None)
    people = come(full, 3, now)
    later = now + timedelta(seconds=30)
    buy_for_all_joiners(at=later)
    asked = SeatRequest.objects.get()
    assert (asked.kind, asked.quantity, asked.membership) == ("purchase", 3, people[0])
    assert not QuantityChange.objects.exists()
    refuse_purchase(account=full.account, request=asked, answer="No", actor=full.actor, at=later)
    for minutes in (3, 6, 9):
        buy_for_all_joiners(at=later + timedelta(minutes=minutes))
    assert SeatRequest.objects.count() == 1, "a refusal is an answer"
    assert waiting_in(full.account).count() == 3


def test_a_declined_card_leaves_them_waiting_and_tells_once(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY)
    full.desk.card(full.customer.stripe_id, "pm_card_chargeCustomerFail")
    come(full, 2, now)
    later = now + timedelta(seconds=30)
    for minutes in range(4):
        buy_for_all_joiners(at=later + timedelta(minutes=5 * minutes))
    row = JoinerPurchase.objects.get()
    assert (row.state, row.problem) == (State.STOPPED, "payment_declined")
    assert [notice.user for notice in Notice.objects.filter(kind="joiners_stopped")] == [full.owner.user]
    assert QuantityChange.objects.get().state == "rejected"
    assert paid(full) == []
    assert waiting_in(full.account).count() == 2
    full.desk.card(full.customer.stripe_id)
    assert try_again(account=full.account, actor=full.actor, at=later)
    buy_for_all_joiners(at=later + timedelta(minutes=30))
    assert not waiting_in(full.account).exists()
    assert paid(full) == [8000]


def test_never_more_than_wait_at_that_moment(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY)
    people = come(full, 3, now)
    Membership.objects.filter(pk=people[0].pk).update(left_at=now)
    assert joiners_without_seat(full.account) == people[1:]
    buy_for_all_joiners(at=now + timedelta(seconds=30))
    assert [change.added for change in QuantityChange.objects.all()] == [2]


def test_no_seat_is_bought_for_a_region_that_has_its_own(full: Funded, now: datetime) -> None:
    """A seat bought would go to the rest, which does not help them."""
    policy(full, Joiners.BUY)
    people = come(full, 2, now)
    region = RegionFactory.create(account=full.account)
    Membership.objects.filter(pk=people[0].pk).update(region=region)
    split_seats(account=full.account, seats={region: 1}, reason="", actor=full.actor, at=now)
    assert joiners_without_seat(full.account) == people[1:]
    buy_for_all_joiners(at=now + timedelta(seconds=30))
    assert [change.added for change in QuantityChange.objects.all()] == [1]


def test_seats_kept_for_a_region_are_not_free_for_joiners(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY)
    region = RegionFactory.create(account=full.account)
    leaver = Assignment.objects.earliest("pk")
    release_seat(account=full.account, assignment=leaver, actor=full.actor, at=now)
    split_seats(account=full.account, seats={region: 1}, reason="", actor=full.actor, at=now)
    people = come(full, 2, now)
    assert joiners_without_seat(full.account) == people
    buy_for_all_joiners(at=now + timedelta(seconds=30))
    assert [change.added for change in QuantityChange.objects.all()] == [2]
    assert not waiting_in(full.account).exists()
    assert broken_invariants(full.desk) == []


@pytest.mark.race
def test_workers_at_once_buy_once(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY)
    come(full, 4, now)
    row, later = JoinerPurchase.objects.get(), now + timedelta(seconds=30)
    all_at_once([partial(buy_for_joiners, row_id=row.pk, at=later) for _ in range(5)])
    for minutes in (3, 6):
        buy_for_all_joiners(at=later + timedelta(minutes=minutes))
    assert sum(change.added for change in QuantityChange.objects.filter(state="applied")) == 4
    assert SeatPool.objects.get(account=full.account).purchased == 14
    assert paid(full) == [16_000]
    assert Quote.objects.filter(consumed_at__isnull=False).count() == 1
