"""Somebody who is invited without a seat waits for one like everybody else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.errors import InvitationGone
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import LIFETIME, expire_invitations, invite_member, revoke_invitation, token_of
from accounts.models import Account, Invitation, Membership
from seats.errors import AlreadySeated, AlreadyWaiting
from seats.holders.admit_waiting import admit_waiting
from seats.holders.queries import seat_of, waiting_in
from seats.holders.wait import wait_for_seat, wait_with_invitation
from seats.models import Assignment, SeatPool, WaitingPerson
from tests.conftest import make_user
from tests.factories.seats import give_pool, seat

pytestmark = pytest.mark.django_db


def invite(account: Account, actor: Actor, name: str, at: datetime) -> Invitation:
    email = f"{name.lower()}@acme.example"
    return invite_member(account=account, email=email, role="member", department=None, name=name, actor=actor, at=at)[0]


def in_line(account: Account, actor: Actor, name: str, at: datetime) -> Invitation:
    invitation = invite(account, actor, name, at)
    wait_with_invitation(account=account, invitation=invitation, actor=actor, at=at)
    return invitation


def holders(account: Account) -> list[str]:
    seats = Assignment.objects.filter(account=account, ended_at=None).order_by("pk")
    return [str(one.membership.user.name if one.membership else one.invitation) for one in seats]


def test_members_and_invited_are_served_in_one_order(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime
) -> None:
    later = [now + timedelta(minutes=minutes) for minutes in range(4)]
    in_line(account, actor, "Lena", later[0])
    wait_for_seat(account=account, membership=member, actor=actor, at=later[1])
    in_line(account, actor, "Bo", later[2])
    wait_for_seat(account=account, membership=owner, actor=actor, at=later[3])

    give_pool(account, 3, now + timedelta(hours=1))

    assert sorted(holders(account)) == ["Mia", "bo@acme.example", "lena@acme.example"]
    assert [place.name for place in waiting_in(account)] == ["Olivia"]
    assert SeatPool.objects.get(account=account).assigned == 3


def test_a_free_seat_is_held_at_once(account: Account, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now)
    place = wait_with_invitation(account=account, invitation=invite(account, actor, "Lena", now), actor=actor, at=now)
    assert place.served_at == now
    assert Assignment.objects.get().state == "reserved"


def test_who_accepts_waits_on_where_they_stood(
    account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    lena = in_line(account, actor, "Lena", now)
    wait_for_seat(account=account, membership=member, actor=actor, at=now + timedelta(minutes=1))
    user = make_user("Lena")
    joined = accept_invitation(token=token_of(lena), user=user, at=now + timedelta(minutes=2), actor=Actor(user=user))
    assert seat_of(joined) is None
    first = waiting_in(account)[0]
    assert (first.membership, first.invitation, first.since) == (joined, None, now)

    give_pool(account, 1, now + timedelta(hours=1))

    assert holders(account) == ["Lena"]


def test_an_invitation_that_ends_waits_for_nothing(account: Account, actor: Actor, now: datetime) -> None:
    in_line(account, actor, "Lena", now)
    bo = in_line(account, actor, "Bo", now)
    revoke_invitation(account=account, invitation=bo, actor=actor, at=now)
    assert [place.name for place in waiting_in(account)] == ["Lena"]
    expire_invitations(at=now + LIFETIME)
    assert not waiting_in(account).exists()
    give_pool(account, 2, now + LIFETIME)
    assert holders(account) == []


def test_one_past_its_time_is_passed_by(account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    in_line(account, actor, "Lena", now)
    wait_for_seat(account=account, membership=member, actor=actor, at=now + timedelta(minutes=1))
    SeatPool.objects.filter(account=account).update(purchased=1, entitled=1)
    assert admit_waiting(account=account, at=now + LIFETIME) == 1
    assert holders(account) == ["Mia"]


def test_nobody_waits_twice_or_with_a_seat(account: Account, actor: Actor, now: datetime) -> None:
    lena = in_line(account, actor, "Lena", now)
    with pytest.raises(AlreadyWaiting):
        wait_with_invitation(account=account, invitation=lena, actor=actor, at=now)
    with pytest.raises(InvitationGone):
        wait_with_invitation(account=account, invitation=lena, actor=actor, at=now + LIFETIME)
    give_pool(account, 1, now)
    with pytest.raises(AlreadySeated):
        wait_with_invitation(account=account, invitation=lena, actor=actor, at=now)
    assert WaitingPerson.objects.count() == 1


def test_the_table_and_the_list_show_who_waits(
    account: Account,
    owner: Membership,
    member: Membership,
    actor: Actor,
    now: datetime,
    client_of: Callable[[Membership], Client],
) -> None:
    browser, url = client_of(owner), f"/a/{account.slug}/seats/"
    lena = invite(account, actor, "Lena", now)
    assert "without a seat" in browser.get(url).text

    answer = browser.post(f"{url}invitations/{lena.public_id}/wait/")

    assert "Lena is on the waiting list." in browser.get(answer["Location"]).text
    page = browser.get(f"{url}?show=waiting&q=lena").text
    assert "waits for a seat" in page
    assert "1 of 1" in page
    assert "Mia" not in page
    assert browser.get(f"{url}?show=waiting&q=mia").text.count("<tbody>") == 0
    assert "Lena" in browser.get(f"/a/{account.slug}/requests/").text
    assert browser.post(f"{url}invitations/{lena.public_id}/wait/").status_code == 409
    browser.post(f"{url}invitations/{lena.public_id}/stop-waiting/")
    assert not waiting_in(account).exists()
    lena.refresh_from_db()
    assert lena.state == "open"


def test_with_a_free_seat_the_page_holds_it(
    account: Account, owner: Membership, actor: Actor, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    give_pool(account, 2, now)
    seat(owner, now)
    lena = invite(account, actor, "Lena", now)
    browser = client_of(owner)
    answer = browser.post(f"/a/{account.slug}/seats/invitations/{lena.public_id}/wait/")
    assert "A seat is held for Lena now." in browser.get(answer["Location"]).text
    assert holders(account) == ["Olivia", "lena@acme.example"]
