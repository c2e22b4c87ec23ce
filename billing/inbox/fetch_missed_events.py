"""Gap repair: ask Stripe for the events that never reached us."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from billing.gateway.stripe_api import gateway
from billing.inbox.receive_event import receive_event
from billing.models import EventCursor

log = structlog.get_logger(__name__)

# Stripe's list may lag a little behind what it delivers.
OVERLAP = timedelta(minutes=10)
# Stripe keeps events for 30 days.
HISTORY = timedelta(days=30)


def fetch_missed_events(*, at: datetime) -> int:
    """Put every event that is missing into the inbox; returns how many. Raises GatewayError.

    Begins where the last complete reading ended; one that breaks off leaves the cursor, so nothing is skipped. All
    events are read, not only those that Stripe counts as undelivered: another endpoint may have taken them, and a
    database restored from a copy has forgotten what it once had.
    """
    cursor = EventCursor.objects.order_by("pk").first()
    if cursor is not None and cursor.read_until < at - HISTORY:
        log.error("event_gap_older_than_history", read_until=cursor.read_until.isoformat())
    since = cursor.read_until - OVERLAP if cursor else at - HISTORY
    missed, newest = 0, cursor.read_until if cursor else at - HISTORY
    for event in gateway().events_since(since):
        missed += receive_event(event=event)
        newest = max(newest, event.created)
    _move(newest)
    return missed


@transaction.atomic
def _move(read_until: datetime) -> None:
    """Forward only; two readings at once leave the later one."""
    cursor, _ = EventCursor.objects.select_for_update().get_or_create(pk=1, defaults={"read_until": read_until})
    if cursor.read_until < read_until:
        cursor.read_until = read_until
        cursor.save(update_fields=["read_until"])
