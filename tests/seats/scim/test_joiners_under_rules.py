"""Purchases for joiners: the rule of the moment, every stop told, and one request that grows with those who come."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from accounts.models import DirectoryPerson, Membership, Notice, Role
from billing.models import BuyingPolicy, Plan, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.directory.buy_for_joiners import buy_for_all_joiners, try_again
from seats.directory.seat_or_wait import seat_or_wait
from seats.errors import PriceNeeded
from seats.holders.assign_seat import assign_seat
from seats.holders.queries import waiting_in
from seats.models import JoinerPurchase, RequestStep, SeatPool, SeatRequest
from seats.requests.decide_purchase import price_request
from tests.conftest import Funded, join
from tests.invariants import broken_invariants
from tests.races.test_last_seat import all_at_once
from tests.seats.requests.test_purchases import approve, chain, told
from tests.seats.scim.test_joiners_bought import TASK, Joiners, State, come, policy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full(funded: Funded, now: datetime) -> Funded:
    """Ten seats, all taken."""
    for n in range(10):
        member = join(funded.account, f"Old{n}", Role.MEMBER, now)
        assign_seat(account=funded.account, membership=member, actor=funded.actor, at=now)
    return funded


@pytest.mark.parametrize("before", [Joiners.BUY, Joiners.REQUEST])
def test_a_rule_that_changes_while_the_price_is_asked_for_is_kept(
    before: str, full: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(full, before)
    come(full, 2, now)
    later = now + timedelta(seconds=30)

    def slow(**given: Any) -> Any:
        quote = quote_quantity(**given)
        BuyingPolicy.objects.update(joiners=Joiners.WAIT)
        return quote

    monkeypatch.setattr("seats.directory.buy_for_joiners.quote_quantity", slow)
    for minutes in (0, 3, 6):
        buy_for_all_joiners(at=later + timedelta(minutes=minutes))

    assert not QuantityChange.objects.exists()
    assert not SeatRequest.objects.exists()
    assert JoinerPurchase.objects.get().state == State.DONE
    assert full.desk.quantity(full.stripe_id) == 10


def test_every_stop_is_told_also_when_no_purchase_was_tried(full: Funded, now: datetime) -> None:
    policy(full, Joiners.BUY)
    Plan.objects.update(self_service_max=10)
    come(full, 1, now)
    later = now + timedelta(seconds=30)
    buy_for_all_joiners(at=later)
    assert (JoinerPurchase.objects.get().state, told("joiners_stopped")) == (State.STOPPED, ["Olivia"])
    buy_for_all_joiners(at=later + timedelta(minutes=5))
    assert told("joiners_stopped") == ["Olivia"]

    assert try_again(account=full.account, actor=full.actor, at=later + timedelta(minutes=6))
    buy_for_all_joiners(at=later + timedelta(minutes=6))

    row = JoinerPurchase.objects.get()
    assert (row.state, row.problem, row.tries) == (State.STOPPED, "seats_exceed_self_service", 0)
    assert told("joiners_stopped") == ["Olivia", "Olivia"]
    assert Notice.objects.filter(kind="joiners_stopped").values("key").distinct().count() == 2


@pytest.fixture
def asked(full: Funded, now: datetime) -> SeatRequest:
    """Three wait, and are asked for."""
    policy(full, Joiners.REQUEST, seats=None)
    come(full, 3, now)
    buy_for_all_joiners(at=now + timedelta(seconds=30))
    request = SeatRequest.objects.get()
    assert (request.quantity, request.asked_total) == (3, 12_000)
    return request


def more(full: Funded, names: str, now: datetime) -> list[Membership]:
    """Others come."""
    people = []
    for name in names.split():
        member = join(full.account, name, Role.MEMBER, now)
        DirectoryPerson.objects.create(
            account=full.account, user=member.user, user_name=member.user.email, active=True, changed_at=now
        )
        seat_or_wait(account=full.account, membership=member, reason="Added by Okta", actor=TASK, at=now)
        people.append(member)
    return people


def test_an_open_request_grows_with_those_who_come(full: Funded, asked: SeatRequest, now: datetime) -> None:
    small = price_request(account=full.account, request=asked, actor=full.actor, at=now)
    more(full, "Late Later", now)
    later = now + timedelta(minutes=4)
    buy_for_all_joiners(at=later)

    grown = SeatRequest.objects.get()
    assert (grown.pk, grown.quantity, grown.asked_total, grown.asked_monthly) == (asked.pk, 5, 20_000, 20_000)
    assert told("purchase_request") == ["Olivia"], "nobody has looked yet, so one mail is enough"
    with pytest.raises(PriceNeeded):
        approve(asked, full.owner, now, quote=small)
    assert not QuantityChange.objects.exists()

    # At the simulator's own time, which stands still: its invoices are of now.
    assert approve(grown, full.owner, now).state == SeatRequest.State.APPROVED

    assert not waiting_in(full.account).exists()
    assert SeatPool.objects.get(account=full.account).purchased == 15
    buy_for_all_joiners(at=later + timedelta(minutes=4))
    assert JoinerPurchase.objects.get().state == State.DONE
    assert SeatRequest.objects.count() == 1
    assert broken_invariants(full.desk) == []


def test_it_never_shrinks_and_grows_no_more_under_another_rule(full: Funded, asked: SeatRequest, now: datetime) -> None:
    Membership.objects.filter(user__name="New0").update(left_at=now)
    buy_for_all_joiners(at=now + timedelta(minutes=4))
    asked.refresh_from_db()
    assert asked.quantity == 3

    more(full, "Late Later", now)
    BuyingPolicy.objects.update(joiners=Joiners.WAIT)
    buy_for_all_joiners(at=now + timedelta(minutes=8))
    asked.refresh_from_db()
    assert asked.quantity == 3


def test_a_yes_was_to_fewer_seats(full: Funded, now: datetime) -> None:
    chain(full, now, ("billing", 0), ("admin", 0))
    bea = join(full.account, "Bea", Role.BILLING, now)
    policy(full, Joiners.REQUEST, seats=None)
    come(full, 3, now)
    buy_for_all_joiners(at=now + timedelta(seconds=30))
    asked = SeatRequest.objects.get()
    assert approve(asked, bea, now + timedelta(minutes=1)).state == SeatRequest.State.OPEN

    more(full, "Late", now)
    buy_for_all_joiners(at=now + timedelta(minutes=4))

    assert [step.approved for step in RequestStep.objects.order_by("position")] == [None, None]
    assert told("purchase_request") == ["Bea", "Bea", "Olivia"]
    grown = SeatRequest.objects.get()
    assert approve(grown, bea, now).state == SeatRequest.State.OPEN
    assert approve(grown, full.owner, now).state == SeatRequest.State.APPROVED
    assert [change.added for change in QuantityChange.objects.all()] == [4]


@pytest.mark.race
def test_a_click_and_growth_at_once(full: Funded, asked: SeatRequest, now: datetime) -> None:
    """Either three are bought as they were seen, or five are asked for; never another number than the page had."""
    quote = price_request(account=full.account, request=asked, actor=full.actor, at=now)
    more(full, "Late Later", now)
    later = now + timedelta(minutes=4)

    all_at_once(
        [partial(approve, asked, full.owner, now, quote=quote), partial(buy_for_all_joiners, at=later)],
    )

    request = SeatRequest.objects.earliest("pk")
    bought = [change.added for change in QuantityChange.objects.filter(approval_id=request.public_id)]
    assert (request.quantity, bought) in [(3, [3]), (5, [])]
    assert broken_invariants(full.desk) == []
