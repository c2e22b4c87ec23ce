"""The marks of all accounts: equal to what is counted live at their moment, kept by month, and told from history."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership
from seats.growth.mark_accounts import mark_accounts
from seats.holders.queries import seat_counts
from seats.holders.release_seat import release_seats
from seats.insight.kpi_queries import kpis_by_month, kpis_of_month
from seats.insight.trends import MEASURES, money_measure, money_trend, trend_of
from seats.models import AccountMark, Assignment, MarkedMonth, RecurringChange
from seats.tasks import mark_accounts as mark_by_task
from tests.conftest import make_account
from tests.factories.accounts import RegionFactory
from tests.factories.seats import SYSTEM, crowd, give_pool, seat, use
from tests.seatportal.test_staff import BACKEND, staff_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# In the middle of a month, so that months before it are whole ones.
AT = datetime(2026, 9, 15, 12, tzinfo=UTC)
NOW_MONTH, LAST_MONTH = AT.date().replace(day=1), date(2026, 8, 1)


def open_one(name: str, seats: int, *, begun: datetime, holders: int) -> tuple[Account, list[Membership]]:
    """An account with so many seats since `begun`, and as many holders."""
    account = make_account(name, begun, owner=f"{name}-owner", domain=f"{name.lower()}.example").account
    give_pool(account, seats, begun)
    people = crowd(account, holders, begun, name=name)
    for person in people:
        seat(person, begun)
    return account, people


def live(account: Account, at: datetime) -> tuple[int, int, int]:
    counts = seat_counts(account, at)
    return counts.purchased, counts.assigned, counts.active


def marked(account: Account, month: date = NOW_MONTH) -> tuple[int, int, int]:
    mark = AccountMark.objects.get(account=account, month=month)
    return mark.purchased, mark.assigned, mark.active


def test_marks_are_the_live_count_at_their_moment_and_stay_until_the_next() -> None:
    ada, people = open_one("Ada", 10, begun=AT - 100 * DAY, holders=6)
    for person in people[:4]:
        use(person, AT, days=1)

    assert mark_accounts(at=AT) == 1
    assert marked(ada) == live(ada, AT) == (10, 6, 4)
    assert MarkedMonth.objects.get(first=NOW_MONTH).counted_at == AT

    use(people[4], AT + DAY, days=1)
    give_pool(ada, 12, AT + DAY)
    assert live(ada, AT + DAY) == (12, 6, 5)
    assert [kpis.active for kpis in kpis_of_month("all", NOW_MONTH)] == [4]

    assert mark_accounts(at=AT + DAY) == 1
    assert marked(ada) == (12, 6, 5)
    assert MarkedMonth.objects.get(first=NOW_MONTH).counted_at == AT + DAY


def test_a_run_without_news_touches_no_row_and_a_late_one_moves_nothing_back() -> None:
    ada, _people = open_one("Ada", 10, begun=AT - 100 * DAY, holders=6)
    mark_accounts(at=AT)
    assert mark_accounts(at=AT + DAY) == 0
    assert MarkedMonth.objects.get(first=NOW_MONTH).counted_at == AT + DAY

    give_pool(ada, 12, AT + DAY)
    assert mark_accounts(at=AT) == 0
    assert marked(ada) == (10, 6, 0)
    assert MarkedMonth.objects.get(first=NOW_MONTH).counted_at == AT + DAY


def test_an_account_without_seats_is_in_no_metric_any_more() -> None:
    ada, _people = open_one("Ada", 10, begun=AT - 100 * DAY, holders=2)
    mark_accounts(at=AT)
    give_pool(ada, 0, AT + DAY)
    mark_accounts(at=AT + DAY)

    assert not AccountMark.objects.filter(account=ada, month=NOW_MONTH).exists()
    assert kpis_of_month("all", NOW_MONTH) == []
    assert marked(ada, LAST_MONTH) == (10, 2, 0)


def test_the_region_is_where_most_people_are() -> None:
    ada, people = open_one("Ada", 10, begun=AT - 100 * DAY, holders=5)
    north, south = RegionFactory.create(account=ada, name="North"), RegionFactory.create(account=ada, name="South")
    Membership.objects.filter(pk__in=[person.pk for person in people[:2]]).update(region=north)
    Membership.objects.filter(pk__in=[person.pk for person in people[2:]]).update(region=south)
    mark_accounts(at=AT)

    assert [(kpis.segment, kpis.accounts) for kpis in kpis_of_month("region", NOW_MONTH)] == [("South", 1)]


def test_months_that_nobody_counted_are_told_from_the_ledger_and_the_daily_counts() -> None:
    july = datetime(2026, 7, 10, 9, tzinfo=UTC)
    ada, people = open_one("Ada", 10, begun=july, holders=4)
    use(people[0], datetime(2026, 7, 20, 9, tzinfo=UTC), days=1)  # counts for July and not for August
    use(people[1], datetime(2026, 8, 20, 9, tzinfo=UTC), days=1)
    use(people[2], datetime(2026, 8, 31, 9, tzinfo=UTC), days=1)
    give_pool(ada, 13, datetime(2026, 8, 15, tzinfo=UTC))
    given = list(Assignment.objects.filter(membership=people[2]))
    release_seats(account=ada, assignments=given, actor=SYSTEM, at=datetime(2026, 9, 2, tzinfo=UTC), reason="")

    assert mark_accounts(at=AT) == 1
    assert [row.first.month for row in MarkedMonth.objects.order_by("first")] == [7, 8, 9]
    assert marked(ada, date(2026, 7, 1)) == (10, 4, 1)
    assert marked(ada, LAST_MONTH) == (13, 4, 2)
    assert marked(ada) == live(ada, AT) == (13, 3, 1)
    july_mark = AccountMark.objects.get(account=ada, month=date(2026, 7, 1))
    assert (july_mark.first_at, july_mark.next_at, july_mark.start, july_mark.health) == (july, None, 0, None)
    assert AccountMark.objects.get(account=ada, month=LAST_MONTH).next_at == datetime(2026, 8, 15, tzinfo=UTC)
    counted = MarkedMonth.objects.get(first=LAST_MONTH).counted_at
    assert counted == datetime(2026, 9, 1, tzinfo=UTC)

    # What has ended and was counted is not counted again.
    give_pool(ada, 20, datetime(2026, 8, 30, tzinfo=UTC))
    mark_accounts(at=AT + DAY)
    assert marked(ada, LAST_MONTH) == (13, 4, 2)


def test_no_more_than_a_year_is_told_from_history() -> None:
    open_one("Ada", 10, begun=AT - 900 * DAY, holders=1)
    mark_accounts(at=AT)
    months = [row.first for row in MarkedMonth.objects.order_by("first")]
    assert (len(months), months[0], months[-1]) == (13, date(2025, 9, 1), NOW_MONTH)
    assert AccountMark.objects.get(month=months[0]).start == 10


def test_trends_by_segment() -> None:
    ada, people = open_one("Ada", 10, begun=AT - 40 * DAY, holders=6)
    Account.objects.filter(pk=ada.pk).update(industry="Design")
    for person in people:
        use(person, AT, days=1)
    bo, _people = open_one("Bo", 4, begun=AT - 5 * DAY, holders=4)
    Account.objects.filter(pk=bo.pk).update(industry="Energy")
    mark_accounts(at=AT)
    by_month = kpis_by_month("industry", [LAST_MONTH, NOW_MONTH])

    seats = trend_of(MEASURES["mean"], by_month)
    assert seats.months == [LAST_MONTH, NOW_MONTH]
    assert seats.lines == [("Design", [10.0, 10.0]), ("Energy", [None, 4.0])]
    assert trend_of(MEASURES["use"], by_month).lines == [("Design", [0, 60]), ("Energy", [None, 0])]
    assert trend_of(MEASURES["low"], by_month).lines == [("Design", [100, 0]), ("Energy", [None, 100])]
    assert trend_of(MEASURES["health"], by_month).lines == [("Design", [None, 68]), ("Energy", [None, None])]

    added = {(LAST_MONTH, "Design"): 24_000, (NOW_MONTH, "Gone"): 600}
    money = money_trend(money_measure("usd"), by_month, added)
    assert money.lines == [("Design", [24_000, 0]), ("Energy", [None, 0]), ("Gone", [None, 600])]


def test_the_page_shows_when_it_was_counted_and_a_measure_over_months() -> None:
    ada, _people = open_one("Ada", 10, begun=AT - 40 * DAY, holders=6)
    Account.objects.filter(pk=ada.pk).update(industry="Design")
    RecurringChange.objects.create(
        account=ada,
        at=AT - DAY,
        cause="seats",
        currency="usd",
        before=0,
        after=120_000,
        quantity=10,
        price_stripe_id="p",
    )
    mark_accounts(at=AT)
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    address = reverse("admin:seats_signal_metrics")

    page = staff.get(address, {"by": "industry", "over": "mean"}).content.decode()
    assert "Accounts as of 15 September 2026, 12:00 UTC." in page
    assert "Design: 10.0 in August 2026, 10.0 in September 2026." in page
    assert (
        "Design: $0.00 in August 2026, $1,200.00 in September 2026."
        in staff.get(address, {"by": "industry", "over": "money-usd"}).content.decode()
    )
    file = staff.get(address, {"by": "industry", "over": "money-usd", "format": "csv"})
    assert file.getvalue().decode("utf-8-sig").splitlines() == [
        "Month,Design",
        "2026-08,0.00",
        "2026-09,1200.00",
    ]


def test_the_page_before_the_first_count() -> None:
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    address = reverse("admin:seats_signal_metrics")
    assert "Nothing is counted yet" in staff.get(address).content.decode()
    mark_by_task()
    assert "No account has seats yet." in staff.get(address).content.decode()
