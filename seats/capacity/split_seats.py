"""Keep parts of an account's seats for regions; everybody else shares the rest."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.members.structure import hold_place
from accounts.models import Account, Region
from accounts.webhooks.emit_events import emit_event
from seats.errors import SplitTooLarge, SplitWrong
from seats.holders.admit_waiting import admit_waiting
from seats.models import Assignment, RegionPool, SeatPool
from seats.pool.pools import lock_pool, recounting
from seats.pool.regions import region_pools

MOST = 100_000


@transaction.atomic
def split_seats(
    *, account: Account, seats: Mapping[Region, int], reason: str, actor: Actor, at: datetime
) -> list[RegionPool]:
    """Give each region named a pool of so many seats, and all others none; nobody loses a seat by it.

    Who sits there is counted in the new pool, beyond its number if need be; who waits gets a seat where there is room
    now. What exceeds the account's seats already, since purchases ended, may only be lowered.

    Raises SplitWrong, SplitTooLarge, BadSetting.
    """
    if any(not 1 <= count <= MOST for count in seats.values()):
        raise SplitWrong
    pool = lock_split(account=account, regions=seats)
    total = sum(seats.values())
    if pool.owned < total >= pool.set_aside:
        raise SplitTooLarge(seats=total, owned=pool.owned)
    _write(pool, {region.pk: count for region, count in seats.items()}, reason=reason, actor=actor, at=at)
    return list(region_pools(account))


def lock_split(*, account: Account, regions: Iterable[Region]) -> SeatPool:
    """The locks of split_seats in its order: the regions, so that none is deleted meanwhile, then the pool."""
    for region in sorted(regions, key=lambda each: each.pk):
        hold_place(account, region, field="regions")
    return lock_pool(account)


@transaction.atomic
def end_region_pool(*, account: Account, region: Region, actor: Actor, at: datetime) -> None:
    """Give a region's seats back to the rest, for the region itself is about to go."""
    pool = lock_pool(account)
    kept = RegionPool.objects.filter(account=account).exclude(region=region)
    _write(pool, dict(kept.values_list("region_id", "seats")), reason="", actor=actor, at=at)


def told_split(account: Account) -> list[dict[str, Any]]:
    """The pools as events and the trail state them."""
    return [
        {"region": {"id": one.region.public_id, "name": one.region.name}, "seats": one.seats}
        for one in region_pools(account)
    ]


def _write(pool: SeatPool, wanted: Mapping[int, int], *, reason: str, actor: Actor, at: datetime) -> None:
    """Make the pools just these. `pool` is locked."""
    account = pool.account
    before = told_split(account)
    pools = RegionPool.objects.select_for_update(no_key=True).filter(account=account).order_by("pk")
    present = {one.region_id: one for one in pools}
    if {region: one.seats for region, one in present.items()} == dict(wanted):
        return
    taken = Assignment.objects.filter(account=account, ended_at__isnull=True)
    with recounting():
        for region, one in present.items():
            if region not in wanted:
                # Its seats first, then its number: the rest takes them over whole.
                Assignment.objects.filter(region_pool=one).update(region_pool=None)
                one.delete()
            elif one.seats != wanted[region]:
                RegionPool.objects.filter(pk=one.pk).update(seats=wanted[region])
        for region in wanted.keys() - present.keys():
            RegionPool.objects.create(account=account, region_id=region, seats=wanted[region])
            theirs = Q(membership__region=region) | Q(membership__isnull=True, invitation__region=region)
            # A trigger looks anew where each belongs.
            taken.filter(pk__in=taken.filter(theirs).values("pk")).update(membership=F("membership"))
    after = told_split(account)
    record_audit(
        account=account,
        actor=actor,
        action="regions.split",
        target=account.public_id,
        summary=reason,
        old=before,
        new=after,
    )
    emit_event(account=account, kind="seats.regions_changed", data={"before": before, "after": after}, at=at)
    admit_waiting(account=account, at=at)
