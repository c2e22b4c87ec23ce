"""What a crash, a lost answer or a lost webhook left: found here, whoever dropped it."""

from datetime import datetime

import structlog
from django.db.models import Q

from billing.changes.finish_change import finish_change
from billing.changes.rules import LOOK_AGAIN
from billing.models import QuantityChange

log = structlog.get_logger(__name__)
State = QuantityChange.State

BATCH = 50


def finish_open_changes(*, at: datetime) -> int:
    """Carry every due change on; returns how many were looked at. One that fails never stops the rest."""
    due = Q(state__in=(State.CONFIRMED, State.UNKNOWN), next_try_at__lte=at)
    due |= Q(state__in=(State.CONFIRMED, State.UNKNOWN, State.AWAITING_PAYMENT), next_try_at__isnull=True)
    due |= Q(state=State.CALLING, lease_until__lte=at) | Q(state=State.AWAITING_PAYMENT, next_try_at__lte=at)
    looked = 0
    for change in QuantityChange.objects.filter(due).order_by("pk")[:BATCH]:
        # Claim by a conditional update, so that two sweeps do not read for the same change at once.
        mine = QuantityChange.objects.filter(pk=change.pk, state=change.state, next_try_at=change.next_try_at).update(
            next_try_at=at + LOOK_AGAIN
        )
        if not mine:
            continue
        looked += 1
        try:
            finish_change(change_id=change.pk, at=at)
        except Exception:
            log.exception("change_not_finished", change=change.public_id)
    return looked
