"""Twelve months from the ledger, what the account used, and the pace."""

from datetime import date, datetime, timedelta

import pytest

from accounts.models import Account, Membership
from seatportal.kit.charts import histogram, nice_top, step_chart
from seats.insight.activity import NOTHING, activity_of
from seats.insight.history import History, Point, Purchase, months_of_growth, twelve_months
from seats.insight.use_chart import use_chart
from seats.models import LedgerEntry
from seats.usage.ingest_events import ingest_events
from tests.factories.seats import give_pool, seat, use
from tests.factories.usage import event

DAY = timedelta(days=1)


@pytest.mark.django_db
def test_a_point_a_day_with_the_last_state(account: Account, owner: Membership, now: datetime) -> None:
    noon = now.replace(hour=12)
    give_pool(account, 5, noon - 400 * DAY)
    give_pool(account, 8, noon - 100 * DAY)
    give_pool(account, 10, noon - 100 * DAY + timedelta(hours=1))
    seat(owner, noon - 20 * DAY)
    history = twelve_months(account, now)
    today = now.date()
    assert history.points == [
        Point(today - 365 * DAY, 5, 0),
        Point(today - 100 * DAY, 10, 0),
        Point(today - 20 * DAY, 10, 1),
    ]


@pytest.mark.django_db
def test_a_mark_for_each_purchase_that_lasted_the_day(account: Account, owner: Membership, now: datetime) -> None:
    noon = now.replace(hour=12)
    hour = timedelta(hours=1)
    for seats, at in [
        (5, noon - 400 * DAY),
        (8, noon - 100 * DAY),
        (10, noon - 100 * DAY + hour),
    ]:
        give_pool(account, seats, at)
    seat(owner, noon - 100 * DAY + 2 * hour)
    for seats, at in [
        (12, noon - 50 * DAY),
        (10, noon - 50 * DAY + hour),
        (4, noon - 40 * DAY),
    ]:
        give_pool(account, seats, at)
    history = twelve_months(account, now)
    lines = LedgerEntry.objects.filter(account=account, at__gte=noon - 365 * DAY, kind="external")
    ids = list(lines.order_by("at").values_list("public_id", flat=True))
    first = now.date() - 100 * DAY
    assert history.purchases == [
        Purchase(first, 3, ids[0], "external", ""),
        Purchase(first, 2, ids[1], "external", ""),
        Purchase(now.date() - 50 * DAY, 2, ids[2], "external", ""),
    ]
    chart = use_chart(history, [])
    assert chart is not None
    assert chart.bought == [(f"{265 / 3.65:.2f}%", purchase) for purchase in history.purchases[:2]]
    assert {week.point.day: week.bought for week in chart.weeks if week.bought} == {first: history.purchases[:2]}


@pytest.mark.django_db
def test_no_history_without_a_ledger(account: Account, now: datetime) -> None:
    assert twelve_months(account, now).points == []


@pytest.mark.parametrize(
    ("points", "free", "months"),
    [
        ([(200, 4)], 3, None),
        ([(80, 0), (10, 4)], 3, None),
        ([(200, 4), (10, 7)], 3, 3),
        ([(200, 4), (10, 10)], 1, 0),
        ([(200, 4), (10, 2)], 3, None),
        ([], 3, None),
    ],
)
def test_pace(points: list[tuple[int, int]], free: int, months: int | None) -> None:
    """Three more in 90 days use up three free seats in three months."""
    last = date(2026, 5, 4)
    history = History(last - 365 * DAY, last, [Point(last - ago * DAY, 20, taken) for ago, taken in points])
    assert months_of_growth(history, free=free) == months


@pytest.mark.django_db
def test_activity_counts_thirty_days(account: Account, owner: Membership, now: datetime) -> None:
    use(owner, now, days=3, feature="Reports", times=2)
    use(owner, now, days=1, feature="Exports", times=9)
    use(owner, now - 29 * DAY, days=2, feature="Old", times=1)
    found = activity_of(account, [owner.pk], now)[owner.pk]
    assert found.counts == (1, *[0] * 26, 2, 2, 11)
    assert (found.active_days, found.top) == (4, ("Exports", "Reports", "Old"))
    assert found.features == (("Exports", 9), ("Reports", 6), ("Old", 1))
    assert NOTHING.active_days == 0


@pytest.mark.django_db
def test_days_belong_to_the_accounts_zone(account: Account, owner: Membership) -> None:
    """22:30 UTC is the next day in Madrid."""
    account.time_zone = "Europe/Madrid"
    account.save()
    evening = datetime.fromisoformat("2026-05-04T22:30:00+00:00")
    ingest_events(account=account, events=[event(owner.public_id, evening)], at=evening)
    assert activity_of(account, [owner.pk], evening + timedelta(minutes=1))[owner.pk].counts[-1] == 1


@pytest.mark.parametrize(("value", "top"), [(0, 4), (4, 4), (5, 8), (12, 12), (13, 20), (21, 40), (9000, 12000)])
def test_axes_end_on_whole_quarters(value: int, top: int) -> None:
    assert nice_top(value) == top


def test_steps_are_drawn_between_days() -> None:
    chart = step_chart(date(2026, 1, 1), date(2026, 1, 11), [(date(2026, 1, 1), (0, 0)), (date(2026, 1, 6), (4, 2))])
    assert [line.path for line in chart.lines] == [
        "M0.0 159.0H500.0V1.0H1000",
        "M0.0 159.0H500.0V80.0H1000",
    ]
    assert [tick.label for tick in chart.y_ticks] == [0, 1, 2, 3, 4]


def test_bars_share_the_width() -> None:
    bars = histogram([0, 2, 4])
    assert [(bar.middle, bar.height) for bar in bars] == [("16.67%", "1.0"), ("50.00%", "68.0"), ("83.33%", "136.0")]
