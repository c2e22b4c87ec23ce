"""Stop and allow self-service on one subscription. Seats that people have are never touched by it."""

from datetime import datetime

import structlog

from billing.models import Subscription

log = structlog.get_logger(__name__)


def freeze(*, subscription: Subscription, why: Subscription.Frozen, at: datetime) -> bool:
    """Let nobody buy until somebody has looked; open prices end, as the version moves. Returns whether it is news.

    In the caller's transaction. A graver reason stands: a changed shape is lifted by people only.
    """
    if subscription.frozen in (why, Subscription.Frozen.SHAPE):
        return False
    subscription.frozen, subscription.frozen_at = why, at
    subscription.version += 1
    subscription.save(update_fields=["frozen", "frozen_at", "version"])
    log.error("self_service_frozen", subscription=subscription.stripe_id, why=str(why))
    return True


def thaw(*, subscription: Subscription) -> bool:
    """Allow it again. In the caller's transaction."""
    if not subscription.frozen:
        return False
    subscription.frozen, subscription.frozen_at = "", None
    subscription.save(update_fields=["frozen", "frozen_at"])
    return True
