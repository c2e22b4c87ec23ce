"""Departments' budgets stop the next seat at every door, also for many at once, and nobody else's."""

from datetime import datetime
from functools import partial

import pytest
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Department, Membership, Role
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import BudgetExceeded
from seats.holders.admit_waiting import admit_waiting
from seats.holders.assign_seat import assign_seat
from seats.holders.buy_and_assign import buy_and_assign
from seats.holders.pause_person import pause_person
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.resume_person import resume_person
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, DepartmentBudget, Pause, SeatRequest, WaitingPerson
from seats.pool.budgets import SeatCost, budgets_of, seat_cost, set_budget
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from tests.conftest import Funded, FundMaker, join
from tests.factories.accounts import DepartmentFactory
from tests.integrator import integrator_of, problem
from tests.races.test_last_seat import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sales(funded: Funded, now: datetime) -> Department:
    """Sales may spend 100.00 a month: two seats of 50.00."""
    place: Department = DepartmentFactory.create(account=funded.account, name="Sales")
    budget(funded, place, 10_000, now)
    return place


def budget(funded: Funded, place: Department, amount: int | None, now: datetime) -> None:
    """Set what a department may spend."""
    set_budget(account=funded.account, department=place, amount=amount, currency="usd", actor=funded.actor, at=now)


def of(funded: Funded, place: Department | None, name: str, now: datetime) -> Membership:
    """One more person of a department."""
    one = join(funded.account, name, Role.MEMBER, now)
    one.department = place
    one.save()
    return one


def give(funded: Funded, who: Membership, now: datetime) -> Assignment:
    """Give a seat."""
    return assign_seat(account=funded.account, membership=who, actor=funded.actor, at=now)


def test_a_seat_costs_the_list_price_a_month(owner: Membership, fund: FundMaker) -> None:
    assert seat_cost(owner.account) is None
    yearly = fund(owner, interval="year", quantity=11)  # (10 × 50.00 + 40.00) ÷ 12 = 45.00; ÷ 11, rounded up.
    assert seat_cost(yearly.account) == SeatCost(410, "usd")


def test_the_next_seat_is_refused_and_others_go_on(funded: Funded, sales: Department, now: datetime) -> None:
    first, second, third = (of(funded, sales, name, now) for name in ("Ann", "Ben", "Cem"))
    give(funded, first, now)
    give(funded, second, now)
    with pytest.raises(BudgetExceeded) as caught:
        give(funded, third, now)
    assert caught.value.data == {
        "department": sales.public_id,
        "budget": 10_000,
        "used": 10_000,
        "seat_cost": 5000,
        "currency": "usd",
        "ask_at": "/api/v1/requests",
    }
    assert Assignment.objects.filter(ended_at=None).count() == 2
    give(funded, of(funded, None, "Dan", now), now)
    support = DepartmentFactory.create(account=funded.account, name="Support")
    give(funded, of(funded, support, "Eva", now), now)
    budget(funded, sales, None, now)
    give(funded, third, now)
    assert not DepartmentBudget.objects.exists()
    assert AuditEntry.objects.filter(action="budget.changed").count() == 2


def test_every_door_asks(funded: Funded, sales: Department, now: datetime) -> None:
    account, actor = funded.account, funded.actor
    budget(funded, sales, 5000, now)
    ann, ben = of(funded, sales, "Ann", now), of(funded, sales, "Ben", now)
    other = give(funded, of(funded, None, "Dan", now), now)
    mine = give(funded, ann, now)
    with pytest.raises(BudgetExceeded):
        reassign_seat(account=account, assignment=other, to=ben, actor=actor, at=now)
    with pytest.raises(BudgetExceeded):
        invite_with_seat(
            account=account, email="x@acme.example", role=Role.MEMBER, department=sales, name="", actor=actor, at=now
        )
    quote = quote_quantity(account=account, actor=actor, add=1, at=now)
    with pytest.raises(BudgetExceeded):
        buy_and_assign(account=account, quote_id=quote.public_id, members=[ben], emails=[], actor=actor, at=now)
    assert not QuantityChange.objects.exists()
    refused = problem(integrator_of(funded.owner, now).post("assignments", {"member_id": ben.public_id}))
    assert (refused["status"], refused["code"], refused["used"]) == (409, "budget_exceeded", 5000)
    # Within the department a seat may move: it costs the same.
    assert reassign_seat(account=account, assignment=mine, to=ben, actor=actor, at=now).membership == ben


