"""A trial: capped, free of charge while it runs, and its end is told with the exact amount."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Membership, Notice
from accounts.notices.deliver_notice import mail_of
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.buy_quote import buy_quote
from billing.changes.checkout import ensure_customer
from billing.errors import TooManySeats
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import Plan, QuantityChange, Subscription
from billing.notices.tell_trial import walk_trials
from billing.quotes.quote_quantity import quote_quantity
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def start(desk: Desk, owner: Membership, now: datetime, *, card: bool) -> Subscription:
    """Ten seats, fourteen days for nothing."""
    price = desk.price()
    sync_catalog()
    customer = ensure_customer(account=owner.account, email=owner.user.email, at=now)
    if card:
        desk.card(customer.stripe_id)
    stripe_id = desk.subscribe(customer.stripe_id, price, 10, trial_period_days=14)
    refresh_customer(stripe_id=customer.stripe_id, at=now)
    refresh_subscription(stripe_id=stripe_id, at=now)
    return Subscription.objects.get(stripe_id=stripe_id)


def test_the_end_is_told_three_days_before_with_what_is_charged(owner: Membership, desk: Desk, now: datetime) -> None:
    subscription = start(desk, owner, now, card=True)
    end = subscription.trial_end
    assert end is not None

    assert walk_trials(at=end - timedelta(days=4)) == 0
    assert walk_trials(at=end - timedelta(days=3)) == 1
    assert walk_trials(at=end - timedelta(hours=3)) == 0

    text = str(mail_of(Notice.objects.get()).body)
    assert "Then $500.00 are charged to Visa •••• 4242 for the first period." in text
    assert f"{end.day} {end:%B %Y}" in text


def test_without_a_card_it_is_told_again_on_the_last_day(owner: Membership, desk: Desk, now: datetime) -> None:
    subscription = start(desk, owner, now, card=False)
    end = subscription.trial_end
    assert end is not None

    assert walk_trials(at=end - timedelta(days=3)) == 1
    assert walk_trials(at=end - timedelta(hours=20)) == 1
    assert walk_trials(at=end - timedelta(hours=2)) == 0

    text = str(mail_of(Notice.objects.latest("pk")).body)
    assert "Then $500.00 are due for the first period, and there is no card to charge." in text
    assert "/plan/card/" in text.split("Add a card:")[1]


def test_the_banner_names_day_and_amount_and_asks_for_a_card(
    owner: Membership, desk: Desk, client_of: ClientOf, now: datetime
) -> None:
    subscription = start(desk, owner, now, card=False)
    walk_trials(at=now)
    assert subscription.trial_end is not None

    text = " ".join(client_of(owner).get(f"/a/{owner.account.slug}/invoices/").content.decode().split())

    assert f"The trial ends on {subscription.trial_end.day} {subscription.trial_end:%B %Y}" in text
    assert "Then $500.00 is due, and there is no card." in text
    assert "Add a card" in text


def test_adding_in_a_trial_charges_nothing_and_is_capped(owner: Membership, desk: Desk, now: datetime) -> None:
    subscription = start(desk, owner, now, card=True)
    Plan.objects.update(trial_max=12)
    actor = Actor(user=owner.user)

    quote = quote_quantity(account=owner.account, actor=actor, add=2, at=now)
    change = buy_quote(account=owner.account, quote_id=quote.public_id, actor=actor, at=now)

    assert (quote.amount_due, quote.next_total) == (0, 58_000)
    assert (change.state, change.charged_due) == (QuantityChange.State.APPLIED, 0)
    assert desk.invoices(subscription.stripe_id, status="paid")[0]["total"] == 0
    with pytest.raises(TooManySeats, match="Up to 12 seats are possible during the trial"):
        quote_quantity(account=owner.account, actor=actor, add=1, at=now)
    assert desk.quantity(subscription.stripe_id) == 12


def test_the_cap_comes_from_stripe(desk: Desk, now: datetime) -> None:
    desk.price()
    desk.client.v1.products.update("prod_team", {"metadata": {"seat_portal_trial_max": "5"}})

    sync_catalog()

    assert Plan.objects.get(stripe_id="prod_team").trial_max == 5
