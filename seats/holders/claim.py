"""The one path by which a seat is taken: every door (page, API, invitation, sign-up, admin, purchase) ends here.

Three walls: the rule says no with a clear word; the pool's row lock makes the rule's numbers true; and the check
constraints on the counters refuse whatever forgot both.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Exists

from accounts.access.actor import Actor
from accounts.audit.record_audit import audit_entry, record_audit
from accounts.models import Account, AuditEntry, Invitation, Membership
from accounts.webhooks.emit_events import Told, emit_events, endpoints_on, invitation_data, member_data
from seatportal.kit.together import insert_together
from seats.errors import AlreadySeated, NotAMember, PersonPaused, RegionFull, SeatLimitReached
from seats.holders.paused import pauses_of
from seats.holders.wishes import settle_wishes, wishes_of
from seats.models import Assignment, LedgerEntry, SeatPool
from seats.pool.budgets import check_budgets, excesses
from seats.pool.ledger import new_entry
from seats.pool.pools import lock_pool, pool_of
from seats.pool.regions import check_rooms
from seats.pool.rules import check_may_claim


def claim(
    *,
    account: Account,
    members: Sequence[Membership] = (),
    invitations: Sequence[Invitation] = (),
    actor: Actor,
    at: datetime,
    reason: str = "",
    over_budget: bool = False,
) -> list[Assignment]:
    """Take one seat for each member and reserve one for each invitation: all or none.

    over_budget: somebody approved it, so the departments' budgets do not stop it.
    Raises SeatLimitReached, RegionFull, SeatsFrozen, BudgetExceeded, AlreadySeated, PersonPaused,
    NotAMember.
    """
    if not (members or invitations):
        return []
    try:
        with transaction.atomic():
            return _claim(account, members, invitations, actor, at, reason, over_budget)
    except IntegrityError as error:
        if "pool_never_oversold" in str(error):
            pool = pool_of(account)
            raise SeatLimitReached(limit=pool.limit, assigned=pool.assigned) from error
        if "region_never_oversold" in str(error) or "rest_never_oversold" in str(error):
            raise RegionFull from error
        if "seat_once_per" in str(error):
            raise AlreadySeated from error
        raise


def _claim(
    account: Account,
    members: Sequence[Membership],
    invitations: Sequence[Invitation],
    actor: Actor,
    at: datetime,
    reason: str,
    over_budget: bool,
) -> list[Assignment]:
    regions = _lock_members(account, members)
    pool = lock_pool(account)
    around = _look_around(account, members, invitations)
    if around.paused:
        raise PersonPaused
    wanted = len(members) + len(invitations)
    check_may_claim(frozen=pool.frozen, assigned=pool.assigned, limit=pool.limit, wanted=wanted)
    check_rooms(pool, [*regions, *(invitation.region_id for invitation in invitations)])
    if over_budget:
        _note_excess(account, members, invitations, actor, reason)
    else:
        check_budgets(account=account, members=members, invitations=invitations)
    common = {
        "account": account,
        "door": actor.door,
        "reason": reason[:200],
        "started_at": at,
        "started_by": actor.user,
    }
    rows = [Assignment(state=Assignment.State.HELD, membership=m, **common) for m in members]
    rows += [Assignment(state=Assignment.State.RESERVED, invitation=i, **common) for i in invitations]
    insert_together(rows, _entries(rows, pool, actor, at, reason), _audits(rows, actor, reason))
    if around.listened_to:
        emit_events(account=account, events=_told(rows, pool, reason), at=at)
    if around.wished_for:
        settle_wishes(account=account, members=members, invitations=invitations, actor=actor, at=at)
    return rows


class _Around(NamedTuple):
    """What there may be beside a claim, and mostly is not: a pause, a place in the queue or an open request of one of
    them, a webhook endpoint."""

    paused: bool
    wished_for: bool
    listened_to: bool


def _look_around(account: Account, members: Sequence[Membership], invitations: Sequence[Invitation]) -> _Around:
    """Asked with the members and the pool locked, under which pauses begin and queues change."""
    waiting, requests = wishes_of(account=account, members=members, invitations=invitations)
    found = SeatPool.objects.filter(account=account).values_list(
        Exists(pauses_of(account, members)),
        Exists(waiting),
        Exists(requests),
        Exists(endpoints_on(account)),
    )
    paused, waits, asks, listens = found.get()
    return _Around(paused=bool(paused), wished_for=bool(waits or asks), listened_to=bool(listens))


def _lock_members(account: Account, members: Sequence[Membership]) -> list[int | None]:
    """Against remove_member at the same moment, which would leave a seat with somebody who left, and against a move
    to another region; returns where each belongs."""
    ids = [m.pk for m in members]
    active = dict(
        Membership.objects.select_for_update(no_key=True)
        .filter(account=account, pk__in=ids, left_at__isnull=True)
        .order_by("pk")
        .values_list("pk", "region_id")
    )
    if active.keys() != set(ids):
        raise NotAMember
    return list(active.values())


def _note_excess(
    account: Account, members: Sequence[Membership], invitations: Sequence[Invitation], actor: Actor, reason: str
) -> None:
    """What goes beyond a department's budget by somebody's word stands in the trail."""
    for department, error in excesses(account=account, members=members, invitations=invitations):
        told = {name: error.data[name] for name in ("budget", "used", "seat_cost", "currency")}
        record_audit(
            account=account,
            actor=actor,
            action="budget.exceeded",
            target=department.public_id,
            summary=str(department),
            reason=reason[:200],
            **told,
        )


def _entries(rows: Sequence[Assignment], pool: SeatPool, actor: Actor, at: datetime, reason: str) -> list[LedgerEntry]:
    """One line of ledger for each seat."""
    return [
        new_entry(
            pool=pool,
            kind=LedgerEntry.Kind.ASSIGNED if row.membership else LedgerEntry.Kind.RESERVED,
            at=at,
            actor=actor.user,
            reason=reason,
            assigned=(before, before + 1),
            to_member=row.membership,
            to_email=row.invitation.email if row.invitation else "",
        )
        for before, row in enumerate(rows, start=pool.assigned)
    ]


def _audits(rows: Sequence[Assignment], actor: Actor, reason: str) -> list[AuditEntry]:
    """And one of audit."""
    return [
        audit_entry(
            account=row.account,
            actor=actor,
            action="seat.assigned" if row.membership else "seat.reserved",
            target=row.public_id,
            summary=str(row.membership.user if row.membership else row.invitation),
            reason=reason,
        )
        for row in rows
    ]


def _told(rows: Sequence[Assignment], pool: SeatPool, reason: str) -> Iterator[Told]:
    for row in rows:
        if row.membership:
            yield Told(
                "seat.assigned", {"seat": seat_data(row), "member": member_data(row.membership), "reason": reason}
            )
        elif row.invitation:
            yield Told(
                "seat.reserved",
                {"seat": seat_data(row), "invitation": invitation_data(row.invitation), "reason": reason},
            )
    if pool.assigned + len(rows) == pool.limit:
        numbers = {"purchased": pool.purchased, "assigned": pool.limit, "limit": pool.limit}
        yield Told("seats.limit_reached", {"pool": numbers})


def seat_data(seat: Assignment) -> dict[str, str]:
    """A seat, as every event names one."""
    return {"id": seat.public_id}
