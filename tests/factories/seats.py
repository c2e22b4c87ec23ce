"""Seats, holders and use for tests, made by the product's own verbs."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access.actor import Actor
from accounts.models import Account, Membership, User
from seats.capacity.record_purchase import record_purchase
from seats.holders.claim import claim
from seats.models import Assignment, DailyUsage
from seats.pool.pools import pool_of
from seats.usage.ingest_events import ACCEPTED, ingest_events
from tests.factories.usage import event

SYSTEM = Actor.system("demo")


@transaction.atomic
def give_pool(account: Account, seats: int, at: datetime) -> None:
    """So many purchased seats, with their line in the ledger; a second time it is an edit elsewhere, not a start."""
    before = pool_of(account).purchased
    record_purchase(
        account=account,
        kind="external" if before else "started",
        before=before,
        after=seats,
        change=None,
        invoice_stripe_id="",
        actor=None,
        reason="",
        at=at,
    )


def seat(membership: Membership, at: datetime, *, actor: Actor = SYSTEM) -> Assignment:
    """A seat for a member."""
    return claim(account=membership.account, members=[membership], actor=actor, at=at)[0]


def use(membership: Membership, at: datetime, *, days: int, feature: str = "Reports", times: int = 2) -> None:
    """Activity on each of the last `days` days until `at`."""
    events = [
        event(membership.public_id, at - timedelta(days=back), feature=feature)
        for back in range(days)
        for _ in range(times)
    ]
    assert ingest_events(account=membership.account, events=events, at=at) == [ACCEPTED] * len(events)
    membership.refresh_from_db()


def crowd(account: Account, count: int, at: datetime, *, name: str = "Person") -> list[Membership]:
    """Many members at once, named so that they sort by number."""
    users = User.objects.bulk_create(
        [User(email=f"{name.lower()}{n:05}@crowd.example", name=f"{name} {n:05}", password="!") for n in range(count)]
    )
    return Membership.objects.bulk_create([Membership(account=account, user=user, joined_at=at) for user in users])


def crowd_use(members: list[Membership], at: datetime) -> None:
    """One day of use for each."""
    DailyUsage.objects.bulk_create(
        [DailyUsage(account=m.account, membership=m, feature="Reports", day=at.date(), count=1) for m in members]
    )
