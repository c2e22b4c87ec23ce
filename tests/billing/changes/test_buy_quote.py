"""One click, every outcome: what was quoted is what is charged, and seats come only with the money."""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry
from billing.changes.buy_quote import buy_quote
from billing.errors import ChangeInProgress, QuoteChanged, QuoteExpired, QuoteUnknown
from billing.models import Invoice, QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker, make_account

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State


def purchased(funded: Funded) -> int:
    """Seats in the pool now."""
    return SeatPool.objects.get(account=funded.account).purchased


def test_quote_is_charged_and_seats_arrive(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now, reason="Two hires")

    assert (quote.base_quantity, quote.target_quantity, quote.currency) == (10, 12, "usd")
    assert quote.total == quote.amount_due == 8000
    assert quote.next_total == 58_000
    assert change.state == State.APPLIED
    assert (change.charged_total, change.charged_due) == (8000, 8000)
    assert funded.desk.quantity(funded.stripe_id) == 12
    paid = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")
    assert [(i["status"], i["amount_paid"]) for i in paid] == [("paid", 8000)]
    assert purchased(funded) == 12
    entry = LedgerEntry.objects.filter(account=funded.account, kind="bought").get()
    assert (entry.purchased_before, entry.purchased_after, entry.actor) == (10, 12, funded.actor.user)
    assert (entry.reason, entry.change_id, entry.invoice_stripe_id) == ("Two hires", change.public_id, paid[0]["id"])
    assert Invoice.objects.get(stripe_id=paid[0]["id"]).status == "paid"
    assert AuditEntry.objects.filter(account=funded.account, action="purchase.confirmed").count() == 1


def test_second_click_on_the_same_price_is_the_first_purchase(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    first = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    second = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert first.pk == second.pk
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")) == 1
    assert purchased(funded) == 12


def test_expired_quote_charges_nothing(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    with pytest.raises(QuoteExpired):
        buy_quote(
            account=funded.account,
            quote_id=quote.public_id,
            actor=funded.actor,
            at=quote.expires_at + timedelta(seconds=1),
        )

    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_another_purchase_in_between_makes_the_price_stale(funded: Funded, now: datetime) -> None:
    mine = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    hers = quote_quantity(account=funded.account, actor=funded.actor, add=3, at=now)
    buy_quote(account=funded.account, quote_id=hers.public_id, actor=funded.actor, at=now)

    with pytest.raises(QuoteChanged):
        buy_quote(account=funded.account, quote_id=mine.public_id, actor=funded.actor, at=now)

    assert funded.desk.quantity(funded.stripe_id) == 13
    assert QuantityChange.objects.count() == 1


def test_edit_in_the_dashboard_between_price_and_click_charges_nothing(funded: Funded, now: datetime) -> None:
    """Fault F25."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    item = funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).to_dict()["items"]["data"][0]["id"]
    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id, {"items": [{"id": item, "quantity": 11}], "proration_behavior": "none"}
    )

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert (change.state, change.error_code, change.calls) == (State.REJECTED, "quote_changed", 0)
    assert funded.desk.quantity(funded.stripe_id) == 11
    assert purchased(funded) == 11
    assert LedgerEntry.objects.filter(account=funded.account, kind="external").count() == 1
    assert funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update") == []


def test_declined_card_gives_no_seats(owner: object, fund: FundMaker, now: datetime) -> None:
    """Fault F15 and scar 5."""
    funded = fund(owner, card="pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert change.state == State.AWAITING_PAYMENT
    assert change.pending_expires_at is not None
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert purchased(funded) == 10
    assert not LedgerEntry.objects.filter(account=funded.account, kind="bought").exists()


def test_while_one_waits_for_payment_no_second_one_starts(owner: object, fund: FundMaker, now: datetime) -> None:
    """Fault F24 and scar 9: a second update would void the first one's invoice."""
    funded = fund(owner, card="pm_card_chargeCustomerFail")
    first = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    buy_quote(account=funded.account, quote_id=first.public_id, actor=funded.actor, at=now)

    with pytest.raises(ChangeInProgress):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)

    assert QuantityChange.objects.count() == 1
    assert len(funded.desk.invoices(funded.stripe_id, status="open")) == 1


def test_stranger_cannot_use_a_quote(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    other = make_account("Elsewhere", now, owner="Oscar", domain="elsewhere.example")

    with pytest.raises(QuoteUnknown):
        buy_quote(account=other.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert Quote.objects.get(pk=quote.pk).consumed_at is None
    assert not QuantityChange.objects.exists()
