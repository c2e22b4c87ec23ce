"""The seats table in a browser: filters, search, order, pages, download, bulk acts."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from seats.holders.queries import seat_of
from seats.holders.reserve_seat import invite_with_seat
from seats.models import Assignment, LedgerEntry
from seats.pool.pools import pool_of
from tests.factories.seats import crowd, give_pool, seat, use

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/seats/"


def rows_of(answer_text: str) -> int:
    return answer_text.count('<th scope="row">')


def test_the_header_counts_seats(
    account: Account, owner: Membership, actor: Actor, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 3, now)
    seat(owner, now)
    invite_with_seat(
        account=account, email="lena@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    text = browser.get(url).text
    assert "3 purchased · 1 assigned · 1 reserved · 1 free" in text
    assert "lena@acme.example" in text
    assert "held until" in text


def test_pages_follow_each_other(account: Account, owner: Membership, browser: Client, url: str, now: datetime) -> None:
    crowd(account, 129, now)
    seen: list[str] = []
    address = url
    sizes = []
    while address:
        page = browser.get(address).context["page"]
        sizes.append(len(page.rows))
        seen += [row.public_id for row in page.rows]
        address = f"{url}?after={page.after}" if page.after else ""
    assert sizes == [50, 50, 30]
    assert len(set(seen)) == 130


def test_statements_do_not_grow_with_rows(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 60, now)
    (one,) = crowd(account, 1, now, name="One")
    seat(one, now)
    use(one, now, days=3)
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        assert rows_of(browser.get(url).text) == 2
    for member in crowd(account, 30, now):
        seat(member, now)
        use(member, now, days=2)
    with CaptureQueriesContext(connection) as many:
        assert rows_of(browser.get(url).text) == 32
    assert len(many) == len(few)


def test_search_keeps_the_filter(account: Account, owner: Membership, browser: Client, url: str, now: datetime) -> None:
    crowd(account, 12, now)
    answer = browser.get(url, {"q": "1", "show": "none"})
    assert {row.name for row in answer.context["page"].rows} == {"Person 00001", "Person 00010", "Person 00011"}
    assert [chip["count"] for chip in answer.context["chips"]] == [3, 0, 0, 3, 0, 0, 0]
    assert all("q=1" in chip["url"] for chip in answer.context["chips"])


def test_order_is_announced(owner: Membership, browser: Client, url: str) -> None:
    text = browser.get(url, {"sort": "-active"}).text
    assert text.count('aria-sort="descending"') == 1
    assert 'aria-sort="ascending"' not in text


@pytest.mark.parametrize(
    "query",
    [{"show": "x"}, {"sort": "password"}, {"after": "%%"}, {"before": "e30"}, {"q": "\x00"}, {"undo": "seat_x"}],
)
def test_nonsense_shows_everybody(owner: Membership, browser: Client, url: str, query: dict[str, str]) -> None:
    answer = browser.get(url, query)
    assert (answer.status_code, rows_of(answer.text)) == (200, 1)


def test_download_is_the_filtered_view_and_runs_nothing(
    account: Account, owner: Membership, browser: Client, now: datetime
) -> None:
    give_pool(account, 60, now)
    evil, *others = crowd(account, 55, now, name="Zoe")
    evil.user.name = '=HYPERLINK("http://x")'
    evil.user.save()
    for member in [evil, *others]:
        seat(member, now)
    use(evil, now, days=2, feature="+Reports")
    answer = browser.get(f"/a/{account.slug}/seats.csv", {"show": "active"})
    body = answer.getvalue().decode("utf-8-sig")
    head, line = list(csv.reader(io.StringIO(body)))
    assert head[:3] == ["Name", "E-mail address", "State"]
    assert line[:3] == ['\'=HYPERLINK("http://x")', evil.user.email, "Active"]
    assert line[7:9] == ["2", "'+Reports"]
    whole = browser.get(f"/a/{account.slug}/seats.csv")
    assert len(whole.getvalue().decode().splitlines()) == 57


def test_download_in_german_uses_semicolons(account: Account, owner: Membership, browser: Client) -> None:
    owner.user.locale = "de"
    owner.user.save()
    answer = browser.get(f"/a/{account.slug}/seats.csv")
    first = answer.getvalue().decode("utf-8-sig").splitlines()[1]
    assert first.split(";")[:2] == ["Olivia", "olivia@acme.example"]


def test_bulk_says_the_effect_then_acts(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 3, now)
    people = crowd(account, 2, now)
    chosen = {"action": "assign", "person": [m.public_id for m in people]}
    page = browser.post(f"{url}bulk/", chosen)
    assert (page.status_code, "2 people get a seat each" in page.text) == (200, True)
    assert pool_of(account).assigned == 0
    answer = browser.post(f"{url}bulk/", chosen | {"confirmed": "yes"})
    assert (answer.status_code, pool_of(account).assigned) == (302, 2)
    browser.post(f"{url}bulk/", chosen | {"action": "release", "confirmed": "yes"})
    assert pool_of(account).assigned == 0


def test_bulk_beyond_the_limit_gives_none(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    people = crowd(account, 3, now)
    chosen = {"action": "assign", "person": [m.public_id for m in people], "confirmed": "yes"}
    page = browser.post(f"{url}bulk/", chosen)
    assert page.status_code == 409
    assert f"/a/{account.slug}/seats/add/?add=2" in page.text
    assert "2 more seats are needed" in page.text
    assert (pool_of(account).assigned, LedgerEntry.objects.filter(kind="assigned").count()) == (0, 0)


def test_bulk_takes_no_people_of_others(
    account: Account, owner: Membership, outsider: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 3, now)
    answer = browser.post(f"{url}bulk/", {"action": "assign", "person": [outsider.public_id], "confirmed": "yes"})
    assert (answer.status_code, Assignment.objects.count()) == (422, 0)


def test_the_bar_says_what_would_happen(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    seat(owner, now)
    people = crowd(account, 2, now)
    chosen = {"person": [m.public_id for m in [owner, *people]]}
    assert browser.get(f"{url}bulk/effect/", chosen).text == "Giving needs 2 more seats. Releasing frees 1 seat."
    assert browser.get(f"{url}bulk/effect/").text == ""


def test_a_person_opens_beside_the_table(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    seat(owner, now - timedelta(days=3))
    use(owner, now, days=2)
    whole = browser.get(f"{url}people/{owner.public_id}/").text
    part = browser.get(f"{url}people/{owner.public_id}/", headers={"HX-Request": "true"}).text
    assert "<html" in whole
    assert "<html" not in part
    for text in (whole, part):
        assert "Holds a seat" in text
        assert "Reports" in text
    assert seat_of(owner) is not None
