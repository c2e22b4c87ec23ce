"""Give free seats to those who wait, first come first served."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, Q

from accounts.access.actor import Actor
from accounts.models import Account, Invitation
from seats.holders.claim import claim
from seats.models import SeatPool, WaitingPerson
from seats.pool.budgets import used_up, within_budgets
from seats.pool.pools import lock_pool
from seats.pool.regions import lock_rooms
from seats.pool.rules import Room

log = structlog.get_logger(__name__)


@transaction.atomic
def admit_waiting(*, account: Account, at: datetime) -> int:
    """Seat as many as there are free seats, paid or free of charge; returns how many. Never the soft allowance.

    People of a department whose budget is used up keep their place and are passed by. Where a region has a pool, its
    people wait for that one's seats and hold up nobody else.
    """
    pool = lock_pool(account)
    if pool.frozen or not pool.open:
        return 0
    # An account in each condition, so that both are inner joins and their rows can be locked.
    spent = used_up(account)
    members = Q(membership__account=account, membership__left_at__isnull=True)
    members &= ~Q(membership__department_id__in=spent)
    invited = Q(membership__isnull=True, invitation__account=account, invitation__state=Invitation.State.OPEN)
    invited &= ~Q(invitation__department_id__in=spent)
    rooms = lock_rooms(pool)
    found = [
        *_with_room(account, members, "membership", pool, rooms),
        *_with_room(account, invited & Q(invitation__expires_at__gt=at), "invitation", pool, rooms),
    ]
    places = within_budgets(account, sorted(found, key=lambda place: (place.since, place.pk)))
    next_ones = _fitting(places, pool, rooms)
    if next_ones:
        claim(
            account=account,
            members=[place.membership for place in next_ones if place.membership],
            invitations=[place.invitation for place in next_ones if not place.membership and place.invitation],
            actor=Actor.system("task"),
            at=at,
        )
    return len(next_ones)


def _with_room(
    account: Account, who: Q, row: str, pool: SeatPool, rooms: Mapping[int | None, Room]
) -> Iterator[WaitingPerson]:
    """The first places for each room, as many as it has seats."""
    regions = [region for region in rooms if region is not None]
    for region in rooms:
        where = Q(**{f"{row}__region": region}) if region is not None else ~Q(**{f"{row}__region__in": regions})
        most = min(_free(pool, rooms, region), pool.open)
        if most:
            yield from _locked(account, who & where if regions else who, row, most)


def _free(pool: SeatPool, rooms: Mapping[int | None, Room], region: int | None) -> int:
    """Seats of a room for the queue: the soft allowance, which is the common room's, is not."""
    return rooms[region].free if region is not None else max(rooms[None].free - pool.allowance, 0)


def _fitting(places: Sequence[WaitingPerson], pool: SeatPool, rooms: Mapping[int | None, Room]) -> list[WaitingPerson]:
    """Those who find room, in their order, and no more than there are seats."""
    left = {region: _free(pool, rooms, region) for region in rooms}
    fitting: list[WaitingPerson] = []
    for place in places:
        person = place.membership or place.invitation
        region = person.region_id if person and person.region_id in rooms else None
        if left[region] and len(fitting) < pool.open:
            left[region] -= 1
            fitting.append(place)
    return fitting


def _locked(account: Account, who: Q, row: str, most: int) -> list[WaitingPerson]:
    """The first places, with the person locked.

    People are locked before the pool everywhere else. Here the pool is held already, so nobody is waited for: who
    leaves or gets a seat at this very moment is passed by, and the queue moves on next time.
    """
    queue = WaitingPerson.objects.filter(who, account=account, served_at__isnull=True, withdrawn_at__isnull=True)
    related = "membership__user" if row == "membership" else "invitation"
    locked = queue.select_related(related).select_for_update(of=("self", row), skip_locked=True, no_key=True)
    return list(locked.order_by("since", "pk")[:most])


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
