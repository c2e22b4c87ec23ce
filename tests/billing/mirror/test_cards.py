"""Which card is shown: the one that Stripe charges."""

from datetime import datetime

import pytest

from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.queries import card_of
from billing.mirror.refresh import refresh_subscription
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_subscriptions_own_card_comes_before_the_customers(funded: Funded, now: datetime) -> None:
    """Checkout puts the card on the subscription, not on the customer."""
    client, customer = funded.desk.client, funded.customer.stripe_id
    own = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    client.v1.subscriptions.update(funded.stripe_id, {"default_payment_method": own.id})

    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    refresh_customer(stripe_id=customer, at=now)

    card = card_of(funded.account)
    assert card is not None
    assert (card.brand, card.stripe_id) == ("mastercard", own.id)


def test_without_one_of_its_own_the_customers_card_is_shown(funded: Funded, now: datetime) -> None:
    card = card_of(funded.account)

    assert card is not None
    assert (card.brand, card.last4) == ("visa", "4242")


def test_no_card_is_shown_as_none(funded: Funded, now: datetime) -> None:
    client, customer = funded.desk.client, funded.customer.stripe_id
    shown = card_of(funded.account)
    assert shown is not None
    client.v1.payment_methods.detach(shown.stripe_id)

    refresh_customer(stripe_id=customer, at=now)

    assert card_of(funded.account) is None
