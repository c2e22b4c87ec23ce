"""Acme with ten seats without Stripe, and its integrator."""

from datetime import datetime

import pytest

from accounts.models import Account, Membership
from seats.models import SeatPool
from tests.integrator import Integrator, integrator_of


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    """A key of Acme with every scope."""
    return integrator_of(owner, now)


@pytest.fixture
def pool(account: Account) -> SeatPool:
    """Ten purchased seats, nobody on them."""
    SeatPool.objects.filter(account=account).update(purchased=10)
    return SeatPool.objects.get(account=account)


def limit_to(account: Account, seats: int) -> None:
    """Another purchased number, as the mirror would write it."""
    SeatPool.objects.filter(account=account).update(purchased=seats)
