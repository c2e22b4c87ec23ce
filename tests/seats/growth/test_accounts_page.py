"""The account team's pages: the fullest first, narrowed down, and everything about one account."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import Account, Membership, User
from seats.growth.accounts import Totals, accounts_page, totals
from seats.growth.contacts import assign_manager
from seats.growth.sweep import sweep_account
from seats.insight.bands import Utilization, utilization_of
from tests.conftest import make_account, make_user
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(account: Account, outsider: Membership, fill: Fill, now: datetime) -> dict[str, Account]:
    """Acme at 80 %, Elsewhere idle, Third in between, and one without seats."""
    third = make_account("Third", now, owner="Tom", domain="third.example").account
    make_account("Empty", now, owner="Emma", domain="empty.example")
    Account.objects.filter(pk=third.pk).update(industry="Health")
    fill(purchased=10, assigned=8, active=8)
    fill(purchased=10, assigned=3, active=1, of=outsider.account)
    fill(purchased=10, assigned=7, active=7, of=third)
    for one in (account, outsider.account, third):
        sweep_account(account=one, at=now)
    return {"acme": account, "elsewhere": outsider.account, "third": third}


def names(now: datetime, **values: object) -> list[str]:
    rows, _more = accounts_page(at=now, **values)  # type: ignore[arg-type]
    return [row.account.name for row in rows]


def test_fullest_first_and_narrowed_down(market: dict[str, Account], staff_member: User, now: datetime) -> None:
    assert names(now) == ["Acme", "Third", "Elsewhere"]
    assert names(now, show="ready") == ["Acme"]
    assert names(now, show="low") == ["Elsewhere"]
    assert names(now, show="full") == []
    assert names(now, show="signals") == ["Acme", "Elsewhere"]
    assert names(now, industry="Health") == ["Third"]
    assert names(now, show="mine", user=staff_member) == []
    assign_manager(account=market["third"], user=staff_member, leads=True, actor=Actor.system("demo"))
    assert names(now, show="mine", user=staff_member) == ["Third"]
    assert totals(now) == Totals(accounts=3, ready=1, low=1, full=0, tasks_due=0)
    assert totals(now + timedelta(days=10)).tasks_due == 2


def test_staff_and_customer_see_the_same_numbers_and_rule(market: dict[str, Account], now: datetime) -> None:
    rows, more = accounts_page(at=now)
    assert more is False
    for row in rows:
        assert row.seats == utilization_of(row.account, now)
        assert str(row.seats.rule) == str(utilization_of(row.account, now).rule)
    assert rows[0].seats == Utilization(purchased=10, assigned=8, active=8)


def test_a_page_costs_the_same_for_one_account_and_three(market: dict[str, Account], now: datetime) -> None:
    with CaptureQueriesContext(
        connection,
    ) as one:
        accounts_page(at=now, show="ready")
    with CaptureQueriesContext(connection) as three:
        accounts_page(at=now)
    assert len(one) == len(three) == 6


def test_the_pages_open(market: dict[str, Account], now: datetime) -> None:
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    page = staff.get(reverse("admin:seats_signal_accounts"), {"show": "ready"}).content.decode()
    assert "Acme" in page
    assert "Third" not in page
    assert "8 (80 %)" in page
    assert "Talk about more seats" in page
    assert (
        "No account matches."
        in staff.get(reverse("admin:seats_signal_accounts"), {"show": "full", "page": "9"}).content.decode()
    )
    one = staff.get(reverse("admin:seats_signal_account", args=[market["elsewhere"].pk])).content.decode()
    assert "Fewer than 60 % of the purchased seats are active" in one
    assert "No approver known" in one
    assert staff.get(reverse("admin:seats_signal_account", args=["9999999"])).status_code == 404
    assert staff.get(reverse("admin:seats_signal_account", args=["x"])).status_code == 404


def test_staff_without_the_right_see_nothing(market: dict[str, Account]) -> None:
    from allauth.mfa.models import Authenticator

    lea = make_user("Lea", domain="vendor.example", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename="view_jobrun"))
    Authenticator.objects.create(user=lea, type="totp", data={"secret": "x"})
    client = Client()
    client.force_login(lea, backend=BACKEND)
    assert client.get(reverse("admin:seats_signal_accounts")).status_code == 403
    assert client.get(reverse("admin:seats_signal_account", args=[market["acme"].pk])).status_code == 403
