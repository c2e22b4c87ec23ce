"""Each detector: what fires it, what does not, what it says, and what ends it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member, revoke_invitation
from accounts.members.remove_member import remove_member
from accounts.models import Account, Department, Membership, Role
from billing.models import Quote
from billing.quotes.quote_quantity import quote_quantity
from seats.growth.detectors.clock import check_in_of, days_to_full
from seats.growth.detectors.departments import grows, next_half_year
from seats.growth.detectors.people import missing_seats
from seats.growth.sweep import sweep_account
from seats.growth.words import sentence_of
from seats.holders.queries import seat_of
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat, wait_with_invitation
from seats.insight.record_department_marks import record_department_marks
from seats.models import Contact, DailyUsage, DepartmentMark, ExpansionTask, Signal
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from tests.conftest import Funded, join
from tests.factories.accounts import DepartmentFactory
from tests.factories.seats import crowd, give_pool, seat

pytestmark = pytest.mark.django_db
Kind = Signal.Kind
DAY = timedelta(days=1)


def seen(account: Account, kind: str) -> Signal | None:
    """The open signal of a kind."""
    return Signal.objects.filter(account=account, kind=kind, ended_at=None).first()


def awake(account: Account, now: datetime) -> None:
    """Everybody was active today, so that adoption holds nothing back."""
    Membership.objects.filter(account=account).update(last_active_at=now)


def test_four_new_people_without_a_seat(account: Account, owner: Membership, now: datetime) -> None:
    give_pool(account, 8, now - 200 * DAY)
    holders = [owner, *crowd(account, 7, now, name="Old")]
    for holder in holders:
        seat(holder, now - 100 * DAY)
    awake(account, now)
    crowd(account, 2, now, name="New")
    join(account, "Bo", Role.BILLING, now)
    join(account, "Vi", Role.VIEWER, now)
    sweep_account(account=account, at=now)
    assert seen(account, Kind.HEADCOUNT_GAP) is None

    crowd(account, 2, now, name="Newer")
    sweep_account(account=account, at=now)

    signal = seen(account, Kind.HEADCOUNT_GAP)
    assert signal is not None
    assert (signal.seats, signal.evidence) == (4, {"people": 4, "free": 0})
    assert sentence_of(signal) == "4 members have no seat; 0 seats are free."
    task = ExpansionTask.objects.get(playbook="headcount_gap")
    assert (task.quantity, task.pattern) == (4, "departmental")
    give_pool(account, 12, now)
    sweep_account(account=account, at=now + DAY)
    assert seen(account, Kind.HEADCOUNT_GAP) is None


def test_people_who_are_invited_without_a_seat_count_too(account: Account, owner: Membership, now: datetime) -> None:
    give_pool(account, 2, now - 200 * DAY)
    seat(owner, now - 100 * DAY)
    awake(account, now)
    common: dict[str, Any] = {"account": account, "department": None, "name": "", "actor": Actor(user=owner.user)}
    invite_with_seat(email="has@acme.example", role=Role.MEMBER, at=now, **common)
    invite_member(email="vi@acme.example", role=Role.VIEWER, at=now, **common)
    invite_member(email="old@acme.example", role=Role.MEMBER, at=now - 8 * DAY, **common)
    ann, ben = (invite_member(email=f"{who}@acme.example", role=Role.MEMBER, at=now, **common)[0] for who in "ab")
    crowd(account, 1, now, name="New")
    wait_with_invitation(account=account, invitation=ann, actor=common["actor"], at=now)
    sweep_account(account=account, at=now)

    signal = seen(account, Kind.HEADCOUNT_GAP)
    assert signal is not None
    assert (signal.seats, signal.evidence) == (3, {"people": 3, "invited": 2, "free": 0})
    assert sentence_of(signal) == "3 people have no seat, 2 of them invited; 0 seats are free."
    revoke_invitation(account=account, invitation=ben, actor=common["actor"], at=now)
    sweep_account(account=account, at=now + DAY)
    assert seen(account, Kind.HEADCOUNT_GAP) is None


def test_free_seats_count_before_people_are_missing_some() -> None:
    assert [missing_seats(people, 2) for people in (2, 4, 5, 6)] == [0, 0, 3, 4]
    assert missing_seats(3, -2) == 3


def busy(member: Membership, today: date, *, workdays: int, features: int) -> None:
    """So many of the last working days, each feature once a day."""
    days = [day for back in range(60) if (day := today - timedelta(days=back)).weekday() < 5][:workdays]
    DailyUsage.objects.bulk_create(
        DailyUsage(account=member.account, membership=member, feature=f"F{n}", day=day, count=1)
        for day in days
        for n in range(features)
    )


@pytest.mark.parametrize(
    ("people", "workdays", "features", "fires"),
    [(3, 12, 3, True), (2, 20, 5, False), (3, 11, 3, False), (3, 12, 2, False)],
)
def test_three_power_users_fire_and_two_do_not(
    account: Account, now: datetime, people: int, workdays: int, features: int, fires: bool
) -> None:
    give_pool(account, 50, now - 200 * DAY)
    found = crowd(account, 3, now)
    for number, member in enumerate(found):
        seat(member, now - 100 * DAY)
        if number < people:
            busy(member, now.date(), workdays=workdays, features=features)

    sweep_account(account=account, at=now)

    signal = seen(account, Kind.POWER_USERS)
    assert (signal is not None) is fires
    if signal is not None:
        assert signal.evidence == {"people": 3, "members": [m.public_id for m in found]}


def test_weekends_make_no_power_user(account: Account, now: datetime) -> None:
    give_pool(account, 3, now - 200 * DAY)
    for member in crowd(account, 3, now):
        seat(member, now - 100 * DAY)
        DailyUsage.objects.bulk_create(
            DailyUsage(
                account=account, membership=member, feature=f"F{n}", day=now.date() - timedelta(days=back), count=1
            )
            for back in range(28)
            if (now.date() - timedelta(days=back)).weekday() >= 5 or back < 14
            for n in range(3)
        )
    sweep_account(account=account, at=now)
    assert seen(account, Kind.POWER_USERS) is None


@pytest.mark.parametrize(
    ("title", "leads"),
    [
        ("VP Sales", True),
        ("Head of Design", True),
        ("CTO", True),
        ("Abteilungsleiterin Vertrieb", True),
        ("Directora de Ventas", True),
        ("Sales Representative", False),
        ("Executive Assistant", False),
        ("Leading Lady", False),
        ("", False),
    ],
)
def test_a_new_leader_is_told_once(account: Account, now: datetime, title: str, leads: bool) -> None:
    Membership.objects.filter(account=account).update(joined_at=now - 90 * DAY)
    [leader] = crowd(account, 1, now - 2 * DAY, name="Lead")
    Membership.objects.filter(pk=leader.pk).update(title=title)

    sweep_account(account=account, at=now)

    signal = seen(account, Kind.NEW_LEADER)
    assert (signal is not None) is leads
    if signal is not None:
        assert signal.subject == leader.public_id
        assert sentence_of(signal) == f"Lead 00000 began as {title}."
    sweep_account(account=account, at=now + 30 * DAY)
    assert seen(account, Kind.NEW_LEADER) is None


def test_a_young_accounts_leaders_are_not_new(account: Account, now: datetime) -> None:
    crowd(account, 1, now - 2 * DAY)
    Membership.objects.filter(account=account).update(title="VP Sales", joined_at=now - 2 * DAY)
    sweep_account(account=account, at=now)
    assert seen(account, Kind.NEW_LEADER) is None


def in_department(account: Account, name: str, count: int, at: datetime) -> list[Membership]:
    """People of a department who took their seats then."""
    place = DepartmentFactory.create(account=account, name=name)
    people = crowd(account, count, at, name=name)
    Membership.objects.filter(pk__in=[m.pk for m in people]).update(department=place)
    for member in people:
        seat(member, at)
    return people


def test_a_first_seat_in_another_department_asks_for_a_sponsor(account: Account, now: datetime) -> None:
    give_pool(account, 40, now - 200 * DAY)
    in_department(account, "Design", 4, now - 100 * DAY)
    in_department(account, "Care", 4, now - 95 * DAY)
    in_department(account, "Sales", 1, now - 3 * DAY)

    sweep_account(account=account, at=now)

    [signal] = Signal.objects.filter(kind=Kind.NEW_DEPARTMENT)
    assert (signal.evidence["department"], signal.evidence["days_after_first"]) == ("Sales", 97)
    assert sentence_of(signal).startswith("Sales got its first seat on ")
    assert (signal.held_back, signal.task) == (True, None)  # nobody is active: adoption first
    awake(account, now)
    give_pool(account, 10, now)
    sweep_account(account=account, at=now)
    task = ExpansionTask.objects.get(playbook="new_department")
    assert (task.pattern, task.subject) == ("cross_department", signal.subject)
    sweep_account(account=account, at=now + 28 * DAY)
    assert seen(account, Kind.NEW_DEPARTMENT) is None


def test_a_young_accounts_departments_are_not_new(account: Account, now: datetime) -> None:
    give_pool(account, 20, now - 20 * DAY)
    in_department(account, "Design", 2, now - 20 * DAY)
    in_department(account, "Sales", 2, now - 2 * DAY)
    sweep_account(account=account, at=now)
    assert seen(account, Kind.NEW_DEPARTMENT) is None


def test_a_department_that_grew_by_30_percent_in_a_year(account: Account, now: datetime) -> None:
    give_pool(account, 20, now - 500 * DAY)
    people = in_department(account, "Design", 10, now - 400 * DAY)
    place = Membership.objects.get(pk=people[0].pk).department
    leaver = seat_of(people[0])
    assert leaver is not None
    release_seat(account=account, assignment=leaver, actor=Actor.system("demo"), at=now - 30 * DAY)
    for member in crowd(account, 4, now, name="Late"):
        member.department = place
        member.save()
        seat(member, now - 40 * DAY)
    awake(account, now)

    sweep_account(account=account, at=now)

    [signal] = Signal.objects.filter(kind=Kind.DEPARTMENT_GROWTH)
    assert signal.evidence == {"department": "Design", "then": 10, "now": 13, "percent": 30, "by_members": True}
    assert signal.seats == 2
    assert sentence_of(signal) == (
        "Design went from 10 to 13 seats in a year: 30 % more. Counted by who belongs to it today."
    )
    assert ExpansionTask.objects.get(playbook="department_growth").pattern == "departmental"


def test_a_departments_past_is_its_mark_and_not_todays_members(account: Account, now: datetime) -> None:
    """Five people move from Sales to Design today: by today's list Design always had them, by its marks it grew."""
    give_pool(account, 20, now - 500 * DAY)
    in_department(account, "Design", 5, now - 400 * DAY)
    movers = in_department(account, "Sales", 5, now - 400 * DAY)
    assert record_department_marks(at=now - 370 * DAY) == 2
    assert record_department_marks(at=now - 369 * DAY) == 0
    design = Department.objects.get(name="Design")
    Membership.objects.filter(pk__in=[m.pk for m in movers]).update(department=design)
    awake(account, now)

    sweep_account(account=account, at=now)

    [signal] = Signal.objects.filter(kind=Kind.DEPARTMENT_GROWTH)
    assert signal.evidence == {"department": "Design", "then": 5, "now": 10, "percent": 100, "by_members": False}
    assert sentence_of(signal) == "Design went from 5 to 10 seats in a year: 100 % more."
    assert record_department_marks(at=now) == 2
    marks = DepartmentMark.objects.filter(day=now.date()).order_by("-holders")
    assert [(mark.department.name, mark.holders) for mark in marks] == [("Design", 10), ("Sales", 0)]


