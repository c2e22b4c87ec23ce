"""Who moved a subscription at Stripe, and did we hear of it?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.apps import apps

from billing.gateway.contract import GatewayError, RemoteEvent
from billing.gateway.stripe_api import gateway
from billing.models import StripeEvent
from billing.models.drift import Cause, Kind
from billing.reconcile.rules import cause_of
from seatportal.kit.ids import PublicIdField

log = structlog.get_logger(__name__)

KINDS = (
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.resumed",
    "customer.subscription.updated",
)
# The search goes through everybody's events, so it ends somewhere.
PAGES = 5
EARLIER = timedelta(minutes=10)
MOVES = {Kind.QUANTITY: {"items", "quantity"}, Kind.SHAPE: {"items", "plan", "currency", "billing_mode"}}


@dataclass(frozen=True)
class Origin:
    """cause: one of Cause. lost: the event is not in our inbox, or was given up on."""

    cause: Cause
    event_id: str = ""
    lost: bool = False


NOT_KNOWN = Origin(Cause.UNKNOWN)


def origin_of(*, kind: Kind, subscription_id: str, since: datetime | None, at: datetime) -> Origin:
    """The newest event since our last read that moved this. Never raises: a cause is a hint, not a condition."""
    begin = (since or at - timedelta(days=30)) - EARLIER
    try:
        events = [
            event
            for event in gateway().events_since(begin, kinds=KINDS, pages=PAGES)
            if event.subscription_id == subscription_id
        ]
    except GatewayError as error:
        log.warning("cause_not_found", subscription=subscription_id, error=type(error).__name__)
        return NOT_KNOWN
    wanted = MOVES.get(kind)
    chosen = next((event for event in events if wanted is None or wanted & _moved(event)), None)
    if chosen is None:
        return NOT_KNOWN
    heard = StripeEvent.objects.filter(pk=chosen.id).first()
    return Origin(cause_of(chosen, is_ours), chosen.id, heard is None or heard.state == StripeEvent.State.DEAD)


def is_ours(key: str) -> bool:
    """Whether a request's key is of one of our rows: `<what>:<public id>:…`."""
    subject = key.split(":")[1] if ":" in key else ""
    return any(
        model._default_manager.filter(public_id=subject).exists()
        for model in apps.get_app_config("billing").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, PublicIdField) and subject.startswith(f"{field.prefix}_")
    )


def _moved(event: RemoteEvent) -> set[str]:
    return set((event.payload.get("data") or {}).get("previous_attributes") or {})
