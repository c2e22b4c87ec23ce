"""Quoted equals charged, to the minor unit, for every way of pricing; and the amounts are the seed's."""

from datetime import datetime

import pytest

from billing.catalog.pricing import Scheme, Tier, amount, cheaper_above, next_step
from billing.changes.buy_quote import buy_quote
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from tests.conftest import FundMaker
from tests.invariants import broken_invariants

SEED = (Tier(10, 5000), Tier(None, 4000))

# From 10 to 12 seats at the start of a period, and the following invoice. Volume: every seat falls to 40.
EXPECTED = {
    "flat": (10_000, 60_000),
    "graduated": (8_000, 58_000),
    "volume": (-2_000, 48_000),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("balance", [0, -5_000])
@pytest.mark.parametrize("interval", ["month", "year"])
@pytest.mark.parametrize("currency", ["usd", "eur", "jpy"])
@pytest.mark.parametrize("scheme", EXPECTED)
def test_quoted_is_charged(
    owner: object, fund: FundMaker, now: datetime, scheme: str, currency: str, interval: str, balance: int
) -> None:
    funded = fund(owner, scheme=scheme, interval=interval, currency=currency, balance=balance)
    total, following = EXPECTED[scheme]
    if currency == "jpy":
        total, following = total * 3 // 2, following * 3 // 2

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert (quote.currency, quote.total, quote.next_total) == (currency, total, following)
    assert quote.amount_due == max(total + balance, 0)
    assert change.state == QuantityChange.State.APPLIED
    assert (change.charged_total, change.charged_due) == (quote.total, quote.amount_due)
    invoice = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")[0]
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (quote.total, quote.amount_due, "paid")
    assert broken_invariants(funded.desk) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("days", [0, 1, 14, 20])
def test_a_day_that_began_counts_whole_so_the_price_holds_all_day(
    owner: object, fund: FundMaker, now: datetime, days: int
) -> None:
    from datetime import timedelta

    funded = fund(owner)
    item = funded.subscription.items.get()
    length = (item.period_end - item.period_start).days

    early = quote_quantity(
        account=funded.account, actor=funded.actor, add=2, at=item.period_start + timedelta(days=days, minutes=1)
    )
    late = quote_quantity(
        account=funded.account, actor=funded.actor, add=2, at=item.period_start + timedelta(days=days, hours=21)
    )

    assert early.total == late.total
    assert abs(early.total - 8000 * (length - days) / length) <= 1


@pytest.mark.parametrize(
    ("seats", "flat", "graduated", "volume"),
    [
        (9, 45_000, 45_000, 45_000),
        (10, 50_000, 50_000, 50_000),
        (11, 55_000, 54_000, 44_000),
        (12, 60_000, 58_000, 48_000),
        (50, 250_000, 210_000, 200_000),
    ],
)
def test_hints_say_what_the_seed_says(seats: int, flat: int, graduated: int, volume: int) -> None:
    assert amount(Scheme("flat", 5000), seats) == flat
    assert amount(Scheme("graduated", None, SEED), seats) == graduated
    assert amount(Scheme("volume", None, SEED), seats) == volume


def test_eleven_seats_cost_less_than_ten() -> None:
    advice = cheaper_above(Scheme("volume", None, SEED), 10)

    assert advice is not None
    assert (advice.quantity, advice.amount, advice.saving) == (11, 44_000, 6_000)
    assert cheaper_above(Scheme("graduated", None, SEED), 10) is None
    assert next_step(Scheme("volume", None, SEED), 9) == (2, 4000)
    assert next_step(Scheme("volume", None, SEED), 11) is None
