"""The demo's past, lived through in order: what people did, and what Stripe did by itself in between."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from billing.mirror.refresh import refresh_subscription
from billing.models import SubscriptionItem
from seatportal.demo.vendor import Vendor

type Act = Callable[[datetime], object]

# A renewal's invoice is a draft for an hour, then it is charged.
CHARGED_AFTER = timedelta(minutes=90)


class Timeline:
    """Acts by their moment, played on the simulator's clock."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self._acts: list[tuple[datetime, int, Act]] = []
        self._order = count()

    def at(self, moment: datetime, act: Act) -> None:
        """Plan an act; acts of one moment happen in the order in which they were planned."""
        heapq.heappush(self._acts, (moment, next(self._order), act))

    def play(self, *, until: datetime) -> None:
        """Do all that is planned up to `until`, with the renewals that fall in between."""
        while self._acts and self._acts[0][0] <= until:
            moment, _, act = heapq.heappop(self._acts)
            self._renew(until=moment)
            self._go(moment)
            with stamped(moment):
                act(moment)
        self._renew(until=until)
        self._go(until)

    def _renew(self, *, until: datetime) -> None:
        """Read each subscription again after it renewed, as its webhooks would have made us do."""
        while True:
            item = (
                SubscriptionItem.objects.filter(period_end__lte=until - CHARGED_AFTER)
                .order_by("period_end")
                .select_related("subscription")
                .first()
            )
            if item is None:
                return
            moment = item.period_end + CHARGED_AFTER
            self._go(moment)
            with stamped(moment):
                refresh_subscription(stripe_id=item.subscription.stripe_id, at=moment)

    def _go(self, moment: datetime) -> None:
        self.vendor.advance_to(moment)


@contextmanager
def stamped(moment: datetime) -> Iterator[None]:
    """Rows made inside are dated at `moment`, so that the trail tells the past when it happened, not when it was built.

    For the one process that builds the demo; nothing else may run in it.
    """
    real = timezone.now
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = real
