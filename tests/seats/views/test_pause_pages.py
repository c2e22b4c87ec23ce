"""Pause and resume in a browser."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Account, Membership, Role
from seats.holders.queries import seat_of
from seats.models import Pause
from tests.conftest import join
from tests.factories.seats import give_pool, seat

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/"


@pytest.fixture
def browser(account: Account, owner: Membership, member: Membership, client_of: SignIn, now: datetime) -> Client:
    """Olivia's. Mia holds one of two seats."""
    give_pool(account, 2, now)
    seat(member, now)
    return client_of(owner)


def test_from_a_pause_to_its_end(
    browser: Client, url: str, account: Account, member: Membership, client_of: SignIn, now: datetime
) -> None:
    page, day = f"{url}seats/people/{member.public_id}/pause/", (now + timedelta(days=40)).date()
    assert f"{url}seats/people/{member.public_id}/pause/" in browser.get(f"{url}seats/").text
    assert "show=paused" not in browser.get(f"{url}seats/").text
    assert "Somebody else can have the seat meanwhile." in browser.get(page).text

    answer = browser.post(page, {"resumes_on": day.isoformat(), "reason": "Parental leave"}, follow=True)

    assert "Mia is paused." in answer.text
    assert "Undo" in answer.text
    assert (Pause.objects.get().resumes_on, seat_of(member)) == (day, None)
    table = browser.get(f"{url}seats/?show=paused").text
    assert "mia@acme.example" in table
    assert "olivia@acme.example" not in table.split("<tbody")[1]
    person = browser.get(f"{url}seats/people/{member.public_id}/").text
    assert "Parental leave" in person
    assert "Resume person" in person
    assert "Give a seat" not in person
    mine = client_of(member).get(f"{url}me/").text
    assert "Your access is paused." in mine
    assert "Request a seat" not in mine
    assert "mia@acme.example" not in browser.get(f"{url}seats/assign/").text
    refused = browser.post(f"{url}seats/assign/", {"person": "mia@acme.example"})
    assert (refused.status_code, "This person is paused." in refused.text) == (409, True)
    answer = browser.post(f"{url}seats/people/{member.public_id}/resume/", follow=True)
    assert "Mia has a seat again." in answer.text
    assert seat_of(member) is not None
    again = browser.post(f"{url}seats/people/{member.public_id}/resume/")
    assert (again.status_code, "This person is not paused." in again.text) == (409, True)


def test_a_pause_is_undone_from_the_table(browser: Client, url: str, member: Membership) -> None:
    held = seat_of(member)
    assert held is not None
    browser.post(f"{url}seats/people/{member.public_id}/pause/", {})

    answer = browser.post(f"{url}seats/{held.public_id}/undo/", follow=True)

    assert "Undone: the person is not paused and has a seat again." in answer.text
    assert seat_of(member) is not None


def test_what_is_refused(browser: Client, url: str, account: Account, member: Membership, now: datetime) -> None:
    page = f"{url}seats/people/{member.public_id}/pause/"
    wrong = browser.post(page, {"resumes_on": now.date().isoformat()})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["resumes_on"])
    ben = join(account, "Ben", Role.MEMBER, now)
    none = browser.post(f"{url}seats/people/{ben.public_id}/pause/", {})
    assert (none.status_code, "This person has no seat" in none.text) == (409, True)
    assert not Pause.objects.exists()


def test_who_may_not_assign_pauses_nobody(
    browser: Client, url: str, account: Account, member: Membership, client_of: SignIn, now: datetime
) -> None:
    viewer = client_of(join(account, "Vera", Role.VIEWER, now))
    assert viewer.post(f"{url}seats/people/{member.public_id}/pause/", {}).status_code == 403
    assert viewer.post(f"{url}seats/people/{member.public_id}/resume/").status_code == 403
    assert not Pause.objects.exists()
