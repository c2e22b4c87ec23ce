"""Who uses what: the report that the usage page shows."""

from datetime import date, datetime, timedelta

import pytest

from accounts.models import Account, Department, Membership
from seats.insight.history import Point
from seats.insight.make_use_report import current_report, make_due_reports, make_use_report
from seats.insight.runway import Runway, runway
from seats.insight.use_report import Cell, FeatureUse, GroupUse, concentrated, for_groups, tell_apart
from seats.models import UsageReport
from seats.usage.ingest_events import ingest_events
from tests.factories.seats import crowd, give_pool, seat, use
from tests.factories.usage import event

DAY = timedelta(days=1)
TODAY = date(2026, 5, 4)


@pytest.mark.django_db
def test_buckets_power_and_people(account: Account, now: datetime) -> None:
    give_pool(account, 5, now)
    busy, some, silent, outside = crowd(account, 4, now)
    for member in (busy, some, silent):
        seat(member, now)
    use(busy, now, days=20)
    use(some, now, days=5)
    use(outside, now, days=30)
    report = make_use_report(account=account, at=now)
    assert (report.holders, report.active, report.buckets) == (3, 2, [1, 0, 1, 0, 1])
    assert [(p.membership, p.days, p.actions) for p in report.power] == [(busy.pk, 20, 40)]
    assert [(p.membership, p.actions) for p in report.unseated] == [(outside.pk, 60)]
    assert [(p.membership, p.features["Reports"].count) for p in report.people] == [
        (outside.pk, 60),
        (busy.pk, 40),
        (some.pk, 10),
    ]


@pytest.mark.django_db
def test_features_outcomes_and_concentration(account: Account, now: datetime) -> None:
    people = crowd(account, 10, now)
    events = [
        event(person.public_id, now - DAY, outcome="sent" if n else "", quantity=2)
        for n, person in enumerate(people)
        for _ in range(8 if n < 2 else 1)
    ]
    events += [event(people[0].public_id, now - 2 * DAY, feature="Exports") for _ in range(3)]
    ingest_events(account=account, events=events, at=now)
    report = make_use_report(account=account, at=now)
    assert report.features == [
        FeatureUse("Reports", 10, 24, 48, {"sent": 16}, 16, 2),
        FeatureUse("Exports", 1, 3, 3, {}, 3, 1),
    ]
    assert [feature.concentration for feature in report.features] == [66, 100]
    assert report.people[0].features == {
        "Reports": Cell(8, (now - DAY).date(), 0),
        "Exports": Cell(3, (now - 2 * DAY).date(), 0),
    }
    assert report.people[1].features == {"Reports": Cell(8, (now - DAY).date(), 8)}


@pytest.mark.django_db
def test_groups_and_unknown_people(account: Account, now: datetime) -> None:
    give_pool(account, 5, now)
    sales = Department.objects.create(account=account, name="Sales")
    people = crowd(account, 3, now)
    Membership.objects.filter(pk__in=[people[0].pk, people[1].pk]).update(department=sales)
    for person in people[:2]:
        seat(person, now)
    use(people[0], now, days=2)
    ingest_events(account=account, events=[event("ghost", now), event("ghost", now - DAY)], at=now)
    report = make_use_report(account=account, at=now)
    departments = [group for group in report.groups if group.kind == "department"]
    assert departments == [GroupUse("department", "", 2, 0, 0, 0), GroupUse("department", "Sales", 2, 2, 1, 4)]
    assert (report.unknown_people, report.unknown_actions) == (1, 2)
    assert [(u.person, u.actions, u.last) for u in report.unknown] == [("ghost", 2, now.date())]


@pytest.mark.django_db
def test_active_holders_by_week(account: Account, now: datetime) -> None:
    give_pool(account, 5, now - 200 * DAY)
    one, other = crowd(account, 2, now - 200 * DAY)
    seat(one, now - 100 * DAY)
    ingest_events(account=account, events=[event(one.public_id, now - 60 * DAY)], at=now)
    ingest_events(account=account, events=[event(other.public_id, now - 60 * DAY)], at=now)
    weeks = dict(make_use_report(account=account, at=now).weeks)
    today = now.date()
    assert weeks[today] == 0
    expected = {day: int((now - 60 * DAY).date() <= day < (now - 30 * DAY).date()) for day in weeks if day != today}
    assert {day: n for day, n in weeks.items() if day != today} == expected
    assert sum(expected.values()) in (4, 5)
    again = dict(make_use_report(account=account, at=now + 7 * DAY).weeks)
    assert {day: n for day, n in again.items() if day in expected} == {
        day: n for day, n in expected.items() if day in again
    }


@pytest.mark.django_db
def test_a_small_account_is_counted_when_it_is_asked_for(account: Account, owner: Membership, now: datetime) -> None:
    assert current_report(account, now, people=1)[0].people == []
    ingest_events(account=account, events=[event(owner.public_id, now - DAY)], at=now)
    assert len(current_report(account, now, people=200)[0].people) == 1, "also for what happened before the last look"


