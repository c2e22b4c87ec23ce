"""Change an account's limit: hard, or soft with an allowance; for good, or by staff as an exception until a day."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from accounts.webhooks.emit_events import emit_event
from seats.errors import ExceptionWrong, PolicyWrong
from seats.holders.admit_waiting import admit_waiting
from seats.models import SeatPool
from seats.pool.pools import lock_pool, policy_of

LONGEST = timedelta(days=366)
# No zone is further ahead of UTC.
FURTHEST_AHEAD = timedelta(hours=14)

log = structlog.get_logger(__name__)


@transaction.atomic
def set_policy(
    *,
    account: Account,
    mode: str,
    allowance: int,
    grace_days: int,
    reason: str,
    actor: Actor,
    at: datetime,
    until: date | None = None,
) -> SeatPool:
    """Set mode (hard or soft), extra seats and days of grace; nobody loses a seat by it.

    until: as an exception through that day in the account's zone, after which the limit is again what it was before
    any exception. Without it another limit is set for good, and an exception that stood is over; the same limit
    changes nothing, so that nobody makes an exception last by saving what they see.
    Raises PolicyWrong, ExceptionWrong.
    """
    if mode not in SeatPool.Mode.values or allowance < 0 or not 0 <= grace_days <= 365:
        raise PolicyWrong
    if mode == SeatPool.Mode.HARD and allowance:
        raise PolicyWrong(field="allowance")
    if until is not None and not until_fits(account, until, at):
        raise ExceptionWrong(field="until")
    pool = lock_pool(account)
    new = {"mode": mode, "allowance": allowance, "grace_days": grace_days}
    if _limit(pool) == new and until in (None, pool.policy_until):
        return pool
    usual = pool.policy_after or _limit(pool)
    return _set(pool, new, until, usual if until else None, reason=reason, actor=actor, at=at)


def end_due_exceptions(*, at: datetime) -> int:
    """Put limits back whose exception's last day is over; returns how many. One that fails stops no other.

    The row is the job, so a late run ends what was due, and a second one finds nothing.
    """
    ended = 0
    due = SeatPool.objects.filter(policy_until__lt=(at + FURTHEST_AHEAD).date()).select_related("account")
    for found in due.order_by("pk"):
        try:
            ended += _end_if_over(found.account, at)
        except Exception:
            log.exception("exception_not_ended", account=found.account.public_id)
    return ended


@transaction.atomic
def _end_if_over(account: Account, at: datetime) -> bool:
    pool = lock_pool(account)
    if pool.policy_until is None or pool.policy_after is None or _today(account, at) <= pool.policy_until:
        return False
    _set(pool, pool.policy_after, None, None, reason="", actor=Actor.system("task"), at=at)
    return True


def _set(
    pool: SeatPool,
    limit: dict[str, Any],
    until: date | None,
    after: dict[str, Any] | None,
    *,
    reason: str,
    actor: Actor,
    at: datetime,
) -> SeatPool:
    """Write it with trail and event, and let those in who wait. The pool is locked."""
    account, before, ended = pool.account, policy_of(pool), pool.policy_until is not None and until is None
    old, within = _said(pool), pool.assigned <= pool.limit
    SeatPool.objects.filter(pk=pool.pk).update(**limit, policy_until=until, policy_after=after)
    pool.refresh_from_db()
    if ended and within and pool.assigned > pool.limit:
        # Whoever used the exception's seats goes beyond the limit only now; so the grace begins now.
        SeatPool.objects.filter(pk=pool.pk).update(over_since=at)
    record_audit(
        account=account,
        actor=actor,
        action="policy.changed",
        target=account.public_id,
        summary=reason,
        old=old,
        new=_said(pool),
    )
    emit_event(account=account, kind="seats.limit_changed", data={"before": before, "after": policy_of(pool)}, at=at)
    admit_waiting(account=account, at=at)
    pool.refresh_from_db()
    return pool


def until_fits(account: Account, until: date, at: datetime) -> bool:
    """Whether an exception may end on that day: from today on, within a year."""
    return timedelta(0) <= until - _today(account, at) <= LONGEST


def _limit(pool: SeatPool) -> dict[str, Any]:
    return {"mode": pool.mode, "allowance": pool.allowance, "grace_days": pool.grace_days}


def _said(pool: SeatPool) -> dict[str, Any]:
    """For the trail; the end stands there only while there is one."""
    return _limit(pool) | ({"until": pool.policy_until.isoformat()} if pool.policy_until else {})


def _today(account: Account, at: datetime) -> date:
    return at.astimezone(ZoneInfo(account.time_zone)).date()
