"""Plan, first purchase and card: chosen here, paid on the payment service's pages, read again on return."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.decreases import plan_decrease
from billing.models import Customer, PaymentMethod, Plan, Price, Subscription
from seats.models import SeatPool
from tests.conftest import Funded, FundMaker
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def at(name: str, account: Account, *more: str) -> str:
    """The address of a page of the account."""
    return reverse(f"billing:{name}", args=[account.slug, *more])


def text_of(response: object) -> str:
    """The page's words on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


@pytest.fixture
def shop(owner: Membership, desk: Desk) -> Desk:
    """Two prices in dollars and one in euros, on offer; Acme has none yet."""
    desk.price("graduated")
    desk.price("volume")
    desk.price("flat", currency="eur")
    sync_catalog()
    return desk


def test_plan_shows_what_one_has_and_what_more_would_cost(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=8, actor=funded.actor, at=now)

    text = text_of(client_of(funded.owner).get(at("plan", funded.account)))

    assert "Team, 10 seats" in text
    assert "$500.00 per month, before tax and credit" in text
    assert "Each seat has the price of its own step; earlier seats keep theirs." in text
    for row in ("1 to 10", "11 and more", "$2,100.00", "Visa •••• 4242"):
        assert row in text
    assert "(8 from " in text


def test_credit_is_shown(owner: Membership, fund: FundMaker, client_of: ClientOf) -> None:
    funded = fund(owner, balance=-3000)

    assert "$30.00, used for the next invoices" in text_of(client_of(owner).get(at("plan", funded.account)))


def test_choice_names_the_offers_in_one_currency(owner: Membership, shop: Desk, client_of: ClientOf) -> None:
    client = client_of(owner)

    dollars = text_of(client.get(at("plan", owner.account)))
    euros = text_of(client.get(at("plan", owner.account), {"currency": "eur", "quantity": "12"}))

    assert dollars.count('name="price"') == 2
    assert "5 seats: <b>$250.00</b> per month" in dollars
    assert euros.count('name="price"') == 1
    assert "12 seats: <b>€600.00</b> per month" in euros


def test_choice_leads_to_the_payment_page(owner: Membership, shop: Desk, client_of: ClientOf) -> None:
    price = Price.objects.get(scheme="graduated")

    answer = client_of(owner).post(
        at("checkout", owner.account), {"price": price.public_id, "quantity": "12", "currency": "usd"}
    )

    assert answer.status_code == 302
    assert answer["Location"].startswith(shop.simulator.url)
    assert Customer.objects.filter(account=owner.account).count() == 1
    assert not Subscription.objects.exists()


def test_paid_checkout_is_read_on_return(owner: Membership, shop: Desk, client_of: ClientOf) -> None:
    client = client_of(owner)
    price = Price.objects.get(scheme="graduated")
    page = client.post(at("checkout", owner.account), {"price": price.public_id, "quantity": "12", "currency": "usd"})
    customer = Customer.objects.get(account=owner.account)

    late = text_of(client.get(at("checkout-done", owner.account)))
    assert "We are checking whether the payment went through" in late
    assert SeatPool.objects.get(account=owner.account).purchased == 0

    # What the payment page does once a card is accepted.
    assert page["Location"].startswith(shop.simulator.url)
    shop.card(customer.stripe_id)
    shop.subscribe(customer.stripe_id, price.stripe_id, 12)
    done = text_of(client.get(at("checkout-done", owner.account)))

    assert "Team is yours, with 12 seats" in done
    assert SeatPool.objects.get(account=owner.account).purchased == 12
    look = client.get(at("checkout-done", owner.account), headers={"HX-Request": "true"})
    assert look["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"quantity": "5"}, "Choose a plan."),
        ({"price": "prc_unknown", "quantity": "5"}, "Choose a plan."),
        ({"quantity": "0", "price": "*"}, "Ensure this value is greater than or equal to 1."),
        ({"quantity": "two", "price": "*"}, "Enter a whole number."),
        ({"quantity": "51", "price": "*"}, "Up to 50 seats can be bought here."),
        ({"quantity": "2", "price": "*"}, "This plan starts at 3 seats."),
    ],
)
def test_wrong_choice_is_said_in_place_and_opens_nothing(
    owner: Membership, shop: Desk, client_of: ClientOf, sent: dict[str, str], words: str
) -> None:
    Plan.objects.update(minimum_seats=3)
    if sent.get("price") == "*":
        sent = sent | {"price": Price.objects.get(scheme="graduated").public_id}

    answer = client_of(owner).post(at("checkout", owner.account), sent | {"currency": "usd"})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Customer.objects.exists()


def test_payment_service_down_is_said_and_opens_nothing(owner: Membership, shop: Desk, client_of: ClientOf) -> None:
    shop.fault("error500_no_effect", path="/v1/", times=5)
    price = Price.objects.get(scheme="graduated")

    answer = client_of(owner).post(
        at("checkout", owner.account), {"price": price.public_id, "quantity": "5", "currency": "usd"}
    )

    assert answer.status_code == 422
    assert "The payment service cannot be reached. Nothing was changed." in text_of(answer)
    assert not Subscription.objects.exists()


def test_a_second_subscription_is_not_sold(funded: Funded, client_of: ClientOf) -> None:
    price = Price.objects.get()

    answer = client_of(funded.owner).post(at("checkout", funded.account), {"price": price.public_id, "quantity": "5"})

    assert (answer.status_code, answer["Location"]) == (302, at("plan", funded.account))
    assert len(funded.desk.client.v1.subscriptions.list({"customer": funded.customer.stripe_id}).data) == 1


def test_card_is_changed_at_the_payment_service_and_read_on_return(funded: Funded, client_of: ClientOf) -> None:
    client = client_of(funded.owner)
    back = reverse("seats:add", args=[funded.account.slug]) + "?add=3"

    shown = text_of(client.get(at("card", funded.account)))
    opened = client.post(at("card", funded.account), {"next": back})
    funded.desk.card(funded.customer.stripe_id, "pm_card_mastercard")
    returned = client.get(at("card-changed", funded.account), {"next": back})

    assert "Visa •••• 4242" in shown
    assert opened.status_code == 302
    assert opened["Location"].startswith(funded.desk.simulator.url)
    assert (returned.status_code, returned["Location"]) == (302, back)
    assert PaymentMethod.objects.get().last4 == "4444"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_one_comes_back_to_this_site_only(funded: Funded, client_of: ClientOf, wanted: str) -> None:
    returned = client_of(funded.owner).get(at("card-changed", funded.account), {"next": wanted})

    assert returned["Location"] == at("card", funded.account)


def test_without_a_customer_there_is_no_card(owner: Membership, client_of: ClientOf) -> None:
    client = client_of(owner)

    assert "The card is asked for with the first purchase." in text_of(client.get(at("card", owner.account)))
    assert client.post(at("card", owner.account))["Location"] == at("plan", owner.account)


def test_strangers_and_members_see_and_do_nothing(
    funded: Funded, client_of: ClientOf, outsider: Membership, member: Membership
) -> None:
    for who, expected in ((outsider, 404), (member, 403)):
        client = client_of(who)
        for name in ("plan", "card", "card-changed", "checkout-done", "invoices"):
            assert client.get(at(name, funded.account)).status_code == expected, name
        assert client.post(at("checkout", funded.account), {"quantity": "5"}).status_code == expected
        assert client.post(at("card", funded.account)).status_code == expected
