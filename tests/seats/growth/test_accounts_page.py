"""The account team's pages: the fullest first, narrowed down, and everything about one account."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Region, User
from billing.models import Subscription
from seatportal.kit.clock import now as present
from seats.growth.accounts import Narrow, Totals, accounts_page, all_rows, choices, totals
from seats.growth.contacts import assign_manager
from seats.growth.sweep import sweep_account
from seats.insight.bands import Utilization, utilization_of
from seats.models import SeatPool, Signal, UnknownUsage
from tests.conftest import Funded, make_account, make_user
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
    values.setdefault("values", {})
    rows, _more = accounts_page(at=now, narrow=Narrow(**values))  # type: ignore[arg-type]
    return [row.account.name for row in rows]


def test_fullest_first_and_narrowed_down(market: dict[str, Account], staff_member: User, now: datetime) -> None:
    assert names(now) == ["Acme", "Third", "Elsewhere"]
    assert names(now, show="ready") == ["Acme"]
    assert names(now, show="low") == ["Elsewhere"]
    assert names(now, show="full") == []
    assert names(now, show="signals") == ["Acme", "Elsewhere"]
    assert names(now, values={"industry": "Health"}) == ["Third"]
    assert names(now, show="mine", user=staff_member) == []
    assign_manager(account=market["third"], user=staff_member, leads=True, actor=Actor.system("demo"))
    assert names(now, show="mine", user=staff_member) == ["Third"]
    assert totals(now) == Totals(
        accounts=3, ready=1, low=1, full=0, unpaid=0, late=0, drift=0, tasks_due=0, today=now.date()
    )
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
        accounts_page(at=now, narrow=Narrow(show="ready"))
    with CaptureQueriesContext(connection) as three:
        accounts_page(at=now)
    assert len(one) == len(three) == 10


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


@pytest.mark.parametrize("number", ["²", "9" * 30])
def test_a_number_that_is_none_fails_nothing(market: dict[str, Account], number: str) -> None:
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    assert staff.get(reverse("admin:seats_signal_accounts"), {"page": number}).status_code == 200
    assert staff.get(reverse("admin:seats_signal_account", args=[number])).status_code == 404
    assert staff.post(reverse("admin:seats_alert_inbox"), {"alert": number}).status_code == 302


def test_tabs_show_their_evidence(market: dict[str, Account], member: Membership, now: datetime) -> None:
    acme = market["acme"]
    evidence = {"devices": 4, "at_once": 3, "extra": 2, "answer": ""}
    Signal.objects.create(account=acme, kind="sharing", subject="shc_1", day=now.date(), seen_at=now, evidence=evidence)
    Signal.objects.create(
        account=market["third"], kind="power_users", day=now.date(), seen_at=now, evidence={"people": 3, "members": []}
    )
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    url = reverse("admin:seats_signal_accounts")
    assert (names(now, show="sharing"), names(now, show="power")) == (["Acme"], ["Third"])
    shared = staff.get(url, {"show": "sharing"}).content.decode()
    assert "One sign-in on 4 devices, 3 places at once: 2 more people by estimate." in shared
    assert "One sign-in on three networks at once" in shared
    assert "Third" not in shared
    power = staff.get(url, {"show": "power"}).content.decode()
    assert "At least 3 people active on 12 or more of the last 20 working days" in power


def test_unpaid_use_is_over_the_limit_without_a_seat_unknown_or_shared(
    market: dict[str, Account], owner: Membership, now: datetime
) -> None:
    acme, third = market["acme"], market["third"]
    assert names(now, show="unpaid") == []
    Membership.objects.filter(pk=owner.pk).update(last_active_at=now, role="viewer")
    assert names(now, show="unpaid") == []
    Membership.objects.filter(pk=owner.pk).update(role="owner")
    assert names(now, show="unpaid") == ["Acme"]
    Membership.objects.filter(pk=owner.pk).update(last_active_at=now - timedelta(days=31))
    assert names(now, show="unpaid") == []
    UnknownUsage.objects.create(account=third, person="x", feature="Reports", day=now.date(), count=1)
    assert names(now, show="unpaid") == ["Third"]
    assert totals(now).unpaid == 1
    Signal.objects.create(account=acme, kind="sharing", subject="shc_1", day=now.date(), seen_at=now)
    assert names(now, show="unpaid") == ["Acme", "Third"]


@pytest.mark.django_db(transaction=True)
def test_late_drifting_and_segments(market: dict[str, Account], funded: Funded, now: datetime) -> None:
    assert names(now, show="late") == []
    Subscription.objects.filter(account=funded.account).update(status="past_due")
    assert names(now, show="late") == [funded.account.name]
    [row] = accounts_page(at=now, narrow=Narrow(show="late"))[0]
    # Ten seats at 50, then 40: the eleventh is the next step.
    assert row.renews_at is not None
    assert (row.room, row.renews_in) == (1, (row.renews_at - now).days)
    assert totals(now).late == 1
    assert names(now, values={"size": "1–10", "industry": "Health"}) == ["Third"]
    assert names(now, values={"size": "251+"}) == []
    assert names(now, search="ELSE") == ["Elsewhere"]
    assert names(now, search="100%") == []
    began = now - timedelta(days=60)
    assert "Third" in names(now, values={"cohort": f"{began.year} Q{(began.month + 2) // 3}"})
    region = Region.objects.create(account=market["third"], name="EU")
    Membership.objects.filter(account=market["third"]).update(region=region)
    assert names(now, values={"region": "EU"}) == ["Third"]
    assert ("EU", "EU") in choices()["region"]


def test_the_download_is_the_narrowed_list_and_runs_no_formula(market: dict[str, Account], now: datetime) -> None:
    Account.objects.filter(pk=market["acme"].pk).update(name="=1+1")
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    response = staff.get(reverse("admin:seats_signal_accounts"), {"show": "ready", "format": "csv"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert lines[0].startswith("Account,Owner,Purchased,Assigned,Active,")
    assert lines[1].startswith("'=1+1,,10,8,8,")


def test_a_download_holds_everybody_once_though_rows_move_meanwhile(
    market: dict[str, Account], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seats.growth.accounts.AT_ONCE", 1)
    order = [row.account.name for row in accounts_page(at=now)[0]]
    assert len(order) > 2
    rows = all_rows(at=now, narrow=Narrow())
    first = next(rows)
    # The fullest becomes the emptiest.
    SeatPool.objects.filter(account=first.account).update(purchased=1000)
    assert [first.account.name, *(row.account.name for row in rows)] == order


def test_the_first_page_shows_the_figures_as_links(market: dict[str, Account], now: datetime) -> None:
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    page = staff.get(reverse("admin:index")).content.decode()
    base = reverse("admin:seats_signal_accounts")
    for show, count in (("ready", 1), ("low", 1), ("unpaid", 0), ("late", 0), ("drift", 0)):
        link = page.split(f'href="{base}?show={show}"')[1]
        assert link.split("<b>")[1].startswith(f"{count}</b>")
    due = reverse("admin:seats_expansiontask_changelist") + f"?state__exact=open&amp;due_on__lte={present().date()}"
    assert due in page
    assert staff.get(due.replace("&amp;", "&")).status_code == 200


def test_staff_without_the_right_see_nothing(market: dict[str, Account]) -> None:
    from allauth.mfa.models import Authenticator

    lea = make_user("Lea", domain="vendor.example", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename="view_jobrun"))
    Authenticator.objects.create(user=lea, type="totp", data={"secret": "x"})
    client = Client()
    client.force_login(lea, backend=BACKEND)
    assert client.get(reverse("admin:seats_signal_accounts")).status_code == 403
    assert client.get(reverse("admin:seats_signal_account", args=[market["acme"].pk])).status_code == 403