@pytest.mark.django_db
def test_a_large_account_sees_the_last_report(account: Account, owner: Membership, now: datetime) -> None:
    make_use_report(account=account, at=now)
    at = now + timedelta(minutes=10)
    ingest_events(account=account, events=[event(owner.public_id, now - timedelta(minutes=1))], at=at)
    report, made = current_report(account, at, people=201)
    assert (made, report.people) == (now, [])
    assert make_due_reports(at=at) == 1
    report, made = current_report(account, at, people=201)
    assert (made, len(report.people)) == (at, 1)
    assert make_due_reports(at=at + timedelta(minutes=4)) == 0, "not within five minutes"
    assert make_due_reports(at=at + timedelta(minutes=30)) == 0, "nobody was active since"
    assert make_due_reports(at=at + 2 * DAY) == 1


@pytest.mark.django_db
def test_one_accounts_trouble_does_not_stop_the_others(
    account: Account, owner: Membership, outsider: Membership, now: datetime
) -> None:
    for member in (owner, outsider):
        use(member, now, days=1)
    Account.objects.filter(pk=account.pk).update(time_zone="Nowhere/Land")
    assert make_due_reports(at=now) == 1
    assert UsageReport.objects.get().account == outsider.account


def groups(*people: int) -> list[GroupUse]:
    return [GroupUse("department", f"d{n}", size, size, size, size) for n, size in enumerate(people)]


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ((9, 6), [("d0", 9), ("d1", 6)]),
        ((9, 3, 2), [("d0", 9), ("…", 5)]),
        ((9, 6, 2), [("d0", 9), ("…", 8)]),
        ((9, 2), [("…", 11)]),
        ((2, 2), []),
        ((5,), [("d0", 5)]),
    ],
)
def test_small_groups_are_not_told_apart(sizes: tuple[int, ...], shown: list[tuple[str, int]]) -> None:
    assert [(group.name, group.people) for group in tell_apart(groups(*sizes))] == shown


@pytest.mark.django_db
def test_privacy_mode_names_nobody(account: Account, now: datetime) -> None:
    give_pool(account, 6, now)
    people = crowd(account, 6, now)
    for person in people:
        seat(person, now)
        use(person, now, days=25)
    use(people[0], now, days=1, feature="Exports")
    whole = make_use_report(account=account, at=now)
    assert (len(whole.people), len(whole.power)) == (6, 6)
    report = for_groups(whole)
    assert (report.people, report.power, report.unseated, report.unknown) == ([], [], [], [])
    assert [feature.name for feature in report.features] == ["Reports"]
    # The busiest fifth of six people is one of them.
    assert [feature.concentration for feature in whole.features] == [16, 100]
    assert [(feature.concentration, feature.by_few) for feature in report.features] == [(None, 0)]


@pytest.mark.parametrize(
    ("sizes", "edges", "told"),
    [
        ([9, 0, 5, 7, 6], [(0, 0), (1, 4), (5, 11), (12, 19), (20, 30)], [9, 0, 5, 7, 6]),
        ([2, 0, 4, 7, 6], [(0, 11), (12, 19), (20, 30)], [6, 7, 6]),
        ([9, 0, 0, 0, 1], [(0, 30)], [10]),
        ([9, 5, 0, 3, 1], [(0, 0), (1, 30)], [9, 9]),
        ([1, 1, 1, 1, 0], [], []),
    ],
)
@pytest.mark.django_db
def test_privacy_mode_tells_no_few_apart_by_their_days(
    account: Account, now: datetime, sizes: list[int], edges: list[tuple[int, int]], told: list[int]
) -> None:
    whole = make_use_report(account=account, at=now)
    whole.buckets, whole.holders = sizes, sum(sizes)
    report = for_groups(whole)
    assert (report.edges, report.buckets) == (edges, told)


def test_concentrated_features() -> None:
    features = [
        FeatureUse("All", 10, 500, 500, {}, 100, 2),
        FeatureUse("Few", 2, 20, 20, {}, 20, 1),
        FeatureUse("Light", 2, 19, 19, {}, 19, 1),
    ]
    assert [feature.name for feature in concentrated(features, active=10)] == ["Few"]


@pytest.mark.parametrize(
    ("points", "free", "found"),
    [
        ([], 3, None),
        ([(200, 4)], 3, None),
        ([(200, 4), (10, 7)], 3, (30, 180)),
        ([(200, 0), (10, 7)], 1, (5, 26)),
        ([(200, 4), (100, 5), (10, 7)], 2, (30, 120)),
        ([(200, 4), (10, 10)], 0, (0, 0)),
        ([(200, 10), (10, 7)], 3, None),
        ([(200, 4), (10, 5)], 100, None),
        ([(20, 4), (10, 7)], 3, None),
    ],
)
def test_runway(points: list[tuple[int, int]], free: int, found: tuple[int, int] | None) -> None:
    """Three more within 30, 90 and 180 days: three free seats last 30 to 180 days."""
    expected = Runway(TODAY + found[0] * DAY, TODAY + found[1] * DAY) if found else None
    rows = [Point(TODAY - ago * DAY, 20, taken) for ago, taken in points]
    assert runway(rows, free=free, today=TODAY) == expected
