"""Named while buying: a department's budget is asked before the payment and shown where seats are given, and an
approval above it stands in the trail."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.models import AuditEntry, Department, Invitation, Membership, Role
from billing.models import BuyingPolicy, QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import BudgetExceeded
from seats.holders.buy_and_assign import buy_and_assign
from seats.models import Assignment, PlannedHolder, SeatRequest
from seats.pool.budgets import set_budget
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from tests.conftest import Funded, join
from tests.factories.accounts import DepartmentFactory
from tests.integrator import integrator_of, problem
from tests.seats.requests.test_purchases import approve, ask, paid

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


@pytest.fixture
def sales(funded: Funded, now: datetime) -> Department:
    """Sales may spend 50.00 a month: one seat."""
    place: Department = DepartmentFactory.create(account=funded.account, name="Sales")
    set_budget(account=funded.account, department=place, amount=5_000, currency="usd", actor=funded.actor, at=now)
    return place


def text_of(answer: Any) -> str:
    """A page on one line."""
    return " ".join(answer.content.decode().split())


def nothing_bought(funded: Funded) -> bool:
    """Neither here nor at Stripe."""
    kept = QuantityChange.objects.exists() or Invitation.objects.exists() or Assignment.objects.exists()
    return not kept and not PlannedHolder.objects.exists() and paid(funded) == []


def test_addresses_count_for_the_department_before_anything_is_paid(
    funded: Funded, sales: Department, now: datetime
) -> None:
    account, actor = funded.account, funded.actor
    quote = quote_quantity(account=account, actor=actor, add=2, at=now)
    buy: dict[str, Any] = {
        "account": account,
        "quote_id": quote.public_id,
        "members": [],
        "department": sales,
        "actor": actor,
        "at": now,
    }
    with pytest.raises(BudgetExceeded) as caught:
        buy_and_assign(emails=["a@acme.example", "b@acme.example"], **buy)
    assert str(caught.value) == (
        "The budget of Sales pays for 1 more seat, and 2 are wanted. Nothing was changed. Ask for approval."
    )
    assert nothing_bought(funded)

    change = buy_and_assign(emails=["a@acme.example"], **buy)

    assert change.state == "applied"
    seat = Assignment.objects.get()
    assert seat.invitation is not None
    assert (seat.invitation.email, seat.invitation.department) == ("a@acme.example", sales)
    assert PlannedHolder.objects.get().problem == ""


def test_an_open_invitation_keeps_its_department_and_a_held_seat_counts_once(
    funded: Funded, sales: Department, now: datetime
) -> None:
    account, actor = funded.account, funded.actor
    for name in ("ann", "ben"):
        invite_member(
            account=account,
            email=f"{name}@acme.example",
            role=Role.MEMBER,
            department=sales,
            name="",
            actor=actor,
            at=now,
        )
    names = ["ann@acme.example", "BEN@acme.example"]
    common: dict[str, Any] = {"account": account, "members": [], "actor": actor, "at": now}
    quote = quote_quantity(account=account, actor=actor, add=2, at=now)
    with pytest.raises(BudgetExceeded):
        buy_and_assign(quote_id=quote.public_id, emails=names, **common)
    assert not QuantityChange.objects.exists()
    assert paid(funded) == []
    assert buy_and_assign(quote_id=quote.public_id, emails=names[:1], **common).state == "applied"
    # Ann has her seat now, so naming her again asks for no more money.
    quote = quote_quantity(account=account, actor=actor, add=1, at=now)
    assert buy_and_assign(quote_id=quote.public_id, emails=names[:1], **common).state == "applied"
    assert Assignment.objects.count() == 1


def test_the_page_says_it_at_the_people_and_keeps_the_price(
    funded: Funded, sales: Department, client_of: ClientOf, now: datetime
) -> None:
    client = client_of(funded.owner)
    page = text_of(client.get(reverse("seats:add", args=[funded.account.slug]), {"add": "2"}))
    assert "Department of new people" in page
    assert "$50.00 of $50.00 a month left · pays for 1 more seat" in page
    quote = Quote.objects.latest("pk")
    pay = reverse("seats:pay", args=[funded.account.slug])
    typed = {
        "quote_id": quote.public_id,
        "emails": "a@acme.example b@acme.example",
        "new_department": sales.public_id,
    }
    refused = client.post(pay, typed)
    assert refused.status_code == 409
    text = text_of(refused)
    assert "The budget of Sales pays for 1 more seat, and 2 are wanted." in text
    assert f'name="quote_id" value="{quote.public_id}"' in text
    assert nothing_bought(funded)
    assert client.post(pay, {**typed, "new_department": "dep_unknown"}).status_code == 422
    assert nothing_bought(funded)
    assert client.post(pay, {**typed, "emails": "a@acme.example"}).status_code == 302
    assert Invitation.objects.get().department == sales


def test_integrators_name_the_department(funded: Funded, sales: Department, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    body = {
        "quote_id": quote.public_id,
        "assign_to": ["a@acme.example", "b@acme.example"],
        "department_id": sales.public_id,
    }
    refused = problem(acme.post("orders", body, idempotency_key="a"))
    assert (refused["status"], refused["code"], refused["department"]) == (409, "budget_exceeded", sales.public_id)
    unknown = problem(acme.post("orders", {**body, "department_id": "dep_unknown"}, idempotency_key="b"))
    assert (unknown["status"], unknown["errors"][0]["field"]) == (400, "department_id")
    assert nothing_bought(funded)
    assert acme.post("orders", {**body, "assign_to": ["a@acme.example"]}, idempotency_key="c").status_code == 201
    assert Invitation.objects.get().department == sales


def test_an_approved_purchase_invites_above_the_budget_and_the_trail_says_so(
    funded: Funded, sales: Department, client_of: ClientOf, now: datetime
) -> None:
    BuyingPolicy.objects.create(account=funded.account, seats=0)
    bea = join(funded.account, "Bea", Role.BILLING, now)
    asked = ask(funded, bea, now, emails=["a@acme.example", "b@acme.example"], department=sales)
    url = reverse("seats:purchase_request", args=[funded.account.slug, asked.public_id])
    more = " The seats asked for cost more a month than what is left of it."
    line = "<dt>Budget of Sales</dt><dd> $50.00 of $50.00 a month left · pays for 1 more seat"
    page = text_of(client_of(funded.owner).get(url))
    assert line in page
    assert more in page.replace('<p class="quiet">', " ")
    SeatRequest.objects.filter(pk=asked.pk).update(quantity=1)
    page = text_of(client_of(funded.owner).get(url))
    assert line in page
    assert more not in page.replace('<p class="quiet">', " ")
    SeatRequest.objects.filter(pk=asked.pk).update(quantity=2)
    assert "Budget of Sales" not in text_of(client_of(bea).get(url))
    assert approve(asked, funded.owner, now).state == "approved"
    assert {seat.invitation.department for seat in Assignment.objects.all() if seat.invitation} == {sales}
    assert Assignment.objects.count() == 2
    entry = AuditEntry.objects.get(action="budget.exceeded")
    assert (entry.target, entry.summary) == (sales.public_id, "Sales")
    assert (entry.data["budget"], entry.data["used"], entry.data["seat_cost"]) == (5_000, 4_834, 4_834)


def test_what_is_left_stands_where_a_seat_is_given(
    funded: Funded, sales: Department, client_of: ClientOf, now: datetime
) -> None:
    client = client_of(funded.owner)
    page = text_of(client.get(reverse("seats:assign", args=[funded.account.slug])))
    assert "<dt>Sales</dt><dd> $50.00 of $50.00 a month left · pays for 1 more seat" in page
    set_budget(account=funded.account, department=sales, amount=0, currency="usd", actor=funded.actor, at=now)
    ann = join(funded.account, "Ann", Role.MEMBER, now)
    Membership.objects.filter(pk=ann.pk).update(department=sales)
    asked = request_seat(
        account=funded.account, membership=ann, asked_by=ann.user, reason="Work", actor=Actor(user=ann.user), at=now
    )
    url = reverse("seats:decide", args=[funded.account.slug, asked.public_id])
    page = text_of(client.get(url))
    assert "<dt>Budget of Sales</dt><dd> $0.00 of $0.00 a month left · pays for no more seat" in page
    assert "Your approval gives the seat above the budget, and the audit trail says so." in page
    tom = join(funded.account, "Tom", Role.TEAM_MANAGER, now)
    page = text_of(client_of(tom).get(url))
    assert "Whoever may set budgets can approve above it." in page
    assert not AuditEntry.objects.filter(action="budget.exceeded").exists()

    assert client.post(url, {"decision": "approve", "answer": ""}).status_code == 302

    entry = AuditEntry.objects.get(action="budget.exceeded")
    assert (entry.user, entry.summary, entry.data["budget"]) == (funded.owner.user, "Sales", 0)
    trail = text_of(client.get(reverse("accounts:audit_trail", args=[funded.account.slug])))
    assert "Seat approved above a department’s budget" in trail


def test_an_approval_within_the_budget_leaves_no_mark(funded: Funded, sales: Department, now: datetime) -> None:
    ann = join(funded.account, "Ann", Role.MEMBER, now)
    Membership.objects.filter(pk=ann.pk).update(department=sales)
    asked = request_seat(
        account=funded.account, membership=ann, asked_by=ann.user, reason="Work", actor=Actor(user=ann.user), at=now
    )
    decide_request(account=funded.account, request=asked, approve=True, answer="", actor=funded.actor, at=now)
    assert Assignment.objects.get().membership == ann
    assert not AuditEntry.objects.filter(action="budget.exceeded").exists()
