"""Gap repair: ask Stripe for the events that never reached us."""

from datetime import datetime, timedelta

from django.db.models import Max

from billing.gateway.stripe_api import gateway
from billing.inbox.receive_event import receive_event
from billing.models import StripeEvent

# Deliveries come late and out of order, so the search begins a little before the newest one known.
OVERLAP = timedelta(hours=2)
FIRST = timedelta(days=3)


def fetch_missed_events(*, at: datetime) -> int:
    """Put every event that is missing into the inbox; returns how many. Raises GatewayError."""
    newest = StripeEvent.objects.aggregate(newest=Max("stripe_created"))["newest"]
    since = newest - OVERLAP if newest else at - FIRST
    return sum(receive_event(event=event) for event in gateway().events_since(since))
