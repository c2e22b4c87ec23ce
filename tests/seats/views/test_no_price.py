"""The page of adding seats where there is no price to show: each state has its words and a way out."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import Membership
from billing.models import Invoice, PaymentMethod, Plan, Quote, Subscription, SubscriptionItem
from billing.quotes.quote_quantity import quote_quantity
from tests.conftest import Funded
from tests.seats.views.test_add_seats import LATER, ClientOf, at, text_of, untouched

pytestmark = pytest.mark.django_db(transaction=True)


def test_stripe_down_gives_no_price_and_a_way_to_try_again(funded: Funded, client_of: ClientOf) -> None:
    funded.desk.fault("error500_no_effect", path="/v1/invoices/create_preview", times=5)

    text = text_of(client_of(funded.owner).get(at("add", funded.account), {"add": "2"}))

    assert "We could not get a price. Nothing was charged." in text
    assert f'href="{at("add", funded.account)}?add=2"' in text
    assert not Quote.objects.exists()
    untouched(funded)


@pytest.mark.parametrize("add", ["0", "-1", "two", "1.5", "", "9999999", "²"])
def test_a_number_that_makes_no_sense_is_said(funded: Funded, client_of: ClientOf, add: str) -> None:
    page = client_of(funded.owner).get(at("add", funded.account), {"add": add})

    assert page.status_code == 200
    assert "How many seats?" in text_of(page)
    assert not Quote.objects.exists()


def test_above_the_list_there_is_no_guessed_price(funded: Funded, client_of: ClientOf) -> None:
    text = text_of(client_of(funded.owner).get(at("add", funded.account), {"add": "41"}))

    assert "More than 50 seats: talk to us" in text
    assert f'href="{at("add", funded.account)}?add=40"' in text
    assert not Quote.objects.exists()


def test_without_a_subscription_a_plan_is_offered(owner: Membership, client_of: ClientOf) -> None:
    text = text_of(client_of(owner).get(at("add", owner.account)))

    assert "There is no subscription yet" in text
    assert reverse("billing:plan", args=[owner.account.slug]) in text


@pytest.mark.parametrize(
    ("state", "words", "way_out"),
    [
        ({"status": "past_due"}, "Pay the open invoice first", "Pay $500.00 now"),
        ({"cancel_at": LATER}, "The subscription is set to end", "See the plan"),
        ({"collection_method": "send_invoice"}, "Your account team changes this subscription", "See the plan"),
        ({"pending_expires_at": LATER}, "Another purchase is on its way", "Look again"),
    ],
)
def test_each_state_without_a_price_has_its_words_and_way_out(
    funded: Funded, client_of: ClientOf, now: datetime, state: dict[str, object], words: str, way_out: str
) -> None:
    Subscription.objects.update(**state)
    if "status" in state:
        Invoice.objects.update(status="open", amount_remaining=50_000, hosted_url="https://pay.example/in_1")

    text = text_of(client_of(funded.owner).get(at("add", funded.account), {"add": "2"}))

    assert words in text
    assert way_out in text
    assert "quote_id" not in text
    assert not Quote.objects.exists()


def test_shortly_before_the_renewal_it_says_when(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    SubscriptionItem.objects.update(period_end=now + timedelta(hours=1))

    text = text_of(client_of(funded.owner).get(at("add", funded.account)))

    assert "The subscription is about to renew" in text
    assert f"{now + timedelta(hours=1):%H:%M} UTC" in text
    assert not Quote.objects.exists()


def test_without_a_card_one_is_added_and_leads_back(funded: Funded, client_of: ClientOf) -> None:
    PaymentMethod.objects.all().delete()

    text = text_of(client_of(funded.owner).get(at("add", funded.account), {"add": "3"}))

    assert "There is no card on file" in text
    assert f'name="next" value="{at("add", funded.account)}?add=3"' in text
    assert not Quote.objects.exists()


def test_below_the_minimum_the_least_number_is_offered(funded: Funded, client_of: ClientOf) -> None:
    Plan.objects.update(minimum_seats=20)

    text = text_of(client_of(funded.owner).get(at("add", funded.account), {"add": "2"}))

    assert "This plan starts at 20 seats." in text
    assert f'href="{at("add", funded.account)}?add=10"' in text
    assert not Quote.objects.exists()


def test_a_click_that_is_too_late_for_its_state_is_refused(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    SubscriptionItem.objects.update(period_end=now + timedelta(hours=1))

    answer = client_of(funded.owner).post(at("pay", funded.account), {"quote_id": quote.public_id})

    assert answer.status_code == 409
    assert "The subscription is about to renew" in text_of(answer)
    untouched(funded)
