"""Take idle seats back from the people who do not use them: one act, all or none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from billing.changes.decreases import plan_decrease
from billing.mirror.queries import live_subscription, open_decrease
from billing.models import ScheduledDecrease, Subscription
from seats.errors import NothingToReclaim, ReclaimChanged, UsageIsPrivate
from seats.holders.queries import ACTIVE_WITHIN, waiting_in
from seats.holders.release_seat import release_seats
from seats.models import Assignment, SeatRequest
from seats.pool.pools import lock_pool
from seats.reclaim.rules import AfterReclaim
from seats.requests.decide_request import decide_request
from seats.requests.queries import open_wishes
from seats.usage.settings import groups_only


class Then(StrEnum):
    """What becomes of the freed seats. People in the queue are served first in any case."""

    KEEP = "keep"
    GIVE = "give"
    REDUCE = "reduce"


@dataclass(frozen=True)
class Reclaimed:
    """What was done. active: people who worked again meanwhile and keep their seat. gone: seats that somebody else
    freed or moved meanwhile. served: people of the queue who got one. answered: requests approved with one."""

    freed: list[Assignment]
    active: list[Membership]
    gone: int
    served: int
    answered: list[SeatRequest]
    plan: ScheduledDecrease | None


@transaction.atomic
def reclaim_seats(
    *,
    account: Account,
    seat_ids: Collection[str],
    actor: Actor,
    at: datetime,
    then: Then = Then.KEEP,
    expected: int | None = None,
    reason: str = "",
) -> Reclaimed:
    """Release the idle ones of these seats, and keep, give on or plan away what becomes free.

    Who was active in the last 30 days by now keeps the seat. expected: for GIVE how many requests are approved, for
    REDUCE the seats of the next period, as they were shown; where anything moved since, nothing is done.

    Raises NothingToReclaim, ReclaimChanged, UsageIsPrivate (privacy mode), and what plan_decrease raises.
    """
    if groups_only(account):
        raise UsageIsPrivate
    plan = _plan(account, expected, actor, at, reason) if then == Then.REDUCE else None
    asking = list(open_wishes(account)[: expected or 0]) if then == Then.GIVE else []
    wanted = Assignment.objects.filter(
        account=account, public_id__in=seat_ids, ended_at__isnull=True, state=Assignment.State.HELD
    )
    # Members before the pool, as everywhere; those who will get a seat with those who lose one, so that no claim waits
    # for us while we wait for it.
    ids = [*wanted.values_list("membership_id", flat=True), *(request.membership_id for request in asking)]
    members = Membership.objects.select_for_update(no_key=True, of=("self",)).filter(account=account, pk__in=ids)
    people = {member.pk: member for member in members.select_related("user").order_by("pk")}
    pool = lock_pool(account)
    seats = list(wanted.filter(membership_id__in=people).order_by("pk"))
    idle = [seat for seat in seats if is_idle(seat, people[seat.membership_id or 0], at)]
    active = [people[seat.membership_id or 0] for seat in seats if seat not in idle]
    gone = len(set(seat_ids)) - len(seats)
    if not idle:
        raise NothingToReclaim
    after = AfterReclaim(
        purchased=pool.purchased,
        assigned=pool.assigned,
        active=0,
        freed=len(idle),
        waiting=waiting_in(account).filter(membership__left_at__isnull=True).count(),
        renewing=pool.purchased,
        seated=not pool.frozen,
    )
    if then != Then.KEEP and (active or gone):
        raise ReclaimChanged
    if then == Then.REDUCE and after.reduced_to != expected:
        raise ReclaimChanged
    if then == Then.GIVE and (len(asking) != expected or not 0 < expected <= after.left):
        raise ReclaimChanged
    release_seats(account=account, assignments=idle, actor=actor, at=at, reason=reason)
    answered = [
        decide_request(account=account, request=request, approve=True, answer="", actor=actor, at=at)
        for request in asking
    ]
    return Reclaimed(freed=idle, active=active, gone=gone, served=after.given, answered=answered, plan=plan)


def is_idle(seat: Assignment, holder: Membership, at: datetime) -> bool:
    """Held for at least 30 days without an action in that time: the rule of the idle list. Pure."""
    since = at - ACTIVE_WITHIN
    silent = holder.last_active_at is None or holder.last_active_at < since
    return silent and seat.started_at <= since


def _plan(account: Account, quantity: int | None, actor: Actor, at: datetime, reason: str) -> ScheduledDecrease | None:
    """The reduction comes first: the subscription is locked before people and pool. One that stands is not replaced;
    it may be on Stripe already, and this is a transaction."""
    subscription = live_subscription(account)
    if subscription is not None:
        Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
    if quantity is None or open_decrease(account) is not None:
        raise ReclaimChanged
    return plan_decrease(account=account, quantity=quantity, actor=actor, at=at, reason=reason)
