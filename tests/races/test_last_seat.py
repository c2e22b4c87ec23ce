"""Scar 1: oversell under concurrency. Twenty-four real connections on PostgreSQL, again and again."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Role
from seatportal.kit.errors import PortalError
from seats.capacity.comp_seats import comp_seats, end_due_comps
from seats.capacity.record_purchase import record_purchase
from seats.errors import AlreadySeated, SeatLimitReached
from seats.holders.admit_waiting import admit_waiting
from seats.holders.assign_seat import assign_seat
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, LedgerEntry, SeatPool, WaitingPerson
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from tests.conftest import join

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

THREADS = 24


def all_at_once(calls: list[Callable[[], Any]]) -> Counter[str]:
    """Run every call in a thread and connection of its own, started together; count what came of them."""
    gate = threading.Barrier(len(calls))
    results: Counter[str] = Counter()
    lock = threading.Lock()

    def run(call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            call()
            outcome = "ok"
        except PortalError as error:
            outcome = error.code
        except Exception as error:
            outcome = type(error).__name__
        finally:
            connection.close()
        with lock:
            results[outcome] += 1

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def buy(account: Account, seats: int, now: datetime) -> None:
    """Give the account seats, as a purchase at Stripe would."""
    pool = SeatPool.objects.get(account=account)
    with transaction.atomic():
        record_purchase(
            account=account,
            kind="external",
            before=pool.purchased,
            after=seats,
            change=None,
            invoice_stripe_id="",
            actor=None,
            reason="",
            at=now,
        )


def people(account: Account, count: int, now: datetime) -> list[Membership]:
    """Members without a seat."""
    return [join(account, f"P{i}", Role.MEMBER, now) for i in range(count)]


def seats_are_true(account: Account, *, most: int) -> None:
    """Invariant 13: the counter is the count, and within what may be taken."""
    pool = SeatPool.objects.get(account=account)
    held = Assignment.objects.filter(account=account, ended_at__isnull=True).count()
    assert pool.assigned == held
    assert held <= most


@pytest.mark.parametrize("round_", range(3))
def test_scar_1_24_admins_race_for_10_seats(account: Account, actor: Actor, now: datetime, round_: int) -> None:
    buy(account, 10, now)
    crowd = people(account, THREADS, now)

    outcome = all_at_once([partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in crowd])

    assert outcome == {"ok": 10, "seat_limit_reached": 14}
    seats_are_true(account, most=10)
    assert LedgerEntry.objects.filter(account=account, kind="assigned").count() == 10


def test_24_admins_race_for_seats_free_of_charge_that_end(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 6, now)
    comp_seats(account=account, seats=4, until=now.date(), reason="Pilot", actor=actor, at=now)
    crowd = people(account, THREADS - 1, now)

    calls: list[Callable[[], Any]] = [
        partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in crowd
    ]
    outcome = all_at_once([*calls, lambda: end_due_comps(at=now + timedelta(days=2))])

    seated = outcome["ok"] - 1
    assert 6 <= seated <= 10
    assert outcome["seat_limit_reached"] == THREADS - 1 - seated
    seats_are_true(account, most=seated)
    pool = SeatPool.objects.get(account=account)
    assert (pool.comped, pool.limit, pool.entitled) == (0, 6, max(6, seated))
    assert (pool.over_since is not None) == (seated > 6)


def test_same_person_from_24_doors_gets_one_seat(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 10, now)
    ben = join(account, "Ben", Role.MEMBER, now)

    outcome = all_at_once(
        [lambda: assign_seat(account=account, membership=ben, actor=actor, at=now) for _ in range(THREADS)]
    )

    assert outcome == {"ok": 1, "already_seated": 23}
    seats_are_true(account, most=1)


def test_24_receivers_of_one_seat(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    crowd = people(account, THREADS + 1, now)
    seat = assign_seat(account=account, membership=crowd[0], actor=actor, at=now)

    outcome = all_at_once(
        [partial(reassign_seat, account=account, assignment=seat, to=m, actor=actor, at=now) for m in crowd[1:]]
    )

    assert outcome == {"ok": 1, "seat_gone": 23}
    seats_are_true(account, most=1)


def test_shrinking_while_24_claim(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 12, now)
    crowd = people(account, THREADS - 1, now)

    calls: list[Callable[[], Any]] = [
        partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in crowd
    ]
    outcome = all_at_once([*calls, lambda: buy(account, 7, now)])

    pool = SeatPool.objects.get(account=account)
    assert pool.purchased == 7
    assert 7 <= outcome["ok"] - 1 <= 12
    assert outcome["ok"] + outcome["seat_limit_reached"] == THREADS
    seats_are_true(account, most=12)
    with pytest.raises(SeatLimitReached):
        assign_seat(account=account, membership=join(account, "Late", Role.MEMBER, now), actor=actor, at=now)


def test_release_and_claim_cross_without_deadlock(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 12, now)
    sitting, standing = people(account, 12, now), [join(account, f"Q{i}", Role.MEMBER, now) for i in range(12)]
    seats = [assign_seat(account=account, membership=m, actor=actor, at=now) for m in sitting]

    calls: list[Callable[[], Any]] = [
        partial(release_seat, account=account, assignment=s, actor=actor, at=now) for s in seats
    ]
    calls += [partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in standing]
    outcome = all_at_once(calls)

    assert set(outcome) <= {"ok", "seat_limit_reached"}
    assert outcome["ok"] >= 12
    seats_are_true(account, most=12)


def test_a_path_that_forgets_the_rules_meets_the_database(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    first, second = people(account, 2, now)
    assign_seat(account=account, membership=first, actor=actor, at=now)

    with pytest.raises(IntegrityError, match="pool_never_oversold"), transaction.atomic():
        Assignment.objects.create(account=account, state="held", membership=second, door="admin", started_at=now)

    seats_are_true(account, most=1)


def test_counter_cannot_be_written_by_hand(account: Account, now: datetime) -> None:
    buy(account, 3, now)

    with pytest.raises(IntegrityError, match="kept by a trigger"), transaction.atomic():
        SeatPool.objects.filter(account=account).update(assigned=2)

    assert SeatPool.objects.get(account=account).assigned == 0


def test_over_the_limit_nobody_new_sits_but_seats_move(account: Account, actor: Actor, now: datetime) -> None:
    """Fault F30: somebody lowered the number in Stripe below what is in use."""
    buy(account, 3, now)
    crowd = people(account, 5, now)
    seats = [assign_seat(account=account, membership=m, actor=actor, at=now) for m in crowd[:3]]

    buy(account, 2, now)

    pool = SeatPool.objects.get(account=account)
    assert (pool.purchased, pool.assigned, pool.entitled, pool.over) == (2, 3, 3, 1)
    assert pool.over_since is not None
    with pytest.raises(SeatLimitReached):
        assign_seat(account=account, membership=crowd[3], actor=actor, at=now)
    reassign_seat(account=account, assignment=seats[0], to=crowd[3], actor=actor, at=now)
    with pytest.raises(AlreadySeated):
        reassign_seat(account=account, assignment=seats[1], to=crowd[2], actor=actor, at=now)
    release_seat(account=account, assignment=seats[1], actor=actor, at=now + timedelta(minutes=1))
    pool.refresh_from_db()
    assert (pool.assigned, pool.entitled) == (2, 2)
    assert pool.over_since is None
    with pytest.raises(SeatLimitReached):
        assign_seat(account=account, membership=crowd[4], actor=actor, at=now)


def test_release_admission_and_claims_of_the_same_people_do_not_deadlock(
    account: Account, actor: Actor, now: datetime
) -> None:
    buy(account, 8, now)
    sitting, queue = people(account, 8, now), [join(account, f"W{i}", Role.MEMBER, now) for i in range(8)]
    seats = [assign_seat(account=account, membership=m, actor=actor, at=now) for m in sitting]
    asked = []
    for m in queue:
        wait_for_seat(account=account, membership=m, actor=actor, at=now)
        asked.append(request_seat(account=account, membership=m, asked_by=m.user, reason="Work", actor=actor, at=now))

    calls: list[Callable[[], Any]] = [
        partial(release_seat, account=account, assignment=s, actor=actor, at=now) for s in seats
    ]
    calls += [partial(assign_seat, account=account, membership=m, actor=actor, at=now) for m in queue]
    calls += [
        partial(decide_request, account=account, request=r, approve=True, answer="", actor=actor, at=now) for r in asked
    ]
    outcome = all_at_once(calls)

    assert set(outcome) <= {"ok", "seat_limit_reached", "already_seated", "request_gone"}
    admit_waiting(account=account, at=now)
    seats_are_true(account, most=8)
    held = set(Assignment.objects.filter(ended_at=None).values_list("membership_id", flat=True))
    assert held == {m.pk for m in queue}
    assert not WaitingPerson.objects.filter(served_at=None).exists()
