"""Hand a file in, see what it would do, click, and read what became of each row; without JavaScript."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Account, AuditEntry, Invitation, Membership
from billing.models import QuantityChange, Quote
from seatportal.templatetags.portal import money
from seats.models import PeopleImport
from seats.people.import_people import work_people_import
from tests.conftest import Funded
from tests.factories.seats import give_pool, seat
from tests.seats.people.conftest import Hand

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
URL = "/a/acme/people/import/"
TEXT = (
    "email,name,department,seat\n"
    "lena@acme.example,Lena,Sales,yes\n"
    "mia@acme.example,,Sales,yes\n"
    "olivia@acme.example,,,yes\n"
    "=cmd@acme,Bad,,yes\n"
)


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


def upload(browser: Client, text: str = TEXT, **more: str) -> PeopleImport:
    answer = browser.post(URL, {"file": SimpleUploadedFile("people.csv", text.encode(), "text/csv"), **more})
    row = PeopleImport.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}{row.public_id}/")
    return row


def work(row: PeopleImport) -> None:
    while work_people_import(import_id=row.pk, at=datetime.now(UTC)):
        pass


def test_a_column_that_nobody_knows_is_named(account: Account, browser: Client, now: datetime) -> None:
    """Names under a head that we cannot read would be lost in silence."""
    give_pool(account, 2, now)
    row = upload(browser, "email,Rufname,Notes\nlena@acme.example,Lena,\n")
    page = browser.get(f"{URL}{row.public_id}/").text
    assert "One column is not taken: Rufname." in page
    known = upload(browser, "email,name\nlena@acme.example,Lena\n")
    assert "not taken" not in browser.get(f"{URL}{known.public_id}/").text


def test_from_the_file_to_the_verdicts(
    account: Account, owner: Membership, member: Membership, browser: Client, now: datetime
) -> None:
    give_pool(account, 2, now)
    seat(owner, now)
    row = upload(browser)
    page = browser.get(f"{URL}{row.public_id}/").text
    for words in (
        "1 person is invited by mail.",
        "1 person is changed. 1 stays as it is.",
        "1 row is wrong and is left out.",
        "New departments and regions: Sales.",
        "2 seats are needed. Free for them: 1.",
        "1 person will wait for a seat",
        "Import 2 people",
        "Write a whole e-mail address",
        "Gets one",
        "Waits",
    ):
        assert words in page
    assert not Invitation.objects.exists()
    failed = browser.get(f"{URL}{row.public_id}/?show=failed").text
    # The first row stands there once more, as an example of its column.
    assert ("=cmd@acme" in failed, failed.count("lena@acme.example")) == (True, 1)

    answer = browser.post(f"{URL}{row.public_id}/apply/")

    assert (answer.status_code, answer["Location"]) == (302, f"{URL}{row.public_id}/")
    page = browser.get(answer["Location"]).text
    assert "0 of 4 people (0 %)" in page
    assert 'http-equiv="refresh"' in page
    part = browser.get(answer["Location"], headers={"HX-Request": "true"}).text
    assert ("<html" in part, "load delay:2s" in part) == (False, True)
    work(row)
    part = browser.get(answer["Location"], headers={"HX-Request": "true"}).text
    assert "4 of 4 people (100 %)" in part
    assert "hx-trigger" not in part
    assert 'href="/a/acme/seats/add/?add=1"' in part
    assert Invitation.objects.get().email == "lena@acme.example"
    assert browser.post(f"{URL}{row.public_id}/apply/").status_code == 302
    assert AuditEntry.objects.filter(action="people.imported").count() == 1
    assert "people.csv" in browser.get(URL).text


def test_what_failed_can_be_taken_away_without_running_anything(
    account: Account, owner: Membership, browser: Client
) -> None:
    row = upload(browser)
    browser.post(f"{URL}{row.public_id}/apply/")
    work(row)
    answer = browser.get(f"{URL}{row.public_id}/failed.csv")
    data = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert data.splitlines() == [
        "email,name,department,seat,Line,Reason",
        '\'=cmd@acme,Bad,,yes,5,"Write a whole e-mail address, such as lena@example.com."',
    ]
    # What was taken away can be handed in again.
    again = upload(browser, data)
    assert "=cmd@acme" in browser.get(f"{URL}{again.public_id}/").text


def test_a_pasted_table_and_its_columns(account: Account, browser: Client) -> None:
    answer = browser.post(URL, {"text": "Wer\tWas\nlena@acme.example\tLena"})
    row = PeopleImport.objects.get()
    page = browser.get(answer["Location"]).text
    assert "Choose the column with the e-mail addresses." in page
    assert "Import 1 person" not in page
    columns = f"{URL}{row.public_id}/columns/"
    wrong = browser.post(columns, {"column": ["name", "name"]})
    assert (wrong.status_code, "Two columns are “Name”." in wrong.text) == (422, True)
    assert browser.post(f"{URL}{row.public_id}/apply/").status_code == 302
    assert browser.post(columns, {"column": ["email", "name"]}).status_code == 302
    assert "Import 1 person" in browser.get(answer["Location"]).text
    row.refresh_from_db()
    assert (row.state, row.mapping) == ("draft", ["email", "name"])


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({}, 422, "Choose a file, or paste a table."),
        ({"text": "a,b\n"}, 422, "a head and no people"),
        ({"file": SimpleUploadedFile("a.csv", b"")}, 422, "The file is empty."),
        ({"file": SimpleUploadedFile("a.csv", b"x" * 5_000_001)}, 413, "larger than 5 MB"),
    ],
)
def test_the_page_says_what_is_wrong_with_a_file(
    account: Account, browser: Client, data: dict[str, object], status: int, words: str
) -> None:
    answer = browser.post(URL, data)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert not PeopleImport.objects.exists()


def test_a_file_is_discarded_and_a_stopped_one_resumed(account: Account, browser: Client, hand_in: Hand) -> None:
    row = upload(browser)
    assert "Nothing was changed." in browser.post(f"{URL}{row.public_id}/discard/", follow=True).text
    assert not PeopleImport.objects.exists()
    row = hand_in(TEXT)
    PeopleImport.objects.update(state="stopped", tries=5)
    assert "Resume import" in browser.get(f"{URL}{row.public_id}/").text
    browser.post(f"{URL}{row.public_id}/resume/")
    row.refresh_from_db()
    assert (row.state, row.tries) == ("open", 0)
    assert "did not stop" in browser.post(f"{URL}{row.public_id}/resume/", follow=True).text
    assert "applied already" in browser.post(f"{URL}{row.public_id}/discard/", follow=True).text


def test_the_sample_can_be_imported(account: Account, browser: Client) -> None:
    answer = browser.get(f"{URL}sample.csv")
    row = upload(browser, b"".join(answer.streaming_content).decode())  # type: ignore[attr-defined]
    browser.post(f"{URL}{row.public_id}/apply/")
    work(row)
    assert set(row.people.values_list("outcome", "seat")) == {("invited", "waiting")}


@pytest.mark.django_db(transaction=True)
def test_missing_seats_have_stripes_price(funded: Funded, client_of: SignIn, now: datetime) -> None:
    """The price comes from a quote; nothing is bought."""
    browser, url = client_of(funded.owner), f"/a/{funded.account.slug}/people/import/"
    seats = funded.subscription.items.get().quantity
    people = "\n".join(f"p{n}@acme.example,yes" for n in range(seats + 2))
    answer = browser.post(url, {"text": f"email,seat\n{people}"})
    page = browser.get(answer["Location"]).text
    assert "2 people will wait for a seat" in page
    quote = Quote.objects.get()
    assert (quote.added, quote.consumed_at) == (2, None)
    assert f"2 more seats cost {money(quote.amount_due, quote.currency)} now." in page
    assert not QuantityChange.objects.exists()
