"""The reclaim wizard in a browser without JavaScript."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Role
from billing.mirror.queries import open_decrease
from seats.holders.queries import seat_of
from seats.models import Assignment
from seats.pool.pools import pool_of
from seats.requests.request_seat import request_seat
from seats.usage.settings import set_usage_settings
from tests.conftest import Funded, join
from tests.factories.seats import give_pool, seat, use

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
LONG = timedelta(days=40)


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/seats/reclaim/"


def four_idle_of_ten(account: Account, now: datetime) -> list[Assignment]:
    """product.md I3: six of ten are active."""
    for n in range(6):
        busy = join(account, f"Busy{n}", Role.MEMBER, now)
        seat(busy, now - LONG)
        use(busy, now, days=1)
    return [seat(join(account, f"Idle{n}", Role.MEMBER, now), now - LONG - timedelta(days=n)) for n in range(4)]


@pytest.fixture
def idle(account: Account, now: datetime) -> list[Assignment]:
    give_pool(account, 10, now - timedelta(days=60))
    return four_idle_of_ten(account, now)


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_effect_is_shown_before_anything_changes(
    account: Account, browser: Client, url: str, idle: list[Assignment]
) -> None:
    text = words(browser.post(url, {"seat": [one.public_id for one in idle[:2]]}).text)
    assert "6 of 10 · 60 %" in text
    assert "6 of 8 · 75 %" in text
    assert "<b>Idle1</b>, <b>Idle0</b>: lose their seats now. No charge." in text
    assert "Keep them: 2 seats are free for the next people. You keep paying for 10." in text
    assert "Free 2 seats" in text
    assert pool_of(account).assigned == 10


def test_one_post_frees_them_and_the_next_page_undoes_it(
    account: Account, browser: Client, url: str, idle: list[Assignment]
) -> None:
    seats = [one.public_id for one in idle[:2]]
    answer = browser.post(url, {"seat": seats, "then": "keep", "reason": "Unused", "confirmed": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}{seats[0]}/")
    assert pool_of(account).assigned == 8
    page = browser.get(answer["Location"])
    assert "2 seats were freed. Nothing was charged." in page.text
    browser.post(f"{url}{seats[0]}/undo/")
    assert pool_of(account).assigned == 10
    assert browser.post(f"{url}{seats[0]}/undo/").status_code == 409
    assert pool_of(account).assigned == 10


def test_who_works_again_is_left_out_with_a_sentence(
    browser: Client, url: str, idle: list[Assignment], now: datetime
) -> None:
    back = idle[0].membership
    assert back is not None
    use(back, now, days=1)
    answer = browser.post(url, {"seat": [one.public_id for one in idle[:2]], "confirmed": "yes"}, follow=True)
    assert "1 person you chose worked again meanwhile and keeps the seat." in answer.text
    assert seat_of(back) == idle[0]


def test_what_is_no_longer_idle_is_refused(account: Account, browser: Client, url: str, idle: list[Assignment]) -> None:
    chosen = {"seat": idle[0].public_id, "confirmed": "yes"}
    browser.post(url, chosen)
    again = browser.post(url, chosen)
    assert again.status_code == 409
    assert "None of the chosen seats is idle any more. Nothing was changed." in again.text
    assert pool_of(account).assigned == 9


@pytest.mark.parametrize("data", [{}, {"seat": "ast_nothing"}, {"then": "sell", "seat": "all"}, {"expected_give": "0"}])
def test_nonsense_frees_nobody(
    account: Account, browser: Client, url: str, idle: list[Assignment], data: dict[str, str]
) -> None:
    assert browser.post(url, data | {"confirmed": "yes"}).status_code in (409, 422)
    assert pool_of(account).assigned == 10


def test_need_proposes_the_longest_silent_but_no_owner(
    account: Account, owner: Membership, browser: Client, url: str, idle: list[Assignment], now: datetime
) -> None:
    give_pool(account, 11, now)
    seat(owner, now - timedelta(days=55))
    assert browser.get(f"{url}?need=2").context["chosen"] == {idle[3].public_id, idle[2].public_id}
    assert browser.get(url).context["chosen"] == set()


def test_those_who_asked_can_have_the_seats(
    account: Account, member: Membership, browser: Client, url: str, idle: list[Assignment], now: datetime
) -> None:
    request_seat(
        account=account, membership=member, asked_by=member.user, reason="Work", actor=Actor(user=member.user), at=now
    )
    chosen = {"seat": idle[0].public_id}
    assert "Approve the oldest open request and give that seat to Mia" in words(browser.post(url, chosen).text)
    done = browser.post(url, chosen | {"then": "give", "expected_give": "1", "confirmed": "yes"}, follow=True)
    assert "1 request was approved." in done.text
    assert (seat_of(member) is not None, pool_of(account).assigned) == (True, 10)


def test_empty_and_private(account: Account, actor: Actor, browser: Client, url: str, now: datetime) -> None:
    assert "No seat is idle" in browser.get(url).text
    give_pool(account, 1, now - LONG)
    seat(join(account, "Ida", Role.MEMBER, now), now - LONG)
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
    for text in (browser.get(url).text, browser.post(url, {"confirmed": "yes"}).text):
        assert "Privacy mode is on" in text
        assert "Ida" not in text
    assert pool_of(account).assigned == 1


def test_a_member_may_not(member: Membership, client_of: SignIn, url: str) -> None:
    assert client_of(member).get(url).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_reduction_has_its_price_and_is_planned_in_the_same_act(
    funded: Funded, client_of: SignIn, url: str, now: datetime
) -> None:
    idle = four_idle_of_ten(funded.account, now)
    browser = client_of(funded.owner)
    chosen = {"seat": [one.public_id for one in idle[:2]]}
    text = words(browser.post(url, chosen).text)
    assert "Reduce from 10 to 8 seats on" in text
    # Ten graduated seats cost 500.00 and eight 400.00.
    assert "you save about $100.00 per month before tax" in text
    answer = browser.post(url, chosen | {"then": "reduce", "expected_reduce": "8", "confirmed": "yes"}, follow=True)
    assert "Planned: 10 to 8 seats on" in answer.text
    plan = open_decrease(funded.account)
    assert plan is not None
    assert (plan.renew_quantity, pool_of(funded.account).assigned) == (8, 8)
    after = words(browser.post(url, {"seat": [idle[2].public_id]}).text)
    assert "A reduction to 8 seats on" in after
    assert "Reduce from" not in after


@pytest.mark.django_db(transaction=True)
def test_who_may_not_buy_plans_no_reduction_by_a_made_up_form(
    funded: Funded, client_of: SignIn, url: str, now: datetime
) -> None:
    idle = four_idle_of_ten(funded.account, now)
    browser = client_of(join(funded.account, "Tom", Role.TEAM_MANAGER, now))
    chosen = {"seat": idle[0].public_id}
    assert "Fewer seats are planned by those who may buy seats." in browser.post(url, chosen).text
    answer = browser.post(url, chosen | {"then": "reduce", "expected_reduce": "9", "confirmed": "yes"})
    assert answer.status_code == 403
    assert open_decrease(funded.account) is None
    assert pool_of(funded.account).assigned == 10


@pytest.mark.django_db(transaction=True)
def test_the_purchase_page_offers_idle_seats_first(funded: Funded, client_of: SignIn, now: datetime) -> None:
    four_idle_of_ten(funded.account, now)
    text = words(client_of(funded.owner).get(f"/a/{funded.account.slug}/seats/add/?add=2").text)
    assert "4 seats were not used for 30 days." in text
    assert f'<a href="/a/{funded.account.slug}/seats/reclaim/?need=2">Reassign instead and pay $0.00</a>' in text
