"""The meter: by the account's own days, from the ledger, however often and late it runs."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Account, Membership
from seats.capacity.comp_seats import comp_seats, end_due_comps
from seats.capacity.set_policy import set_policy
from seats.holders.release_seat import release_seat
from seats.models import DailyMark
from seats.true_up.record_marks import marks_from_ledger, marks_written, record_marks
from tests.conftest import make_account
from tests.factories.seats import SYSTEM, crowd, give_pool, seat

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def acme() -> Membership:
    return make_account("Acme", START - DAY)


def soft(account: Account, allowance: int) -> None:
    set_policy(
        account=account, mode="soft", allowance=allowance, grace_days=30, reason="Season", actor=SYSTEM, at=START
    )


def rows(account: Account) -> list[tuple[date, int, int, int, int]]:
    found = DailyMark.objects.filter(account=account).order_by("day")
    return list(found.values_list("day", "purchased", "assigned_peak", "over_peak", "free"))


def test_peaks_within_a_day_are_kept_and_quiet_days_carry_on(acme: Membership) -> None:
    account = acme.account
    soft(account, 5)
    give_pool(account, 2, START)
    people = crowd(account, 4, START)
    seats = [seat(person, START + n * HOUR) for n, person in enumerate(people)]
    release_seat(account=account, assignment=seats[3], actor=SYSTEM, at=START + 5 * HOUR)
    release_seat(account=account, assignment=seats[2], actor=SYSTEM, at=START + 2 * DAY)
    release_seat(account=account, assignment=seats[1], actor=SYSTEM, at=START + 2 * DAY)

    assert record_marks(at=START + 3 * DAY) == 4
    assert rows(account) == [
        (date(2026, 3, 2), 2, 4, 4, 0),
        (date(2026, 3, 3), 2, 3, 3, 0),
        (date(2026, 3, 4), 2, 3, 3, 1),
        (date(2026, 3, 5), 2, 1, 0, 1),
    ]


def test_seats_bought_before_they_are_taken_are_never_over(acme: Membership) -> None:
    """The most taken while over is not the most taken on a day that was over at some time."""
    account = acme.account
    soft(account, 5)
    give_pool(account, 2, START)
    people = crowd(account, 5, START)
    for person in people[:3]:
        seat(person, START + HOUR)
    give_pool(account, 5, START + 2 * HOUR)
    for person in people[3:]:
        seat(person, START + 3 * HOUR)

    record_marks(at=START + 4 * HOUR)

    assert rows(account) == [(date(2026, 3, 2), 5, 5, 3, 0)]


def test_seats_free_of_charge_are_not_over_while_they_are(acme: Membership) -> None:
    """Given at noon of the second day, over with the third: what was over before and after is counted, and no more."""
    account = acme.account
    soft(account, 5)
    give_pool(account, 2, START)
    for person in crowd(account, 6, START):
        seat(person, START + HOUR)
    given = START + DAY + 3 * HOUR
    comp_seats(account=account, seats=3, until=date(2026, 3, 4), reason="Pilot", actor=SYSTEM, at=given)
    ended = datetime(2026, 3, 5, 0, 1, tzinfo=UTC)
    assert end_due_comps(at=ended) == 1

    record_marks(at=START + 4 * DAY)

    assert rows(account) == [
        (date(2026, 3, 2), 2, 6, 6, 0),
        (date(2026, 3, 3), 2, 6, 6, 0),
        (date(2026, 3, 4), 2, 6, 3, 0),
        (date(2026, 3, 5), 2, 6, 6, 0),
        (date(2026, 3, 6), 2, 6, 6, 0),
    ]
    kept = marks_from_ledger(account, zone="UTC", first=date(2026, 3, 2), last=date(2026, 3, 6))
    assert kept == marks_written(account, first=date(2026, 3, 2), last=date(2026, 3, 6))


def test_twice_is_as_once_and_late_fills_what_is_missing(acme: Membership) -> None:
    account = acme.account
    give_pool(account, 2, START)
    seat(crowd(account, 1, START)[0], START + HOUR)

    assert record_marks(at=START + 2 * HOUR) == 1
    assert record_marks(at=START + 2 * HOUR) == 0
    assert record_marks(at=START + 9 * DAY) == 9
    assert [row[0] for row in rows(account)] == [date(2026, 3, 2) + n * DAY for n in range(10)]
    assert record_marks(at=START + 9 * DAY) == 0


def test_an_entry_that_comes_after_the_run_is_still_counted(acme: Membership) -> None:
    account = acme.account
    give_pool(account, 2, START)
    record_marks(at=START + HOUR)
    people = crowd(account, 2, START)
    seat(people[0], START + 2 * HOUR)
    seat(people[1], START + DAY)

    assert record_marks(at=START + DAY + HOUR) == 2
    assert [row[2] for row in rows(account)] == [1, 2]


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", date(2026, 3, 2)), ("Pacific/Auckland", date(2026, 3, 3)), ("America/Los_Angeles", date(2026, 3, 1))],
)
def test_days_are_the_accounts_own(acme: Membership, zone: str, day: date) -> None:
    Account.objects.filter(pk=acme.account.pk).update(time_zone=zone)
    late = (
        datetime(2026, 3, 2, 11, 30, tzinfo=UTC) if zone == "Pacific/Auckland" else datetime(2026, 3, 2, 5, tzinfo=UTC)
    )
    give_pool(acme.account, 2, late)

    record_marks(at=late)

    assert [row[0] for row in rows(acme.account)] == [day]


def test_everybody_is_written_at_once_and_nobody_without_history(acme: Membership) -> None:
    other = make_account("Elsewhere", START, owner="Oscar", domain="elsewhere.example")
    make_account("Empty", START, owner="Edda", domain="empty.example")
    give_pool(acme.account, 2, START)
    give_pool(other.account, 7, START + HOUR)

    assert record_marks(at=START + DAY) == 4
    assert [row[1] for row in rows(acme.account)] == [2, 2]
    assert [row[1] for row in rows(other.account)] == [7, 7]


def test_the_ledger_gives_the_same_marks_again(acme: Membership) -> None:
    account = acme.account
    give_pool(account, 3, START)
    seat(crowd(account, 1, START)[0], START + DAY)
    record_marks(at=START + 3 * DAY)
    first, last = date(2026, 3, 2), date(2026, 3, 5)

    written = marks_written(account, first=first, last=last)

    assert len(written) == 4
    assert marks_from_ledger(account, zone="UTC", first=first, last=last) == written


def test_days_before_the_first_seat_have_no_marks_in_the_ledger_either(acme: Membership) -> None:
    """A quarter may begin before the account does; its proof would never be equal to what was written."""
    account = acme.account
    give_pool(account, 3, START)
    record_marks(at=START + DAY)
    first, last = date(2026, 1, 1), date(2026, 3, 3)

    again = marks_from_ledger(account, zone="UTC", first=first, last=last)

    assert [mark.day for mark in again] == [date(2026, 3, 2), date(2026, 3, 3)]
    assert again == marks_written(account, first=first, last=last)


def test_an_account_without_any_seat_has_no_marks(acme: Membership) -> None:
    assert marks_from_ledger(acme.account, zone="UTC", first=date(2026, 3, 2), last=date(2026, 3, 5)) == []
