"""Regional pools: a full region refuses though others have free seats, by every door, and in the database itself."""

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Region
from seats.capacity.books import recount
from seats.capacity.enforce_grace import enforce_grace
from seats.capacity.set_policy import set_policy
from seats.capacity.split_seats import split_seats
from seats.errors import RegionFull, SeatLimitReached, SplitTooLarge, SplitWrong
from seats.holders.assign_seat import assign_seat
from seats.holders.claim import claim
from seats.holders.queries import seat_of
from seats.holders.release_seat import release_seat
from seats.invariants.check_invariants import check_invariants
from seats.models import Assignment, LedgerEntry, RegionPool, SeatPool
from seats.pool.regions import common_open
from tests.factories.seats import give_pool, seat
from tests.seats.regions.conftest import numbers, person, region


def test_the_forty_first_is_refused_though_others_have_free_seats(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    for name in ("Eva", "Emil"):
        seat(person(account, name, europe, now), now)
    third = person(account, "Ella", europe, now)
    entries, audits = LedgerEntry.objects.count(), AuditEntry.objects.count()

    with pytest.raises(RegionFull) as refused:
        assign_seat(account=account, membership=third, actor=actor, at=now)

    assert (refused.value.code, refused.value.status) == ("region_full", 409)
    assert refused.value.data == {"region": "EU", "seats": 2, "assigned": 2, "missing": 1}
    assert "All 2 seats of the region EU are in use" in str(refused.value)
    assert numbers(account) == (2, 0, 7, {"EU": (2, 2), "US": (0, 5)})
    assert (LedgerEntry.objects.count(), AuditEntry.objects.count()) == (entries, audits)
    assert seat_of(third) is None
    seat(person(account, "Uma", america, now), now)
    assert numbers(account) == (3, 0, 7, {"EU": (2, 2), "US": (1, 5)})


def test_who_has_no_region_or_one_without_a_pool_draws_from_the_rest(
    account: Account, split: None, actor: Actor, now: datetime
) -> None:
    apac = region(account, "APAC", now)
    for name, where in (("Nora", None), ("Ada", apac), ("Nils", None)):
        seat(person(account, name, where, now), now)

    for where in (None, apac):
        with pytest.raises(RegionFull) as refused:
            seat(person(account, f"Late {where}", where, now), now)
        assert refused.value.data == {"region": None, "seats": 3, "assigned": 3, "missing": 1}

    assert numbers(account) == (3, 3, 7, {"EU": (0, 2), "US": (0, 5)})


def test_all_or_none_over_several_regions(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    crowd = [person(account, f"E{n}", europe, now) for n in range(3)] + [person(account, "U", america, now)]

    with pytest.raises(RegionFull) as refused:
        claim(account=account, members=crowd, actor=actor, at=now)
    assert refused.value.data == {"region": "EU", "seats": 2, "assigned": 0, "missing": 1}
    assert numbers(account)[0] == 0

    claim(account=account, members=crowd[1:], actor=actor, at=now)
    assert numbers(account) == (3, 0, 7, {"EU": (2, 2), "US": (1, 5)})


def test_the_soft_allowance_is_nobodys_free_seat(account: Account, split: None, actor: Actor, now: datetime) -> None:
    """Joiners are bought for before they use it."""
    set_policy(account=account, mode="soft", allowance=2, grace_days=30, reason="Season", actor=actor, at=now)
    for left in (3, 2, 1, 0):
        assert common_open(SeatPool.objects.get(account=account)) == left
        seat(person(account, f"N{left}", None, now), now)
    assert common_open(SeatPool.objects.get(account=account)) == 0


def test_the_whole_limit_speaks_first(
    account: Account, split: None, europe: Region, actor: Actor, now: datetime
) -> None:
    """Purchases ended: the pools claim more than there is, nobody loses a seat, and the account's limit refuses."""
    first = seat(person(account, "Eva", europe, now), now)
    common = [seat(person(account, f"N{n}", None, now), now) for n in range(3)]
    give_pool(account, 4, now)

    with pytest.raises(SeatLimitReached) as refused:
        seat(person(account, "Emil", europe, now), now)

    assert refused.value.code == "seat_limit_reached"
    assert numbers(account) == (4, 3, 7, {"EU": (1, 2), "US": (0, 5)})
    assert SeatPool.objects.get(account=account).common_entitled == 3  # as many as sit, though 4 - 7 is nothing
    release_seat(account=account, assignment=common[0], actor=actor, at=now)
    with pytest.raises(RegionFull):  # one seat is free, but what no pool claimed is less than nothing
        seat(person(account, "Nina", None, now), now)
    seat(person(account, "Erik", europe, now), now)
    assert numbers(account) == (4, 2, 7, {"EU": (2, 2), "US": (0, 5)})
    assert Assignment.objects.get(pk=first.pk).ended_at is None


def test_grace_after_a_reduction_takes_the_newest_and_leaves_true_counters(
    account: Account, split: None, europe: Region, america: Region, now: datetime
) -> None:
    for n in range(5):
        seat(person(account, f"U{n}", america, now), now + timedelta(minutes=n))
    seat(person(account, "Eva", europe, now), now + timedelta(hours=1))
    give_pool(account, 4, now)

    freed = enforce_grace(at=now + timedelta(days=30))

    assert freed == 2
    assert numbers(account) == (4, 0, 7, {"EU": (0, 2), "US": (4, 5)})


def test_pools_fit_into_the_seats_when_they_are_set(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    for wrong, error in (({europe: 6, america: 5}, SplitTooLarge), ({europe: 0, america: 5}, SplitWrong)):
        with pytest.raises(error):
            split_seats(account=account, seats=wrong, reason="", actor=actor, at=now)
    assert numbers(account)[3] == {"EU": (0, 2), "US": (0, 5)}
    split_seats(account=account, seats={europe: 5, america: 5}, reason="", actor=actor, at=now)
    give_pool(account, 6, now)

    with pytest.raises(SplitTooLarge) as refused:
        split_seats(account=account, seats={europe: 6, america: 4}, reason="", actor=actor, at=now)
    assert refused.value.data == {"seats": 10, "owned": 6}
    split_seats(account=account, seats={europe: 4, america: 5}, reason="", actor=actor, at=now)  # lower, still above

    assert numbers(account) == (0, 0, 9, {"EU": (0, 4), "US": (0, 5)})


def test_extra_seats_of_a_soft_limit_belong_to_the_rest(
    account: Account, split: None, europe: Region, actor: Actor, now: datetime
) -> None:
    set_policy(account=account, mode="soft", allowance=2, grace_days=14, reason="", actor=actor, at=now)

    for n in range(5):
        seat(person(account, f"N{n}", None, now), now)
    with pytest.raises(RegionFull):
        seat(person(account, "N5", None, now), now)
    for n in range(2):
        seat(person(account, f"E{n}", europe, now), now)
    with pytest.raises(RegionFull):
        seat(person(account, "E2", europe, now), now)

    assert numbers(account) == (7, 5, 7, {"EU": (2, 2), "US": (0, 5)})


def test_who_sits_already_is_counted_and_nobody_loses_a_seat(
    account: Account, europe: Region, actor: Actor, now: datetime
) -> None:
    give_pool(account, 6, now)
    crowd = [person(account, f"E{n}", europe, now) for n in range(4)]
    seats = [seat(member, now) for member in crowd]
    nora = seat(person(account, "Nora", None, now), now)

    pools = split_seats(account=account, seats={europe: 2}, reason="Contract", actor=actor, at=now)

    assert [(one.assigned, one.seats, one.over, one.free) for one in pools] == [(4, 2, 2, 0)]
    assert numbers(account) == (5, 1, 2, {"EU": (4, 2)})
    assert Assignment.objects.filter(pk__in=[*(s.pk for s in seats), nora.pk], ended_at__isnull=True).count() == 5
    for one in seats[:2]:
        release_seat(account=account, assignment=one, actor=actor, at=now)
        with pytest.raises(RegionFull):
            assign_seat(account=account, membership=crowd[0], actor=actor, at=now)
    release_seat(account=account, assignment=seats[2], actor=actor, at=now)
    assign_seat(account=account, membership=crowd[0], actor=actor, at=now)
    assert numbers(account) == (3, 1, 2, {"EU": (2, 2)})

    split_seats(account=account, seats={}, reason="", actor=actor, at=now)

    assert numbers(account) == (3, 3, 0, {})
    assert set(Assignment.objects.filter(account=account).values_list("region_pool", flat=True)) == {None}


def test_a_pool_may_end_though_its_people_are_more_than_the_rest_has_room_for(
    account: Account, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    give_pool(account, 6, now)
    for n in range(5):
        seat(person(account, f"E{n}", europe, now), now)
    split_seats(account=account, seats={europe: 2, america: 4}, reason="", actor=actor, at=now)

    split_seats(account=account, seats={america: 4}, reason="", actor=actor, at=now)

    assert numbers(account) == (5, 5, 4, {"US": (0, 4)})
    with pytest.raises(RegionFull):
        seat(person(account, "Nora", None, now), now)


def test_setting_pools_is_in_the_trail_once(
    account: Account, split: None, europe: Region, america: Region, actor: Actor, now: datetime
) -> None:
    split_seats(account=account, seats={europe: 2, america: 5}, reason="Again", actor=actor, at=now)

    entry = AuditEntry.objects.get(action="regions.split")
    assert (entry.user, entry.summary, entry.data["old"]) == (actor.user, "Blocks", [])
    assert entry.data["new"] == [
        {"region": {"id": europe.public_id, "name": "EU"}, "seats": 2},
        {"region": {"id": america.public_id, "name": "US"}, "seats": 5},
    ]


@pytest.mark.parametrize("where", ["EU", None])
def test_a_path_that_forgets_the_rules_meets_the_database(
    account: Account, split: None, europe: Region, now: datetime, where: str | None
) -> None:
    place, most, name = (europe, 2, "region") if where else (None, 3, "rest")
    for n in range(most):
        seat(person(account, f"P{n}", place, now), now)
    late = person(account, "Late", place, now)
    before = numbers(account)

    with pytest.raises(IntegrityError, match=f"{name}_never_oversold"), transaction.atomic():
        Assignment.objects.create(account=account, state="held", membership=late, door="admin", started_at=now)

    assert numbers(account) == before


def test_a_region_written_past_the_verbs_meets_the_database(
    account: Account, split: None, europe: Region, america: Region, now: datetime
) -> None:
    for n in range(2):
        seat(person(account, f"E{n}", europe, now), now)
    uma = person(account, "Uma", america, now)
    seat(uma, now)

    with pytest.raises(IntegrityError, match="region_never_oversold"), transaction.atomic():
        Membership.objects.filter(pk=uma.pk).update(region=europe)
    Membership.objects.filter(pk=uma.pk).update(region=None)

    assert numbers(account) == (3, 1, 7, {"EU": (2, 2), "US": (0, 5)})


def test_counters_cannot_be_written_by_hand(account: Account, split: None, europe: Region) -> None:
    for rows, wrong in (
        (SeatPool.objects.filter(account=account), {"common_assigned": 1}),
        (SeatPool.objects.filter(account=account), {"set_aside": 1}),
        (RegionPool.objects.filter(region=europe), {"assigned": 1}),
    ):
        with pytest.raises(IntegrityError, match="kept by a trigger"), transaction.atomic():
            rows.update(**wrong)
    assert numbers(account) == (0, 0, 7, {"EU": (0, 2), "US": (0, 5)})


def test_counting_anew_counts_the_regions_too(
    account: Account, split: None, europe: Region, america: Region, now: datetime
) -> None:
    seat(person(account, "Eva", europe, now), now)
    seat(person(account, "Nora", None, now), now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL seats.recount = 'on'")
        SeatPool.objects.filter(account=account).update(assigned=7, common_assigned=5)
        RegionPool.objects.filter(account=account).update(assigned=2)
        cursor.execute("SET LOCAL seats.recount = 'off'")
    broken = [one.detail for one in check_invariants(at=now) if one.number == 13]
    assert len(broken) == 4  # the account, what is outside, and both regions

    recount(account=account, purchased=10)

    assert numbers(account) == (2, 1, 7, {"EU": (1, 2), "US": (0, 5)})
