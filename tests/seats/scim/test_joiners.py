"""Who joins takes a seat or waits; who leaves frees it at once; who was removed here stays out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import connections
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.remove_member import remove_member
from accounts.models import Account, AuditEntry, DirectoryPerson, Membership, Role, User
from seats.holders.pause_person import pause_person
from seats.holders.queries import open_seats, waiting_in
from seats.models import Assignment, SeatPool, SeatRequest
from tests.conftest import PASSWORD, join
from tests.directory import SEAT, Directory, new_user, person
from tests.factories.seats import give_pool
from tests.factories.seats import seat as give_seat

pytestmark = pytest.mark.django_db


def add(okta: Directory, name: str, **more: Any) -> str:
    answer = okta.add(name, **more)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def member_of(key: str) -> Membership:
    found = person(key)
    return Membership.objects.get(account=found.account, user=found.user, left_at__isnull=True)


def signed_in(key: str) -> Client:
    """The person's browser, signed in by the sign-in page."""
    user = person(key).user
    assert user is not None
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.filter(user=user).update(verified=True)
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert browser.get("/profile/").status_code == 200
    return browser


def test_a_joiner_becomes_a_member_and_takes_a_seat(okta: Directory, acme: Account) -> None:
    answer = okta.add("Lena", title="Designer", externalId="e-7")

    assert answer.status_code == 201
    body = answer.json()
    assert answer["Location"] == f"http://testserver/scim/v2/Users/{body['id']}"
    assert (body["active"], body["entitlements"]) == (True, [{"value": "seated", "type": "seat"}])
    member = member_of(body["id"])
    assert (member.user.email, member.user.name) == ("lena@acme.example", "Lena Smith")
    assert (member.role, member.title, member.external_id) == (Role.MEMBER, "Designer", "e-7")
    assert not member.user.has_usable_password()
    assert [seat.membership for seat in open_seats(acme)] == [member]
    told = okta.get(f"Users/{body['id']}?attributes={SEAT}:state,{SEAT}:memberId").json()[SEAT]
    assert told == {"state": "seated", "memberId": member.public_id}


def test_at_the_limit_they_wait_and_a_request_is_made(okta: Directory, acme: Account) -> None:
    for name in ("A1", "A2", "A3", "A4", "A5"):
        add(okta, name)

    key = add(okta, "Lena")

    assert okta.state(key) == (True, "waiting_for_seat")
    assert [place.membership for place in waiting_in(acme)] == [member_of(key)]
    asked = SeatRequest.objects.get(account=acme)
    assert (asked.membership, asked.state) == (member_of(key), SeatRequest.State.OPEN)
    assert asked.reason == "Added by the directory Okta"
    assert SeatPool.objects.get(account=acme).assigned == 5


def test_a_leaver_frees_the_seat_and_the_first_in_line_gets_it(okta: Directory, acme: Account) -> None:
    keys = [add(okta, f"A{n}") for n in range(5)]
    first, second = add(okta, "First"), add(okta, "Second")

    answer = okta.set_active(keys[2], False)

    assert answer.status_code == 200
    assert (answer.json()["active"], answer.json()["entitlements"][0]["value"]) == (False, "inactive")
    assert okta.state(first) == (True, "seated")
    assert okta.state(second) == (True, "waiting_for_seat")
    ended = Assignment.objects.get(account=acme, ended_at__isnull=False)
    assert (str(ended.membership), ended.end_reason) == ("A2 Smith · Acme", Assignment.EndReason.LEFT)
    assert SeatRequest.objects.get(membership=member_of(first)).state == SeatRequest.State.APPROVED


def test_who_comes_back_goes_to_the_end_of_the_queue(okta: Directory, acme: Account) -> None:
    keys = [add(okta, f"A{n}") for n in range(5)]
    waits = add(okta, "Waits")
    okta.set_active(keys[0], False)

    okta.set_active(keys[0], True)

    assert okta.state(waits) == (True, "seated")
    assert okta.state(keys[0]) == (True, "waiting_for_seat")
    assert Membership.objects.filter(account=acme, user__email="a0@acme.example").count() == 2
    assert person(keys[0]).public_id == keys[0]


