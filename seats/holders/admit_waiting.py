"""Give free seats to those who wait, first come first served."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F

from accounts.access.actor import Actor
from accounts.models import Account
from seats.holders.claim import claim
from seats.models import SeatPool, WaitingPerson
from seats.pool.pools import lock_pool

log = structlog.get_logger(__name__)


@transaction.atomic
def admit_waiting(*, account: Account, at: datetime) -> int:
    """Seat as many as there are free seats, paid or free of charge; returns how many. Never the soft allowance."""
    pool = lock_pool(account)
    if pool.frozen or not pool.open:
        return 0
    queue = WaitingPerson.objects.filter(
        account=account,
        served_at__isnull=True,
        withdrawn_at__isnull=True,
        membership__left_at__isnull=True,
    ).select_related("membership__user")
    # Members are locked before the pool everywhere else. Here the pool is held already, so nobody is waited for:
    # who leaves or gets a seat at this very moment is passed by, and the queue moves on next time.
    locked = queue.order_by("since", "pk").select_for_update(of=("self", "membership"), skip_locked=True, no_key=True)
    next_ones = list(locked[: pool.open])
    if next_ones:
        claim(account=account, members=[w.membership for w in next_ones], actor=Actor.system("task"), at=at)
    return len(next_ones)


def admit_all_waiting(*, at: datetime) -> int:
    """Every account that has both free seats and a queue; returns how many people got a seat.

    One that fails never stops the rest.
    """
    waiting = WaitingPerson.objects.filter(served_at__isnull=True, withdrawn_at__isnull=True)
    pools = SeatPool.objects.filter(
        frozen="", assigned__lt=F("purchased") + F("comped"), account_id__in=waiting.values("account_id")
    ).select_related("account")
    seated = 0
    for pool in pools.order_by("pk"):
        try:
            seated += admit_waiting(account=pool.account, at=at)
        except Exception:
            log.exception("waiting_not_admitted", account=pool.account.public_id)
    return seated
