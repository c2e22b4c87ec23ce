"""The price that is approved is the one that is charged: never a higher, a used or another one."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Membership, Notice, Role
from billing.changes.buy_quote import accept_quote
from billing.changes.pending import cancel_change
from billing.errors import QuoteExpired
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import NotAnApprover, PriceNeeded
from seats.models import RequestStep, SeatRequest
from seats.requests.decide_purchase import price_request
from seats.requests.queries import is_turn_of
from tests.conftest import Funded, join
from tests.seats.requests.test_purchases import ADMIN, BILLING, approve, ask, chain, paid

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_price_that_rose_waits_for_another_look(funded: Funded, bea: Membership, now: datetime) -> None:
    chain(funded, now, (ADMIN, 0), (BILLING, 0))
    tom = join(funded.account, "Tom", Role.TEAM_MANAGER, now)
    asked = ask(funded, tom, now)
    approve(asked, funded.owner, now)
    RequestStep.objects.filter(request=asked, position=1).update(approved=7999)  # As if it had been cheaper that day.

    assert approve(asked, bea, now).state == "open"

    assert not QuantityChange.objects.exists()
    assert paid(funded) == []
    assert Notice.objects.filter(kind="purchase_request", context__why="price").get().user == funded.owner.user
    with pytest.raises(NotAnApprover):
        approve(asked, tom, now)
    assert approve(asked, funded.owner, now).state == "approved"
    assert paid(funded) == [8000]


def test_a_price_that_fell_since_it_was_asked_still_goes_on_to_the_next_step(
    funded: Funded, bea: Membership, client: Client, now: datetime
) -> None:
    """What is left of a period costs less each day, so an approval is nearly always below what was asked."""
    chain(funded, now, (ADMIN, 0), (BILLING, 0))
    asked = ask(funded, join(funded.account, "Tom", Role.TEAM_MANAGER, now), now)
    SeatRequest.objects.filter(pk=asked.pk).update(asked_total=8533)  # As if it had been asked two days ago.
    asked.refresh_from_db()
    assert (is_turn_of(asked, funded.owner), is_turn_of(asked, bea)) == (True, False)

    assert approve(asked, funded.owner, now).state == "open"

    asked.refresh_from_db()
    assert (is_turn_of(asked, funded.owner), is_turn_of(asked, bea)) == (False, True)
    address = f"/a/{funded.account.slug}/request/purchases/{asked.public_id}/"
    pages = {}
    for who in (funded.owner, bea):
        client.force_login(who.user, backend="django.contrib.auth.backends.ModelBackend")
        pages[who] = client.get(address).content.decode()
    assert "Waits for: Bea" in pages[funded.owner]
    assert 'value="approve"' not in pages[funded.owner]
    assert 'value="approve"' in pages[bea]
    assert approve(asked, bea, now).state == "approved"
    assert paid(funded) == [8000]


def test_a_price_that_fell_below_a_step_is_bought_by_whose_turn_it_was(
    funded: Funded, bea: Membership, now: datetime
) -> None:
    chain(funded, now, (ADMIN, 0), (BILLING, 8001))
    asked = ask(funded, join(funded.account, "Tom", Role.TEAM_MANAGER, now), now)
    RequestStep.objects.filter(request=asked, position=1).update(
        approved=8533, decided_by=funded.owner.user, decided_at=now
    )
    assert is_turn_of(asked, bea)

    assert approve(asked, bea, now).state == "approved"

    assert paid(funded) == [8000]


def test_approved_at_more_is_bought_by_an_approver_only(funded: Funded, bea: Membership, now: datetime) -> None:
    """Every step agreed to more than it costs by now: no step is open, and still it takes a click of one of them."""
    asked = ask(funded, bea, now)
    RequestStep.objects.update(approved=9000, decided_by=funded.owner.user, decided_at=now)
    tom = join(funded.account, "Tom", Role.TEAM_MANAGER, now)
    for who in (bea, tom):
        with pytest.raises(NotAnApprover):
            approve(asked, who, now)
    assert not QuantityChange.objects.exists()
    assert approve(asked, funded.owner, now).state == "approved"
    assert paid(funded) == [8000]


def test_only_the_price_of_this_request_while_it_is_held(funded: Funded, bea: Membership, now: datetime) -> None:
    asked = ask(funded, bea, now)
    other = quote_quantity(account=funded.account, actor=funded.actor, add=3, at=now)
    with pytest.raises(PriceNeeded):
        approve(asked, funded.owner, now, quote=other)
    quote = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    with pytest.raises(QuoteExpired):
        approve(asked, funded.owner, now + timedelta(minutes=11), quote=quote)
    assert RequestStep.objects.get().approved is None
    assert not QuantityChange.objects.exists()


def test_a_form_sent_again_after_a_declined_card_needs_a_fresh_price(
    funded: Funded, bea: Membership, now: datetime
) -> None:
    asked = ask(funded, bea, now)
    quote = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    done = approve(asked, funded.owner, now, quote=quote)
    if done.state == "buying":
        assert done.change is not None
        cancel_change(account=funded.account, change_id=done.change.public_id, actor=funded.actor, at=now)
    funded.desk.card(funded.customer.stripe_id)
    with pytest.raises(PriceNeeded):
        approve(asked, funded.owner, now, quote=quote)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("open", None)
    assert RequestStep.objects.get().approved is None
    assert paid(funded) == []
    assert approve(asked, funded.owner, now).state == "approved"
    assert paid(funded) == [8000]


def test_a_price_that_bought_something_else_approves_nothing(funded: Funded, bea: Membership, now: datetime) -> None:
    asked = ask(funded, bea, now, add=3)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    bought = accept_quote(quote=quote, actor=funded.actor, at=now)
    with pytest.raises(PriceNeeded):
        approve(asked, funded.owner, now, quote=quote)
    asked.refresh_from_db()
    assert (asked.state, asked.change) == ("open", None)
    assert RequestStep.objects.get().approved is None
    assert QuantityChange.objects.get() == bought


def test_an_approval_holds_in_its_own_currency_only(funded: Funded, bea: Membership, now: datetime) -> None:
    """A new subscription in another currency: 100,000 agreed to in yen are not 1,000 dollars."""
    chain(funded, now, (BILLING, 0), (ADMIN, 0))
    asked = ask(funded, join(funded.account, "Tom", Role.TEAM_MANAGER, now), now)
    SeatRequest.objects.filter(pk=asked.pk).update(currency="jpy")
    RequestStep.objects.filter(request=asked, position=1).update(approved=100_000, decided_by=bea.user, decided_at=now)
    asked.refresh_from_db()
    with pytest.raises(PriceNeeded):
        approve(asked, funded.owner, now)
    asked.refresh_from_db()
    assert asked.state == "open"
    assert not QuantityChange.objects.exists()
    assert paid(funded) == []