def test_growth_is_exact_at_its_edges() -> None:
    assert [grows(10, now) for now in (12, 13)] == [False, True]
    assert [grows(3, 4), grows(2, 9), grows(0, 9)] == [True, False, False]
    assert [next_half_year(10, 13), next_half_year(5, 25), next_half_year(4, 8)] == [2, 50, 4]


@pytest.mark.django_db(transaction=True)
def test_a_price_that_was_left_a_refused_wish_and_a_place_in_the_queue(
    funded: Funded, owner: Membership, member: Membership, now: datetime
) -> None:
    account, actor = funded.account, funded.actor
    quote = quote_quantity(account=account, actor=actor, add=3, at=now)
    # A day after the first purchase, which answered whatever was before it.
    looked = now + DAY
    Quote.objects.filter(pk=quote.pk).update(created_at=looked)
    awake(account, looked)
    sweep_account(account=account, at=looked + timedelta(minutes=30))
    assert seen(account, Kind.INTEREST) is None  # it may still be paid

    asked = request_seat(account=account, membership=member, asked_by=member.user, reason="Work", actor=actor, at=now)
    decide_request(account=account, request=asked, approve=False, answer="Later", actor=actor, at=looked)
    sweep_account(account=account, at=looked + timedelta(hours=2))

    signal = seen(account, Kind.INTEREST)
    assert signal is not None
    assert {k: signal.evidence[k] for k in ("left", "refused", "waiting")} == {"left": 1, "refused": 1, "waiting": 0}
    assert signal.seats == 3
    assert sentence_of(signal) == "1 person asked for a price and left. 1 request was refused."
    with transaction.atomic():
        give_pool(account, 13, looked + timedelta(hours=3))
    sweep_account(account=account, at=looked + timedelta(hours=4))
    assert seen(account, Kind.INTEREST) is None