def test_the_queue_passes_by_who_is_over_the_budget(funded: Funded, sales: Department, now: datetime) -> None:
    account, actor = funded.account, funded.actor
    budget(funded, sales, 5000, now)
    give(funded, of(funded, sales, "Ann", now), now)
    ben, dan = of(funded, sales, "Ben", now), of(funded, None, "Dan", now)
    place = wait_for_seat(account=account, membership=ben, actor=actor, at=now)
    assert place.served_at is None
    assert wait_for_seat(account=account, membership=dan, actor=actor, at=now).served_at == now
    budget(funded, sales, 10_000, now)
    assert admit_waiting(account=account, at=now) == 1
    assert WaitingPerson.objects.get(pk=place.pk).served_at == now


def test_who_sets_budgets_approves_above_them_for_others(funded: Funded, sales: Department, now: datetime) -> None:
    budget(funded, sales, 0, now)
    ann = of(funded, sales, "Ann", now)
    tom = join(funded.account, "Tom", Role.TEAM_MANAGER, now)
    asked = request_seat(
        account=funded.account, membership=ann, asked_by=ann.user, reason="Work", actor=Actor(user=ann.user), at=now
    )
    given = {"account": funded.account, "request": asked, "approve": True, "answer": "", "at": now}
    with pytest.raises(BudgetExceeded):
        decide_request(actor=Actor(user=tom.user), **given)  # type: ignore[arg-type]
    assert SeatRequest.objects.get().state == "open"
    decide_request(actor=funded.actor, **given)  # type: ignore[arg-type]
    assert Assignment.objects.get(ended_at=None).membership == ann
    # Not to oneself.
    funded.owner.department = sales
    funded.owner.save()
    mine = request_seat(
        account=funded.account,
        membership=funded.owner,
        asked_by=funded.owner.user,
        reason="Me too",
        actor=funded.actor,
        at=now,
    )
    with pytest.raises(BudgetExceeded):
        decide_request(account=funded.account, request=mine, approve=True, answer="", actor=funded.actor, at=now)


@pytest.mark.race
def test_many_at_once_never_exceed_it(funded: Funded, sales: Department, now: datetime) -> None:
    people = [of(funded, sales, f"P{n}", now) for n in range(8)]
    assert all_at_once([partial(give, funded, one, now) for one in people]) == {"ok": 2, "budget_exceeded": 6}
    assert Assignment.objects.filter(ended_at=None).count() == 2


def test_what_is_used_and_left(funded: Funded, sales: Department, now: datetime) -> None:
    held = give(funded, of(funded, sales, "Ann", now), now)
    invite_with_seat(
        account=funded.account,
        email="x@acme.example",
        role=Role.MEMBER,
        department=sales,
        name="",
        actor=funded.actor,
        at=now,
    )
    (use,) = budgets_of(funded.account)
    assert (use.department, use.seats, use.used, use.budget, use.left) == (sales, 2, 10_000, 10_000, 0)
    release_seat(account=funded.account, assignment=held, actor=funded.actor, at=now)
    assert budgets_of(funded.account)[0].left == 5000
    DepartmentBudget.objects.update(currency="eur")  # Not comparable: stops nothing and is not shown as one.
    assert budgets_of(funded.account)[0].budget is None
    for name in ("Ben", "Cem", "Dan"):
        give(funded, of(funded, sales, name, now), now)


def test_budgets_are_set_on_the_page(funded: Funded, sales: Department, client_of, now: datetime) -> None:  # type: ignore[no-untyped-def]
    give(funded, of(funded, sales, "Ann", now), now)
    client, url = client_of(funded.owner), reverse("seats:spending", args=[funded.account.slug])
    page = " ".join(client.get(url).content.decode().split())
    assert "A seat counts $50.00 a month" in page
    assert '<td class="num" data-label="Seats in use">1</td>' in page
    assert '$50.00<br><span class="quiet">$50.00 left</span>' in page
    save = reverse("seats:spending_budgets", args=[funded.account.slug])
    assert client.post(save, {sales.public_id: "-1"}).status_code == 422
    assert DepartmentBudget.objects.get().amount == 10_000
    assert client.post(save, {sales.public_id: "45.50"}).status_code == 302
    assert DepartmentBudget.objects.get().amount == 4550
    assert "over the budget" in client.get(url).content.decode()
    assert client.post(save, {sales.public_id: ""}).status_code == 302
    assert not DepartmentBudget.objects.exists()


def test_who_comes_back_to_a_spent_budget_waits(funded: Funded, sales: Department, now: datetime) -> None:
    ann, ben = (of(funded, sales, name, now) for name in ("Ann", "Ben"))
    give(funded, ann, now)
    pause_person(account=funded.account, membership=ann, resumes_on=None, reason="", actor=funded.actor, at=now)
    budget(funded, sales, 5_000, now)
    give(funded, ben, now)

    assert resume_person(account=funded.account, membership=ann, actor=funded.actor, at=now) is None

    assert Pause.objects.get().ended_at == now
    assert WaitingPerson.objects.get(served_at=None).membership == ann
    assert Assignment.objects.get(ended_at=None).membership == ben
