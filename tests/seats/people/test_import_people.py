"""Files of people are worked off exactly once, whoever dies or works beside."""

import signal
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.change_role import change_role
from accounts.members.invitations import invite_member, token_of
from accounts.members.remove_member import remove_member
from accounts.models import Account, ApiKey, AuditEntry, Department, Invitation, Membership, Role
from seats.errors import ImportApplied, ImportNotStopped, ImportRefused
from seats.holders.queries import seat_of, waiting_in
from seats.models import Assignment, ImportedPerson, PeopleImport, SeatPool, WaitingPerson
from seats.people import import_people
from seats.people.import_people import (
    TRIES,
    apply_people_import,
    discard_people_import,
    forget_drafts,
    map_columns,
    resume_people_import,
    ring_open_people_imports,
    work_people_import,
)
from seats.people.judge import May
from tests.conftest import join, make_user
from tests.dying import run_and_die
from tests.factories.seats import give_pool, seat
from tests.integrator import integrator_of
from tests.seats.people.conftest import Hand, told, verdicts

pytestmark = pytest.mark.django_db(transaction=True)
State = PeopleImport.State
HEAD = "email,name,role,department,region,level,manager,title,employment,ends_on,external_id,seat\n"


def test_a_new_person_gets_all_that_was_said(
    account: Account, owner: Membership, now: datetime, carry_out: Hand
) -> None:
    give_pool(account, 1, now)
    row = carry_out(
        f"{HEAD}lena@acme.example,Lena,admin,Sales,EU,executive,olivia@acme.example,VP,contractor,2027-03-31,E-7,yes"
    )
    assert (row.state, row.rows_done, row.content) == (State.DONE, 1, None)
    assert verdicts(row) == [(2, "invited", "given", "")]
    invited = Invitation.objects.get(account=account)
    assert Assignment.objects.get().invitation == invited
    user = make_user("Lena")
    lena = accept_invitation(token=token_of(invited), user=user, at=now, actor=Actor(user=user))
    lena.refresh_from_db()
    assert lena.department is not None
    assert lena.region is not None
    assert (lena.role, lena.department.name, lena.region.name, lena.level) == ("admin", "Sales", "EU", "executive")
    assert (lena.manager, lena.title, lena.employment) == (owner, "VP", "contractor")
    assert (lena.ends_on, lena.external_id) == (date(2027, 3, 31), "E-7")
    assert seat_of(lena) is not None


def test_members_and_invitations_are_changed_and_the_rest_stays(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime, carry_out: Hand
) -> None:
    Membership.objects.filter(pk=member.pk).update(title="Analyst", level="manager")
    bo, _ = invite_member(
        account=account, email="bo@acme.example", role="member", department=None, name="Bo", actor=actor, at=now
    )
    row = carry_out(
        f"{HEAD}mia@acme.example,Not me,team_manager,Sales,,-,bo@acme.example,,,,,\n"
        "bo@acme.example,,,sales,,executive,,,,,,\n"
        "olivia@acme.example,,,,,,,,,,,"
    )
    assert [one[1] for one in verdicts(row)] == ["changed", "changed", "unchanged"]
    member.refresh_from_db()
    bo.refresh_from_db()
    sales = Department.objects.get(account=account)
    assert (member.role, member.department, member.level, member.title) == ("team_manager", sales, "", "Analyst")
    assert (member.manager, member.manager_email, member.user.name) == (None, "bo@acme.example", "Mia")
    assert (bo.department, bo.level, bo.name) == (sales, "executive", "Bo")
    user = make_user("Bo")
    joined = accept_invitation(token=token_of(bo), user=user, at=now, actor=Actor(user=user))
    member.refresh_from_db()
    assert (member.manager, member.manager_email) == (joined, "")


