"""What was agreed goes before the plan while it holds, is set by one verb, and is enforced at every door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from billing.changes.decreases import plan_decrease
from billing.errors import CommitmentInForce, MinimumSeats, TermsWrong, TooManySeats
from billing.models import Plan, Quote, ScheduledDecrease, Terms
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.commit import commit_to_year
from billing.terms.rules import InForce, check_may_shrink, in_force, lowest_from
from billing.terms.set_terms import set_terms
from tests.conftest import Funded

T = datetime(2026, 4, 16, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan(name="Team", minimum_seats=10, self_service_max=50)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (None, InForce(10, 50)),
        (Terms(), InForce(10, 50)),
        (Terms(minimum_seats=3), InForce(3, 50)),
        (Terms(self_service_max=80), InForce(10, 80)),
        (Terms(minimum_seats=3, self_service_max=80, valid_until=T + DAY), InForce(3, 80)),
        (Terms(minimum_seats=3, self_service_max=80, valid_until=T), InForce(10, 50)),
        (Terms(committed_quantity=12, committed_until=T + DAY), InForce(10, 50, 12, T + DAY)),
        (Terms(committed_quantity=12, committed_until=T), InForce(10, 50)),
        (Terms(committed_quantity=12, committed_until=T + DAY, valid_until=T), InForce(10, 50, 12, T + DAY)),
        (Terms(credit_limit=0, po_number="PO 1"), InForce(10, 50, credit_limit=0, po_number="PO 1")),
    ],
)
def test_what_holds(terms: Terms | None, expected: InForce) -> None:
    assert in_force(terms, PLAN, T) == expected


HELD = InForce(5, 50, committed=12, committed_until=T + 10 * DAY)


@pytest.mark.parametrize(
    ("quantity", "effective_at", "error"),
    [
        (12, T, None),
        (11, T, CommitmentInForce),
        (11, T + 9 * DAY, CommitmentInForce),
        (11, T + 10 * DAY, None),
        (5, T + 10 * DAY, None),
        (4, T + 10 * DAY, MinimumSeats),
        (4, T, MinimumSeats),
    ],
)
def test_how_few_may_stay(quantity: int, effective_at: datetime, error: type[Exception] | None) -> None:
    if error is None:
        check_may_shrink(HELD, quantity=quantity, effective_at=effective_at)
        assert lowest_from(HELD, effective_at) <= quantity
    else:
        with pytest.raises(error):
            check_may_shrink(HELD, quantity=quantity, effective_at=effective_at)
        assert lowest_from(HELD, effective_at) > quantity


@pytest.mark.django_db
def test_terms_are_set_with_a_reason_and_leave_a_trail(owner: Membership, actor: Any, now: datetime) -> None:
    set_terms(account=owner.account, reason="Pilot", actor=actor, at=now, minimum_seats=3, self_service_max=80)
    set_terms(account=owner.account, reason="Year", actor=actor, at=now, committed_quantity=12, committed_until=T)
    set_terms(account=owner.account, reason="Again", actor=actor, at=now, minimum_seats=3)

    terms = Terms.objects.get()
    assert (terms.minimum_seats, terms.self_service_max, terms.committed_quantity) == (3, 80, 12)
    assert terms.reason == "Year"
    trail = AuditEntry.objects.filter(action="terms.set").order_by("pk")
    assert [(entry.summary, entry.data["new"]) for entry in trail] == [
        ("Pilot", {"minimum_seats": 3, "self_service_max": 80}),
        ("Year", {"committed_quantity": 12, "committed_until": T.isoformat()}),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "agreed", "field"),
    [
        (" ", {"minimum_seats": 3}, "reason"),
        ("x", {"committed_quantity": 5}, "committed_until"),
        ("x", {"committed_until": T}, "committed_until"),
        ("x", {"minimum_seats": 9, "self_service_max": 8}, "self_service_max"),
        ("x", {"credit_limit": -1}, "credit_limit"),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    owner: Membership, actor: Any, now: datetime, reason: str, agreed: dict[str, Any], field: str
) -> None:
    with pytest.raises(TermsWrong) as refused:
        set_terms(account=owner.account, reason=reason, actor=actor, at=now, **agreed)

    assert refused.value.field == field
    assert not Terms.objects.exists()
    assert not AuditEntry.objects.filter(action="terms.set").exists()


@pytest.mark.django_db(transaction=True)
def test_a_higher_bound_sells_more_until_it_ends(funded: Funded, now: datetime) -> None:
    def price(add: int) -> Quote:
        return quote_quantity(account=funded.account, actor=funded.actor, add=add, at=now)

    with pytest.raises(TooManySeats) as refused:
        price(41)
    assert refused.value.data == {"maximum": 50, "ask_at": "/api/v1/offer-requests"}
    set_terms(account=funded.account, reason="Offer", actor=funded.actor, at=now, self_service_max=60)
    assert price(50).total == 200_000
    set_terms(account=funded.account, reason="Over", actor=funded.actor, at=now, valid_until=now)
    with pytest.raises(TooManySeats):
        price(41)
    assert Quote.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_committed_seats_stay_until_their_day(
    funded: Funded, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    end = now + timedelta(days=200)
    set_terms(
        account=funded.account, reason="Year", actor=funded.actor, at=now, committed_quantity=8, committed_until=end
    )
    url = reverse("seats:reduce", args=[funded.account.slug])

    with pytest.raises(CommitmentInForce) as refused:
        plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    answer = client_of(funded.owner).post(url, {"quantity": "7"})

    assert refused.value.data == {"committed": 8, "until": end.isoformat()}
    assert answer.status_code == 422
    text = " ".join(answer.content.decode().split())
    assert "8 seats are committed until" in text
    assert "as few as 8 are possible, fewer from" in text
    assert not ScheduledDecrease.objects.exists()
    assert plan_decrease(account=funded.account, quantity=8, actor=funded.actor, at=now) is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("committed", "days", "quantity", "expected"),
    [
        (10, 0, 15, (15, 0)),
        (15, 0, 10, (15, 0)),
        (10, 30, 15, (10, 30)),
        (10, -30, 15, (15, 0)),
        (15, -30, 10, (10, 0)),
    ],
)
def test_a_year_raises_a_commitment_of_the_same_day_and_leaves_a_longer_one(
    owner: Membership, committed: int, days: int, quantity: int, expected: tuple[int, int]
) -> None:
    """days: how much longer than the year it was agreed for."""
    Terms.objects.create(account=owner.account, committed_quantity=committed, committed_until=T + days * DAY)

    commit_to_year(account=owner.account, quantity=quantity, until=T, change_id="chg_x")

    terms = Terms.objects.get()
    assert (terms.committed_quantity, terms.committed_until) == (expected[0], T + expected[1] * DAY)
