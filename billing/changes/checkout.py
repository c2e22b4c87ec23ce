"""The first purchase and the card: on Stripe's own pages, reached from ours."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.models import Account
from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from billing.changes.checkout_session import close_paid_page, open_page
from billing.errors import (
    ApprovalRequired,
    ChangeInProgress,
    MinimumSeats,
    NoSubscription,
    ProviderUnavailable,
    QuantityWrong,
    TooManySeats,
)
from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.queries import card_of, customer_of, live_subscription
from billing.mirror.refresh import refresh_subscription
from billing.models import Customer, PaymentMethod, Price
from billing.quotes.bounds import prices_for
from billing.terms.allowance import check_allowance
from billing.terms.queries import terms_in_force
from seatportal.kit.ids import public_id


def start_checkout(
    *, account: Account, price: Price, quantity: int, actor: Actor, success_url: str, cancel_url: str, at: datetime
) -> str:
    """Open Stripe's page for the first purchase and return its address; one opened before for something else closes.

    Raises ChangeInProgress when a subscription is live already, QuantityWrong, MinimumSeats, TooManySeats,
    ApprovalRequired, ProviderUnavailable.
    """
    if live_subscription(account) is not None:
        raise ChangeInProgress(_("This account has a subscription already. Add seats to it instead."))
    plan = price.plan
    if quantity < 1:
        raise QuantityWrong(field="quantity")
    held = terms_in_force(account, plan, at)
    if quantity < held.minimum:
        others = prices_for(account, quantity=quantity, currency=price.currency, at=at)
        raise MinimumSeats(
            _("This plan starts at %(count)d seats. Choose at least as many, or a plan without a minimum.")
            % {"count": held.minimum},
            field="quantity",
            minimum=held.minimum,
            alternatives=[other.public_id for other in others],
        )
    if quantity > held.maximum:
        raise TooManySeats(
            _("Up to %(max)d seats can be bought here. For more, ask for an offer.") % {"max": held.maximum},
            field="quantity",
            maximum=held.maximum,
        )
    _check_allowance(account, price, quantity, actor, at)
    customer = ensure_customer(account=account, email=_billing_address(actor), at=at)
    params = {
        "mode": "subscription",
        "customer": customer.stripe_id,
        "client_reference_id": account.public_id,
        "line_items": [{"price": price.stripe_id, "quantity": quantity}],
        # Itemized: a discount stands on its own line, also where a change is prorated.
        "subscription_data": {"billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}},
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    return open_page(account=account, price=price, quantity=quantity, params=params, actor=actor, at=at)


def ensure_customer(*, account: Account, email: str, at: datetime) -> Customer:
    """The account at Stripe, made on first need; the account's id is the key, so two never arise."""
    known = customer_of(account)
    if known is not None:
        return known
    try:
        remote = gateway().create_customer(
            name=account.name,
            email=email,
            reference=account.public_id,
            locale=account.locale,
            key=f"customer:{account.public_id}",
        )
    except GatewayError as error:
        raise ProviderUnavailable from error
    with transaction.atomic():
        customer, _created = Customer.objects.get_or_create(
            account=account,
            defaults={
                "stripe_id": remote.id,
                "email": remote.email,
                "currency": remote.currency,
                "livemode": remote.livemode,
                "synced_at": at,
            },
        )
    return customer


def after_checkout(*, account: Account, at: datetime) -> bool:
    """Read what the customer has now, so that the page need not wait for the webhook. Returns whether there is any.

    Being here proves nothing; only the read does.
    """
    customer = customer_of(account)
    if customer is None:
        return False
    try:
        refresh_customer(stripe_id=customer.stripe_id, at=at)
        for remote in gateway().subscriptions_of(customer.stripe_id):
            refresh_subscription(stripe_id=remote.id, at=at)
        close_paid_page(account=account, at=at)
    except GatewayError as error:
        raise ProviderUnavailable from error
    return live_subscription(account) is not None


def read_card(*, account: Account, at: datetime) -> PaymentMethod | None:
    """Read the card that is charged now. Raises ProviderUnavailable."""
    customer = customer_of(account)
    if customer is None:
        return None
    subscription = live_subscription(account)
    try:
        refresh_customer(stripe_id=customer.stripe_id, at=at)
        if subscription is not None:
            # It may have a card of its own, which goes before the customer's.
            refresh_subscription(stripe_id=subscription.stripe_id, at=at)
    except GatewayError as error:
        raise ProviderUnavailable from error
    return card_of(account)


def open_portal(*, account: Account, return_url: str) -> str:
    """Stripe's page to change the card; returns its address. Raises NoSubscription, ProviderUnavailable."""
    customer = customer_of(account)
    if customer is None:
        raise NoSubscription
    try:
        return gateway().portal_url(customer.stripe_id, return_url=return_url, key=public_id("prt"))
    except GatewayError as error:
        raise ProviderUnavailable from error


def _billing_address(actor: Actor) -> str:
    return actor.user.email if actor.user else ""


def _check_allowance(account: Account, price: Price, quantity: int, actor: Actor, at: datetime) -> None:
    """Stripe's page names the price; the list price before tax is what the allowance can be held against."""
    try:
        check_allowance(
            account=account,
            added=quantity,
            total=amount(scheme_of(price), quantity),
            currency=price.currency,
            user_id=actor.user.pk if actor.user else None,
            at=at,
        )
    except ApprovalRequired as error:
        # There is no subscription yet whose price could be approved.
        raise ApprovalRequired(
            _("This is more than may be bought this month without approval. An admin can change that under Spending."),
            field="quantity",
            **error.data,
        ) from error