def test_the_limit_holds_and_who_finds_no_seat_waits(
    account: Account, member: Membership, actor: Actor, now: datetime, carry_out: Hand
) -> None:
    give_pool(account, 2, now)
    text = "email,seat\na@acme.example,yes\nmia@acme.example,yes\nb@acme.example,yes\nc@acme.example,yes"
    row = carry_out(text)
    assert [one[1:3] for one in verdicts(row)] == [
        ("invited", "given"),
        ("changed", "given"),
        ("invited", "waiting"),
        ("invited", "waiting"),
    ]
    assert SeatPool.objects.get(account=account).assigned == 2
    assert [place.name for place in waiting_in(account)] == ["b@acme.example", "c@acme.example"]

    again = carry_out(text)

    assert {one[1:3] for one in verdicts(again)} == {("unchanged", "")}
    assert (Invitation.objects.count(), WaitingPerson.objects.count()) == (3, 2)
    give_pool(account, 4, now + timedelta(minutes=1))
    assert SeatPool.objects.get(account=account).assigned == 4
    assert not waiting_in(account).exists()


def test_seats_are_taken_first_and_go_on_to_others(
    account: Account, owner: Membership, member: Membership, now: datetime, carry_out: Hand
) -> None:
    give_pool(account, 1, now)
    seat(member, now)
    row = carry_out("email,seat\nolivia@acme.example,yes\nmia@acme.example,no")
    assert verdicts(row) == [(3, "changed", "released", ""), (2, "changed", "given", "")]
    assert (seat_of(member), seat_of(owner) is not None) == (None, True)


def test_while_frozen_everybody_waits(account: Account, now: datetime, carry_out: Hand) -> None:
    give_pool(account, 1, now)
    SeatPool.objects.filter(account=account).update(frozen="unpaid")
    assert verdicts(carry_out("email,seat\na@acme.example,yes")) == [(2, "invited", "waiting", "")]


def test_a_row_that_fails_leaves_nothing_and_stops_no_other(
    account: Account, owner: Membership, now: datetime, carry_out: Hand
) -> None:
    give_pool(account, 5, now)
    row = carry_out(
        f"{HEAD}a@acme.example,,king,New,,,,,,,,yes\nb@acme.example,,,,,,nobody@acme.example,,,,,yes\nc@acme.example,,,,,,,,,,,yes"
    )
    assert verdicts(row) == [(2, "failed", "", "role"), (3, "failed", "", "manager"), (4, "invited", "given", "")]
    assert [one.cells for one in row.people.all()] == [
        ["a@acme.example", "", "king", "New", *[""] * 7, "yes"],
        ["b@acme.example", "", "", "", "", "", "nobody@acme.example", "", "", "", "", "yes"],
        [],
    ]
    assert not Department.objects.exists()
    assert [one.email for one in Invitation.objects.all()] == ["c@acme.example"]


