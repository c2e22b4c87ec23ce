"""Staff who hear, and an account with so many seats bought, given and used."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from accounts.models import Account, Membership, User
from seats.models import Assignment, SeatPool
from tests.conftest import make_user
from tests.factories.seats import crowd, give_pool, seat

type Fill = Callable[..., list[Membership]]


@pytest.fixture
def staff_member(db: None) -> User:
    """Imani, the one member of staff."""
    return make_user("Imani", domain="vendor.example", is_staff=True)


@pytest.fixture
def fill(account: Account, now: datetime) -> Fill:
    """Give Acme so many seats, and put people in them of whom some are active; again as often as needed."""

    def make(
        *, purchased: int, assigned: int, active: int, of: Account = account, at: datetime = now
    ) -> list[Membership]:
        with transaction.atomic():
            give_pool(of, purchased, at)
            # Long ago, so that the first 30 days, in which nothing is judged low, are over.
            SeatPool.objects.filter(account=of).update(began_at=at - timedelta(days=60))
        open_seats = Assignment.objects.filter(account=of, ended_at=None)
        people = crowd(of, assigned - open_seats.count(), at, name=f"{of.slug}-{open_seats.count()}-")
        with transaction.atomic():
            for person in people:
                seat(person, at)
        holders = [s.membership for s in open_seats.select_related("membership").order_by("pk") if s.membership]
        for number, holder in enumerate(holders):
            holder.last_active_at = at if number < active else None
        Membership.objects.bulk_update(holders, ["last_active_at"])
        return holders

    return make
