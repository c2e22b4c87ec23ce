"""Expansion in money: what a change meant, by cause, and what is kept of it."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from billing.models import Plan, Price, SubscriptionItem
from seats.capacity.record_purchase import record_purchase
from seats.insight.record_recurring import record_recurring
from seats.insight.recurring import Part, Standing, parts_of, per_year
from seats.insight.recurring_queries import CauseMoney, Money, money_by_currency
from seats.models import LedgerEntry, RecurringChange
from tests.conftest import Funded
from tests.factories.seats import give_pool
from tests.seatportal.test_staff import BACKEND, staff_user

DAY = timedelta(days=1)
Cause = RecurringChange.Cause


def flat(name: str, unit: int, *, plan: Plan, interval: str = "month", currency: str = "usd") -> Price:
    return Price.objects.create(
        plan=plan, stripe_id=f"price_{name}", currency=currency, interval=interval, scheme="flat", unit_amount=unit
    )


@pytest.fixture
def prices(db: None) -> dict[str, Price]:
    team = Plan.objects.create(stripe_id="prod_team", name="Team")
    more = Plan.objects.create(stripe_id="prod_more", name="More")
    return {
        "ten": flat("ten", 1000, plan=team),
        "twelve": flat("twelve", 1200, plan=team),
        "year": flat("year", 9600, plan=team, interval="year"),
        "more": flat("more", 2000, plan=more),
        "euro": flat("euro", 1000, plan=team, currency="eur"),
    }


def parts(
    prices: dict[str, Price], old: tuple[str, int] | None, new: tuple[str, int], kind: str = "bought"
) -> list[tuple[str, int, int]]:
    before = Standing(prices[old[0]], old[1]) if old else Standing(None, 0)
    found = parts_of(before, Standing(prices[new[0]], new[1]), kind)
    return [(str(part.cause), part.before, part.after) for part in found]


@pytest.mark.parametrize(
    ("interval", "count", "yearly"),
    [("year", 2, 30_000), ("month", 24, 30_000), ("month", 5, 144_000), ("day", 30, 730_000)],
)
def test_a_period_that_is_no_part_of_a_year_counts_by_its_length(
    prices: dict[str, Price], interval: str, count: int, yearly: int
) -> None:
    """Six hundred dollars for five seats each period."""
    prices["ten"].interval, prices["ten"].interval_count, prices["ten"].unit_amount = interval, count, 12_000
    assert per_year(prices["ten"], 5) == yearly


def test_each_change_has_its_cause(prices: dict[str, Price]) -> None:
    """Ten dollars a month are 12,000 cents a year."""
    assert parts(prices, None, ("ten", 5), "started") == [("new", 0, 60_000)]
    assert parts(prices, ("ten", 5), ("ten", 8)) == [("seats", 60_000, 96_000)]
    assert parts(prices, ("ten", 8), ("ten", 6), "reduced") == [("seats", 96_000, 72_000)]
    assert parts(prices, ("ten", 8), ("ten", 9), "external") == [("other", 96_000, 108_000)]
    assert parts(prices, ("ten", 5), ("twelve", 5), "") == [("price", 60_000, 72_000)]
    assert parts(prices, ("ten", 5), ("year", 5), "plan") == [("plan", 60_000, 48_000)]
    assert parts(prices, ("ten", 5), ("more", 5), "plan") == [("plan", 60_000, 120_000)]
    assert parts(prices, ("ten", 5), ("ten", 0), "ended") == [("ended", 60_000, 0)]
    assert parts(prices, ("ten", 0), ("ten", 4), "started") == [("returned", 0, 48_000)]
    assert parts(prices, ("ten", 5), ("euro", 5), "external") == [("ended", 60_000, 0), ("returned", 0, 60_000)]


def test_a_new_plan_with_more_seats_is_told_apart(prices: dict[str, Price]) -> None:
    """The seats at the old price, the rest is the plan's: together the whole."""
    assert parts(prices, ("ten", 5), ("more", 8), "plan") == [("seats", 60_000, 96_000), ("plan", 96_000, 192_000)]
    assert parts_of(Standing(None, 0), Standing(None, 0), "ended") == []
    assert parts_of(Standing(None, 0), Standing(prices["ten"], 1), "started") == [Part("new", prices["ten"], 0, 12_000)]


