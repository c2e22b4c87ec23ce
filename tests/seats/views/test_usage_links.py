"""What the charts of the usage page lead to: a purchase to its receipt, a bar to its people."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import Membership
from seatportal.templatetags.portal import day
from seats.models import LedgerEntry, UsageSettings
from tests.factories.seats import crowd, give_pool, seat, use
from tests.seats.views.test_usage import SignIn, page

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def links(text: str, path: str) -> list[str]:
    """Addresses of links in a page that begin so."""
    return re.findall(rf'<a[^>]* href="({re.escape(path)}[^"]*)"', text)


@pytest.fixture
def bought(owner: Membership, now: datetime) -> LedgerEntry:
    """Ten seats long ago, two more 50 days ago, and an action."""
    account = owner.account
    give_pool(account, 10, now - 200 * DAY)
    seat(owner, now - 100 * DAY)
    use(owner, now, days=3)
    return LedgerEntry.objects.create(
        account=account,
        at=now - 50 * DAY,
        kind="bought",
        purchased_before=10,
        purchased_after=12,
        assigned_before=1,
        assigned_after=1,
        change_id="chg_00000000000000000001",
    )


def test_a_mark_of_the_year_opens_the_receipt(
    client_of: SignIn, owner: Membership, member: Membership, bought: LedgerEntry, now: datetime
) -> None:
    """Who may buy sees the purchase, who may not the line of the ledger; both from the chart and from its table."""
    slug = owner.account.slug
    first = LedgerEntry.objects.get(account=owner.account, kind="started")
    entry = reverse("seats:ledger_entry", args=[slug, bought.public_id])
    start = reverse("seats:ledger_entry", args=[slug, first.public_id])
    receipt = reverse("seats:purchase", args=[slug, bought.change_id])
    text = page(client_of(owner), owner)
    assert links(text, receipt) == [receipt] * 2
    assert links(text, reverse("seats:ledger", args=[slug]) + "led_") == [start] * 2
    [mark] = re.findall(rf'<a class="chart-link" href="{receipt}" aria-label="([^"]*)">', text)
    assert mark == f"2 seats added on {day((now - 50 * DAY).date())}: open the receipt"

    Membership.objects.filter(pk=member.pk).update(role="viewer")
    client = client_of(Membership.objects.get(pk=member.pk))
    text = page(client, owner)
    assert links(text, receipt) == []
    assert links(text, entry) == [entry] * 2
    assert client.get(entry).status_code == 200


def test_a_bar_filters_the_seats(client_of: SignIn, owner: Membership, now: datetime) -> None:
    account = owner.account
    give_pool(account, 5, now - 90 * DAY)
    few, many, _silent = people = crowd(account, 3, now - 80 * DAY)
    for person in people:
        seat(person, now - 60 * DAY)
    use(few, now, days=3)
    use(many, now, days=25)
    client, seats = client_of(owner), reverse("seats:list", args=[account.slug])
    text = page(client, owner)
    shown = [f"{seats}?show=days-{days}" for days in ("0-0", "1-4", "20-30")]
    assert links(text, f"{seats}?show=days") == shown * 2, (
        "each from its bar and from the table; empty bars lead nowhere"
    )
    assert 'aria-label="Show the person with 1–4 active days"' in text

    text = page(client, owner, "seats/?show=days-1-4&sort=since")
    assert "Showing people with 1–4 active days in the last 30." in text
    assert [person.user.name in text for person in people] == [True, False, False]
    assert "1 of 1" in text
    assert '<a href="?sort=since">Show everybody</a>' in text
    text = page(client, owner, "seats/")
    assert "Showing people with" not in text


def test_with_privacy_mode_a_bar_leads_to_nobody(client_of: SignIn, owner: Membership, now: datetime) -> None:
    account = owner.account
    UsageSettings.objects.create(account=account, groups_only=True)
    give_pool(account, 9, now - 90 * DAY)
    people = crowd(account, 6, now - 80 * DAY)
    for person in people:
        seat(person, now - 60 * DAY)
        use(person, now, days=25)
    use(people[0], now - 25 * DAY, days=4)
    client = client_of(owner)
    text = page(client, owner)
    assert "Active days per person" in text
    assert "show=days" not in text
    text = page(client, owner, "seats/?show=days-1-4")
    assert "Showing people with" not in text
    assert all(person.user.name in text for person in people)
