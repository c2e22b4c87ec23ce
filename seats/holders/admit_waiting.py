"""Give free seats to those who wait, first come first served."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, Q

from accounts.access.actor import Actor
from accounts.models import Account
from seats.holders.claim import claim
from seats.holders.queries import who_may_be_next
from seats.models import SeatPool, WaitingPerson
from seats.pool.budgets import purse_of
from seats.pool.pools import lock_pool
from seats.pool.regions import lock_rooms
from seats.pool.stock import Stock, stock_of

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
    rooms, purse = lock_rooms(pool), purse_of(account)
    stock = stock_of(pool, rooms, purse)
    members, invited = who_may_be_next(account, at, [department for department, seats in purse.items() if seats < 1])
    found = [
        *_with_room(account, members, "membership", stock),
        *_with_room(account, invited, "invitation", stock),
    ]
    next_ones = _fitting(sorted(found, key=lambda place: (place.since, place.pk)), stock)
    if next_ones:
        claim(
            account=account,
            members=[place.membership for place in next_ones if place.membership],
            invitations=[place.invitation for place in next_ones if not place.membership and place.invitation],
            actor=Actor.system("task"),
            at=at,
        )
    return len(next_ones)


def _with_room(account: Account, who: Q, row: str, stock: Stock) -> Iterator[WaitingPerson]:
    """The first places for each room, as many as it has seats; all of them where budgets pass some by."""
    regions = [region for region in stock.free if region is not None]
    for region in stock.free or [None]:
        where = Q(**{f"{row}__region": region}) if region is not None else ~Q(**{f"{row}__region__in": regions})
        if stock.serves(region, None):
            yield from _locked(account, who & where if regions else who, row, None if stock.purse else stock.open)


def _fitting(places: Sequence[WaitingPerson], stock: Stock) -> list[WaitingPerson]:
    """Those who find room and whose department can pay, in their order, and no more than there are seats."""
    fitting: list[WaitingPerson] = []
    for place in places:
        person = place.membership or place.invitation
        if person and stock.serves(person.region_id, person.department_id):
            stock.take(person.region_id, person.department_id)
            fitting.append(place)
    return fitting


def _locked(account: Account, who: Q, row: str, most: int | None) -> list[WaitingPerson]:
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
