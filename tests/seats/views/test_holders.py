"""Give, move and take seats in a browser without JavaScript."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, Department, Invitation, Membership
from seats.holders.queries import seat_of, tenures_of, waiting_in
from seats.holders.reserve_seat import invite_with_seat
from seats.models import Assignment, LedgerEntry, SeatPool
from seats.pool.pools import pool_of
from tests.factories.seats import give_pool, seat

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/seats/"


@pytest.mark.parametrize("typed", ["mia@acme.example", " MIA@Acme.Example ", "mia", "id"])
def test_a_member_gets_a_seat(
    account: Account, member: Membership, browser: Client, url: str, now: datetime, typed: str
) -> None:
    give_pool(account, 1, now)
    answer = browser.post(f"{url}assign/", {"person": member.public_id if typed == "id" else typed, "reason": "New"})
    held = seat_of(member)
    assert held is not None
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?undo={held.public_id}")
    assert held.reason == "New"
    assert "Mia has a seat now." in browser.get(answer["Location"]).text


def test_an_unknown_address_is_invited_with_a_seat(account: Account, browser: Client, url: str, now: datetime) -> None:
    give_pool(account, 1, now)
    sales = Department.objects.create(account=account, name="Sales")
    wish = {"person": "Lena@acme.example", "name": "Lena Vogel", "department": sales.pk, "reason": "New"}
    browser.post(f"{url}assign/", wish)
    invited = Invitation.objects.get(account=account)
    assert (invited.email, invited.name, invited.role, invited.department) == (
        "lena@acme.example",
        "Lena Vogel",
        "member",
        sales,
    )
    held = Assignment.objects.get(invitation=invited)
    assert (held.state, held.reason) == ("reserved", "New")


@pytest.mark.parametrize("typed", ["", "Nobody", "two@signs@example.com", "x" * 300])
def test_what_names_nobody_is_said_in_the_field(
    account: Account, browser: Client, url: str, now: datetime, typed: str
) -> None:
    give_pool(account, 1, now)
    answer = browser.post(f"{url}assign/", {"person": typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["person"]
    assert (Assignment.objects.count(), Invitation.objects.count()) == (0, 0)


def test_a_namesake_must_be_named_by_address(
    account: Account, member: Membership, admin_member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    admin_member.user.name = "Mia"
    admin_member.user.save()
    answer = browser.post(f"{url}assign/", {"person": "Mia"})
    assert (answer.status_code, Assignment.objects.count()) == (422, 0)


def test_at_the_limit_nobody_is_added_and_the_ways_out_are_shown(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    idle = seat(owner, now - timedelta(days=40))
    answer = browser.post(f"{url}assign/", {"person": member.user.email})
    assert answer.status_code == 409
    assert "Mia got no seat. Nothing was changed." in answer.text
    assert f"{url}add/?add=1" in answer.text
    assert f"{url}{idle.public_id}/reassign/?to={member.public_id}" in answer.text
    assert f"{url}people/{member.public_id}/wait/" in answer.text
    assert (seat_of(member), pool_of(account).assigned) == (None, 1)


def test_at_the_limit_an_address_is_not_invited(
    account: Account, owner: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    seat(owner, now)
    answer = browser.post(f"{url}assign/", {"person": "lena@acme.example"})
    assert (answer.status_code, Invitation.objects.count()) == (409, 0)


def test_while_frozen_nobody_is_seated(
    account: Account, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    SeatPool.objects.filter(account=account).update(frozen="canceled")
    answer = browser.post(f"{url}assign/", {"person": member.user.email})
    assert answer.status_code == 409
    assert "while the subscription is not active" in answer.text
    assert Assignment.objects.count() == 0


def test_waiting_and_leaving_the_queue(account: Account, member: Membership, browser: Client, url: str) -> None:
    browser.post(f"{url}people/{member.public_id}/wait/")
    assert [place.membership for place in waiting_in(account)] == [member]
    assert browser.post(f"{url}people/{member.public_id}/wait/").status_code == 409
    browser.post(f"{url}people/{member.public_id}/stop-waiting/")
    assert not waiting_in(account)


def test_a_seat_moves_with_its_history(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now - timedelta(days=9))
    held = seat(owner, now - timedelta(days=9))
    page = browser.get(f"{url}{held.public_id}/reassign/?to={member.public_id}").text
    assert "No charge" in page
    assert "Olivia loses access" in page
    assert "Mia gets access at once." in page
    browser.post(f"{url}{held.public_id}/reassign/", {"to": member.user.email, "reason": "Olivia left the team"})
    now_held = seat_of(member)
    assert now_held is not None
    assert (now_held.pk, now_held.reason, pool_of(account).assigned) == (held.pk, "Olivia left the team", 1)
    tenure = tenures_of(owner).get()
    assert (tenure.end_reason, tenure.started_at) == ("reassigned", now - timedelta(days=9))
    line = LedgerEntry.objects.get(kind="reassigned")
    assert (line.from_member, line.to_member, line.actor) == (owner, member, owner.user)


@pytest.mark.parametrize(("typed", "status"), [("nobody@acme.example", 422), ("", 422), ("adam@acme.example", 409)])
def test_a_refused_move_leaves_the_seat(
    account: Account,
    owner: Membership,
    admin_member: Membership,
    browser: Client,
    url: str,
    now: datetime,
    typed: str,
    status: int,
) -> None:
    """Unknown, empty, and somebody who has a seat already."""
    give_pool(account, 2, now)
    held = seat(owner, now)
    seat(admin_member, now)
    answer = browser.post(f"{url}{held.public_id}/reassign/", {"to": typed})
    held.refresh_from_db()
    assert (answer.status_code, held.membership) == (status, owner)


def test_the_receiver_is_named_while_typing(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    held = seat(owner, now)
    part = browser.get(
        f"{url}{held.public_id}/reassign/?to={member.user.email}",
        headers={"HX-Request": "true", "HX-Target": "receiver"},
    ).text
    assert "Mia gets access at once." in part
    assert "<form" not in part


def test_a_reserved_seat_is_not_reassigned(
    account: Account, actor: Actor, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    _invitation, held = invite_with_seat(
        account=account, email="lena@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    assert browser.post(f"{url}{held.public_id}/reassign/", {"to": "olivia@acme.example"}).status_code == 409
    held.refresh_from_db()
    assert held.state == "reserved"


def test_releasing_says_what_stays_paid(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 2, now)
    held = seat(member, now)
    page = browser.get(f"{url}{held.public_id}/release/").text
    assert "You keep paying for 2 seats." in page
    assert f"{url}reduce/" in page
    answer = browser.post(f"{url}{held.public_id}/release/", {"reason": "Left"})
    assert (answer.status_code, seat_of(member), pool_of(account).purchased) == (302, None, 2)
    assert LedgerEntry.objects.get(kind="released").reason == "Left"
    assert browser.post(f"{url}{held.public_id}/release/").status_code == 404


def test_undo_is_offered_and_works_once(
    account: Account, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    held = seat(member, now)
    answer = browser.post(f"{url}{held.public_id}/release/")
    assert f"{url}{held.public_id}/undo/" in browser.get(answer["Location"]).text
    browser.post(f"{url}{held.public_id}/undo/")
    assert seat_of(member) is not None
    again = browser.post(f"{url}{held.public_id}/undo/")
    assert (again.status_code, pool_of(account).assigned) == (409, 1)


def test_withdrawing_an_invitation_frees_its_seat(
    account: Account, actor: Actor, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    invitation, _seat = invite_with_seat(
        account=account, email="lena@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    browser.post(f"{url}invitations/{invitation.public_id}/resend/")
    assert pool_of(account).assigned == 1
    browser.post(f"{url}invitations/{invitation.public_id}/withdraw/")
    invitation.refresh_from_db()
    assert (invitation.state, pool_of(account).assigned) == ("revoked", 0)
    assert browser.post(f"{url}invitations/{invitation.public_id}/withdraw/").status_code == 404


def test_team_managers_bring_people_in_with_seats(account: Account, client_of: SignIn, url: str, now: datetime) -> None:
    from tests.conftest import join

    give_pool(account, 1, now)
    manager = client_of(join(account, "Tim", "team_manager", now))
    assert manager.post(f"{url}assign/", {"person": "lena@acme.example"}).status_code == 302
    assert pool_of(account).assigned == 1


def test_members_without_a_seat_are_offered(
    account: Account, owner: Membership, member: Membership, browser: Client, url: str, now: datetime
) -> None:
    give_pool(account, 1, now)
    seat(owner, now)
    offered = browser.get(f"{url}receivers/", {"person": "m"}).text
    assert 'value="mia@acme.example"' in offered
    assert "olivia" not in offered
