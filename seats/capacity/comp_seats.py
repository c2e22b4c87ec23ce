"""Seats free of charge until a day: given, changed and ended by staff, and ended when their last day is over."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Role
from accounts.notices.send_notice import send_notice
from accounts.webhooks.emit_events import emit_event
from seatportal.kit.clock import noon_of
from seats.errors import CompNeedsSubscription, CompWrong, NothingComped
from seats.holders.admit_waiting import admit_waiting
from seats.models import LedgerEntry, SeatPool
from seats.pool.ledger import new_entry
from seats.pool.pools import lock_pool, policy_of

MOST = 10_000
LONGEST = timedelta(days=366)
ROLES = (Role.OWNER, Role.ADMIN, Role.BILLING)
# No zone is further ahead of UTC.
FURTHEST_AHEAD = timedelta(hours=14)

log = structlog.get_logger(__name__)


@transaction.atomic
def comp_seats(*, account: Account, seats: int, until: date, reason: str, actor: Actor, at: datetime) -> SeatPool:
    """Give so many seats free of charge through a day in the account's zone; what was given before is replaced.

    Those who wait get them at once. The same again changes nothing. Fewer or a nearer day than before take nobody's
    seat: what is taken beyond the limit has its grace. Raises CompWrong, CompNeedsSubscription.
    """
    today = _today(account, at)
    if not 1 <= seats <= MOST or not today <= until <= today + LONGEST:
        raise CompWrong
    pool = lock_pool(account)
    if not pool.purchased:
        raise CompNeedsSubscription
    if (pool.comped, pool.comped_until) == (seats, until):
        return pool
    entry = _set(pool, seats, until, reason=reason, actor=actor, at=at)
    _tell(account, "comp_given", entry, at, seats=seats, until_at=noon_of(until, account.time_zone))
    admit_waiting(account=account, at=at)
    pool.refresh_from_db()
    return pool


@transaction.atomic
def end_comp(*, account: Account, reason: str, actor: Actor, at: datetime) -> SeatPool:
    """End them now; nobody loses a seat at once, as when purchased seats go. Raises NothingComped."""
    pool = lock_pool(account)
    if not pool.comped:
        raise NothingComped
    return _end(pool, account, reason=reason, actor=actor, at=at)


def end_due_comps(*, at: datetime) -> int:
    """End what is free of charge where its last day is over; returns how many accounts. One that fails stops no other.

    The row is the job, so a late run ends what was due, and a second one finds nothing.
    """
    ended = 0
    latest = (at + FURTHEST_AHEAD).date()
    due = SeatPool.objects.filter(comped__gt=0, comped_until__lt=latest).select_related("account")
    for found in due.order_by("pk"):
        try:
            ended += _end_if_over(found.account, at)
        except Exception:
            log.exception("comp_not_ended", account=found.account.public_id)
    return ended


@transaction.atomic
def _end_if_over(account: Account, at: datetime) -> bool:
    pool = lock_pool(account)
    if pool.comped_until is None or _today(account, at) <= pool.comped_until:
        return False
    _end(pool, account, reason="", actor=Actor.system("task"), at=at)
    return True


def _end(pool: SeatPool, account: Account, *, reason: str, actor: Actor, at: datetime) -> SeatPool:
    seats = pool.comped
    entry = _set(pool, 0, None, reason=reason, actor=actor, at=at)
    beyond = max(pool.assigned - pool.limit, 0)
    _tell(account, "comp_ended", entry, at, seats=seats, beyond=beyond, grace_days=pool.grace_days)
    return pool


def _set(pool: SeatPool, seats: int, until: date | None, *, reason: str, actor: Actor, at: datetime) -> LedgerEntry:
    """Write the number and its end, with ledger, trail and event. The pool is locked; a trigger derives its ceiling."""
    before, comped, within = policy_of(pool), pool.comped, pool.assigned <= pool.limit
    SeatPool.objects.filter(pk=pool.pk).update(comped=seats, comped_until=until)
    pool.refresh_from_db()
    if within and pool.assigned > pool.limit:
        # Whoever was over before, by a soft limit's leave, goes beyond it only now; so the grace begins now.
        SeatPool.objects.filter(pk=pool.pk).update(over_since=at)
        pool.refresh_from_db()
    entry = new_entry(
        pool=pool,
        kind=LedgerEntry.Kind.COMPED,
        at=at,
        actor=actor.user,
        reason=reason,
        comped=(comped, seats),
    )
    entry.save()
    after = policy_of(pool)
    old, new = ({key: state[key] for key in ("complimentary", "complimentary_until")} for state in (before, after))
    record_audit(
        account=pool.account,
        actor=actor,
        action="seats.comped" if seats else "seats.comp_ended",
        target=pool.account.public_id,
        summary=reason,
        old=old,
        new=new,
    )
    emit_event(account=pool.account, kind="seats.limit_changed", data={"before": before, "after": after}, at=at)
    return entry


def _tell(account: Account, kind: str, entry: LedgerEntry, at: datetime, **context: object) -> None:
    send_notice(
        account=account,
        kind=kind,
        key=f"{kind}:{entry.public_id}",
        roles=ROLES,
        context={"link": reverse("seats:overview", args=[account.slug]), **context},
        at=at,
    )


def _today(account: Account, at: datetime) -> date:
    return at.astimezone(ZoneInfo(account.time_zone)).date()
