"""Every fault of the charging call × every card: the customer pays once, exactly the quote, or not at all."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from billing.changes.buy_quote import buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.pending import retry_payment
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.models import SeatPool
from tests.conftest import Funded, FundMaker
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State

FAULTS = [
    "none",
    "reset_before",
    "reset_after",
    "hang_before",
    "hang_after",
    "error500_no_effect",
    "error500_with_effect",
    "rate_limit",
    "lock_timeout",
    "key_in_use",
]
CARDS = {
    "ok": "pm_card_visa",
    "declined": "pm_card_chargeCustomerFail",
    "declined then paid": "pm_card_chargeCustomerFail",
    "3DS paid": "pm_card_authenticationRequired",
    "3DS abandoned": "pm_card_authenticationRequired",
}
# A 5xx that was answered and had no effect ends after an hour of looking, without a charge; Stripe remembers the
# answer for the key, so sending again would only bring the same 5xx.
NEVER_HAPPENED = "error500_no_effect"


def come_to_rest(change: QuantityChange, start: datetime) -> QuantityChange:
    """Let the sweep run as time passes, until nothing moves by itself any more."""
    for minutes in (1, 3, 6, 15, 30, 65, 80, 100, 150):
        change.refresh_from_db()
        if change.state not in (State.CONFIRMED, State.CALLING, State.UNKNOWN):
            break
        finish_open_changes(at=start + timedelta(minutes=minutes))
    change.refresh_from_db()
    return change


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("card", CARDS)
def test_paid_once_or_not_at_all(
    owner: object, fund: FundMaker, settings: Settings, now: datetime, fault: str, card: str
) -> None:
    """Faults F3, F4, F8 to F12, F15 and F16 of the fault matrix."""
    settings.STRIPE_TIMEOUT = 0.4
    funded = fund(owner, card=CARDS[card])
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    if fault != "none":
        funded.desk.fault(fault, path="/v1/subscriptions/sub_", seconds=0.8)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    change = come_to_rest(change, now)
    if change.state == State.AWAITING_PAYMENT:
        let_the_customer_act(funded, change, card, now)
    change.refresh_from_db()

    pays = card in ("ok", "declined then paid", "3DS paid") and fault != NEVER_HAPPENED
    ends = State.FAILED if fault == NEVER_HAPPENED else State.APPLIED if pays else State.ABANDONED
    assert change.state == ends
    assert SeatPool.objects.get(account=funded.account).purchased == (12 if pays else 10)
    assert funded.desk.quantity(funded.stripe_id) == (12 if pays else 10)
    assert broken_invariants(funded.desk) == []


def let_the_customer_act(funded: Funded, change: QuantityChange, card: str, now: datetime) -> None:
    """What the person does about a payment that waits."""
    later = now + timedelta(minutes=160)
    if card == "declined then paid":
        funded.desk.card(funded.customer.stripe_id, "pm_card_mastercard")
        retry_payment(account=funded.account, change_id=change.public_id, actor=funded.actor, at=later)
    elif card == "3DS paid":
        funded.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})
        finish_open_changes(at=later)
    else:
        funded.desk.advance(24 * 3600)
        finish_open_changes(at=now + timedelta(hours=24))


def test_stripe_unreachable_charges_nothing_and_ends_within_the_hour(
    funded: Funded, settings: Settings, now: datetime
) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    from billing.gateway.stripe_api import gateway

    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    gateway.cache_clear()
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert (change.state, change.calls) == (State.CONFIRMED, 0)

    settings.STRIPE_API_BASE = funded.desk.simulator.url
    gateway.cache_clear()
    finish_open_changes(at=now + timedelta(minutes=1))

    change.refresh_from_db()
    assert change.state == State.APPLIED
    assert broken_invariants(funded.desk) == []


def test_what_stripe_never_took_does_not_begin_hours_later(funded: Funded, now: datetime) -> None:
    """However often it was tried: after an hour nobody waits for it any more, and nobody is charged by surprise."""
    funded.desk.fault("rate_limit", times=9)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    for minutes in (1, 5, 20):
        finish_open_changes(at=now + timedelta(minutes=minutes))
    change.refresh_from_db()
    assert (change.state, change.calls) == (QuantityChange.State.CONFIRMED, 4)
    funded.desk.clear_faults()

    finish_open_changes(at=now + timedelta(hours=2))

    change.refresh_from_db()
    assert (change.state, change.error_code) == (QuantityChange.State.REJECTED, "provider_unavailable")
    assert funded.desk.quantity(funded.stripe_id) == 10