@transaction.atomic
def move(account: Account, kind: str, before: int, after: int, at: datetime) -> None:
    record_purchase(
        account=account,
        kind=kind,
        before=before,
        after=after,
        change=None,
        invoice_stripe_id="",
        actor=None,
        reason="",
        at=at,
    )


@pytest.mark.django_db(transaction=True)
def test_a_story_in_money(funded: Funded, now: datetime) -> None:
    """Ten graduated seats cost $500 a month, twelve $580; a yearly price of $480 a seat; one seat less; the end."""
    account = funded.account
    started = LedgerEntry.objects.get(account=account).at
    assert record_recurring(at=started + DAY / 2) == 1
    move(account, "bought", 10, 12, started + 2 * DAY)
    assert record_recurring(at=started + 2 * DAY) == 1
    assert record_recurring(at=started + 2 * DAY) == 0
    item = SubscriptionItem.objects.get(subscription__account=account)
    annual = flat("annual", 48_000, plan=item.price.plan, interval="year")
    SubscriptionItem.objects.filter(pk=item.pk).update(price=annual)
    assert record_recurring(at=started + 5 * DAY) == 1
    assert record_recurring(at=started + 5 * DAY) == 0
    move(account, "undone", 12, 11, started + 6 * DAY)
    move(account, "reduced", 11, 10, started + 7 * DAY)
    assert record_recurring(at=started + 8 * DAY) == 2

    rows = RecurringChange.objects.order_by("at", "pk")
    assert [(row.cause, row.before, row.after, row.quantity, row.undone) for row in rows] == [
        ("new", 0, 600_000, 10, False),
        ("seats", 600_000, 696_000, 12, False),
        ("plan", 696_000, 576_000, 12, False),
        ("seats", 576_000, 528_000, 11, True),
        ("seats", 528_000, 480_000, 10, False),
    ]
    assert [row.entry is None for row in rows] == [False, False, True, False, False]
    # The undone line was older than a day when it was counted: its price is the one before it, and it says so.
    assert [row.assumed for row in rows] == [False, False, False, True, True]
    [year] = money_by_currency(started + 10 * DAY)
    assert year.causes == [CauseMoney("seats", 96_000 - 48_000, 48_000, 3), CauseMoney("plan", 0, 120_000, 1)]
    assert (year.expansion, year.contraction, year.seat_share, year.nrr, year.grr) == (48_000, 168_000, 100, None, None)
    [later] = money_by_currency(started + 366 * DAY)
    assert (later.accounts, later.start, later.end, later.kept) == (1, 600_000, 480_000, 480_000)
    assert (later.nrr, later.grr) == (80, 80)


def test_without_any_known_price_nothing_is_made_up(account: Account, now: datetime) -> None:
    give_pool(account, 5, now - 400 * DAY)
    assert record_recurring(at=now) == 0
    assert not RecurringChange.objects.exists()


def test_net_retention_may_pass_100_and_gross_may_not(
    prices: dict[str, Price], account: Account, outsider: object, now: datetime
) -> None:
    other = Account.objects.exclude(pk=account.pk).get()
    for one, then, today in ((account, 1000, 1500), (other, 1000, 400)):
        for days, before, after in ((400, 0, then), (100, then, today)):
            RecurringChange.objects.create(
                account=one,
                at=now - days * DAY,
                cause=Cause.SEATS if before else Cause.NEW,
                currency="usd",
                before=before,
                after=after,
                quantity=1,
                price_stripe_id="price_ten",
            )
    [money] = money_by_currency(now)
    assert money == Money("usd", [CauseMoney("seats", 500, 600, 2)], 0, 2, 2000, 1900, 1400)
    assert (money.nrr, money.grr, money.seat_share, money.usual_share) == (95, 70, 100, False)
    RecurringChange.objects.create(
        account=other, at=now, cause="plan", currency="usd", before=400, after=1400, quantity=1, price_stripe_id="p"
    )
    [money] = money_by_currency(now)
    assert (money.seat_share, money.usual_share) == (33, True)
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    page = staff.get(reverse("admin:seats_signal_metrics")).content.decode()
    assert "within 25 to 40 %" in page
    assert "Change of plan" in page
