"""The pages by which people are asked, without JavaScript."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from seats.models import Nudge
from seats.usage.settings import set_usage_settings
from tests.factories.seats import give_pool, seat, use

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
LONG = timedelta(days=40)


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/usage/"


def test_one_click_asks_and_the_page_says_what_came_of_it(
    account: Account, owner: Membership, member: Membership, client_of: SignIn, url: str, now: datetime
) -> None:
    give_pool(account, 2, now - LONG)
    mine = seat(member, now - LONG)
    browser = client_of(owner)
    assert "not asked yet" in browser.get(f"{url}nudges/").text
    answer = browser.post(f"{url}nudges/", {"seat": mine.public_id}, follow=True)
    assert "1 person is asked by mail." in answer.text
    assert "No answer yet" in answer.text
    assert "disabled" in answer.text
    again = browser.post(f"{url}nudges/", {"seat": mine.public_id})
    assert (again.status_code, Nudge.objects.count()) == (409, 1)
    assert "Nobody was written to" in again.text
    use(member, now, days=1)
    assert "Came back on" in browser.get(f"{url}nudges/").text


def test_nobody_chosen_is_refused(account: Account, owner: Membership, client_of: SignIn, url: str) -> None:
    browser = client_of(owner)
    assert "No seat is idle" in browser.get(f"{url}nudges/").text
    assert browser.post(f"{url}nudges/").status_code == 409


def test_privacy_mode_and_members_do_not_get_there(
    account: Account,
    actor: Actor,
    owner: Membership,
    member: Membership,
    client_of: SignIn,
    url: str,
    now: datetime,
) -> None:
    give_pool(account, 1, now - LONG)
    mine = seat(member, now - LONG)
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
    browser = client_of(owner)
    answer = browser.post(f"{url}nudges/", {"seat": mine.public_id})
    assert "Privacy mode is on" in answer.text
    assert "Mia" not in answer.text
    assert browser.post(f"{url}mentors/{member.public_id}/", {"words": ""}).status_code == 403
    assert client_of(member).get(f"{url}nudges/").status_code == 403
    assert Nudge.objects.count() == 0


def test_asking_to_mentor(
    account: Account, owner: Membership, member: Membership, client_of: SignIn, url: str, now: datetime
) -> None:
    give_pool(account, 1, now - LONG)
    seat(member, now - LONG)
    browser, page = client_of(owner), f"{url}mentors/{member.public_id}/"
    assert browser.post(page, {"words": "x" * 301}).status_code == 422
    assert browser.post(page, {"words": ""}).status_code == 409
    use(member, now, days=20)
    assert f'href="{page}"' in browser.get(url).text
    assert "Mia is asked by mail." in browser.post(page, {"words": "Hello"}, follow=True).text
    assert Nudge.objects.get().words == "Hello"
