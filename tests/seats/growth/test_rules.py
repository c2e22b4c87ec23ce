"""The rules by themselves: exact edges, and that the database's filter keeps nothing back."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Account
from seats.growth.detectors import HOURLY, NIGHTLY
from seats.growth.picture import SEAT_KINDS, Picture, Span, changed_pictures
from seats.growth.playbooks import ADOPTION, CAPACITY, FOLLOWS, SCORES, due_on, playbook_for
from seats.growth.seats_rules import judge
from seats.growth.words import RULES, SENTENCES
from seats.insight.bands import Band, Utilization, few_left, running_in, seats_to_rearm
from seats.models import SeatPool, Signal

Kind = Signal.Kind


def opened(purchased: int, assigned: int, active: int, *known: str) -> set[str]:
    verdict = judge(Picture(1, Utilization(purchased, assigned, active), frozenset(known)))
    return {one.kind for one in verdict.opens}


def ended(purchased: int, assigned: int, active: int, *known: str) -> set[str]:
    return set(judge(Picture(1, Utilization(purchased, assigned, active), frozenset(known))).ends)


@pytest.mark.parametrize(
    ("purchased", "assigned", "active", "fires"),
    [
        (10, 8, 0, True),
        (10, 7, 7, False),
        (10, 7, 8, True),  # more active than assigned cannot be, but either measure counts by itself
        (100, 79, 79, False),
        (100, 80, 79, True),
        (100, 79, 80, True),
        (5, 4, 4, True),
        (9, 7, 7, False),  # 77.7 %
        (0, 0, 0, False),
        (0, 3, 3, False),
    ],
)
def test_exactly_80_percent_by_either_measure_fires(purchased: int, assigned: int, active: int, fires: bool) -> None:
    assert (Kind.CROSSED in opened(purchased, assigned, active)) is fires


def test_it_ends_below_75_and_not_at_it() -> None:
    assert Kind.CROSSED not in ended(100, 75, 0, Kind.CROSSED)
    assert Kind.CROSSED not in ended(100, 0, 75, Kind.CROSSED)
    assert Kind.CROSSED in ended(100, 74, 74, Kind.CROSSED)
    assert Kind.CROSSED not in opened(100, 77, 77)


@pytest.mark.parametrize(
    ("purchased", "most"),
    [(1, 1), (15, 1), (16, 2), (25, 2), (26, 2), (30, 3), (99, 9), (100, 8), (999, 79), (1000, 50), (5000, 250)],
)
def test_few_scales_with_size(purchased: int, most: int) -> None:
    assert few_left(purchased, most)
    assert not few_left(purchased, most + 1)


def test_few_of_nothing_is_not_few() -> None:
    assert not few_left(0, 0)


@pytest.mark.parametrize(
    ("active", "band", "low"),
    [(59, Band.LOW, True), (60, Band.NEUTRAL, False), (79, Band.NEUTRAL, False), (80, Band.READY, False)],
)
def test_three_bands_by_active(active: int, band: Band, low: bool) -> None:
    seats = Utilization(purchased=100, assigned=active, active=active)
    assert (seats.band, seats.low) == (band, low)
    assert (Kind.LOW_ADOPTION in opened(100, active, active)) is low


@pytest.mark.parametrize(
    ("active", "band"), [(0, Band.NEW), (59, Band.NEW), (60, Band.NEUTRAL), (79, Band.NEUTRAL), (80, Band.READY)]
)
def test_a_new_account_is_never_low(active: int, band: Band) -> None:
    seats = Utilization(purchased=100, assigned=active, active=active, new=True)
    assert (seats.band, seats.low) == (band, False)
    verdict = judge(Picture(1, seats, frozenset()))
    assert Kind.LOW_ADOPTION not in {one.kind for one in verdict.opens}


def test_it_is_new_for_30_days_to_the_second(now: datetime) -> None:
    assert running_in(now - timedelta(days=30) + timedelta(seconds=1), now)
    assert not running_in(now - timedelta(days=30), now)
    assert not running_in(None, now)


def test_low_goes_before_ready() -> None:
    assert Utilization(purchased=10, assigned=10, active=5).band == Band.LOW
    assert Utilization(purchased=0, assigned=0, active=0).band == Band.NONE
    assert Utilization(purchased=0, assigned=0, active=0).active_percent is None


@pytest.mark.parametrize(("purchased", "used", "more"), [(10, 8, 1), (10, 10, 4), (100, 80, 7), (10, 7, 0), (4, 3, 1)])
def test_the_suggestion_is_the_fewest_seats_that_bring_it_below_75(purchased: int, used: int, more: int) -> None:
    assert seats_to_rearm(purchased, used) == more
    assert used * 100 < 75 * (purchased + more)
    assert more == 0 or used * 100 >= 75 * (purchased + more - 1)


def test_under_60_the_crossing_leads_to_adoption_and_all_else_waits() -> None:
    assert playbook_for(Kind.CROSSED, low=False) is CAPACITY
    assert playbook_for(Kind.CROSSED, low=True) is ADOPTION
    expands = {kind for kind, playbook in FOLLOWS.items() if playbook.expands}
    assert {kind for kind in Kind if playbook_for(kind, low=True) is None} == expands - {Kind.CROSSED}


def test_every_kind_has_a_playbook_a_score_and_words() -> None:
    assert set(HOURLY) | set(NIGHTLY) | set(SEAT_KINDS) == set(Kind)
    for table in (FOLLOWS, SCORES, RULES, SENTENCES):
        assert set(table) == set(Kind)


def test_due_days_are_working_days() -> None:
    friday = date(2026, 11, 27)
    assert due_on(friday, 1) == date(2026, 11, 30)
    assert due_on(friday, 5) == date(2026, 12, 4)
    assert due_on(friday - timedelta(days=4), 2) == date(2026, 11, 25)


@pytest.mark.django_db
def test_the_database_lets_through_every_account_in_which_something_changes(account: Account, now: datetime) -> None:
    """Each small pool × what is taken × which kinds are open: judged by the rule, and filtered by the statement.

    Active holders need rows; the assigned counter is set past its trigger, since the statement only reads it.
    """
    span = Span(account.pk, account.pk)
    for purchased in (0, 1, 5, 10, 16, 26, 100, 1000):
        for assigned in sorted(
            {0, 1, purchased // 2, purchased * 3 // 4, purchased * 4 // 5, purchased, purchased + 1}
        ):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(
                    "UPDATE seats_seatpool SET purchased = %s, assigned = %s, entitled = %s WHERE account_id = %s",
                    [purchased, assigned, max(purchased, assigned), account.pk],
                )
                cursor.execute("SET LOCAL session_replication_role = origin")
            for number in range(2 ** len(SEAT_KINDS)):
                known = frozenset(kind for bit, kind in enumerate(SEAT_KINDS) if number >> bit & 1)
                Signal.objects.filter(account=account).delete()
                Signal.objects.bulk_create(
                    Signal(account=account, kind=kind, day=now.date(), seen_at=now) for kind in known
                )
                for began_at in (None, now - timedelta(days=3)):
                    SeatPool.objects.filter(account=account).update(began_at=began_at)
                    picture = Picture(account.pk, Utilization(purchased, assigned, 0, began_at is not None), known)
                    verdict = judge(picture)
                    through = list(changed_pictures(span, now))
                    assert bool(through) is bool(verdict.opens or verdict.ends), (purchased, assigned, known)
                    assert through in ([], [picture])
    assert SeatPool.objects.filter(account=account).exists()
