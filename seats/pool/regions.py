"""An account's regional pools, and what is left beside them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Account, Membership
from seats.models import Assignment, RegionPool, SeatPool
from seats.pool.rules import Room, check_room


def region_pools(account: Account) -> QuerySet[RegionPool]:
    """By the region's name."""
    return RegionPool.objects.filter(account=account).select_related("region").order_by("region__name", "pk")


def has_pool(member: Membership) -> bool:
    """Whether the member's region has seats of its own."""
    return member.region_id is not None and RegionPool.objects.filter(region=member.region_id).exists()


def lock_rooms(pool: SeatPool) -> dict[int | None, Room]:
    """The room of each region that has a pool, by the region's key; None: of everybody else.

    `pool` is locked already. Nothing but the common room, and no query, while no pool is set.
    """
    return _rooms(pool, _pools_of(pool).select_for_update(no_key=True, of=("self",)))


def rooms_of(pool: SeatPool) -> dict[int | None, Room]:
    """The same as a look; nothing is locked."""
    return _rooms(pool, _pools_of(pool))


def _pools_of(pool: SeatPool) -> QuerySet[RegionPool]:
    return RegionPool.objects.filter(account=pool.account_id).select_related("region").order_by("pk")


def _rooms(pool: SeatPool, pools: Iterable[RegionPool]) -> dict[int | None, Room]:
    rooms: dict[int | None, Room] = {
        one.region_id: Room(one.seats, one.assigned, region=one.region.name)
        for one in (pools if pool.set_aside else ())
    }
    return rooms | {None: Room(pool.common, pool.common_assigned, split=bool(pool.set_aside))}


def common_open(pool: SeatPool) -> int:
    """Free seats, paid or free of charge, that no region keeps for its own people; without the soft allowance."""
    return min(pool.open, max(pool.common - pool.common_assigned - pool.allowance, 0))


def check_rooms(pool: SeatPool, regions: Iterable[int | None]) -> None:
    """Raise RegionFull unless one more person of each of these regions finds room. `pool` is locked.

    regions: keys, None for nobody's; one for each person.
    """
    if not pool.set_aside:
        return
    rooms = lock_rooms(pool)
    wanted = Counter(region if region in rooms else None for region in regions)
    for region, count in wanted.items():
        check_room(rooms[region], count)


def check_regions(account: Account, members: Iterable[Membership]) -> None:
    """Raise RegionFull where members belong to regions whose pools have no room now. A look; nothing is locked."""
    wanted = Counter(member.region_id for member in members)
    for pool in region_pools(account).filter(region__in=[region for region in wanted if region is not None]):
        check_room(Room(pool.seats, pool.assigned, region=pool.region.name), wanted[pool.region_id])


def check_move(pool: SeatPool, seat: Assignment, region: int | None) -> bool:
    """Whether an open seat will come from another pool than now; raises RegionFull where there is no room.

    pool: locked. region: where its holder will belong.
    """
    if not pool.set_aside:
        return False
    rooms = lock_rooms(pool)
    there = region if region in rooms else None
    here = seat.region_pool.region_id if seat.region_pool else None
    if here == there:
        return False
    check_room(rooms[there], 1)
    return True


@dataclass(frozen=True)
class Split:
    """How an account's seats are split: the pools of regions, and what everybody else shares.

    common: as many seats as no pool has claimed, the soft allowance included. exceeds: how many more seats the pools
    have than there are, since purchases ended.
    """

    pools: list[RegionPool]
    owned: int
    set_aside: int
    common: int
    common_assigned: int

    @property
    def common_free(self) -> int:
        """Seats that the others may still take."""
        return max(self.common - self.common_assigned, 0)

    @property
    def common_over(self) -> int:
        """Seats in use by the others beyond theirs."""
        return max(self.common_assigned - self.common, 0)

    @property
    def common_owned(self) -> int:
        """The others' seats without the soft allowance."""
        return max(self.owned - self.set_aside, 0)

    @property
    def common_extra(self) -> int:
        """The soft allowance among the others' seats."""
        return self.common - self.common_owned

    @property
    def common_beyond(self) -> int:
        """Seats in use by the others beyond those without the allowance."""
        return max(self.common_assigned - self.common_owned, 0)

    @property
    def exceeds(self) -> int:
        """Seats set aside that are not there."""
        return max(self.set_aside - self.owned, 0)


def split_of(pool: SeatPool) -> Split:
    """The split of an account now; no query for pools while there are none."""
    return Split(
        pools=list(region_pools(pool.account)) if pool.set_aside else [],
        owned=pool.owned,
        set_aside=pool.set_aside,
        common=pool.common,
        common_assigned=pool.common_assigned,
    )
