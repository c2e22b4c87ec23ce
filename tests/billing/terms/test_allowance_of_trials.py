"""What costs nothing yet is weighed by what it commits to; money of two currencies is never added up."""

from datetime import datetime

import pytest

from accounts.access.actor import Actor
from accounts.models import Membership, Role
from billing.errors import ApprovalRequired
from billing.models import BuyingPolicy, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.allowance import allowance_of
from billing.terms.set_buying_policy import set_buying_policy
from seats.models import SeatRequest
from tests.billing.terms.test_allowance import allow, buy, price
from tests.conftest import Funded, FundMaker, join
from tests.seats.requests.test_purchases import approve, ask, chain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trial(owner: Membership, fund: FundMaker) -> Funded:
    """Ten seats, paid from in two weeks on."""
    return fund(owner, trial_period_days=14)


def test_in_a_trial_the_price_of_a_period_is_held_against_it(trial: Funded, now: datetime) -> None:
    quote = price(trial, 3, now)
    assert (quote.total, quote.amount_due, quote.commits, quote.weight) == (0, 0, 12_000, 12_000)
    allow(trial, now, amount=11_999)

    with pytest.raises(ApprovalRequired) as caught:
        buy(trial, 3, now)

    assert caught.value.data["amount_left"] == 11_999
    assert not QuantityChange.objects.exists()
    assert trial.desk.quantity(trial.stripe_id) == 10


def test_what_was_bought_in_a_trial_is_used(trial: Funded, now: datetime) -> None:
    allow(trial, now, amount=12_000)

    assert buy(trial, 2, now).state == "applied"

    left = allowance_of(trial.account, now)
    assert left is not None
    assert (left.used_seats, left.used_amount, left.amount_left) == (2, 8000, 4000)
    with pytest.raises(ApprovalRequired):
        buy(trial, 2, now)
    assert buy(trial, 1, now).state == "applied"
    assert trial.desk.quantity(trial.stripe_id) == 13


def test_approvers_of_large_purchases_are_asked_in_a_trial(trial: Funded, now: datetime) -> None:
    chain(trial, now, ("billing", 0), ("admin", 8000))
    bea, tom = join(trial.account, "Bea", Role.BILLING, now), join(trial.account, "Tom", Role.TEAM_MANAGER, now)
    small, large = ask(trial, tom, now, add=1), ask(trial, tom, now, add=2)
    assert (large.asked_total, large.asked_due) == (8000, 0)

    assert approve(large, bea, now).state == SeatRequest.State.OPEN
    assert not QuantityChange.objects.exists()
    assert approve(large, trial.owner, now).state == SeatRequest.State.APPROVED
    assert approve(small, bea, now).state == SeatRequest.State.APPROVED
    assert trial.desk.quantity(trial.stripe_id) == 13


def test_outside_a_trial_the_total_is_what_counts(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=Actor(user=funded.owner.user), add=2, at=now)

    assert (quote.commits, quote.weight) == (None, quote.total)


def test_money_of_another_currency_is_not_added_up(funded: Funded, now: datetime) -> None:
    allow(funded, now, amount=10_000)
    assert buy(funded, 2, now).state == "applied"
    set_buying_policy(
        account=funded.account,
        seats=None,
        amount=10_000,
        currency="eur",
        joiners=BuyingPolicy.Joiners.WAIT,
        reason="",
        actor=funded.actor,
        at=now,
    )

    left = allowance_of(funded.account, now)

    assert left is not None
    assert (left.currency, left.used_seats, left.used_amount) == ("eur", 2, 0), "80 dollars are no 80 euros"
