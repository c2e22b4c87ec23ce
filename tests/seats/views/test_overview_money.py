"""The next invoice on the overview: Stripe's number or none, never our arithmetic."""

from datetime import datetime

import pytest

from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.mirror.queries import live_subscription, seat_item
from billing.quotes.quote_quantity import quote_quantity
from seats.insight.renewal import next_renewal
from tests.conftest import Funded


@pytest.mark.django_db
def test_none_without_a_subscription(owner: Membership) -> None:
    assert next_renewal(owner.account) is None


@pytest.mark.django_db(transaction=True)
def test_the_amount_is_the_one_of_the_last_preview(funded: Funded, now: datetime) -> None:
    before = next_renewal(funded.account)
    assert before is not None
    assert (before.seats, before.amount) == (10, None)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    unbought = next_renewal(funded.account)
    assert unbought is not None
    assert unbought.amount is None
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    subscription = live_subscription(funded.account)
    assert subscription is not None
    item = seat_item(subscription)
    assert item is not None
    renewal = next_renewal(funded.account)
    assert renewal is not None
    assert (renewal.seats, renewal.amount, renewal.at) == (12, quote.next_total, item.period_end)
    assert quote.next_total is not None
