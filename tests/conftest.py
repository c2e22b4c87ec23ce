"""People, accounts and money for every test. Real parts only: PostgreSQL, the broker, the simulator over HTTP."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from functools import cache as cache_result
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.test import Client
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.access.actor import Actor
from accounts.members.add_member import add_member
from accounts.members.open_account import open_account
from accounts.models import Account, Membership, Role, User
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.checkout import ensure_customer
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import Customer, Subscription
from seatportal.kit import clock, queue
from seats.entitlements.check_entitlements import forget_all
from tests.desk import Desk
from tests.emptying import empty_quickly, stop_emptying
from tests.services import Simulator

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> None:
    """Hundreds of tests commit."""
    empty_quickly()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Generator[None]:
    """The database can be removed only when nobody works in it."""
    yield
    stop_emptying()


@pytest.fixture(scope="session", autouse=True)
def static_files_listed_once() -> None:
    """Each test client builds the middleware, for which WhiteNoise would look at every static file again."""
    list_all = WhiteNoiseMiddleware.add_files_from_finders
    listed: dict[str, Any] = {}

    def add(self: WhiteNoiseMiddleware) -> None:
        if not listed:
            list_all(self)
            listed.update(self.files)
        self.files |= listed

    WhiteNoiseMiddleware.add_files_from_finders = add


@pytest.fixture(autouse=True)
def clean_process() -> None:
    """The cache holds rate limits, the gateway a connection, the process its last rings: none reaches the next test."""
    cache.clear()
    queue._rung_until.clear()
    gateway.cache_clear()
    forget_all()


@pytest.fixture
def now() -> datetime:
    """One moment for the whole test."""
    return clock.now()


@cache_result
def hashed_password() -> str:
    """PASSWORD as it is stored, hashed once, since argon2 is slow on purpose; whatever hasher a test has set."""
    hasher = Argon2PasswordHasher()
    return hasher.encode(PASSWORD, hasher.salt())


def make_user(name: str, *, domain: str = "acme.example", **fields: Any) -> User:
    """A person who can sign in, with a verified address."""
    from allauth.account.models import EmailAddress

    user = User.objects.create(email=f"{name.lower()}@{domain}", password=hashed_password(), name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_account(name: str, now: datetime, *, owner: str = "Olivia", domain: str = "acme.example") -> Membership:
    """An account with its owner."""
    user = make_user(owner, domain=domain)
    account = open_account(name=name, user=user, at=now, actor=Actor(user=user, door="sign_up"))
    return Membership.objects.get(account=account, user=user)


def join(account: Account, name: str, role: str, now: datetime, *, domain: str = "acme.example") -> Membership:
    """One more person in an account."""
    return add_member(
        account=account, user=make_user(name, domain=domain), role=role, at=now, actor=Actor.system("demo")
    )


@pytest.fixture
def owner(db: None, now: datetime) -> Membership:
    """Olivia, owner of Acme."""
    return make_account("Acme", now)


@pytest.fixture
def account(owner: Membership) -> Account:
    """Acme."""
    return owner.account


@pytest.fixture
def actor(owner: Membership) -> Actor:
    """Olivia at a page."""
    return Actor(user=owner.user)


@pytest.fixture
def admin_member(account: Account, now: datetime) -> Membership:
    """Adam, an admin of Acme."""
    return join(account, "Adam", Role.ADMIN, now)


@pytest.fixture
def member(account: Account, now: datetime) -> Membership:
    """Mia, an ordinary member of Acme."""
    return join(account, "Mia", Role.MEMBER, now)


@pytest.fixture
def outsider(db: None, now: datetime) -> Membership:
    """Oscar, owner of another account, who must learn nothing."""
    return make_account("Elsewhere", now, owner="Oscar", domain="elsewhere.example")


@pytest.fixture
def client_of() -> Callable[[Membership], Client]:
    """A signed-in browser without JavaScript."""

    def sign_in(membership: Membership) -> Client:
        client = Client()
        client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def desk(simulator: Simulator) -> Desk:
    """An empty shop at the simulator."""
    simulator.reset()
    return Desk(simulator)


@dataclass
class Funded:
    """An account that pays: its rows here and its ids at Stripe."""

    account: Account
    owner: Membership
    actor: Actor
    desk: Desk
    customer: Customer
    subscription: Subscription

    @property
    def stripe_id(self) -> str:
        """The subscription at Stripe."""
        return self.subscription.stripe_id


FundMaker = Callable[..., Funded]


@pytest.fixture
def fund(desk: Desk, now: datetime) -> FundMaker:
    """Make a paying account. Needs `django_db(transaction=True)`: the gateway refuses to work inside a transaction."""

    def make(
        owner: Membership,
        *,
        scheme: str = "graduated",
        interval: str = "month",
        currency: str = "usd",
        quantity: int = 10,
        card: str = "pm_card_visa",
        balance: int = 0,
        unit: int = 0,
        minimum: int = 1,
        **more: Any,
    ) -> Funded:
        """more: parameters of the subscription at Stripe, such as its discounts."""
        actor = Actor(user=owner.user)
        price = desk.price(scheme, interval, currency, unit=unit, minimum=minimum)
        sync_catalog()
        customer = ensure_customer(account=owner.account, email=owner.user.email, at=now)
        desk.card(customer.stripe_id)
        stripe_id = desk.subscribe(customer.stripe_id, price, quantity, **more)
        if card != "pm_card_visa":
            desk.card(customer.stripe_id, card)
        if balance:
            desk.client.v1.customers.balance_transactions.create(
                customer.stripe_id, {"amount": balance, "currency": currency}
            )
        refresh_customer(stripe_id=customer.stripe_id, at=now)
        refresh_subscription(stripe_id=stripe_id, at=now)
        return Funded(
            account=owner.account,
            owner=owner,
            actor=actor,
            desk=desk,
            customer=customer,
            subscription=Subscription.objects.get(stripe_id=stripe_id),
        )

    return make


@pytest.fixture
def funded(owner: Membership, fund: FundMaker) -> Funded:
    """Acme with ten graduated monthly seats and a Visa card."""
    return fund(owner)
