"""A tranche above the month's allowance: one click asks for approval, the last yes buys it, and never twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Role
from billing.changes.buy_quote import buy_quote
from billing.changes.pending import cancel_change
from billing.models import BuyingPolicy, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import RequestGone, TrancheClosed, TrancheNotHeld
from seats.models import SeatPool, SeatRequest, Tranche
from seats.requests.decide_purchase import approve_purchase, price_request, refuse_purchase
from seats.rollout.ask_approval import ask_for_tranche
from seats.rollout.plans import end_rollout
from seats.rollout.run_tranches import retry_tranche, run_due_tranches
from seats.rollout.tranches import cancel_tranche, change_tranche
from tests.conftest import Funded, join
from tests.factories.accounts import DepartmentFactory
from tests.races.test_last_seat import all_at_once
from tests.seats.requests.test_purchases import approve, paid
from tests.seats.rollout.steps import scheduled, wish

pytestmark = pytest.mark.django_db(transaction=True)
State = Tranche.State
Browser = Callable[[Membership], Client]


@pytest.fixture
def bea(funded: Funded, now: datetime) -> Membership:
    """Bea of finance, who buys, while every purchase needs an approval."""
    BuyingPolicy.objects.create(account=funded.account, seats=0)
    return join(funded.account, "Bea", Role.BILLING, now)


@pytest.fixture
def held(funded: Funded, bea: Membership, now: datetime) -> Tranche:
    """Ten seats for Sales that wait for an approval."""
    sales = DepartmentFactory.create(account=funded.account, name="Sales")
    tranche = scheduled(funded, now, department=sales, po_number="PO-7")
    run_due_tranches(at=now)
    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code) == (State.HELD, "approval_required")
    return tranche


def ask(tranche: Tranche, by: Membership, now: datetime) -> SeatRequest:
    """Click on "Ask for approval"."""
    return ask_for_tranche(
        account=tranche.account, tranche_id=tranche.public_id, membership=by, actor=Actor(user=by.user), at=now
    )


def seats_of(funded: Funded) -> int:
    """Purchased seats."""
    return SeatPool.objects.get(account=funded.account).purchased


def test_from_the_click_to_the_seats(
    funded: Funded, bea: Membership, held: Tranche, client_of: Browser, now: datetime
) -> None:
    url = reverse("seats:tranche", args=[funded.account.slug, held.public_id])
    page = client_of(bea).get(url).content.decode()
    assert "Ask for approval" in page

    answer = client_of(bea).post(reverse("seats:tranche_ask", args=[funded.account.slug, held.public_id]))

    asked = SeatRequest.objects.get()
    request_url = reverse("seats:purchase_request", args=[funded.account.slug, asked.public_id])
    assert answer["Location"] == request_url
    assert (asked.quantity, asked.department, asked.po_number) == (10, held.department, "PO-7")
    assert asked.reason.startswith("Sales in 2027, tranche of")
    page = client_of(bea).get(url).content.decode()
    assert request_url in page
    assert "Ask for approval" not in page
    assert f'<a href="{url}">Sales in 2027, ' in client_of(funded.owner).get(request_url).content.decode()
    assert paid(funded) == []

    assert approve(asked, funded.owner, now).state == "approved"

    held.refresh_from_db()
    change = QuantityChange.objects.get()
    assert (held.state, held.change) == (State.BUYING, change)
    run_due_tranches(at=now + timedelta(minutes=10))
    held.refresh_from_db()
    assert (held.state, held.held_code) == (State.BOUGHT, "")
    assert (change.approval_id, seats_of(funded), len(paid(funded))) == (asked.public_id, 20, 1)
    assert AuditEntry.objects.get(action="tranche.bought").data["order"] == change.public_id


def test_one_request_however_often_it_is_asked(funded: Funded, bea: Membership, held: Tranche, now: datetime) -> None:
    first = ask(held, bea, now)
    assert ask(held, bea, now) == first
    assert SeatRequest.objects.count() == 1


@pytest.mark.race
def test_two_clicks_at_once_are_one_request(funded: Funded, bea: Membership, held: Tranche, now: datetime) -> None:
    assert all_at_once([partial(ask, held, bea, now) for _ in range(3)]) == {"ok": 3}
    assert SeatRequest.objects.count() == 1
    held.refresh_from_db()
    assert held.request == SeatRequest.objects.get()


def test_only_what_waits_for_an_approval_is_asked_for(funded: Funded, now: datetime) -> None:
    planned = scheduled(funded, now, due_on=now.date() + timedelta(days=9))
    with pytest.raises(TrancheNotHeld):
        ask(planned, funded.owner, now)
    dear = scheduled(funded, now, ceiling=1, plan=planned.plan)
    run_due_tranches(at=now)
    with pytest.raises(TrancheNotHeld):
        ask(dear, funded.owner, now)
    cancel_tranche(account=funded.account, tranche_id=dear.public_id, actor=funded.actor, at=now)
    with pytest.raises(TrancheClosed):
        ask(dear, funded.owner, now)
    assert not SeatRequest.objects.exists()
    assert not QuantityChange.objects.exists()


@pytest.mark.parametrize("how", ["cancel", "change", "end"])
def test_what_is_not_wanted_any_more_cannot_be_approved(
    funded: Funded, bea: Membership, held: Tranche, now: datetime, how: str
) -> None:
    asked = ask(held, bea, now)
    common = {"account": funded.account, "actor": funded.actor, "at": now}
    price = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    if how == "cancel":
        cancel_tranche(tranche_id=held.public_id, **common)  # type: ignore[arg-type]
    elif how == "change":
        change_tranche(tranche_id=held.public_id, wish=wish(funded, now, quantity=3), **common)  # type: ignore[arg-type]
    else:
        end_rollout(plan_id=held.plan.public_id, **common)  # type: ignore[arg-type]
    assert SeatRequest.objects.get().state == "withdrawn"
    with pytest.raises(RequestGone):
        approve_purchase(request=asked, quote_id=price.public_id, answer="", **common)  # type: ignore[arg-type]
    assert not QuantityChange.objects.exists()
    assert (paid(funded), seats_of(funded)) == ([], 10)


def test_bought_by_itself_meanwhile_it_is_not_bought_once_more(
    funded: Funded, bea: Membership, held: Tranche, now: datetime
) -> None:
    asked = ask(held, bea, now)
    price = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    BuyingPolicy.objects.update(seats=100)
    done = retry_tranche(account=funded.account, tranche_id=held.public_id, actor=funded.actor, at=now)
    assert done.state == State.BOUGHT
    assert SeatRequest.objects.get().state == "withdrawn"
    with pytest.raises(RequestGone):
        approve(asked, funded.owner, now, quote=price)
    assert (QuantityChange.objects.count(), seats_of(funded), len(paid(funded))) == (1, 20, 1)


def test_a_declined_card_holds_it_and_the_request_is_open_again(
    funded: Funded, bea: Membership, held: Tranche, now: datetime
) -> None:
    asked = ask(held, bea, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    done = approve(asked, funded.owner, now)
    assert done.state == "buying"  # Stripe holds it for another card; somebody stops it.
    assert done.change is not None
    cancel_change(account=funded.account, change_id=done.change.public_id, actor=funded.actor, at=now)
    run_due_tranches(at=now + timedelta(minutes=10))
    held.refresh_from_db()
    assert (held.state, held.held_code, held.change) == (State.HELD, "not_paid", None)
    assert SeatRequest.objects.get().state == "open"
    assert (seats_of(funded), paid(funded)) == (10, [])


@pytest.mark.parametrize("job_ran", [False, True])
def test_after_a_stopped_payment_it_is_approved_anew_at_once_and_paid_once(
    funded: Funded, bea: Membership, held: Tranche, now: datetime, job_ran: bool
) -> None:
    """Whoever stopped the declined one need not wait until the job has looked at the tranche."""
    asked = ask(held, bea, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    first = approve(asked, funded.owner, now).change
    assert first is not None
    with pytest.raises(RequestGone):  # Not while Stripe may still be paid for the first.
        refuse_purchase(account=funded.account, request=asked, answer="", actor=funded.actor, at=now)
    cancel_change(account=funded.account, change_id=first.public_id, actor=funded.actor, at=now)
    if job_ran:
        run_due_tranches(at=now + timedelta(minutes=10))
    assert SeatRequest.objects.get().state == "open"
    assert ask(held, bea, now) == asked
    funded.desk.card(funded.customer.stripe_id)

    assert approve(asked, funded.owner, now).state == "approved"

    run_due_tranches(at=now + timedelta(minutes=20))
    held.refresh_from_db()
    second = QuantityChange.objects.exclude(pk=first.pk).get()
    assert (held.state, held.change, held.held_code) == (State.BOUGHT, second, "")
    assert (seats_of(funded), len(paid(funded)), second.approval_id) == (20, 1, asked.public_id)


def test_while_another_purchase_of_it_is_under_way_it_is_not_approved(
    funded: Funded, bea: Membership, held: Tranche, now: datetime
) -> None:
    """Whatever led there: nobody pays for a tranche twice."""
    asked = ask(held, bea, now)
    price = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    BuyingPolicy.objects.update(seats=100)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    other = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    Tranche.objects.filter(pk=held.pk).update(state=State.BUYING, change=other)

    with pytest.raises(TrancheClosed):
        approve(asked, funded.owner, now, quote=price)

    assert QuantityChange.objects.get() == other
    assert (seats_of(funded), len(paid(funded)), SeatRequest.objects.get().state) == (11, 1, "open")


@pytest.mark.race
def test_two_approvals_at_once_buy_it_once(funded: Funded, bea: Membership, held: Tranche, now: datetime) -> None:
    asked = ask(held, bea, now)
    price = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    result = all_at_once([partial(approve, asked, funded.owner, now, quote=price) for _ in range(3)])
    assert result == {"ok": 3}
    assert (QuantityChange.objects.count(), len(paid(funded)), seats_of(funded)) == (1, 1, 20)
