"""What a file would do is told before anything is done, and is what is done then."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.errors import NotYours
from accounts.members.edit_member import edit_member
from accounts.members.invitations import invite_member
from accounts.members.structure import add_place
from accounts.models import Account, AuditEntry, Invitation, Membership, Role
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, SeatPool
from seats.people.judge import May
from seats.people.plan import effect_of, lines_of
from seats.people.table import read_table
from tests.conftest import join
from tests.factories.seats import crowd, give_pool, seat
from tests.seats.people.conftest import Hand, shown, told

pytestmark = pytest.mark.django_db


def test_each_row_is_told_and_nothing_happens(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    give_pool(account, 3, now)
    seat(owner, now)
    invite_member(
        account=account, email="bo@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    row = hand_in(
        "email,name,title,department,manager,seat\n"
        "lena@acme.example,Lena,VP Sales,Sales,olivia@acme.example,yes\n"
        "mia@acme.example,Other name,Analyst,,lena@acme.example,yes\n"
        "olivia@acme.example,,,,,yes\n"
        "bo@acme.example,Bo,,,,yes\n"
        "nobody,,,,,\n"
        "LENA@acme.example,,,,,\n"
        "cem@acme.example,,,,nobody@acme.example,yes\n"
    )

    effect = told(row, actor, now)

    assert shown(effect) == [
        (2, "invited", "give", ""),
        (3, "changed", "give", ""),
        (4, "unchanged", "", ""),
        (5, "changed", "give", ""),
        (6, "failed", "", "email: Write a whole e-mail address, such as lena@example.com."),
        (7, "failed", "", "email: This address stands in line 2 already."),
        (8, "failed", "", "manager: Nobody in the account or in the file has this address."),
    ]
    assert effect.counts == {"invited": 1, "changed": 2, "unchanged": 1, "failed": 3}
    assert (effect.seats, effect.free, effect.missing, effect.lost, effect.beyond) == (3, 2, 1, 0, 0)
    assert effect.new_places == ["Sales"]
    assert effect.steps[1][1].changes == {"title": "Analyst", "manager": "lena@acme.example"}
    assert effect.steps[1][1].before == {"title": "", "manager": ""}
    assert (Invitation.objects.count(), Assignment.objects.count()) == (1, 1)
    assert not AuditEntry.objects.filter(action="member.changed").exists()


def test_seats_that_the_file_takes_away_are_there_for_others(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    give_pool(account, 1, now)
    seat(member, now)
    effect = told(hand_in("email,seat\nolivia@acme.example,yes\nmia@acme.example,no"), actor, now)
    assert shown(effect) == [(3, "changed", "release", ""), (2, "changed", "give", "")]
    assert (effect.seats, effect.free, effect.lost) == (1, 1, 1)


def test_who_waits_already_is_served_first(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    give_pool(account, 1, now)
    seat(member, now)
    wait_for_seat(account=account, membership=join(account, "Wendy", "member", now), actor=actor, at=now)
    effect = told(hand_in("email,seat\nolivia@acme.example,yes\nmia@acme.example,no"), actor, now)
    assert (effect.seats, effect.free, effect.missing) == (1, 0, 1)


def test_a_soft_limit_and_a_frozen_pool(
    account: Account, owner: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    give_pool(account, 1, now)
    SeatPool.objects.filter(account=account).update(mode="soft", allowance=1, entitled=2)
    row = hand_in("email,seat\na@acme.example,yes\nb@acme.example,yes\nc@acme.example,yes")
    effect = told(row, actor, now)
    assert (effect.free, effect.beyond, effect.missing) == (2, 1, 1)
    SeatPool.objects.filter(account=account).update(frozen="unpaid")
    effect = told(row, actor, now)
    assert (effect.free, effect.beyond, effect.missing, effect.frozen) == (0, 0, 3, "unpaid")


def test_roles_are_judged_as_by_hand(
    account: Account, owner: Membership, admin_member: Membership, now: datetime, hand_in: Hand
) -> None:
    row = hand_in("email,role\nolivia@acme.example,member\nnew@acme.example,owner\nadam@acme.example,viewer")
    as_owner = told(row, Actor(user=owner.user), now)
    assert [line[3][:32] for line in shown(as_owner)] == ["role: An account needs an owner.", "", ""]
    as_admin = told(row, Actor(user=admin_member.user), now)
    assert [line[1] for line in shown(as_admin)] == ["failed", "failed", "changed"]
    stranger = join(account, "Gone", "member", now)
    Membership.objects.filter(user=stranger.user).update(left_at=now)
    with pytest.raises(NotYours):
        told(row, Actor(user=stranger.user), now)


def test_a_second_owner_makes_room_for_the_first_to_go(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    effect = told(hand_in("email,role\nmia@acme.example,owner\nolivia@acme.example,member"), actor, now)
    assert effect.counts["changed"] == 2


def test_what_the_actor_may_not_do_is_refused(
    account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    add_place(account=account, kind="department", name="Sales", actor=actor, at=now)
    rows = ["a@acme.example,sales,,", "b@acme.example,Ops,,", "c@acme.example,,EU,", "d@acme.example,,,yes"]
    text = "\n".join(["email,department,region,seat", *rows])
    table = read_table(text.encode())
    effect = effect_of(
        account=account,
        lines=lines_of(table, ["email", "department", "region", "seat"]),
        may=May(give_seats=False, add_places=False),
        actor=actor,
        at=now,
    )
    assert [(line[1], line[3].partition(":")[0]) for line in shown(effect)] == [
        ("invited", ""),
        ("failed", "department"),
        ("failed", "region"),
        ("failed", "seat"),
    ]


def test_an_id_elsewhere_belongs_to_one_person(
    account: Account, member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    edit_member(account=account, membership=member, changes={"external_id": "E-1"}, actor=actor, at=now)
    row = hand_in("email,external_id\na@acme.example,E-1\nmia@acme.example,E-1\nb@acme.example,E-2\nc@acme.example,E-2")
    assert [line[1] for line in shown(told(row, actor, now))] == ["failed", "unchanged", "invited", "failed"]


def test_nobody_reports_in_a_ring(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    edit_member(account=account, membership=member, changes={"manager": owner}, actor=actor, at=now)
    up = "olivia@acme.example,mia@acme.example\n"
    row = hand_in(f"email,manager\n{up}mia@acme.example,-\n")
    assert [line[1] for line in shown(told(row, actor, now))] == ["failed", "changed"]
    row = hand_in(f"email,manager\nmia@acme.example,-\n{up}")
    assert [line[1] for line in shown(told(row, actor, now))] == ["changed", "changed"]


def test_an_invitation_that_ran_out_is_made_anew_and_a_held_seat_is_known(
    account: Account, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    give_pool(account, 2, now)
    invite_with_seat(
        account=account, email="bo@acme.example", role=Role.MEMBER, department=None, name="Bo", actor=actor, at=now
    )
    row = hand_in("email,name,seat\nbo@acme.example,Bo,yes")
    assert shown(told(row, actor, now)) == [(2, "unchanged", "", "")]
    assert shown(told(row, actor, now + timedelta(days=8))) == [(2, "invited", "give", "")]


def test_another_accounts_people_are_strangers(
    account: Account, outsider: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    effect = told(hand_in("email,title\noscar@elsewhere.example,CEO"), actor, now)
    assert shown(effect) == [(2, "invited", "", "")]


def test_five_thousand_rows_cost_no_more_statements_than_five(
    account: Account, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    give_pool(account, 100, now)
    people = crowd(account, 600, now)
    counts = []
    for size in (5, 600):
        rows = [f"{one.user.email},Title,{people[0].user.email},E-{n},yes" for n, one in enumerate(people[1:size])]
        row = hand_in("\n".join(["email,title,manager,external_id,seat", *rows]))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            effect = told(row, actor, now)
        assert effect.counts["changed"] == size - 1
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16
