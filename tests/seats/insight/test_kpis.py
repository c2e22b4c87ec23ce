"""The metrics: their formulas on written-out numbers, and the database's answers beside them."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Membership
from seats.growth.mark_accounts import mark_accounts
from seats.insight.kpi_queries import Cause, growth_by_cause, kpis_of_month
from seats.insight.kpis import AccountFacts, Kpis, expansion_rate, kpis_of, median_days
from seats.insight.segments import SEGMENTS
from tests.conftest import make_account
from tests.factories.accounts import RegionFactory
from tests.factories.seats import crowd, give_pool, seat
from tests.seatportal.test_staff import BACKEND, staff_user

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "rate"), [(10, 13, 300), (10, 10, 0), (10, 8, -200), (0, 5, None), (3, 4, 333), (3, 2, -334)]
)
def test_expansion_rate(start: int, end: int, rate: int | None) -> None:
    assert expansion_rate(start, end) == rate


def test_the_median_is_a_number_that_was_there() -> None:
    assert [median_days([]), median_days([7]), median_days([30, 10]), median_days([10, 40, 20])] == [None, 7, 10, 20]


@pytest.fixture
def market(db: None, now: datetime) -> dict[str, list[AccountFacts]]:
    """Four accounts with seats and one without; what each industry's facts are, written out."""

    def open_one(name: str, industry: str, buys: list[tuple[int, int]], *, taken: int, active: int) -> AccountFacts:
        account = make_account(name, now, owner=f"{name}-owner", domain=f"{name.lower()}.example").account
        Account.objects.filter(pk=account.pk).update(industry=industry)
        for days, seats in buys:
            give_pool(account, seats, now - days * DAY)
        people = crowd(account, taken, now, name=name)
        for number, person in enumerate(people):
            seat(person, now)
            if number < active:
                Membership.objects.filter(pk=person.pk).update(last_active_at=now)
        if industry == "Energy":
            region = RegionFactory.create(account=account, name="North")
            Membership.objects.filter(account=account).update(region=region)
        first = now - buys[0][0] * DAY if buys else None
        grown = [now - days * DAY for (days, seats), (_, before) in zip(buys[1:], buys, strict=False) if seats > before]
        start = next((seats for days, seats in reversed(buys) if days >= 365), 0)
        purchased = buys[-1][1] if buys else 0
        # Of the inputs only use and payment are known, and nobody is late.
        points = min(max((active * 100 // purchased - 30) * 2, 0), 100) if purchased else 0
        return AccountFacts(
            purchased=purchased,
            active=active,
            start=start,
            first_at=first,
            next_at=grown[0] if grown else None,
            health=(points * 55 + 100 * 15) // 70 if purchased else None,
        )

    return {
        "Design": [
            open_one("Ada", "Design", [(500, 10), (200, 13)], taken=8, active=8),
            open_one("Bo", "Design", [(400, 20), (300, 15), (100, 18)], taken=15, active=15),
        ],
        "Energy": [open_one("Cy", "Energy", [(100, 5)], taken=4, active=1)],
        "": [
            open_one("Di", "", [(30, 60), (10, 80)], taken=3, active=0),
            open_one("Em", "", [], taken=0, active=0),
        ],
    }


def kpis_by(segment: str, at: datetime) -> list[Kpis]:
    """What the page shows once the accounts are counted at a moment."""
    mark_accounts(at=at)
    return kpis_of_month(segment, at.date().replace(day=1))


def test_the_database_agrees_with_the_formulas(market: dict[str, list[AccountFacts]], now: datetime) -> None:
    every = [facts for segment in market.values() for facts in segment]
    assert kpis_by("all", now) == [kpis_of("", every)]
    expected = [kpis_of(name, facts) for name, facts in market.items()]
    assert kpis_by("industry", now) == sorted(expected, key=lambda kpis: -kpis.seats)
    assert kpis_by("industry", now)[1] == Kpis(
        segment="Design",
        accounts=2,
        seats=31,
        active=23,
        mean=15.5,
        rate=33,  # (13 + 18 − 10 − 20) ÷ 30 = 3.3 %
        days=300,
        expanded=2,
        waiting=0,
        ready=1,
        neutral=1,
        low=0,
        health=85,  # 70 and 100: (62 × 55 + 100 × 15) ÷ 70, and everything in order
    )


def test_every_segment_tells_all_accounts_apart(market: dict[str, list[AccountFacts]], now: datetime) -> None:
    mark_accounts(at=now)
    for segment in SEGMENTS:
        with CaptureQueriesContext(connection) as statements:
            found = kpis_of_month(segment, now.date().replace(day=1))
        assert len(statements) == 1
        assert sum(row.accounts for row in found) == 4
        assert sum(row.seats for row in found) == 13 + 18 + 5 + 80
    assert {row.segment: row.accounts for row in kpis_by("size", now)} == {"51–250": 1, "11–50": 2, "1–10": 1}
    assert {row.segment: row.accounts for row in kpis_by("region", now)} == {"": 3, "North": 1}


def test_first_purchases_and_reductions_are_no_expansion(market: dict[str, list[AccountFacts]], now: datetime) -> None:
    assert growth_by_cause(now) == [Cause("other", 26, 3)]  # 3 + 3 + 20, all changed elsewhere


def test_the_page(market: dict[str, list[AccountFacts]], now: datetime) -> None:
    mark_accounts(at=now)
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    text = staff.get(reverse("admin:seats_signal_metrics"), {"by": "industry"}).content.decode()
    assert "Design" in text
    assert "3.3 %" in text
    assert "300 days" in text
    assert "Active ÷ purchased" in text
