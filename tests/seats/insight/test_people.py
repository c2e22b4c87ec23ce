"""The list behind the seats table: states, filters, order, and pages that neither lose nor repeat anybody."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.members.remove_member import remove_member
from accounts.models import Account, Department, Membership
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat
from seats.insight.make_use_report import make_use_report
from seats.insight.people import (
    DAY_SHOWS,
    SHOWS,
    SORTS,
    Choice,
    all_people,
    count_idle,
    count_people,
    idle_and_count,
    idle_people,
    page_of_people,
    without_seat,
)
from seats.insight.states import Standing, State, state_of_member
from seats.usage.settings import set_usage_settings
from tests.factories.seats import crowd, give_pool, seat, use

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = datetime.fromisoformat("2026-05-04T09:00:00+00:00")


@pytest.mark.parametrize(
    ("seated", "active", "waiting", "expected"),
    [
        (None, None, False, State(Standing.NO_SEAT)),
        (None, 1, False, State(Standing.NO_SEAT)),
        (None, None, True, State(Standing.WAITING)),
        (100, 0, False, State(Standing.ACTIVE)),
        (100, 30, False, State(Standing.ACTIVE)),
        (1, 29, False, State(Standing.ACTIVE)),
        (29, None, False, State(Standing.NEW)),
        (29, 200, False, State(Standing.NEW)),
        (30, None, False, State(Standing.IDLE, 30)),
        (100, 31, False, State(Standing.IDLE, 31)),
        (45, 200, False, State(Standing.IDLE, 45)),
    ],
)
def test_states(seated: int | None, active: int | None, waiting: bool, expected: State) -> None:
    """Days ago; nobody is idle for the time before they had the seat."""
    assert expected == state_of_member(
        seated_at=None if seated is None else NOW - seated * DAY,
        last_active_at=None if active is None else NOW - active * DAY,
        waiting=waiting,
        at=NOW,
    )


@pytest.fixture
def mixed(account: Account, owner: Membership, actor: Actor, now: datetime) -> dict[str, Membership]:
    """One person of every state."""
    give_pool(account, 4, now - 90 * DAY)
    active, idle, none, waiting = crowd(account, 4, now - 80 * DAY)
    seat(owner, now - 80 * DAY)
    seat(active, now - 60 * DAY)
    seat(idle, now - 60 * DAY)
    use(active, now, days=3)
    use(idle, now - 50 * DAY, days=2)
    invite_with_seat(
        account=account, email="lena@acme.example", role="member", department=None, name="Lena", actor=actor, at=now
    )
    wait_for_seat(account=account, membership=waiting, actor=actor, at=now)
    return {"active": active, "idle": idle, "none": none, "waiting": waiting}


def names(account: Account, choice: Choice, now: datetime) -> list[str]:
    return [row.email for row in all_people(account, choice, now)]


def test_each_filter_shows_its_people(
    account: Account, owner: Membership, mixed: dict[str, Membership], now: datetime
) -> None:
    mail = {name: member.user.email for name, member in mixed.items()}
    shown = {show: set(names(account, Choice(show=show), now)) for show in SHOWS}
    assert shown == {
        "all": {owner.user.email, "lena@acme.example", *mail.values()},
        "active": {mail["active"]},
        "idle": {mail["idle"], owner.user.email},
        "none": {mail["none"], mail["waiting"]},
        "invited": {"lena@acme.example"},
        "waiting": {mail["waiting"]},
        "paused": set(),
        "requests": set(),
        "reports": set(),
        "managers": set(),
    }
    assert count_people(account, "", now) == {show: len(people) for show, people in shown.items()}
    assert count_idle(account, now) == 2


def test_each_bar_of_the_histogram_shows_its_people(
    account: Account, owner: Membership, mixed: dict[str, Membership], now: datetime
) -> None:
    """Holders alone: who works without a seat is in no bar. An action 30 days ago is none of the last 30."""
    use(mixed["none"], now, days=3)
    use(owner, now - 30 * DAY, days=1)
    shown = {show: names(account, Choice(show=show), now) for show in DAY_SHOWS}
    assert shown == {
        "days-0-0": [owner.user.email, mixed["idle"].user.email],
        "days-1-4": [mixed["active"].user.email],
        "days-5-11": [],
        "days-12-19": [],
        "days-20-30": [],
    }
    assert [len(people) for people in shown.values()] == make_use_report(account=account, at=now).buckets
    assert [count_people(account, "", now, days=show)[show] for show in DAY_SHOWS] == [2, 1, 0, 0, 0]
    assert count_people(account, "olivia", now, days="days-0-0")["days-0-0"] == 1
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=Actor(user=owner.user))
    assert names(account, Choice(show="days-1-4"), now) == names(account, Choice(), now)


def test_the_longest_silent_come_first_with_their_number(
    account: Account, owner: Membership, mixed: dict[str, Membership], now: datetime
) -> None:
    with CaptureQueriesContext(connection) as queries:
        rows, found = idle_and_count(account, now, size=1)
    # One statement, and whether the account is in privacy mode.
    assert len(queries) == 2
    assert ([row.email for row in rows], found) == ([owner.user.email], 2)
    both = idle_people(account, now)
    assert both == list(all_people(account, Choice(show="idle", sort="active"), now))
    assert [row.state for row in both] == [State(Standing.IDLE, 80), State(Standing.IDLE, 50)]
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=Actor(user=owner.user))
    assert idle_and_count(account, now, size=1) == ([], 2)


@pytest.mark.parametrize("text", ["l", "LENA", "person 0000", "@crowd", "nobody at all", "%", "_"])
def test_counts_follow_the_search(account: Account, mixed: dict[str, Membership], now: datetime, text: str) -> None:
    counted = count_people(account, text, now)
    assert counted == {show: len(names(account, Choice(show=show, text=text), now)) for show in SHOWS}


def test_search_finds_departments(account: Account, mixed: dict[str, Membership], now: datetime) -> None:
    mixed["none"].department = Department.objects.create(account=account, name="Logistics")
    mixed["none"].save()
    assert names(account, Choice(text="logi"), now) == [mixed["none"].user.email]


def test_who_left_and_other_accounts_are_not_shown(
    account: Account, actor: Actor, outsider: Membership, mixed: dict[str, Membership], now: datetime
) -> None:
    remove_member(account=account, membership=mixed["idle"], actor=actor, at=now)
    shown = names(account, Choice(), now)
    assert mixed["idle"].user.email not in shown
    assert outsider.user.email not in shown
    assert count_people(account, "", now)["all"] == len(shown) == 5


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{key}" for key in SORTS)])
def test_pages_lose_and_repeat_nobody(account: Account, actor: Actor, now: datetime, sort: str) -> None:
    """123 members with many equal keys and an invitation: forward, then back again, page by page."""
    give_pool(account, 60, now - 90 * DAY)
    people = crowd(account, 122, now)
    for n, member in enumerate(people):
        member.last_active_at = now - (n % 7) * DAY if n % 3 else None
    Membership.objects.bulk_update(people, ["last_active_at"])
    for n, member in enumerate(people[:50]):
        seat(member, now - (n % 5) * DAY)
    invite_with_seat(
        account=account, email="lena@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    choice = Choice(sort=sort)
    forward, after = [], ""
    while True:
        page = page_of_people(account, choice, now, after=after)
        forward.append([row.public_id for row in page.rows])
        if not page.after:
            break
        after = page.after
    everybody = [pid for part in forward for pid in part]
    assert [len(part) for part in forward] == [50, 50, 24]
    assert len(set(everybody)) == 124
    back = []
    while page.before:
        page = page_of_people(account, choice, now, before=page.before)
        back.append([row.public_id for row in page.rows])
    assert back == [forward[1], forward[0]]
    other = Choice(sort=sort.removeprefix("-") if sort.startswith("-") else f"-{sort}")
    assert [row.public_id for row in all_people(account, other, now)] == everybody[::-1]


def test_a_cursor_without_sense_is_the_first_page(account: Account, owner: Membership, now: datetime) -> None:
    for cursor, sort in product(["x", "bnVsbA", "WzEsMl0", "WyJub3QgYSBkYXRlIiwgImEiXQ", "é"], ["name", "active"]):
        page = page_of_people(account, Choice(sort=sort), now, after=cursor)
        assert [row.membership for row in page.rows] == [owner], (cursor, sort)


def test_a_page_costs_the_same_at_any_size(account: Account, owner: Membership, now: datetime) -> None:
    give_pool(account, 50, now)
    seat(owner, now)
    # Each request has an account object of its own.
    first, second = (Account.objects.get(pk=account.pk) for _ in range(2))
    with CaptureQueriesContext(connection) as one:
        page_of_people(first, Choice(), now)
    for member in crowd(account, 40, now):
        seat(member, now)
    with CaptureQueriesContext(connection) as many:
        assert len(page_of_people(second, Choice(), now).rows) == 41
    assert len(many) == len(one)


def test_receivers_are_members_without_a_seat(account: Account, mixed: dict[str, Membership]) -> None:
    assert without_seat(account) == [mixed["none"], mixed["waiting"]]
    assert without_seat(account, "00003") == [mixed["waiting"]]