def test_a_frozen_account_keeps_joiners_waiting_without_a_request(okta: Directory, acme: Account) -> None:
    SeatPool.objects.filter(account=acme).update(frozen="past_due")

    key = add(okta, "Lena")

    assert okta.state(key) == (True, "waiting_for_seat")
    assert not SeatRequest.objects.filter(account=acme).exists()
    assert SeatPool.objects.get(account=acme).assigned == 0


def test_a_soft_limit_gives_the_allowance(okta: Directory, acme: Account) -> None:
    SeatPool.objects.filter(account=acme).update(mode="soft", allowance=1, entitled=6)
    for n in range(5):
        add(okta, f"A{n}")

    assert okta.state(add(okta, "Over")) == (True, "seated")
    assert okta.state(add(okta, "Beyond")) == (True, "waiting_for_seat")


def test_delete_frees_the_seat_and_forgets_the_person(okta: Directory, acme: Account) -> None:
    key = add(okta, "Lena")

    assert okta.ask("DELETE", f"Users/{key}").status_code == 204

    assert okta.get(f"Users/{key}").status_code == 404
    assert not open_seats(acme).exists()
    assert Membership.objects.get(account=acme, user__email="lena@acme.example").left_at is not None
    assert okta.state(add(okta, "Lena")) == (True, "seated")


def test_sessions_end_with_the_last_account(okta: Directory) -> None:
    key = add(okta, "Lena")
    browser = signed_in(key)
    assert UserSession.objects.filter(user=person(key).user).count() == 1

    okta.set_active(key, False)

    assert UserSession.objects.filter(user=person(key).user).count() == 0
    assert browser.get("/profile/").status_code == 302


def test_sessions_go_on_while_another_account_has_the_person(
    okta: Directory, outsider: Membership, now: datetime
) -> None:
    key = add(okta, "Lena")
    Membership.objects.create(account=outsider.account, user=member_of(key).user, joined_at=now)
    browser = signed_in(key)

    okta.set_active(key, False)

    assert browser.get("/profile/").status_code == 200
    assert browser.get(f"/a/{okta.account.slug}/me/").status_code == 404


def test_whom_the_portal_removed_is_not_brought_back_by_the_next_sync(
    okta: Directory, acme: Account, actor: Actor, now: datetime
) -> None:
    key = add(okta, "Lena")
    remove_member(account=acme, membership=member_of(key), actor=actor, at=now)
    assert okta.state(key) == (False, "removed")

    # What a sync says again and again.
    again = [
        okta.set_active(key, True),
        okta.ask("PUT", f"Users/{key}", new_user("Lena")),
        okta.patch("Users", key, {"op": "replace", "path": "title", "value": "Lead"}),
    ]

    assert [answer.status_code for answer in again] == [200, 200, 200]
    assert [answer.json()["active"] for answer in again] == [False, False, False]
    assert okta.state(key) == (False, "removed")
    assert okta.add("Lena").status_code == 409
    assert not Membership.objects.filter(account=acme, user=person(key).user, left_at__isnull=True).exists()
    assert not open_seats(acme).exists()


def test_to_bring_back_whom_the_portal_removed_the_directory_takes_them_out_first(
    okta: Directory, acme: Account, actor: Actor, now: datetime
) -> None:
    key = add(okta, "Lena")
    remove_member(account=acme, membership=member_of(key), actor=actor, at=now)

    okta.set_active(key, False)
    assert okta.state(key) == (False, "inactive")
    okta.set_active(key, True)

    assert okta.state(key) == (True, "seated")


