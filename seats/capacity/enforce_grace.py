"""When the grace is over, those who came last beyond the limit lose their seat and go to the queue."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from accounts.access.actor import Actor
from accounts.models import Account
from billing.models.subscription import ENDED
from seats.holders.release_seat import close_tenures
from seats.holders.wait import enqueue
from seats.models import Assignment, SeatPool
from seats.pool.pools import lock_pool

# After a subscription has ended, its holders are kept for a new one (payments.md §8).
KEPT_AFTER_END = timedelta(days=30)

log = structlog.get_logger(__name__)


def enforce_grace(*, at: datetime) -> int:
    """Release what is over the limit for longer than its grace; returns how many. The subscription stays as it is.

    After an end the grace is KEPT_AFTER_END, so that a new subscription finds everybody in their seats.
    One that fails never stops the rest.
    """
    freed = 0
    over = SeatPool.objects.filter(assigned__gt=F("purchased") + F("comped") + F("allowance"), over_since__isnull=False)
    for pool in over.select_related("account").order_by("pk"):
        ended = pool.frozen in ENDED
        grace = KEPT_AFTER_END if ended else timedelta(days=pool.grace_days)
        if pool.over_since is not None and at - pool.over_since >= grace:
            try:
                freed += release_newest(account=pool.account, at=at, ended=ended)
            except Exception:
                log.exception("grace_not_enforced", account=pool.account.public_id)
    return freed


@transaction.atomic
def release_newest(*, account: Account, at: datetime, ended: bool = False) -> int:
    """Release the seats given last until the limit holds; those people wait for the next free one.

    ended: the subscription has, so there is nothing to wait for. Returns how many.
    """
    pool = lock_pool(account)
    count = pool.assigned - pool.limit
    if count <= 0:
        return 0
    newest = list(
        Assignment.objects.filter(account=account, ended_at__isnull=True)
        .select_related("membership", "invitation")
        .order_by("-started_at", "-pk")[:count]
    )
    actor = Actor.system("task")
    end_reason = Assignment.EndReason.ENDED if ended else Assignment.EndReason.OVER_LIMIT
    close_tenures(pool=pool, assignments=newest, end_reason=end_reason, actor=actor, at=at, reason="")
    for seat in newest:
        if seat.membership is not None and not ended:
            enqueue(account=account, membership=seat.membership, asked_by=None, at=at)
    log.info("grace_ended", account=account.public_id, released=len(newest))
    return len(newest)
