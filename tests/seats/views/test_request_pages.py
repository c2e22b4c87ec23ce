"""Requests, the member's own page, the limit, the ledger, overview and usage in a browser."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership
from seats.capacity.comp_seats import comp_seats
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.models import LedgerEntry, SeatPool, SeatRequest
from tests.factories.seats import SYSTEM, crowd, give_pool, seat, use

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/"


def test_a_member_asks_and_an_owner_answers(
    account: Account, owner: Membership, member: Membership, client_of: SignIn, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    mia, olivia = client_of(member), client_of(owner)
    assert "Request a seat" in mia.get(f"{url}me/").text
    mia.post(f"{url}request/", {"reason": "For the renewal."})
    asked = SeatRequest.objects.get()
    text = mia.get(f"{url}me/").text
    assert "Waiting for an answer" in text
    assert "For the renewal." in text
    assert "For the renewal." in olivia.get(f"{url}requests/").text
    olivia.post(f"{url}requests/{asked.public_id}/", {"decision": "approve", "answer": "Welcome."})
    assert seat_of(member) is not None
    assert "You hold a seat since" in mia.get(f"{url}me/").text


def test_a_request_without_a_reason(member: Membership, client_of: SignIn, url: str) -> None:
    answer = client_of(member).post(f"{url}request/", {"reason": " "})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["reason"])
    assert SeatRequest.objects.count() == 0


def test_asking_twice_is_said(member: Membership, client_of: SignIn, url: str) -> None:
    mia = client_of(member)
    mia.post(f"{url}request/", {"reason": "One"})
    assert mia.get(f"{url}request/").status_code == 302
    assert mia.post(f"{url}request/", {"reason": "Two"}).status_code == 409
    assert SeatRequest.objects.get().reason == "One"


def test_approving_at_the_limit_keeps_it_open_and_shows_ways_out(
    account: Account, owner: Membership, member: Membership, browser: Client, client_of: SignIn, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    idle = seat(owner, now - timedelta(days=31))
    client_of(member).post(f"{url}request/", {"reason": "Work"})
    asked = SeatRequest.objects.get()
    answer = browser.post(f"{url}requests/{asked.public_id}/", {"decision": "approve"})
    asked.refresh_from_db()
    assert (answer.status_code, asked.state, seat_of(member)) == (409, "open", None)
    assert f"{url}seats/add/?add=1" in answer.text
    assert f"{url}seats/{idle.public_id}/reassign/?to={member.public_id}" in answer.text


def test_a_refusal_is_read_by_who_asked(
    account: Account, member: Membership, browser: Client, client_of: SignIn, url: str
) -> None:
    mia = client_of(member)
    mia.post(f"{url}request/", {"reason": "Work"})
    asked = SeatRequest.objects.get()
    browser.post(f"{url}requests/{asked.public_id}/", {"decision": "refuse", "answer": "Ask in May."})
    text = mia.get(f"{url}me/").text
    assert "Ask in May." in text
    assert "Refused" in text
    again = browser.post(f"{url}requests/{asked.public_id}/", {"decision": "approve"})
    assert (again.status_code, seat_of(member)) == (409, None)


def test_reminding_and_withdrawing(member: Membership, browser: Client, client_of: SignIn, url: str) -> None:
    mia = client_of(member)
    mia.post(f"{url}request/", {"reason": "Work"})
    asked = SeatRequest.objects.get()
    mia.post(f"{url}request/{asked.public_id}/remind/")
    asked.refresh_from_db()
    assert asked.reminded_at is None
    SeatRequest.objects.update(created_at=asked.created_at - timedelta(days=2))
    mia.post(f"{url}request/{asked.public_id}/remind/")
    asked.refresh_from_db()
    assert asked.reminded_at is not None
    assert browser.post(f"{url}request/{asked.public_id}/withdraw/").status_code == 404
    mia.post(f"{url}request/{asked.public_id}/withdraw/")
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_the_rail_counts_open_requests(member: Membership, browser: Client, client_of: SignIn, url: str) -> None:
    client_of(member).post(f"{url}request/", {"reason": "Work"})
    nav = {link.label: (link.count, link.current) for link in browser.get(f"{url}requests/").context["nav"]}
    assert nav["Requests"] == (1, True)
    assert nav["Overview"] == (0, False)


def test_the_limit_is_saved_with_its_reason(account: Account, browser: Client, url: str, now: datetime) -> None:
    give_pool(account, 5, now)
    answer = browser.post(
        f"{url}settings/limit/", {"mode": "soft", "allowance": "2", "grace_days": "7", "reason": "Busy season"}
    )
    pool = SeatPool.objects.get(account=account)
    assert (answer.status_code, pool.mode, pool.allowance, pool.grace_days, pool.limit) == (302, "soft", 2, 7, 7)
    assert AuditEntry.objects.get(action="policy.changed").summary == "Busy season"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mode": "hard", "allowance": "2", "grace_days": "7"}, "allowance"),
        ({"mode": "firm", "allowance": "0", "grace_days": "7"}, "mode"),
        ({"mode": "soft", "allowance": "-1", "grace_days": "7"}, "allowance"),
        ({"mode": "soft", "allowance": "1.5", "grace_days": "7"}, "allowance"),
        ({"mode": "soft", "allowance": "1", "grace_days": "400"}, "grace_days"),
        ({"mode": "soft", "allowance": "1", "grace_days": ""}, "grace_days"),
    ],
)
def test_a_limit_without_sense_is_refused_in_its_field(
    account: Account, browser: Client, url: str, values: dict[str, str], field: str
) -> None:
    answer = browser.post(f"{url}settings/limit/", values)
    pool = SeatPool.objects.get(account=account)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (pool.mode, pool.allowance, pool.grace_days) == ("hard", 0, 14)


def test_the_ledger_pages_without_gaps(account: Account, browser: Client, url: str, now: datetime) -> None:
    give_pool(account, 120, now)
    for member in crowd(account, 110, now):
        seat(member, now)
    first = browser.get(f"{url}ledger/")
    second = browser.get(f"{url}ledger/?after={first.context['after']}")
    third = browser.get(f"{url}ledger/?after={second.context['after']}")
    lines = [line.pk for page in (first, second, third) for line, _invoice in page.context["rows"]]
    assert lines == list(LedgerEntry.objects.order_by("-at", "-pk").values_list("pk", flat=True))
    assert third.context["after"] == ""


def test_the_ledger_costs_the_same_for_one_line_and_three(
    account: Account, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 5, now)
    browser.get(f"{url}ledger/")
    with CaptureQueriesContext(connection) as one:
        browser.get(f"{url}ledger/")
    for member in crowd(account, 3, now):
        seat(member, now)
    with CaptureQueriesContext(connection) as three:
        browser.get(f"{url}ledger/")
    assert len(three) == len(one)


def test_the_ledger_is_filtered_and_taken_away(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 5, now)
    held = seat(owner, now)
    reassign_seat(account=account, assignment=held, to=member, actor=SYSTEM, at=now, reason="@SUM(1)")
    assert len(browser.get(f"{url}ledger/?kind=purchases").context["rows"]) == 1
    assert len(browser.get(f"{url}ledger/?kind=nonsense").context["rows"]) == 3
    answer = browser.get(f"{url}ledger.csv?kind=reassigned")
    body = answer.getvalue().decode("utf-8-sig")
    _head, line = list(csv.reader(io.StringIO(body)))
    assert line[1:10] == [
        "Seat reassigned", "5", "5", "1", "1", "", "olivia@acme.example", "mia@acme.example", "'@SUM(1)"
    ]  # fmt: skip
    entry = LedgerEntry.objects.get(kind="reassigned")
    detail = browser.get(f"{url}ledger/{entry.public_id}/").text
    assert "olivia@acme.example" in detail
    assert "mia@acme.example" in detail


def test_the_overview_says_what_needs_somebody(
    account: Account, owner: Membership, member: Membership, browser: Client, client_of: SignIn, url: str, now: datetime
) -> None:
    give_pool(account, 2, now - timedelta(days=50))
    seat(owner, now - timedelta(days=50))
    client_of(member).post(f"{url}request/", {"reason": "Work"})
    text = browser.get(url).text
    assert "0 of 2 seats active, 1 free" in text
    assert "1 seat is idle for 30 days or more" in text
    assert "1 request waits for an answer" in text
    assert "Seats over twelve months" in text


def test_the_overview_says_which_seats_are_free_of_charge(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 2, now)
    assert "free of charge" not in browser.get(url).text
    actor = Actor(user=owner.user)
    comp_seats(account=account, seats=3, until=date(now.year + 1, 1, 9), reason="", actor=actor, at=now)

    text = browser.get(url).text
    assert f"3 seats free of charge until 9 January {now.year + 1}, on top of those you bought." in text
    assert "0 of 2 seats active, 2 free" in text
    entry = LedgerEntry.objects.get(kind="comped")
    detail = browser.get(f"{url}ledger/{entry.public_id}/").text
    assert "<dt>Free of charge</dt>" in detail


def test_a_new_account_is_told_how_to_start(browser: Client, url: str) -> None:
    text = browser.get(url).text
    assert "Choose a plan" in text
    assert "Seats over twelve months" not in text


def test_over_the_limit_a_banner_says_when_seats_go(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 2, now)
    seat(owner, now)
    seat(member, now)
    give_pool(account, 1, now)
    banner = browser.get(url).context["banner"]
    assert (banner.kind, str(banner.title)) == ("bad", "2 seats are in use, 1 more than you bought")
    assert banner.action_url == f"{url}seats/add/?add=1"


def test_usage_states_its_definition_and_numbers(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 4, now - timedelta(days=60))
    seat(owner, now - timedelta(days=60))
    seat(member, now - timedelta(days=60))
    assert "No activity received yet" in browser.get(f"{url}usage/").text
    use(owner, now, days=22)
    text = browser.get(f"{url}usage/").text
    assert "1 of 4 seats were active in the last 30 days (25 %)." in text
    assert "at least one counted action in the last 30 days" in text
    assert "22 days, 44 actions" in text
    assert f"/a/{account.slug}/seats/{seat_of(member).public_id}/reassign/" in text  # type: ignore[union-attr]


def test_a_team_manager_cannot_change_the_limit(account: Account, client_of: SignIn, url: str, now: datetime) -> None:
    from tests.conftest import join

    manager = client_of(join(account, "Tim", "team_manager", now))
    assert manager.post(f"{url}settings/limit/", {"mode": "soft"}).status_code == 403
    assert SeatPool.objects.get(account=account).mode == "hard"


def test_a_limit_is_explained_before_it_is_saved(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    """By the script while typing and by a button without one; neither saves."""
    give_pool(account, 5, now)
    seat(owner, now)
    choice = {"mode": "soft", "allowance": "2", "grace_days": "7"}
    part = browser.get(f"{url}settings/limit/", choice, headers={"HX-Request": "true", "HX-Target": "meaning"}).text
    page = browser.post(f"{url}settings/limit/", choice | {"preview": "yes"})
    for text in (part, page.text):
        assert "Up to 7 seats may be used: 5 purchased and 2 extra." in " ".join(text.split())
        assert "so 6 more people can get one." in " ".join(text.split())
    assert "<form" not in part
    assert (page.status_code, SeatPool.objects.get(account=account).mode) == (200, "hard")