def test_the_last_owner_stays(okta: Directory, owner: Membership) -> None:
    key = okta.find("Users", f'userName eq "{owner.user.email}"').json()["Resources"][0]["id"]

    answers = [
        okta.patch(
            "Users",
            key,
            {"op": "replace", "path": "title", "value": "Gone"},
            {"op": "replace", "path": "active", "value": False},
        ),
        okta.ask("DELETE", f"Users/{key}"),
        okta.ask("PUT", f"Users/{key}", new_user("Olivia", active=False)),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert {answer.json()["detail"] for answer in answers} == {
        "An account needs an owner. Make somebody else an owner first."
    }
    owner.refresh_from_db()
    assert (owner.left_at, owner.title) == (None, "")
    assert okta.state(key) == (True, "no_seat")


def test_an_owner_who_is_not_the_last_may_leave(okta: Directory, acme: Account, now: datetime) -> None:
    second = join(acme, "Otto", Role.OWNER, now)
    key = okta.find("Users", f'userName eq "{second.user.email}"').json()["Resources"][0]["id"]

    assert okta.set_active(key, False).status_code == 200
    second.refresh_from_db()
    assert second.left_at is not None


def test_a_directory_sees_who_is_paused(okta: Directory, acme: Account, actor: Actor, now: datetime) -> None:
    key = add(okta, "Lena")
    pause_person(account=acme, membership=member_of(key), resumes_on=None, reason="", actor=actor, at=now)

    assert okta.state(key) == (True, "paused")
    okta.set_active(key, True)
    assert okta.state(key) == (True, "paused")  # who is there already joins by no word
    okta.set_active(key, False)
    okta.set_active(key, True)
    assert okta.state(key) == (True, "seated")


def test_members_are_known_to_the_directory_and_keep_what_they_have(
    okta: Directory, acme: Account, now: datetime
) -> None:
    later = join(acme, "Late", Role.VIEWER, now)

    found = okta.get("Users").json()["Resources"]

    assert [(user["userName"], user["entitlements"][0]["value"]) for user in found] == [
        ("olivia@acme.example", "no_seat"),
        ("late@acme.example", "no_seat"),
    ]
    # To link them is no reason for a seat, nor for another role.
    assert okta.ask("PUT", f"Users/{found[1]['id']}", new_user("Late")).status_code == 200
    later.refresh_from_db()
    assert later.role == Role.VIEWER
    assert not open_seats(acme).exists()


def test_without_an_address_nobody_joins_until_one_comes(okta: Directory, acme: Account) -> None:
    key = okta.ask("POST", "Users", {"schemas": new_user("x")["schemas"], "userName": "lena"}).json()["id"]
    assert okta.state(key) == (True, "no_address")
    assert (person(key).user, Membership.objects.filter(account=acme).count()) == (None, 1)

    okta.patch(
        "Users", key, {"op": "add", "path": "emails", "value": [{"value": "Lena@Acme.example", "primary": True}]}
    )

    assert okta.state(key) == (True, "seated")
    assert member_of(key).user.email == "lena@acme.example"


def test_who_is_added_inactive_takes_nothing(okta: Directory, acme: Account) -> None:
    key = add(okta, "Lena", active=False)

    assert okta.state(key) == (False, "inactive")
    assert not User.objects.filter(email="lena@acme.example").exists()
    assert SeatPool.objects.get(account=acme).assigned == 0


def test_the_trail_names_the_directory(okta: Directory, acme: Account) -> None:
    key = add(okta, "Lena")
    okta.set_active(key, False)

    entries = AuditEntry.objects.filter(account=acme, door="scim").order_by("pk")

    assert sorted(entry.action for entry in entries) == [
        "directory.person_added",
        "directory.person_changed",
        "member.joined",
        "member.left",
        "seat.assigned",
        "seat.released",
    ]
    assert {(entry.directory, entry.user, entry.api_key) for entry in entries} == {(okta.connection, None, None)}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_thirty_joiners_at_once_for_five_seats(okta: Directory, acme: Account) -> None:
    def arrive(number: int) -> int:
        try:
            client = Directory(okta.secret, okta.connection)
            return int(client.add(f"P{number:02}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(arrive, range(30)))

    assert answers == [201] * 30
    pool = SeatPool.objects.get(account=acme)
    assert (pool.assigned, open_seats(acme).count()) == (5, 5)
    assert waiting_in(acme).count() == 25
    assert SeatRequest.objects.filter(account=acme, state=SeatRequest.State.OPEN).count() == 25
    assert okta.find("Users", f'{SEAT}:state eq "waiting_for_seat"').json()["totalResults"] == 25
    assert DirectoryPerson.objects.filter(account=acme).count() == 31


def test_bought_seats_go_to_those_who_wait_in_order(okta: Directory, acme: Account, now: datetime) -> None:
    for n in range(5):
        add(okta, f"A{n}")
    first, second = add(okta, "First"), add(okta, "Second")

    give_pool(acme, 6, now)

    assert (okta.state(first)[1], okta.state(second)[1]) == ("seated", "waiting_for_seat")


def test_a_seat_given_in_the_portal_shows(okta: Directory, acme: Account, owner: Membership, now: datetime) -> None:
    give_seat(owner, now)
    key = okta.find("Users", f'userName eq "{owner.user.email}"').json()["Resources"][0]["id"]

    assert okta.state(key) == (True, "seated")
