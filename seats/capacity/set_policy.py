"""Change an account's limit: hard, or soft with an allowance."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from accounts.webhooks.emit_events import emit_event
from seats.errors import PolicyWrong
from seats.holders.admit_waiting import admit_waiting
from seats.models import SeatPool
from seats.pool.pools import lock_pool, policy_of


@transaction.atomic
def set_policy(
    *, account: Account, mode: str, allowance: int, grace_days: int, reason: str, actor: Actor, at: datetime
) -> SeatPool:
    """Set mode (hard or soft), extra seats and days of grace; nobody loses a seat by it. Raises PolicyWrong."""
    if mode not in SeatPool.Mode.values or allowance < 0 or not 0 <= grace_days <= 365:
        raise PolicyWrong
    if mode == SeatPool.Mode.HARD and allowance:
        raise PolicyWrong(field="allowance")
    pool = lock_pool(account)
    old = {"mode": pool.mode, "allowance": pool.allowance, "grace_days": pool.grace_days}
    new = {"mode": mode, "allowance": allowance, "grace_days": grace_days}
    if old == new:
        return pool
    SeatPool.objects.filter(pk=pool.pk).update(**new)
    record_audit(
        account=account,
        actor=actor,
        action="policy.changed",
        target=account.public_id,
        summary=reason,
        old=old,
        new=new,
    )
    before = policy_of(pool)
    pool.refresh_from_db()
    emit_event(account=account, kind="seats.limit_changed", data={"before": before, "after": policy_of(pool)}, at=at)
    admit_waiting(account=account, at=at)
    pool.refresh_from_db()
    return pool