def test_what_the_verbs_refuse_is_a_verdict(
    account: Account,
    owner: Membership,
    member: Membership,
    actor: Actor,
    now: datetime,
    carry_out: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ring is not in the preview of one row, so the verb itself has to say no."""
    Membership.objects.filter(pk=member.pk).update(manager=owner)
    row = carry_out("email,title,manager\nolivia@acme.example,Boss,mia@acme.example")
    assert verdicts(row) == [(2, "failed", "", "manager")]
    owner.refresh_from_db()
    assert (owner.title, owner.manager) == ("", None)


def test_who_lost_the_role_meanwhile_imports_nobody(
    account: Account, owner: Membership, admin_member: Membership, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    adam = Actor(user=admin_member.user)
    row = hand_in("email\na@acme.example", by=adam)
    apply_people_import(account=account, people_import=row, may=May(), actor=adam, at=now)
    remove_member(account=account, membership=admin_member, actor=actor, at=now)
    work_people_import(import_id=row.pk, at=now)
    assert [one.code for one in row.people.all()] == ["not_allowed"]
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", [Role.TEAM_MANAGER, Role.MEMBER, Role.VIEWER])
def test_who_was_given_a_lesser_role_meanwhile_changes_nobody_and_moves_no_seat(
    account: Account,
    owner: Membership,
    admin_member: Membership,
    member: Membership,
    actor: Actor,
    now: datetime,
    hand_in: Hand,
    role: str,
) -> None:
    adam = Actor(user=admin_member.user)
    row = hand_in("email,title,department,seat\nmia@acme.example,Boss,Rockets,yes", by=adam)
    apply_people_import(account=account, people_import=row, may=May(), actor=adam, at=now)
    change_role(account=account, membership=admin_member, role=role, actor=actor, at=now)
    work_people_import(import_id=row.pk, at=now)
    assert [(one.outcome, one.code) for one in row.people.all()] == [("failed", "not_allowed")]
    member.refresh_from_db()
    assert (member.title, member.department) == ("", None)
    assert not Assignment.objects.filter(membership=member).exists()
    assert not Department.objects.filter(account=account, name="Rockets").exists()


def test_a_key_that_has_ended_imports_nobody(account: Account, owner: Membership, now: datetime, hand_in: Hand) -> None:
    by = Actor(user=None, api_key=integrator_of(owner, now).key, door="api")
    row = hand_in(many(1), by=by)
    apply_people_import(account=account, people_import=row, may=May(), actor=by, at=now)
    ApiKey.objects.update(expires_at=now)
    work_people_import(import_id=row.pk, at=now)
    assert [(one.outcome, one.code) for one in row.people.all()] == [("failed", "not_allowed")]
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("end", ["user", "key"])
def test_nobody_in_particular_imports_nobody(
    account: Account, owner: Membership, actor: Actor, now: datetime, hand_in: Hand, end: str
) -> None:
    key = integrator_of(owner, now).key
    by = Actor(user=None, api_key=key, door="api") if end == "key" else actor
    row = hand_in(many(1), by=by)
    apply_people_import(account=account, people_import=row, may=May(), actor=by, at=now)
    if end == "key":
        ApiKey.objects.update(revoked_at=now)
    else:
        PeopleImport.objects.update(by=None)
    work_people_import(import_id=row.pk, at=now)
    assert [(one.outcome, one.code) for one in row.people.all()] == [("failed", "not_allowed")]
    assert not Invitation.objects.exists()


def many(count: int) -> str:
    return "email,seat\n" + "\n".join(f"p{n:03}@acme.example,yes" for n in range(count))


def assert_whole(row: PeopleImport, count: int, seats: int) -> None:
    row.refresh_from_db()
    assert (row.state, row.rows_done) == (State.DONE, count)
    assert [one.position for one in row.people.order_by("position")] == list(range(count))
    assert Invitation.objects.filter(account=row.account).count() == count
    assert (
        Assignment.objects.filter(ended_at=None).count() == seats == SeatPool.objects.get(account=row.account).assigned
    )
    assert waiting_in(row.account).count() == count - seats
    assert AuditEntry.objects.filter(action="invitation.made").count() == count


@pytest.mark.parametrize(
    ("when", "place", "left"),
    [
        ("before", "seats.people.import_people:import_person", 0),
        ("after", "seats.people.import_people:import_person", 0),
        ("after", "seats.people.import_person:invite_member", 0),
        ("after", "seats.people.import_people:_work_row", 1),
    ],
)
def test_a_killed_worker_loses_and_doubles_nobody(
    account: Account,
    actor: Actor,
    now: datetime,
    hand_in: Hand,
    child_environment: dict[str, str],
    when: str,
    place: str,
    left: int,
) -> None:
    give_pool(account, 3, now)
    row = hand_in(many(5))
    apply_people_import(account=account, people_import=row, may=May(), actor=actor, at=now)
    child = run_and_die(
        when, place, ["seats.people.import_people:work_people_import", f"import_id={row.pk}"], child_environment
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    row.refresh_from_db()
    assert (row.state, row.rows_done) == (State.OPEN, left)
    assert Invitation.objects.count() == ImportedPerson.objects.count() == left
    assert ring_open_people_imports(at=now) == 1
    while work_people_import(import_id=row.pk, at=datetime.now(UTC)):
        pass
    assert_whole(row, 5, 3)


def test_several_workers_at_once_do_it_once(account: Account, actor: Actor, now: datetime, hand_in: Hand) -> None:
    give_pool(account, 11, now)
    row = hand_in(many(20))
    apply_people_import(account=account, people_import=row, may=May(), actor=actor, at=now)
    gate = threading.Barrier(3)

    def run() -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            work_people_import(import_id=row.pk, at=now)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_people_import(import_id=row.pk, at=now)
    assert_whole(row, 20, 11)


def test_a_failure_stops_it_after_some_tries_and_a_person_resumes_it(
    account: Account, actor: Actor, now: datetime, hand_in: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise OSError("disk")

    row = hand_in(many(3))
    apply_people_import(account=account, people_import=row, may=May(), actor=actor, at=now)
    assert work_people_import(import_id=row.pk, at=now, most=1)
    with monkeypatch.context() as patch:
        patch.setattr(import_people, "import_person", fails)
        for _ in range(TRIES - 1):
            assert not work_people_import(import_id=row.pk, at=now)
        with pytest.raises(ImportNotStopped):
            resume_people_import(account=account, people_import=row, actor=actor, at=now)
        work_people_import(import_id=row.pk, at=now)
    row.refresh_from_db()
    assert (row.state, row.rows_done, row.last_error, row.tries) == (State.STOPPED, 1, "OSError: disk", TRIES)
    assert ring_open_people_imports(at=now) == 0
    resume_people_import(account=account, people_import=row, actor=actor, at=now)
    assert not work_people_import(import_id=row.pk, at=now)
    assert_whole(row, 3, 0)


def test_a_file_is_applied_once_and_only_when_it_can_be(
    account: Account, actor: Actor, now: datetime, hand_in: Hand
) -> None:
    common: dict[str, Any] = {"account": account, "actor": actor, "at": now, "may": May()}
    row = hand_in("who,what\na@acme.example,Lena")
    assert row.mapping == ["", ""]
    with pytest.raises(ImportRefused):
        apply_people_import(people_import=row, **common)
    with pytest.raises(ImportRefused):
        map_columns(account=account, people_import=row, mapping=["name", "name"])
    row = map_columns(account=account, people_import=row, mapping=["email", "name"])
    assert told(row, actor, now).counts["invited"] == 1
    apply_people_import(people_import=row, **common)
    for act in (
        lambda: apply_people_import(people_import=row, **common),
        lambda: map_columns(account=account, people_import=row, mapping=["email", ""]),
        lambda: discard_people_import(account=account, people_import=row),
    ):
        with pytest.raises(ImportApplied):
            act()
    assert AuditEntry.objects.filter(action="people.imported").count() == 1
    assert not work_people_import(import_id=row.pk, at=now)
    assert Invitation.objects.get().name == "Lena"


def test_drafts_are_forgotten_after_a_week(account: Account, actor: Actor, now: datetime, hand_in: Hand) -> None:
    draft, applied = hand_in(many(1)), hand_in(many(1))
    apply_people_import(account=account, people_import=applied, may=May(), actor=actor, at=now)
    assert forget_drafts(at=now + timedelta(days=6)) == 0
    assert forget_drafts(at=now + timedelta(days=7)) == 1
    assert list(PeopleImport.objects.all()) == [applied]
    assert not work_people_import(import_id=draft.pk, at=now)


def test_a_stranger_cannot_touch_it(account: Account, outsider: Membership, now: datetime, hand_in: Hand) -> None:
    row = hand_in(many(1))
    with pytest.raises(ImportApplied):
        apply_people_import(
            account=outsider.account, people_import=row, may=May(), actor=Actor(user=outsider.user), at=now
        )
    row.refresh_from_db()
    assert row.state == State.DRAFT


def test_people_who_left_are_invited_again(account: Account, actor: Actor, now: datetime, carry_out: Hand) -> None:
    zoe = join(account, "Zoe", Role.MEMBER, now)
    remove_member(account=account, membership=zoe, actor=actor, at=now)
    assert verdicts(carry_out("email\nzoe@acme.example")) == [(2, "invited", "", "")]
