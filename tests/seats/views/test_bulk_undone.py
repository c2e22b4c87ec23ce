"""Invitations withdrawn and people moved to another region in bulk: the effect first, then all or none, and undo."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.add_member import add_member
from accounts.members.invitations import invite_member, open_by_token, token_of
from accounts.members.withdraw_invitations import UNDO_WITHIN
from accounts.models import Account, AuditEntry, Invitation, Membership, Region, Role
from seatportal.kit import clock
from seats.capacity.split_seats import split_seats
from seats.holders.queries import seat_of, waiting_in
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat, reserved_for
from seats.holders.wait import leave_queue_invited, wait_for_seat, wait_with_invitation
from seats.models import Assignment, RegionPool, SeatPool
from tests.conftest import join, make_user
from tests.factories.seats import give_pool, seat
from tests.seats.regions.conftest import person, region

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
URL = "/a/acme/seats/"
UNDO = f"{URL}bulk/undo/last/"


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def invited(account: Account, actor: Actor, now: datetime) -> list[Invitation]:
    """Ann with a seat held, Ben who waits, Cem without either; one seat in all."""
    give_pool(account, 1, now)
    common: dict[str, Any] = {"account": account, "role": Role.MEMBER, "department": None, "name": "", "actor": actor}
    ann = invite_with_seat(email="ann@acme.example", at=now, **common)[0]
    ben, cem = (invite_member(email=f"{name}@acme.example", at=now, **common)[0] for name in ("ben", "cem"))
    wait_with_invitation(account=account, invitation=ben, actor=actor, at=now)
    return [ann, ben, cem]


def withdraw(invited: list[Invitation], **more: str) -> dict[str, Any]:
    return {"action": "withdraw", "invitation": [one.public_id for one in invited], **more}


def states() -> list[str]:
    return list(Invitation.objects.order_by("email").values_list("state", flat=True))


def test_invitations_are_withdrawn_together_and_come_back(
    account: Account, browser: Client, invited: list[Invitation]
) -> None:
    assert "Withdraw invitations" in browser.get(URL).text
    effect = browser.get(f"{URL}bulk/effect/", withdraw(invited)).text
    assert effect == "3 invitations can be sent again. Withdrawing frees 1 seat."
    page = browser.post(f"{URL}bulk/", withdraw(invited)).text
    assert "3 links end at once" in page
    assert "1 seat that is held becomes free." in page
    assert "1 of them leaves the waiting list." in page
    assert states() == ["open", "open", "open"]

    done = browser.post(f"{URL}bulk/", withdraw(invited, confirmed="yes"), follow=True)

    assert "3 invitations are withdrawn." in done.text
    assert UNDO in done.text
    assert states() == ["revoked", "revoked", "revoked"]
    assert SeatPool.objects.get(account=account).assigned == 0
    assert not waiting_in(account).exists()
    assert open_by_token(token_of(invited[0]), at=clock.now()) is None
    assert AuditEntry.objects.filter(action="invitation.revoked").count() == 3

    back = browser.post(UNDO, follow=True)

    assert "Undone: 3 invitations are open again." in back.text
    assert states() == ["open", "open", "open"]
    assert open_by_token(token_of(invited[0]), at=clock.now()) == invited[0]
    held = Assignment.objects.get(ended_at=None)
    assert (held.invitation, held.state) == (invited[0], "reserved")
    assert [place.invitation for place in waiting_in(account)] == [invited[1]]
    assert AuditEntry.objects.filter(action="invitation.reopened").count() == 3
    # Once only.
    assert browser.post(UNDO).status_code == 409
    assert states() == ["open", "open", "open"]


def test_what_had_ended_before_the_withdrawal_does_not_come_back(
    account: Account, actor: Actor, browser: Client, invited: list[Invitation], now: datetime
) -> None:
    """A seat that was given back, and a place in the queue that was left, in between two withdrawals."""
    browser.post(f"{URL}bulk/", withdraw(invited, confirmed="yes"))
    browser.post(UNDO)
    assert leave_queue_invited(invitation=invited[1], at=now)
    release_seat(account=account, assignment=Assignment.objects.get(ended_at=None), actor=actor, at=now)
    browser.post(f"{URL}bulk/", withdraw(invited, confirmed="yes"))

    assert browser.post(UNDO).status_code == 302

    assert states() == ["open", "open", "open"]
    assert SeatPool.objects.get(account=account).assigned == 0
    assert not waiting_in(account).exists()


def test_one_that_is_gone_keeps_all(
    account: Account, browser: Client, invited: list[Invitation], now: datetime
) -> None:
    user = make_user("Cem")
    form = withdraw(invited, confirmed="yes")
    accept_invitation(token=token_of(invited[2]), user=user, at=now, actor=Actor(user=user))
    assert browser.post(f"{URL}bulk/", form).status_code == 422  # Not in the list any more.
    assert states() == ["open", "open", "accepted"]
    assert AuditEntry.objects.filter(action="invitation.revoked").count() == 0


def test_an_undo_whose_seat_has_gone_on_changes_nothing(
    account: Account, member: Membership, actor: Actor, browser: Client, invited: list[Invitation], now: datetime
) -> None:
    wait_for_seat(account=account, membership=member, actor=actor, at=now)
    browser.post(f"{URL}bulk/", withdraw(invited[:2], confirmed="yes"))
    assert seat_of(member) is not None
    answer = browser.post(UNDO)
    assert (answer.status_code, "Nothing was undone" in answer.text) == (409, True)
    assert states() == ["revoked", "revoked", "open"]
    assert SeatPool.objects.get(account=account).assigned == 1


def test_an_undo_comes_too_late_or_after_another_invitation(
    account: Account,
    actor: Actor,
    browser: Client,
    invited: list[Invitation],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser.post(f"{URL}bulk/", withdraw(invited[2:], confirmed="yes"))
    invite_member(
        account=account, email="cem@acme.example", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )
    assert browser.post(UNDO).status_code == 410
    assert sorted(Invitation.objects.filter(email="cem@acme.example").values_list("state", flat=True)) == [
        "open",
        "revoked",
    ]
    browser.post(f"{URL}bulk/", withdraw(invited[:1], confirmed="yes"))
    withdrawn = Invitation.objects.filter(pk=invited[0].pk)
    closed_at, expires_at = withdrawn.values_list("closed_at", "expires_at").get()
    withdrawn.update(closed_at=now - UNDO_WITHIN * 2)
    assert browser.post(UNDO).status_code == 410
    withdrawn.update(closed_at=closed_at, expires_at=now)  # Its link has run out since.
    assert browser.post(UNDO).status_code == 410
    assert withdrawn.get().state == "revoked"
    withdrawn.update(expires_at=expires_at)
    assert browser.post(UNDO).status_code == 409  # In time; but Ben, who waited, has the seat now.


def test_who_may_not_manage_people_withdraws_and_moves_nobody(
    account: Account, invited: list[Invitation], now: datetime, client_of: SignIn, europe: Region
) -> None:
    lead = client_of(join(account, "Lea", Role.TEAM_MANAGER, now))
    text = lead.get(URL).text
    assert "Withdraw invitations" not in text
    assert "Change region" not in text
    assert lead.post(f"{URL}bulk/", withdraw(invited, confirmed="yes")).status_code == 403
    move = {"action": "region", "invitation": [invited[0].public_id], "confirmed": "yes", "region": europe.public_id}
    assert lead.post(f"{URL}bulk/", move).status_code == 403
    assert lead.post(UNDO).status_code == 403
    assert states() == ["open", "open", "open"]
    assert not Invitation.objects.filter(region=europe).exists()


@pytest.fixture
def europe(account: Account, now: datetime) -> Region:
    """EU."""
    return region(account, "EU", now)


@pytest.fixture
def crew(account: Account, europe: Region, actor: Actor, now: datetime) -> list[Membership]:
    """Six seats, two of them for the EU. Three people of the US sit, a fourth does not."""
    give_pool(account, 6, now)
    america = region(account, "US", now)
    people = [person(account, name, america, now) for name in ("Uma", "Uwe", "Una", "Ulf")]
    for one in people[:3]:
        seat(one, now)
    split_seats(account=account, seats={europe: 2}, reason="Blocks", actor=actor, at=now)
    return people


def move(people: list[Membership], to: Region | None, **more: Any) -> dict[str, Any]:
    named = [one.public_id for one in people]
    return {"action": "region", "person": named, "region": to.public_id if to else "", **more}


def regions(people: list[Membership]) -> list[str]:
    return [str(Membership.objects.select_related("region").get(pk=one.pk).region or "") for one in people]


def test_seats_go_along_into_a_region_with_room_and_come_back(
    account: Account, browser: Client, crew: list[Membership], europe: Region, actor: Actor, now: datetime
) -> None:
    guest = invite_member(
        account=account, email="g@acme.example", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )[0]
    chosen = move([crew[0], crew[1], crew[3]], europe, invitation=[guest.public_id])
    page = browser.post(f"{URL}bulk/", chosen).text
    assert "EU (2 seats free)" in page
    assert "2 seats go along." in page
    assert regions(crew) == ["US", "US", "US", "US"]

    done = browser.post(f"{URL}bulk/", chosen | {"confirmed": "yes"}, follow=True)

    assert "4 people were moved." in done.text
    assert regions(crew) == ["EU", "EU", "US", "EU"]
    guest.refresh_from_db()
    assert guest.region == europe
    assert RegionPool.objects.get().assigned == 2
    assert AuditEntry.objects.filter(action="member.changed", data__region={"before": "US", "after": "EU"}).count() == 3
    assert UNDO in done.text

    back = browser.post(UNDO, follow=True)

    assert "Undone: 4 people are back." in back.text
    assert regions(crew) == ["US", "US", "US", "US"]
    guest.refresh_from_db()
    assert guest.region is None
    assert RegionPool.objects.get().assigned == 0


def test_a_region_without_room_for_all_moves_nobody(
    account: Account, browser: Client, crew: list[Membership], europe: Region, actor: Actor, now: datetime
) -> None:
    answer = browser.post(f"{URL}bulk/", move(crew, europe, confirmed="yes"))
    assert answer.status_code == 409
    assert "All 2 seats of the region EU are in use." in answer.text
    assert regions(crew) == ["US", "US", "US", "US"]
    assert RegionPool.objects.get().assigned == 0
    assert browser.post(UNDO).status_code == 409
    guest = invite_with_seat(
        account=account, email="g@acme.example", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )[0]
    form = move(crew[:2], europe, confirmed="yes", invitation=[guest.public_id])
    assert browser.post(f"{URL}bulk/", form).status_code == 409
    guest.refresh_from_db()
    held = reserved_for(guest)
    assert held is not None
    assert (guest.region, held.region_pool, regions(crew)[0]) == (None, None, "US")


def test_an_undo_of_a_move_only_while_everybody_is_still_there(
    account: Account, browser: Client, crew: list[Membership], europe: Region, now: datetime
) -> None:
    browser.post(f"{URL}bulk/", move(crew[2:], europe, confirmed="yes"))
    Membership.objects.filter(pk=crew[3].pk).update(region=None)
    answer = browser.post(UNDO)
    assert (answer.status_code, "Nothing was undone" in answer.text) == (409, True)
    assert regions(crew) == ["US", "US", "EU", ""]


def test_another_account_is_out_of_reach(
    account: Account, browser: Client, crew: list[Membership], outsider: Membership, europe: Region, now: datetime
) -> None:
    theirs = region(outsider.account, "Theirs", now)
    assert browser.post(f"{URL}bulk/", move(crew, theirs, confirmed="yes")).status_code == 422
    assert browser.post(f"{URL}bulk/", move([outsider], europe, confirmed="yes")).status_code == 422
    outsider.refresh_from_db()
    assert (outsider.region, regions(crew)) == (None, ["US"] * 4)


def test_an_act_is_offered_to_be_undone_in_its_own_account_only(
    account: Account, owner: Membership, outsider: Membership, browser: Client, invited: list[Invitation], now: datetime
) -> None:
    """Olivia is an admin of both."""
    add_member(account=outsider.account, user=owner.user, role=Role.ADMIN, at=now, actor=Actor(user=outsider.user))
    browser.post(f"{URL}bulk/", withdraw(invited, confirmed="yes"))

    assert UNDO in browser.get(f"{URL}?undo=last").text
    assert "bulk/undo/last/" not in browser.get("/a/elsewhere/seats/?undo=last").text
    assert browser.post("/a/elsewhere/seats/bulk/undo/last/").status_code == 409
    assert states() == ["revoked", "revoked", "revoked"]
