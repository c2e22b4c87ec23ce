"""The first page of the staff site: under the figures stand the accounts that need somebody now, the worst first."""

from collections.abc import Callable
from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Membership
from billing.models import Subscription
from seats.growth.accounts import Narrow, accounts_page
from seats.models import Signal
from tests.conftest import Funded, make_account, make_user
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
HEAD = "Accounts that need somebody now"
type Open = Callable[..., Signal]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(staff_user(), backend=BACKEND)
    return client


@pytest.fixture
def opened(now: datetime) -> Open:
    """Open a signal of an account."""

    def make(account: Account, kind: str, subject: str = "") -> Signal:
        evidence = {"purchased": 10, "assigned": 8, "active": 8}
        return Signal.objects.create(
            account=account, kind=kind, subject=subject, day=now.date(), seen_at=now, evidence=evidence
        )

    return make


def urgent(now: datetime) -> list[str]:
    rows, _more = accounts_page(at=now, narrow=Narrow(show="urgent"))
    return [row.account.name for row in rows]


def today(client: Client) -> str:
    response = client.get(reverse("admin:index"))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.mark.django_db(transaction=True)
def test_past_due_goes_before_health_before_the_limit_before_other_signals(
    funded: Funded, outsider: Membership, fill: Fill, opened: Open, now: datetime
) -> None:
    quiet = make_account("Quiet", now, owner="Quin", domain="quiet.example").account
    full = make_account("Full", now, owner="Fay", domain="full.example").account
    sold = make_account("Sold", now, owner="Sol", domain="sold.example").account
    fill(purchased=10, assigned=5, active=5)
    fill(purchased=10, assigned=3, active=3, of=outsider.account)
    fill(purchased=10, assigned=7, active=7, of=quiet)
    fill(purchased=10, assigned=8, active=8, of=full)
    fill(purchased=10, assigned=6, active=6, of=sold)
    assert urgent(now) == ["Full"]

    opened(outsider.account, "interest")
    opened(sold, "interest")
    assert urgent(now) == ["Full", "Sold", "Elsewhere"]
    opened(outsider.account, "sharing", "shc_1")
    assert urgent(now) == ["Full", "Elsewhere", "Sold"]
    opened(sold, "low_health")
    assert urgent(now) == ["Sold", "Full", "Elsewhere"]
    Subscription.objects.filter(account=funded.account).update(status="past_due")
    assert urgent(now) == ["Acme", "Sold", "Full", "Elsewhere"]

    Signal.objects.filter(account=sold).update(ended_at=now)
    assert urgent(now) == ["Acme", "Full", "Elsewhere"]


def test_the_table_stands_below_the_figures_and_leads_to_the_list(
    account: Account, outsider: Membership, fill: Fill, opened: Open, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=7)
    fill(purchased=10, assigned=7, active=7, of=outsider.account)
    opened(account, "crossed_80")

    page = today(staff)

    figures, table = page.split(HEAD)
    assert 'class="kpis"' in figures
    one, other = (reverse("admin:seats_signal_account", args=[a.pk]) for a in (account, outsider.account))
    assert f'<a href="{one}">Acme</a>' in table
    assert f'href="{other}"' not in page
    for text in ("8 (80 %)", "7 (70 %)", "The worst first", str(Signal.objects.get().get_kind_display())):
        assert text in table, text
    whole = f"{reverse('admin:seats_signal_accounts')}?show=urgent"
    assert f'href="{whole}"' in table
    listed = staff.get(whole).content.decode()
    assert f'<a href="{one}">Acme</a>' in listed
    assert f'href="{other}"' not in listed
    assert "The worst first" in listed


def test_nobody_needs_anybody(account: Account, fill: Fill, staff: Client) -> None:
    fill(purchased=10, assigned=7, active=7)
    page = today(staff)
    assert HEAD in page
    assert "No account is past due, in poor health or near its limit, and no signal is open." in page
    assert "The worst first" not in page


def test_twelve_rows_cost_the_statements_of_one(
    account: Account, fill: Fill, opened: Open, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=8)
    opened(account, "crossed_80")
    today(staff)
    with CaptureQueriesContext(connection) as few:
        assert today(staff).count('<th scope="row"><a') >= 1
    for number in range(13):
        name = f"More{number}"
        one = make_account(name, now, owner="Moe", domain=f"more{number}.example").account
        fill(purchased=10, assigned=9, active=9, of=one)
        opened(one, "crossed_80")
        opened(one, "sharing", "shc_1")

    with CaptureQueriesContext(connection) as many:
        page = today(staff)

    assert page.split(HEAD)[1].split("</table>")[0].count('<th scope="row">') == 12
    assert len(many) == len(few)
    assert len(few) <= 40


def test_who_may_not_see_signals_sees_no_table(account: Account, fill: Fill, opened: Open) -> None:
    fill(purchased=10, assigned=8, active=8)
    opened(account, "crossed_80")
    lea = make_user("Lea", domain="vendor.example", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename="view_jobrun"))
    Authenticator.objects.create(user=lea, type="totp", data={"secret": "x"})
    client = Client()
    client.force_login(lea, backend=BACKEND)
    page = today(client)
    assert HEAD not in page
    assert "Acme" not in page
