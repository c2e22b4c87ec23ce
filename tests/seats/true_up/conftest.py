"""An account that pays, with people who work and people who do not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import Membership
from billing.mirror.refresh import refresh_subscription
from billing.models import Terms
from seats.holders.claim import claim
from tests.conftest import Funded
from tests.factories.seats import SYSTEM, crowd, use

Team = Callable[..., list[Membership]]


@pytest.fixture
def team(now: datetime) -> Team:
    """Seat `busy` people who work up to the period's last days and `idle` ones who never do, all seated long ago."""

    def make(
        funded: Funded, *, busy: int, idle: int, seated: datetime | None = None, worked: datetime | None = None
    ) -> list[Membership]:
        at = seated or now - timedelta(days=60)
        people = crowd(funded.account, busy + idle, at)
        claim(account=funded.account, members=people, actor=SYSTEM, at=at)
        for person in people[:busy]:
            use(person, worked or funded.subscription.items.get().period_end - timedelta(days=2), days=1)
        return people

    return make


def agree(funded: Funded, policy: str, **more: object) -> Terms:
    """What the vendor and the account agreed."""
    return Terms.objects.update_or_create(account=funded.account, defaults={"inactive_policy": policy, **more})[0]


def to_period_end(funded: Funded, now: datetime, *, before: timedelta = timedelta(hours=1)) -> datetime:
    """Let time pass at Stripe until shortly before the renewal; returns that moment."""
    moment = funded.subscription.items.get().period_end - before
    funded.desk.advance(int((moment - now).total_seconds()))
    return moment


def renew(funded: Funded) -> datetime:
    """Let the period end and read what came of it."""
    end = funded.subscription.items.get().period_end
    funded.desk.advance(4 * 3600)  # A renewal invoice is a draft for one hour.
    refresh_subscription(stripe_id=funded.stripe_id, at=end + timedelta(hours=3))
    return end + timedelta(hours=3)
