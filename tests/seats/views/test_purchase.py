"""The page of one purchase: each state says whether money moved, and its way out works."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership
from billing.changes.buy_quote import buy_quote
from billing.mirror.mirror_customer import refresh_customer
from billing.models import QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.buy_and_assign import buy_and_assign
from seats.models import SeatPool
from tests.conftest import Funded, FundMaker

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State
ClientOf = Callable[[Membership], Client]

DECLINED = "Your card was declined. You were not charged and no seats were added."


def at(name: str, account: Account, *more: str) -> str:
    """The address of a page of the account."""
    return reverse(f"seats:{name}", args=[account.slug, *more])


def text_of(response: object) -> str:
    """The page's words on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def bought(funded: Funded, now: datetime, add: int = 2) -> QuantityChange:
    """A purchase as the click leaves it."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=add, at=now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def purchased(funded: Funded) -> int:
    """Seats in the pool now."""
    return SeatPool.objects.get(account=funded.account).purchased


@pytest.fixture
def declined(owner: Membership, fund: FundMaker) -> Funded:
    """Acme with a card that every charge fails on."""
    return fund(owner, card="pm_card_chargeCustomerFail")


@pytest.fixture
def challenged(owner: Membership, fund: FundMaker) -> Funded:
    """Acme with a card whose bank asks every time."""
    return fund(owner, card="pm_card_authenticationRequired")


def test_declined_says_nothing_was_charged_and_offers_every_way(
    declined: Funded, client_of: ClientOf, now: datetime
) -> None:
    change = bought(declined, now)

    page = client_of(declined.owner).get(at("purchase", declined.account, change.public_id))

    text = text_of(page)
    assert (change.state, change.payment_needs, change.decline_code) == (
        State.AWAITING_PAYMENT,
        "card",
        "generic_decline",
    )
    assert 'role="alert" tabindex="-1" data-focus aria-labelledby="outcome"' in text
    assert DECLINED in text
    assert "Use another card" in text
    assert "Try Visa •••• 0341 again" in text
    assert "Copy" in text
    assert "Stop this purchase" in text
    assert purchased(declined) == 10


def test_with_another_card_the_same_purchase_goes_through(declined: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(declined, now)
    client = client_of(declined.owner)
    declined.desk.card(declined.customer.stripe_id, "pm_card_mastercard")

    refresh_customer(stripe_id=declined.customer.stripe_id, at=now)
    offered = text_of(client.get(at("purchase", declined.account, change.public_id), {"card": "changed"}))
    answer = client.post(at("purchase_pay", declined.account, change.public_id))

    assert "Mastercard •••• 4444 is the card now" in offered
    assert "Pay $80.00 and add 2 seats" in offered
    assert DECLINED not in offered
    assert (answer.status_code, answer["Location"]) == (302, at("purchase", declined.account, change.public_id))
    change.refresh_from_db()
    assert (change.state, change.charged_total) == (State.APPLIED, 8000)
    assert purchased(declined) == 12
    assert "$80.00 charged to Mastercard •••• 4444." in text_of(client.get(answer["Location"]))


def test_declined_again_says_so_and_keeps_the_purchase(declined: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(declined, now)

    answer = client_of(declined.owner).post(at("purchase_pay", declined.account, change.public_id))

    assert answer.status_code == 402
    assert DECLINED in text_of(answer)
    assert f'hx-get="{at("purchase", declined.account, change.public_id)}?was=' in text_of(answer)
    change.refresh_from_db()
    assert change.state == State.AWAITING_PAYMENT
    assert purchased(declined) == 10


def test_stopped_purchase_can_be_tried_again_with_the_same_people(
    declined: Funded, client_of: ClientOf, now: datetime
) -> None:
    quote = quote_quantity(account=declined.account, actor=declined.actor, add=2, at=now)
    change = buy_and_assign(
        account=declined.account,
        quote_id=quote.public_id,
        members=[],
        emails=["ben@new.example"],
        actor=declined.actor,
        at=now,
    )
    client = client_of(declined.owner)

    answer = client.post(at("purchase_stop", declined.account, change.public_id))

    change.refresh_from_db()
    assert (answer.status_code, change.state) == (302, State.ABANDONED)
    text = text_of(client.get(answer["Location"]))
    assert "You were not charged and no seats were added." in text
    assert f"{at('add', declined.account)}?add=2&amp;emails=ben%40new.example" in text
    assert declined.desk.quantity(declined.stripe_id) == 10
    assert declined.desk.invoices(declined.stripe_id, status="open") == []


def test_bank_asks_then_the_seats_arrive(challenged: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(challenged, now)
    client = client_of(challenged.owner)
    url = at("purchase", challenged.account, change.public_id)

    asked = text_of(client.get(url))

    assert change.payment_needs == "confirmation"
    assert "Your bank asks you to confirm this payment." in asked
    assert "The seats will be added after confirmation; until then nothing is charged." in asked
    assert f'href="{challenged.desk.simulator.url}/invoice/{change.invoice_stripe_id}"' in asked
    assert DECLINED not in asked
    assert purchased(challenged) == 10

    challenged.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})
    QuantityChange.objects.filter(pk=change.pk).update(next_try_at=None)
    assert "2 seats added" in text_of(client.get(url))
    assert purchased(challenged) == 12


def test_bank_says_no(challenged: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(challenged, now)
    challenged.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "fail"})
    QuantityChange.objects.filter(pk=change.pk).update(next_try_at=None)

    text = text_of(client_of(challenged.owner).get(at("purchase", challenged.account, change.public_id)))

    assert DECLINED in text
    assert "The confirmation with the bank did not succeed." in text
    assert purchased(challenged) == 10


def test_lost_answer_says_do_not_pay_again_and_looks_by_itself(
    funded: Funded, client_of: ClientOf, now: datetime
) -> None:
    funded.desk.fault("reset_after")
    funded.desk.fault("error500_no_effect", method="GET", path="/v1/subscriptions/", times=8)
    change = bought(funded, now)
    client = client_of(funded.owner)
    url = at("purchase", funded.account, change.public_id)

    text = text_of(client.get(url))

    assert change.state in (State.UNKNOWN, State.CONFIRMED)
    assert "We are checking whether the payment went through" in text
    assert "Do not pay again." in text
    assert '<noscript><meta http-equiv="refresh" content="5; url=' in text
    assert f'hx-get="{url}?was={change.state}&amp;look=1" hx-trigger="load delay:2s"' in text


def test_look_brings_only_news(declined: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(declined, now)
    client = client_of(declined.owner)
    url, htmx = at("purchase", declined.account, change.public_id), {"HX-Request": "true"}
    same = f"{change.state}card{change.decline_code}"

    quiet = client.get(url, {"was": same, "look": "25"}, headers=htmx)
    news = client.get(url, {"was": "unknown", "look": "1"}, headers=htmx)

    assert text_of(quiet).startswith('<div id="look"')
    assert "delay:10s" in text_of(quiet)
    assert "HX-Retarget" not in quiet
    assert news["HX-Retarget"] == "#purchase"
    assert DECLINED in text_of(news)


def test_every_page_reminds_of_a_waiting_purchase(declined: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(declined, now)

    text = text_of(client_of(declined.owner).get(reverse("billing:invoices", args=[declined.account.slug])))

    assert "The purchase of 2 seats waits for its payment" in text
    assert at("purchase", declined.account, change.public_id) in text


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (State.REJECTED, "quote_changed", "The subscription changed in the meantime"),
        (State.REJECTED, "cancelled", "The purchase was stopped"),
        (State.REJECTED, "provider_unavailable", "The payment service could not be reached"),
        (State.REJECTED, "too_many_changes", "The payment service takes no more changes of this subscription today"),
        (State.REJECTED, "payment_declined", DECLINED),
        (State.ABANDONED, "not_paid", "The purchase was not paid and has ended"),
        (State.FAILED, "not_executed", "The purchase did not go through"),
        (State.SUPERSEDED, "quote_changed", "The subscription changed in the meantime"),
    ],
)
def test_every_other_end_says_that_nothing_was_charged(
    funded: Funded, client_of: ClientOf, now: datetime, state: str, code: str, words: str
) -> None:
    change = bought(funded, now)
    QuantityChange.objects.filter(pk=change.pk).update(state=state, error_code=code)

    text = text_of(client_of(funded.owner).get(at("purchase", funded.account, change.public_id)))

    assert words in text
    assert "You were not charged and no seats were added." in text
    assert "Try again with 2 seats" in text


def test_conflict_says_do_not_pay_and_names_the_purchase(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(funded, now)
    QuantityChange.objects.filter(pk=change.pk).update(state=State.CONFLICT)

    text = text_of(client_of(funded.owner).get(at("purchase", funded.account, change.public_id)))

    assert "This purchase needs a person" in text
    assert change.public_id in text
    assert "Try again" not in text


def test_finished_purchase_cannot_be_stopped(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(funded, now)

    answer = client_of(funded.owner).post(at("purchase_stop", funded.account, change.public_id))

    assert answer.status_code == 409
    assert "This purchase can no longer be stopped." in text_of(answer)
    assert purchased(funded) == 12


def test_strangers_and_members_see_and_do_nothing(
    declined: Funded, client_of: ClientOf, now: datetime, outsider: Membership, member: Membership
) -> None:
    change = bought(declined, now)

    for who, expected in ((outsider, 404), (member, 403)):
        client = client_of(who)
        assert client.get(at("purchase", declined.account, change.public_id)).status_code == expected
        assert client.post(at("purchase_pay", declined.account, change.public_id)).status_code == expected
        assert client.post(at("purchase_stop", declined.account, change.public_id)).status_code == expected
    assert client_of(outsider).get(at("purchase", outsider.account, change.public_id)).status_code == 404
    change.refresh_from_db()
    assert change.state == State.AWAITING_PAYMENT
    assert Quote.objects.count() == 1
