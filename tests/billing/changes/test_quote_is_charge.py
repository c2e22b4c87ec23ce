"""Quoted is charged for every way in which seats are priced (product.md F1–F9), to the minor unit.

Every row starts with ten seats at the first moment of a period, so that amounts are whole and written out: two seats
more cost 100.00 flat, 80.00 graduated, and give back 20.00 by volume. A coupon of 10 % and a tax of 19 % follow from
Stripe's documented arithmetic: each line by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, Membership
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import place_due_decreases, plan_decrease
from billing.errors import (
    CommitmentInForce,
    MinimumSeats,
    PlanUnavailable,
    QuoteUnavailable,
)
from billing.mirror.refresh import refresh_subscription
from billing.models import Incident, Price, QuantityChange, Quote, Terms
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_terms import set_terms
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker
from tests.desk import Desk
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State


@dataclass(frozen=True)
class Shape:
    """A way of pricing: what two more seats cost on top of ten, and twelve seats per period."""

    scheme: str
    added: int
    twelve: int
    minimum: int = 1
    committed: int = 0


SHAPES = {
    "F1 flat, F5 all seats charged": Shape("flat", 10_000, 60_000),
    "F2 F9 volume": Shape("volume", -2_000, 48_000),
    "F3 graduated": Shape("graduated", 8_000, 58_000),
    "F4 minimum of ten": Shape("flat", 10_000, 60_000, minimum=10),
    "F8 above a committed baseline": Shape("flat", 10_000, 60_000, committed=10),
}
MONEY = ("plain", "balance", "coupon", "tax")
MODES = {
    "classic": {"type": "classic"},
    "flexible": {"type": "flexible"},
    "itemized": {"type": "flexible", "flexible": {"proration_discounts": "itemized"}},
}
CASES = [(mode, money) for mode in ("classic", "flexible") for money in MONEY] + [("itemized", "coupon")]
BALANCE = -5_000


def terms_of(desk: Desk, money: str) -> dict[str, Any]:
    """What the subscription is made with."""
    if money == "coupon":
        coupon = desk.client.v1.coupons.create({"percent_off": 10, "duration": "forever"})
        return {"discounts": [{"coupon": coupon.id}]}
    if money == "tax":
        rate = desk.client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
        return {"default_tax_rates": [rate.id]}
    return {}


def with_money(amount: int, money: str) -> tuple[int, int, int]:
    """Discount, tax and total of an amount. Unless they are itemized, prorations have the discount in their lines."""
    if money == "coupon":
        return amount // 10, 0, amount - amount // 10
    if money == "tax":
        return 0, amount * 19 // 100, amount + amount * 19 // 100
    return 0, 0, amount


def due(total: int, money: str) -> int:
    """What leaves the card."""
    return max(total + (BALANCE if money == "balance" else 0), 0)


def bought(funded: Funded, quote: Quote, now: datetime, **more: Any) -> QuantityChange:
    """The click, and everything that must be true afterwards."""
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now, **more)
    [invoice] = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")
    assert change.state == State.APPLIED
    assert (change.charged_total, change.charged_due) == (quote.total, quote.amount_due)
    assert (invoice["total"], invoice["amount_due"]) == (quote.total, quote.amount_due)
    assert invoice["subtotal"] == quote.subtotal
    assert sum(row["amount"] for row in invoice["total_taxes"] or []) == quote.tax
    assert sum(row["amount"] for row in invoice["total_discount_amounts"] or []) == quote.discount
    assert not Incident.objects.exists()
    assert broken_invariants(funded.desk) == []
    return change


@pytest.mark.parametrize(("mode", "money"), CASES)
@pytest.mark.parametrize("interval", ["month", "year"])
@pytest.mark.parametrize("name", SHAPES)
def test_added_seats(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime, name: str, interval: str, mode: str, money: str
) -> None:
    shape = SHAPES[name]
    funded = fund(
        owner,
        scheme=shape.scheme,
        interval=interval,
        minimum=shape.minimum,
        balance=BALANCE if money == "balance" else 0,
        billing_mode=MODES[mode],
        **terms_of(desk, money),
    )
    if shape.committed:
        end = now + timedelta(days=300)
        set_terms(
            account=funded.account,
            reason="Year",
            actor=funded.actor,
            at=now,
            committed_quantity=shape.committed,
            committed_until=end,
        )

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    discount, tax, total = with_money(shape.added, money)
    assert (quote.discount, quote.tax, quote.total) == (discount if mode == "itemized" else 0, tax, total)
    assert quote.amount_due == due(total, money)
    assert quote.next_total == with_money(shape.twelve, money)[2]
    assert len(quote.discount_ids) == (money == "coupon")
    # Co-termed: the period, and with it the renewal, stays where it is.
    before = funded.subscription.items.get()
    bought(funded, quote, now)
    after = funded.subscription.items.get()
    assert (after.period_start, after.period_end, after.quantity) == (before.period_start, before.period_end, 12)
    assert quote.next_at == before.period_end


@pytest.mark.parametrize(("mode", "money"), CASES)
@pytest.mark.parametrize(("unit", "saved"), [(51_000, 15), (48_000, 20)])
def test_a_year_is_committed_to(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime, mode: str, money: str, unit: int, saved: int
) -> None:
    """F8: from 50 a month to 510 or 480 a seat and year; the month paid so far is given back whole."""
    desk.price("flat", "year", unit=unit)
    funded = fund(
        owner,
        scheme="flat",
        balance=BALANCE if money == "balance" else 0,
        billing_mode=MODES[mode],
        **terms_of(desk, money),
    )
    price = Price.objects.get(unit_amount=unit)
    assert 5_000 * 12 * (100 - saved) // 100 == unit

    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=price.public_id, quantity=None, at=now)

    _, tax, total = with_money(10 * unit - 50_000, money)
    assert (quote.kind, quote.tax, quote.total, quote.amount_due) == ("plan", tax, total, due(total, money))
    assert quote.next_total == with_money(10 * unit, money)[2]
    change = bought(funded, quote, now)

    item = funded.subscription.items.get()
    assert (item.price, item.quantity) == (price, 10)
    assert 364 <= (item.period_end - item.period_start).days <= 366
    assert abs(item.period_start - now) < timedelta(minutes=2)
    assert abs(item.period_end - quote.next_at) < timedelta(minutes=2)  # type: ignore[operator]
    terms = Terms.objects.get(account=funded.account)
    assert (terms.committed_quantity, terms.committed_until) == (10, item.period_end)
    entry = LedgerEntry.objects.get(change_id=change.public_id)
    assert (entry.kind, entry.purchased_before, entry.purchased_after) == ("plan", 10, 10)


def test_after_the_switch_the_year_holds_and_added_seats_end_with_it(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime
) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat")
    yearly, monthly = Price.objects.get(interval="year"), Price.objects.get(interval="month")
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=yearly.public_id, quantity=12, at=now)
    bought(funded, quote, now)
    item = funded.subscription.items.get()
    assert (item.quantity, SeatPool.objects.get(account=funded.account).purchased) == (12, 12)

    with pytest.raises(CommitmentInForce):
        quote_plan(account=funded.account, actor=funded.actor, price_id=monthly.public_id, quantity=None, at=now)
    added = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=added.public_id, actor=funded.actor, at=now)

    assert (added.total, added.next_at) == (51_000, item.period_end)
    terms = Terms.objects.get()
    assert terms.committed_quantity == 12
    set_terms(account=funded.account, reason="All", actor=funded.actor, at=now, adds_commit=True)
    more = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=more.public_id, actor=funded.actor, at=now)
    terms.refresh_from_db()
    # The one that was added before is not committed by the next.
    assert (terms.committed_quantity, terms.committed_until) == (13, item.period_end)
    # The commitment ends with the year, so fewer seats can be planned for that day.
    assert plan_decrease(account=funded.account, quantity=5, actor=funded.actor, at=now) is not None
    assert broken_invariants(funded.desk) == []


def test_a_declined_switch_changes_nothing(owner: Membership, fund: FundMaker, desk: Desk, now: datetime) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat", card="pm_card_chargeCustomerFail")
    price = Price.objects.get(interval="year")
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=price.public_id, quantity=None, at=now)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert change.state == State.AWAITING_PAYMENT
    item = funded.subscription.items.get()
    assert (item.price.interval, item.quantity) == ("month", 10)
    assert not Terms.objects.exists()
    assert not LedgerEntry.objects.filter(kind="plan").exists()


def test_plans_that_cannot_be_chosen(owner: Membership, fund: FundMaker, desk: Desk, now: datetime) -> None:
    desk.price("flat", "year", unit=48_000, minimum=10)
    desk.price("flat", "month", "eur")
    funded = fund(owner, scheme="flat", quantity=3)

    def refused(price: Price, error: type[Exception], quantity: int | None = None) -> None:
        with pytest.raises(error):
            quote_plan(account=funded.account, actor=funded.actor, price_id=price.public_id, quantity=quantity, at=now)

    refused(Price.objects.get(currency="usd", interval="month"), PlanUnavailable)
    refused(Price.objects.get(currency="eur"), PlanUnavailable)
    scale = Price.objects.get(interval="year")
    refused(scale, MinimumSeats)
    assert not Quote.objects.exists()
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=scale.public_id, quantity=10, at=now)
    assert (quote.total, quote.added) == (480_000 - 15_000, 7)


@pytest.mark.parametrize("mode", ["classic", "flexible"])
@pytest.mark.parametrize("amount", [-3_000, 2_500])
def test_what_waits_for_the_next_invoice_is_shown_apart(
    owner: Membership, fund: FundMaker, now: datetime, mode: str, amount: int
) -> None:
    funded = fund(owner, billing_mode={"type": mode})
    funded.desk.client.v1.invoice_items.create(
        {
            "customer": funded.customer.stripe_id,
            "subscription": funded.stripe_id,
            "amount": amount,
            "currency": "usd",
            "description": "From before",
        }
    )

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    assert quote.waiting == [{"description": "From before", "amount": amount}]
    assert (quote.total, quote.amount_due) == (8_000, 8_000)
    assert sum(line["amount"] for line in quote.lines) == 8_000
    assert quote.next_total == 58_000 + amount
    bought(funded, quote, now)


def test_a_discount_that_went_away_is_an_incident_not_a_silence(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime
) -> None:
    """F37: what the quote stands on moved between the price and the click, unseen by any read of ours."""
    funded = fund(owner, scheme="flat", **terms_of(desk, "coupon"))
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    assert (quote.total, len(quote.discount_ids)) == (9_000, 1)
    desk.client.v1.subscriptions.delete_discount(funded.stripe_id)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    # What was paid with the discount is given back with it; the new seats have none.
    assert change.charged_total == 60_000 - 45_000
    assert Incident.objects.get().change == change


def test_tax_that_stripe_cannot_work_out_is_no_price(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner)
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"automatic_tax": {"enabled": True}})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    with pytest.raises(QuoteUnavailable):
        quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    assert not Quote.objects.exists()


def test_a_year_that_begins_by_itself_commits_too(owner: Membership, fund: FundMaker, now: datetime) -> None:
    """F8: bought for a year at once, renewed by itself; a reduction at the renewal lowers what is committed."""
    funded = fund(owner, scheme="flat", interval="year", unit=51_000)
    first = funded.subscription.items.get()
    terms = Terms.objects.get()
    assert (terms.committed_quantity, terms.committed_until) == (10, first.period_end)
    assert plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now) is not None

    soon = first.period_end - timedelta(hours=12)
    funded.desk.advance(int((soon - now).total_seconds()))
    assert place_due_decreases(at=soon) == 1
    terms.refresh_from_db()
    assert (terms.committed_quantity, terms.committed_until) == (10, first.period_end)
    funded.desk.advance(14 * 3600)
    refresh_subscription(stripe_id=funded.stripe_id, at=first.period_end + timedelta(hours=1))
    refresh_subscription(stripe_id=funded.stripe_id, at=first.period_end + timedelta(hours=2))

    second = funded.subscription.items.get()
    assert second.period_start == first.period_end
    terms.refresh_from_db()
    assert (terms.committed_quantity, terms.committed_until) == (7, second.period_end)
    assert AuditEntry.objects.filter(action="terms.committed").count() == 2


def test_a_month_commits_to_nothing(funded: Funded) -> None:
    assert funded.subscription.items.get().price.interval == "month"
    assert not Terms.objects.exists()
