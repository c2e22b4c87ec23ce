"""The next invoice on the overview: Stripe's number or none, never our arithmetic."""

from datetime import datetime

import pytest
from django.core.cache import cache

from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import plan_decrease
from billing.quotes.quote_quantity import quote_quantity
from seats.insight.renewal import next_renewal
from tests.conftest import Funded


@pytest.mark.django_db
def test_none_without_a_subscription(owner: Membership) -> None:
    assert next_renewal(owner.account) is None


@pytest.mark.django_db(transaction=True)
def test_the_amount_is_the_one_that_stripe_will_charge(funded: Funded, now: datetime) -> None:
    before = next_renewal(funded.account)
    assert before is not None
    assert (before.seats, before.amount) == (10, 50_000)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    grown = next_renewal(funded.account)

    assert grown is not None
    assert (grown.seats, grown.amount) == (12, 58_000)
    assert grown.at == funded.subscription.items.get().period_end


@pytest.mark.django_db(transaction=True)
def test_a_planned_reduction_shows_in_the_amount(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)

    renewal = next_renewal(funded.account)

    assert renewal is not None
    assert (renewal.seats, renewal.amount) == (7, 35_000)


@pytest.mark.django_db(transaction=True)
def test_stripe_is_asked_once_an_hour_and_after_a_failure_not_at_once(funded: Funded) -> None:
    funded.desk.fault("error500_no_effect", path="create_preview", times=2)

    broken, again = next_renewal(funded.account), next_renewal(funded.account)

    assert broken is not None
    assert (broken.amount, again) == (None, broken)
    cache.clear()
    next_renewal(funded.account)
    next_renewal(funded.account)
    asked = [
        r for r in funded.desk.simulator.get("/_control/requests")["requests"] if r["path"].endswith("create_preview")
    ]
    assert len(asked) == 3  # Two by the reader's own repeat of the failed one, then one.
