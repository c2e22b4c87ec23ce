"""Every fault of the charging call × every card: the customer pays once, exactly the quote, or not at all."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import Notice
from accounts.notices.deliver_notice import deliver_notice
from billing.changes.buy_quote import buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.pending import retry_payment
from billing.gateway.contract import TOO_MANY_CHANGES
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


def test_after_stripes_twenty_invoices_of_a_day_the_buyer_hears_why(funded: Funded, now: datetime) -> None:
    """F11: Stripe names its limit for one subscription in a header alone; it is no outage, and only time cures it."""
    use_up_the_day(funded)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert (change.state, change.error_code) == (State.CONFIRMED, TOO_MANY_CHANGES)
    finish_open_changes(at=now + timedelta(hours=1, minutes=1))

    change.refresh_from_db()
    assert (change.state, change.error_code) == (State.REJECTED, TOO_MANY_CHANGES)
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    assert funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update") == []
    notice = Notice.objects.get(kind="purchase_failed")
    assert deliver_notice(notice_id=notice.pk, at=now + timedelta(hours=2))
    assert "takes only so many changes of one subscription in a day. Try again tomorrow." in str(mail.outbox[-1].body)

    later = now + timedelta(days=1, minutes=1)
    funded.desk.advance(86_460)
    again = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=later)
    assert (
        buy_quote(account=funded.account, quote_id=again.public_id, actor=funded.actor, at=later).state == State.APPLIED
    )


def use_up_the_day(funded: Funded) -> None:
    """Drafts by hand until Stripe has made 20 invoices of the subscription today."""
    stripe: Any = funded.desk.client.v1
    whose = {"customer": funded.customer.stripe_id, "subscription": funded.stripe_id}
    for _ in range(20 - len(funded.desk.invoices(funded.stripe_id))):
        stripe.invoice_items.create({**whose, "amount": 100, "currency": "usd"})
        stripe.invoices.create({**whose, "auto_advance": False})
    funded.desk.simulator.control("/_control/settings", {"rate_limits": True})


def test_a_key_without_permission_ends_it_at_once(funded: Funded, now: datetime) -> None:
    """F13: 403. Nothing happened, so nothing is granted and nothing tried again."""
    funded.desk.fault("no_permission", path="/v1/subscriptions/sub_")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert (change.state, change.error_code, change.calls) == (State.REJECTED, "refused", 1)
    assert "does not have the required permissions" in change.error_text
    assert finish_open_changes(at=now + timedelta(hours=2)) == 0
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert broken_invariants(funded.desk) == []
