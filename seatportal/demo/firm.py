"""One firm of the demo and what its people do. Every step is one verb of the portal, at the moment it is told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.add_member import add_member
from accounts.members.open_account import open_account
from accounts.members.remove_member import remove_member
from accounts.members.structure import add_place
from accounts.members.update_account import update_account
from accounts.members.update_member import update_member
from accounts.models import Account, Department, Membership, Region, User
from billing.changes.buy_quote import buy_quote
from billing.changes.checkout import ensure_customer
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import Customer, Price, QuantityChange, Quote, Subscription, SubscriptionItem
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from seatportal.demo.casting import Cast, Person
from seatportal.demo.history import Recent
from seatportal.demo.vendor import Vendor
from seats.capacity.split_seats import split_seats
from seats.holders.claim import claim
from seats.holders.pause_person import pause_person
from seats.holders.queries import open_seats
from seats.holders.reassign_seat import reassign_seat
from seats.usage.event import Event
from seats.usage.ingest_events import MOST_EVENTS, ingest_events


class Firm:
    """A firm from its cast. `people` by the key of the cast: their places in the account, once they joined."""

    def __init__(self, cast: Cast, vendor: Vendor) -> None:
        self.cast = cast
        self.vendor = vendor
        self.by_key = {person.key: person for person in cast.people}
        self.people: dict[str, Membership] = {}
        self._places: dict[tuple[str, str], Department | Region] = {}
        self.account: Account
        self.actor: Actor

    # People

    def open(self, at: datetime) -> None:
        """Its first person signs up and opens the account."""
        founder = self.cast.people[0]
        [user] = sign_up([(founder.name, self.cast.email(founder))], locale=self.cast.locale, at=at)
        self.actor = Actor(user=user, door="demo")
        account = open_account(name=self.cast.name, user=user, at=at, actor=self.actor)
        settings = {"time_zone": self.cast.time_zone, "industry": self.cast.industry}
        staff = {"owner_name": self.cast.account_manager}
        self.account = update_account(account=account, actor=self.actor, at=at, **settings, **staff)
        owner = Membership.objects.get(account=self.account, user=user)
        self.people[founder.key] = update_member(
            account=self.account,
            membership=owner,
            title=founder.title,
            department=self._department(founder, at),
            region=self._region(founder, at),
            employment=owner.employment,
            ends_on=None,
            level=owner.level,
            manager=None,
            actor=self.actor,
            at=at,
        )

    @transaction.atomic
    def join(self, people: Sequence[Person], at: datetime) -> None:
        """People sign up and become members."""
        users = sign_up([(p.name, self.cast.email(p)) for p in people], locale=self.cast.locale, at=at)
        for person, user in zip(people, users, strict=True):
            self.people[person.key] = add_member(
                account=self.account,
                user=user,
                role=person.role,
                at=at,
                actor=self.actor,
                title=person.title,
                department=self._department(person, at),
                region=self._region(person, at),
                employment=Membership.Employment.CONTRACTOR if person.contractor else Membership.Employment.EMPLOYEE,
            )

    def join_and_sit(self, at: datetime, *keys: str) -> None:
        """Colleagues join and get a seat each."""
        self.join([self.by_key[key] for key in keys], at)
        self.seat(at, *keys)

    def actor_of(self, key: str) -> Actor:
        """One of its people, acting."""
        return Actor(user=self.people[key].user, door="demo")

    def leave(self, key: str, at: datetime) -> None:
        """Somebody leaves the account."""
        remove_member(account=self.account, membership=self.people[key], actor=self.actor, at=at)

    # Seats

    def seat(self, at: datetime, *keys: str) -> None:
        """Give each of them a seat, all or none."""
        claim(account=self.account, members=[self.people[key] for key in keys], actor=self.actor, at=at)

    def reassign(self, at: datetime, *, of: str, to: str, reason: str) -> None:
        """Move a seat to somebody who joins for it."""
        self.join([self.by_key[to]], at)
        seat = open_seats(self.account).get(membership=self.people[of])
        reassign_seat(account=self.account, assignment=seat, to=self.people[to], actor=self.actor, at=at, reason=reason)

    def pause(self, key: str, reason: str, at: datetime, *, resumes_on: date) -> None:
        """Somebody is away until a day, and their seat is free for others."""
        pause_person(
            account=self.account,
            membership=self.people[key],
            resumes_on=resumes_on,
            reason=reason,
            actor=self.actor,
            at=at,
        )

    def split(self, seats: Mapping[str, int], reason: str, at: datetime) -> None:
        """Set seats aside for regions, by their names."""
        places = {place.name: place for place in Region.objects.filter(account=self.account)}
        wanted = {places[name]: count for name, count in seats.items()}
        split_seats(account=self.account, seats=wanted, reason=reason, actor=self.actor, at=at)

    # Money

    def subscribe(self, price: str, quantity: int, at: datetime, *, card: str = "pm_card_visa") -> None:
        """Put a card on file and start the subscription."""
        customer = self.customer(at)
        self.put_card(card, at)
        stripe_id = self.vendor.subscribe(customer.stripe_id, price, quantity)
        refresh_subscription(stripe_id=stripe_id, at=at)
        refresh_customer(stripe_id=customer.stripe_id, at=at)

    def subscribe_by_invoice(self, price: str, quantity: int, at: datetime) -> None:
        """Start a subscription that is paid by invoice within thirty days."""
        customer = self.customer(at)
        stripe_id = self.vendor.subscribe_by_invoice(customer.stripe_id, price, quantity, due_days=30)
        refresh_subscription(stripe_id=stripe_id, at=at)

    def pay_by_transfer(self, at: datetime) -> None:
        """The latest invoice is paid at the bank, and the vendor's staff note it."""
        subscription, _ = self.subscription()
        self.vendor.note_transfer(subscription.latest_invoice_stripe_id)
        refresh_subscription(stripe_id=subscription.stripe_id, at=at)

    def switch(self, price: str, at: datetime) -> None:
        """Change to another price for the same seats."""
        wanted = Price.objects.get(stripe_id=self.vendor.prices[price])
        quote = quote_plan(account=self.account, actor=self.actor, price_id=wanted.public_id, quantity=None, at=at)
        self._take(quote, "", at)

    def customer(self, at: datetime) -> Customer:
        """The account at Stripe."""
        return ensure_customer(account=self.account, email=self.cast.email(self.cast.people[0]), at=at)

    def put_card(self, card: str, at: datetime) -> None:
        """Another of Stripe's test cards is charged from now on."""
        customer = self.customer(at)
        self.vendor.put_card(customer.stripe_id, card)
        refresh_customer(stripe_id=customer.stripe_id, at=at)

    def buy(self, add: int, reason: str, at: datetime) -> None:
        """Ask for the price and buy at it."""
        self._take(quote_quantity(account=self.account, actor=self.actor, add=add, at=at), reason, at)

    def _take(self, quote: Quote, reason: str, at: datetime) -> None:
        change = buy_quote(account=self.account, quote_id=quote.public_id, actor=self.actor, reason=reason, at=at)
        if change.state != QuantityChange.State.APPLIED:
            raise RuntimeError(f"{self.cast.name} could not buy {quote}: {change.state} {change.error_text}")

    def raise_by_vendor(self, quantity: int, at: datetime) -> None:
        """The vendor's staff raise the number at Stripe, as for numbers beyond self-service."""
        subscription, item = self.subscription()
        self.vendor.set_quantity(subscription.stripe_id, item.stripe_id, quantity)
        refresh_subscription(stripe_id=subscription.stripe_id, at=at)

    def credit(self, amount: int, why: str, at: datetime) -> None:
        """The vendor gives credit in minor units of the subscription's currency."""
        subscription, _ = self.subscription()
        customer = self.customer(at)
        self.vendor.credit(customer.stripe_id, amount, subscription.currency, why)
        refresh_customer(stripe_id=customer.stripe_id, at=at)

    def subscription(self) -> tuple[Subscription, SubscriptionItem]:
        """The subscription and its seat item."""
        item = SubscriptionItem.objects.select_related("subscription").get(subscription__account=self.account)
        return item.subscription, item

    # Usage

    def use(self, at: datetime) -> None:
        """Count what its people really did since they joined, as long as they were members."""
        recent = Recent(self.cast.monday, at)
        members = Membership.objects.filter(account=self.account).in_bulk()
        events: list[Event] = []
        for key, member in self.people.items():
            real = self.by_key[key].real
            if real:
                events += events_of(members[member.pk], real, recent)
        for start in range(0, len(events), MOST_EVENTS):
            ingest_events(account=self.account, events=events[start : start + MOST_EVENTS], at=at)

    # Places, made when the first person needs them

    def _department(self, person: Person, at: datetime) -> Department | None:
        place = self._place("department", person.department, at)
        return place if isinstance(place, Department) else None

    def _region(self, person: Person, at: datetime) -> Region | None:
        place = self._place("region", person.region, at)
        return place if isinstance(place, Region) else None

    def _place(self, kind: str, name: str, at: datetime) -> Department | Region | None:
        if name and (kind, name) not in self._places:
            self._places[kind, name] = add_place(account=self.account, kind=kind, name=name, actor=self.actor, at=at)
        return self._places.get((kind, name))


def events_of(member: Membership, real: str, recent: Recent) -> Iterable[Event]:
    """A real person's events while the member was one."""
    return [
        Event(f"{member.public_id}-{number}", member.public_id, event.feature, event.at)
        for number, event in enumerate(recent.of(real))
        if event.at >= member.joined_at and (member.left_at is None or event.at < member.left_at)
    ]


def sign_up(people: Iterable[tuple[str, str]], *, locale: str, at: datetime) -> list[User]:
    """People with a verified address who sign in by code: names and addresses in, users out, in the same order."""
    users = [User(email=email, name=name, locale=locale, date_joined=at) for name, email in people]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    return users


def add_to(firm: Firm, user: User, role: str, at: datetime) -> None:
    """Somebody who already signs in elsewhere joins one more account."""
    add_member(account=firm.account, user=user, role=role, at=at, actor=firm.actor)
