"""Who sits: counts and lists. Every query starts from an account."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Account, Invitation, Membership
from seats.models import Assignment, RegionPool, SeatPool, WaitingPerson
from seats.pool.budgets import used_up
from seats.pool.rules import seats_off

# "Active" is at least one counted action within this time (the seed's 30 days).
ACTIVE_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class SeatCounts:
    """One account's seats at one moment.

    assigned = held + reserved. free = purchased seats that nobody holds. over = seats in use beyond the purchased
    ones and those free of charge.
    active = held seats whose holder did something in the last 30 days. limit = purchased + comped +
    soft allowance. comped = seats free of charge until comped_until, that day included. began_at = the first purchase.
    """

    purchased: int
    assigned: int
    held: int
    reserved: int
    free: int
    active: int
    idle: int
    over: int
    limit: int
    allowance: int
    comped: int
    comped_until: date | None
    mode: str
    frozen: str
    over_since: datetime | None
    began_at: datetime | None
    grace_days: int
    account: Account = field(repr=False, compare=False)

    @cached_property
    def waiting(self) -> int:
        """How many people wait for a seat. Few pages say it, so it is asked when it is read."""
        return waiting_in(self.account).count()

    @property
    def active_percent(self) -> int | None:
        """Active ÷ purchased in whole percent, rounded down; None without seats."""
        return self.active * 100 // self.purchased if self.purchased else None

    @property
    def off(self) -> bool:
        """Whether the seats do not work at present."""
        return seats_off(self.frozen)

    @property
    def at_limit(self) -> bool:
        """Whether the next claim would be refused."""
        return self.assigned >= self.limit


def seat_counts(account: Account, at: datetime, *, pool: SeatPool | None = None) -> SeatCounts:
    """Count one account's seats: two queries, whatever its size. pool: where it has been read already."""
    pool = pool or SeatPool.objects.get(account=account)
    seats = Assignment.objects.filter(account=account, ended_at__isnull=True).aggregate(
        held=Count("pk", filter=Q(state=Assignment.State.HELD)),
        reserved=Count("pk", filter=Q(state=Assignment.State.RESERVED)),
        active=Count("pk", filter=Q(membership__last_active_at__gte=at - ACTIVE_WITHIN)),
    )
    return SeatCounts(
        purchased=pool.purchased,
        assigned=pool.assigned,
        held=seats["held"],
        reserved=seats["reserved"],
        free=pool.free,
        active=seats["active"],
        idle=seats["held"] - seats["active"],
        over=pool.over,
        limit=pool.limit,
        allowance=pool.allowance,
        comped=pool.comped,
        comped_until=pool.comped_until,
        mode=pool.mode,
        frozen=pool.frozen,
        over_since=pool.over_since,
        began_at=pool.began_at,
        grace_days=pool.grace_days,
        account=account,
    )


def open_seats(account: Account) -> QuerySet[Assignment]:
    """Seats held or reserved now."""
    return Assignment.objects.filter(account=account, ended_at__isnull=True).select_related(
        "membership__user", "invitation"
    )


def seat_of(membership: Membership) -> Assignment | None:
    """The seat that a member holds."""
    return Assignment.objects.filter(
        account=membership.account_id, membership=membership, ended_at__isnull=True
    ).first()


def waiting_in(account: Account) -> QuerySet[WaitingPerson]:
    """The queue, first come first."""
    return WaitingPerson.objects.filter(
        account=account, served_at__isnull=True, withdrawn_at__isnull=True
    ).select_related("membership__user", "invitation")


def who_may_be_next(account: Account, at: datetime, spent: Collection[int]) -> tuple[Q, Q]:
    """Whom the queue may serve: members, and people whose invitation is open. spent: departments it passes by.

    An account in each condition, so that both are inner joins and their rows can be locked.
    """
    members = Q(membership__account=account, membership__left_at__isnull=True)
    invited = Q(membership__isnull=True, invitation__account=account, invitation__state=Invitation.State.OPEN)
    invited &= Q(invitation__expires_at__gt=at)
    if spent:
        members &= ~Q(membership__department_id__in=spent)
        invited &= ~Q(invitation__department_id__in=spent)
    return members, invited


def somebody_is_before(*, account: Account, region: int | None, at: datetime) -> bool:
    """Whether others wait for a seat from the pool from which somebody of this region would get one.

    Those whom the queue passes by hold up nobody: their department's budget is used up, or their invitation ran out.
    """
    members, invited = who_may_be_next(account, at, ())
    queue = waiting_in(account).filter(members | invited)
    if not queue.exists():
        return False
    members, invited = who_may_be_next(account, at, used_up(account))
    pooled = set(RegionPool.objects.filter(account=account).values_list("region_id", flat=True))
    queue = queue.filter(members | invited).alias(where=Coalesce("membership__region_id", "invitation__region_id"))
    if region in pooled:
        return queue.filter(where=region).exists()
    return queue.filter(Q(where__isnull=True) | ~Q(where__in=pooled)).exists()


def tenures_of(membership: Membership) -> QuerySet[Assignment]:
    """Every seat a member ever held, newest first."""
    return Assignment.objects.filter(account=membership.account_id, membership=membership).select_related(
        "started_by", "ended_by"
    )
