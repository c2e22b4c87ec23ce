"""Verbs that hold several rows take them in one order, so that none waits for another in a circle.

Each test stops one of two verbs between its locks until the other one waits for it: had they another order, PostgreSQL
would end one of them.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.access.actor import Actor
from accounts.directory.people import change_person
from accounts.directory.sign_ins import follow_words
from accounts.directory.words import Email, Words
from accounts.members import managers
from accounts.members.accept_invitation import accept_invitation
from accounts.members.admit_member import admit_member
from accounts.members.edit_member import edit_member
from accounts.members.invitations import invite_member, token_of
from accounts.models import Account, DirectoryPerson, Invitation, Membership, Role
from seats.holders.release_seat import release_seat
from tests.conftest import join, make_user
from tests.factories.seats import give_pool
from tests.factories.seats import seat as give_seat
from tests.races.test_last_seat import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
SCIM = Actor.system("scim")


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


class Pause:
    """Where the first verb stops until the second one waits for it, or is done."""

    def __init__(self) -> None:
        self.reached, self.done = threading.Event(), threading.Event()

    def after(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The function, and then the stop."""

        def wrapped(*args: Any, **given: Any) -> Any:
            found = real(*args, **given)
            self.stop()
            return found

        return wrapped

    def before(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The stop, and then the function."""

        def wrapped(*args: Any, **given: Any) -> Any:
            self.stop()
            return real(*args, **given)

        return wrapped

    def stop(self) -> None:
        if self.reached.is_set():
            return  # Only the first who comes by.
        self.reached.set()
        until = time.monotonic() + 20
        while not self.done.is_set() and not somebody_waits() and time.monotonic() < until:
            time.sleep(0.02)

    def second(self, call: Callable[[], Any]) -> Callable[[], Any]:
        """The other verb: begins when the first one has stopped."""

        def wrapped() -> None:
            assert self.reached.wait(20)
            try:
                call()
            finally:
                self.done.set()

        return wrapped


def person_of(account: Account, member: Membership, now: datetime, **more: Any) -> DirectoryPerson:
    return DirectoryPerson.objects.create(
        account=account, user=member.user, user_name=member.user.email, changed_at=now, **more
    )


def words(address: str, **more: Any) -> Words:
    return Words(user_name=address, display_name="Mia", emails=(Email(address, "work", True),), **more)


def test_a_new_address_of_a_sign_in_against_a_seat_act_of_the_same_person(
    account: Account, admin_member: Membership, member: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory takes membership and sign-in; a seat act holds the membership, and names the sign-in."""
    give_pool(account, 5, now)
    mine = give_seat(member, now)
    person = person_of(account, member, now, made_sign_in=True)
    pause = Pause()
    monkeypatch.setattr("accounts.directory.people.follow_words", pause.after(follow_words))

    def rename() -> None:
        change_person(
            account=account,
            person_id=person.public_id,
            words=words("mia.neu@acme.example", title="Lead"),
            active=True,
            actor=SCIM,
            at=now,
        )

    def act() -> None:
        release_seat(account=account, assignment=mine, actor=Actor(user=member.user), at=now)

    assert all_at_once([rename, pause.second(act)]) == Counter({"ok": 2})
    member.refresh_from_db()
    member.user.refresh_from_db()
    mine.refresh_from_db()
    assert (member.user.email, member.title, mine.ended_at) == ("mia.neu@acme.example", "Lead", now)


def test_an_invitation_accepted_while_a_directory_adds_the_person(
    account: Account, owner: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory held its person and wanted the invitation; who accepts held that, and is shown to the directory."""
    lena = make_user("Lena")
    invitation, _new = invite_member(
        account=account,
        email=lena.email,
        role=Role.ADMIN,
        department=None,
        name="Lena",
        actor=Actor(user=owner.user),
        at=now,
    )
    person = DirectoryPerson.objects.create(
        account=account, user=lena, user_name=lena.email, active=False, changed_at=now - timedelta(days=1)
    )
    pause = Pause()
    monkeypatch.setattr("accounts.directory.people.admit_member", pause.before(admit_member))

    def add() -> None:
        change_person(
            account=account, person_id=person.public_id, words=words(lena.email), active=True, actor=SCIM, at=now
        )

    def accept() -> None:
        accept_invitation(token=token_of(invitation), user=lena, actor=Actor(user=lena), at=now)

    outcome = all_at_once([add, pause.second(accept)])

    assert outcome in (Counter({"ok": 2}), Counter({"ok": 1, "invitation_gone": 1}), Counter(ok=1, already_member=1))
    joined = Membership.objects.get(account=account, user=lena, left_at=None)
    assert joined.role == Role.ADMIN
    assert Invitation.objects.get().state == "accepted"
    person.refresh_from_db()
    assert person.active is True


@pytest.mark.parametrize("door", ["page", "directory"])
def test_two_changes_of_managers_make_no_ring(
    door: str, account: Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann under Bob, and Bob under Ann: each is good by itself."""
    ann, bob = join(account, "Ann", Role.MEMBER, now), join(account, "Bob", Role.MEMBER, now)
    above, below = person_of(account, ann, now, active=True), person_of(account, bob, now, active=True)
    pause = Pause()
    monkeypatch.setattr(managers, "in_ring", pause.after(managers.in_ring))

    def first() -> None:
        edit_member(account=account, membership=ann, changes={"manager": bob}, actor=SCIM, at=now)

    def second() -> None:
        if door == "page":
            edit_member(account=account, membership=bob, changes={"manager": ann}, actor=SCIM, at=now)
            return
        change_person(
            account=account,
            person_id=below.public_id,
            words=words(bob.user.email, manager=above.public_id),
            active=True,
            actor=SCIM,
            at=now,
        )

    outcome = all_at_once([first, pause.second(second)])

    assert outcome == (Counter({"ok": 1, "bad_setting": 1}) if door == "page" else Counter({"ok": 2}))
    ann.refresh_from_db()
    bob.refresh_from_db()
    assert (ann.manager, bob.manager) == (bob, None)