def test_who_met_the_limit_and_waits_is_interest(
    account: Account, owner: Membership, member: Membership, now: datetime
) -> None:
    give_pool(account, 1, now - 200 * DAY)
    seat(owner, now)
    wait_for_seat(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    sweep_account(account=account, at=now)
    signal = seen(account, Kind.INTEREST)
    assert signal is not None
    assert sentence_of(signal) == "1 person waits for a seat."


def test_a_champion_who_leaves(account: Account, owner: Membership, member: Membership, now: datetime) -> None:
    give_pool(account, 10, now - 200 * DAY)
    contact = Contact.objects.create(account=account, membership=member, name="Mia", role="champion")
    Contact.objects.create(account=account, membership=owner, name="Olivia", role="champion")
    sweep_account(account=account, at=now)
    assert seen(account, Kind.CHAMPION_LEFT) is None

    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    sweep_account(account=account, at=now)

    signal = seen(account, Kind.CHAMPION_LEFT)
    assert signal is not None
    assert (signal.subject, signal.held_back) == (contact.public_id, False)
    assert sentence_of(signal) == "Mia is gone; 1 other champion is known."
    assert signal.task is not None
    assert (signal.task.playbook, signal.task.expands) == ("champion_left", False)
    Contact.objects.filter(pk=contact.pk).update(ended_at=now)
    sweep_account(account=account, at=now)
    assert seen(account, Kind.CHAMPION_LEFT) is None


@pytest.mark.parametrize(
    ("days", "due"), [(6, None), (7, 7), (20, 7), (21, None), (30, 30), (60, 60), (103, 90), (104, None)]
)
def test_check_ins_are_due_after_7_30_60_and_90_days(days: int, due: int | None) -> None:
    assert check_in_of(days) == due


def test_each_check_in_is_a_task_of_its_own_and_no_alert(account: Account, owner: Membership, now: datetime) -> None:
    give_pool(account, 1, now)
    seat(owner, now)
    for day in (1, 7, 8, 30):
        awake(account, now + day * DAY)
        sweep_account(account=account, at=now + day * DAY)

    tasks = ExpansionTask.objects.filter(playbook="check_in").order_by("pk")
    assert [(task.subject, task.state, task.expands) for task in tasks] == [("7", "open", False), ("30", "open", False)]
    assert not Signal.objects.filter(kind=Kind.CHECK_IN, alert__isnull=False).exists()
    assert [s.subject for s in Signal.objects.filter(kind=Kind.CHECK_IN, ended_at=None)] == ["30"]


@pytest.mark.parametrize(
    ("free", "added", "days"), [(10, 30, 30), (10, 9, 100), (0, 5, 0), (10, 0, None), (10, -3, None)]
)
def test_days_until_the_seats_are_full(free: int, added: int, days: int | None) -> None:
    assert days_to_full(free, added) == days


def test_an_enterprises_runway_against_procurement(account: Account, owner: Membership, now: datetime) -> None:
    """60 bought, 20 taken 100 days ago, 50 now: 10 free last 30 days, procurement takes 60 to 90."""
    give_pool(account, 60, now - 100 * DAY)
    for member in crowd(account, 20, now, name="Old"):
        seat(member, now - 95 * DAY)
    for member in crowd(account, 30, now, name="New"):
        seat(member, now - 10 * DAY)
    awake(account, now)

    sweep_account(account=account, at=now)

    signal = seen(account, Kind.RUNWAY)
    assert signal is not None
    assert signal.evidence == {"free": 10, "added": 30, "days": 30, "shortest": 60, "longest": 90}
    assert signal.seats == 20
    assert sentence_of(signal) == "The free seats last about 30 days; procurement takes 60 to 90 days."
    assert ExpansionTask.objects.get(playbook="procurement").quantity == 20
    give_pool(account, 100, now)
    sweep_account(account=account, at=now)
    assert seen(account, Kind.RUNWAY) is None


def test_a_small_account_that_pays_by_card_has_no_procurement(account: Account, now: datetime) -> None:
    give_pool(account, 20, now - 100 * DAY)
    for member in crowd(account, 5, now, name="Old"):
        seat(member, now - 95 * DAY)
    for member in crowd(account, 10, now, name="New"):
        seat(member, now - 10 * DAY)
    sweep_account(account=account, at=now)
    assert seen(account, Kind.RUNWAY) is None
