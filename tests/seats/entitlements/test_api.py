"""GET /api/v1/entitlements/{user} and POST /api/v1/entitlements/check."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.members.invitations import revoke_invitation
from accounts.members.remove_member import remove_member
from accounts.models import Account, Invitation, Membership, Region, User
from seats.capacity.record_purchase import follow_standing
from seats.capacity.set_policy import set_policy
from seats.capacity.split_seats import split_seats
from seats.entitlements import check_entitlements
from seats.entitlements.facts import read_facts
from seats.holders.assign_seat import assign_seat
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import leave_queue, wait_for_seat
from seats.models import Assignment, SeatPool
from tests.conftest import join
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    """A key of Acme that may ask this and nothing else; ten seats."""
    SeatPool.objects.filter(account=owner.account).update(purchased=10)
    return integrator_of(owner, now, "entitlements.check")


def ask(acme: Integrator, user: str) -> dict[str, Any]:
    answer = acme.get(f"entitlements/{user}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def stand(acme: Integrator, user: str) -> tuple[bool, str, str | None]:
    found = ask(acme, user)
    return found["allowed"], found["state"], found["reason"]


def test_a_holder_by_each_name(
    acme: Integrator, account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    Membership.objects.filter(pk=member.pk).update(external_id="hr/4711")
    seat = assign_seat(account=account, membership=member, actor=actor, at=now)

    expected = {
        "allowed": True,
        "state": "active",
        "reason": None,
        "member": {"id": member.public_id, "email": "mia@acme.example", "external_id": "hr/4711"},
        "seat": {"id": seat.public_id, "since": now.isoformat().replace("+00:00", "Z")},
        "limit": {"purchased": 10, "limit": 10, "assigned": 1, "free": 9, "mode": "hard"},
        "account": {"standing": "good", "seats_work": True},
    }
    for name in (member.public_id, "mia@acme.example", "MIA@acme.example", "hr/4711"):
        assert ask(acme, name) == {"user": name} | expected


def test_the_others(acme: Integrator, account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    SeatPool.objects.filter(account=account).update(purchased=2)
    left = join(account, "Lena", "member", now)
    remove_member(account=account, membership=left, actor=actor, at=now)
    queued = join(account, "Quinn", "member", now)
    assign_seat(account=account, membership=join(account, "Sam", "member", now), actor=actor, at=now)
    invite_with_seat(
        account=account, email="new@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    wait_for_seat(account=account, membership=queued, actor=actor, at=now)

    assert stand(acme, "mia@acme.example") == (False, "no_seat", "no_seat")
    assert stand(acme, queued.public_id) == (False, "waiting_for_seat", "seat_limit_reached")
    assert stand(acme, "new@acme.example") == (False, "invited", "invitation_open")
    assert stand(acme, "nobody") == (False, "unknown", "not_a_member")
    assert stand(acme, "check") == (False, "unknown", "not_a_member")
    assert stand(acme, left.public_id) == (False, "unknown", "not_a_member")
    unknown = ask(acme, "nobody")
    assert (unknown["member"], unknown["seat"], unknown["limit"]["free"]) == (None, None, 0)


def test_many_at_once_in_their_order(
    acme: Integrator, account: Account, member: Membership, owner: Membership, actor: Actor, now: datetime
) -> None:
    assign_seat(account=account, membership=member, actor=actor, at=now)
    names = ["nobody", member.public_id, owner.user.email, "nobody"]

    answer = acme.post("entitlements/check", {"users": names})

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(one["user"], one["allowed"]) for one in results] == [
        ("nobody", False),
        (member.public_id, True),
        (owner.user.email, False),
        ("nobody", False),
    ]
    assert results[1] == ask(acme, member.public_id)


@pytest.mark.parametrize("users", [[], ["x"] * 101, [""], ["x" * 255], [1], "x", None])
def test_a_question_that_cannot_be_answered(acme: Integrator, users: object) -> None:
    refused = acme.post("entitlements/check", {"users": users})

    assert (refused.status_code, problem(refused)["code"]) == (422, "validation_failed")
    assert refused.json()["errors"][0]["field"].startswith("users")


def test_a_name_that_is_too_long_is_nobodys_and_not_kept(acme: Integrator) -> None:
    assert stand(acme, "x" * 255) == (False, "unknown", "not_a_member")
    assert check_entitlements._kept == {}


def test_a_strangers_people_are_unknown(
    acme: Integrator, outsider: Membership, account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    assign_seat(account=account, membership=member, actor=actor, at=now)
    theirs = integrator_of(outsider, now, "entitlements.check")

    for name in (member.public_id, member.user.email):
        assert stand(acme, name)[0] is True
        assert stand(theirs, name) == (False, "unknown", "not_a_member")


def test_another_scope_is_refused(acme: Integrator, owner: Membership, now: datetime) -> None:
    other = integrator_of(owner, now, "seats.view")

    assert problem(other.get("entitlements/nobody"))["code"] == "capability_missing"
    assert problem(other.post("entitlements/check", {"users": ["nobody"]}))["code"] == "capability_missing"


def test_an_admin_in_the_browser_may_ask_and_a_member_may_not(
    account: Account, owner: Membership, member: Membership, client_of: Callable[[Membership], Client]
) -> None:
    url = f"/api/v1/entitlements/{owner.public_id}"

    assert client_of(owner).get(url).json()["state"] == "no_seat"
    assert client_of(member).get(url).status_code == 403


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The names that the database was asked about."""
    names: list[str] = []

    def note(**given: Any) -> Any:
        names.extend(given["names"])
        return read_facts(**given)

    with patch("seats.entitlements.check_entitlements.read_facts", note):
        yield names


def test_an_answer_is_kept_until_something_changes(
    acme: Integrator, account: Account, member: Membership, actor: Actor, now: datetime, asked: list[str]
) -> None:
    seat = assign_seat(account=account, membership=member, actor=actor, at=now)

    first, second = ask(acme, member.public_id), ask(acme, member.public_id)
    assert (first, asked) == (second, [member.public_id])

    with CaptureQueriesContext(connection) as queries:
        ask(acme, member.public_id)
    assert len(queries) == 0, [q["sql"] for q in queries]  # one prepared statement, which Django does not see

    Membership.objects.filter(pk=member.pk).update(last_active_at=now, title="Boss")
    ask(acme, member.public_id)
    assert asked == [member.public_id]

    release_seat(account=account, assignment=seat, actor=actor, at=now)
    assert stand(acme, member.public_id) == (False, "no_seat", "no_seat")
    assert asked == [member.public_id] * 2


def stop(account: Account, status: str, stage: str, now: datetime) -> None:
    """As the mirror tells it, in its transaction."""
    with transaction.atomic():
        follow_standing(account=account, status=status, stage=stage, at=now)


def changes(
    account: Account,
    seat: Assignment,
    member: Membership,
    other: Membership,
    waiting: Membership,
    actor: Actor,
    now: datetime,
) -> dict[str, Callable[[], object]]:
    """Everything that may change somebody's answer, each told in its own way."""
    invitation = Invitation.objects.get(account=account)
    return {
        "a seat moves": lambda: reassign_seat(account=account, assignment=seat, to=other, actor=actor, at=now),
        "a seat goes": lambda: release_seat(account=account, assignment=seat, actor=actor, at=now),
        "a seat is given": lambda: assign_seat(account=account, membership=other, actor=actor, at=now),
        "somebody waits": lambda: wait_for_seat(account=account, membership=other, actor=actor, at=now),
        "somebody leaves the queue": lambda: leave_queue(account=account, membership=waiting, at=now),
        "somebody leaves": lambda: remove_member(account=account, membership=member, actor=actor, at=now),
        "somebody joins": lambda: join(account, "Joe", "member", now),
        "an invitation is withdrawn": lambda: revoke_invitation(
            account=account, invitation=invitation, actor=actor, at=now
        ),
        "an invitation is made": lambda: invite_with_seat(
            account=account, email="a@b.example", role="member", department=None, name="", actor=actor, at=now
        ),
        "an invitation runs out": lambda: Invitation.objects.filter(pk=invitation.pk).update(state="expired"),
        "seats are off": lambda: stop(account, "unpaid", "none", now),
        "the limit moves": lambda: set_policy(
            account=account, mode="soft", allowance=3, grace_days=14, reason="", actor=actor, at=now
        ),
        "seats are bought": lambda: SeatPool.objects.filter(account=account).update(purchased=20),
        "another address": lambda: User.objects.filter(pk=member.user_id).update(email="maria@acme.example"),
        "a sign-in is blocked": lambda: User.objects.filter(pk=member.user_id).update(is_active=False),
        "an id elsewhere": lambda: Membership.objects.filter(pk=member.pk).update(external_id="4711"),
    }


KINDS = (
    "a seat moves",
    "a seat goes",
    "a seat is given",
    "somebody waits",
    "somebody leaves the queue",
    "somebody leaves",
    "somebody joins",
    "an invitation is withdrawn",
    "an invitation is made",
    "an invitation runs out",
    "seats are off",
    "the limit moves",
    "seats are bought",
    "another address",
    "a sign-in is blocked",
    "an id elsewhere",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_change_is_another_revision(
    acme: Integrator, account: Account, member: Membership, actor: Actor, now: datetime, kind: str
) -> None:
    """And the kept answers are then those of an empty memory."""
    other, waiting = join(account, "Otto", "member", now), join(account, "Wanda", "member", now)
    seat = assign_seat(account=account, membership=member, actor=actor, at=now)
    invite_with_seat(
        account=account, email="new@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    if kind in ("somebody waits", "somebody leaves the queue"):
        SeatPool.objects.filter(account=account).update(purchased=2)
        wait_for_seat(account=account, membership=waiting, actor=actor, at=now)
    names = [member.public_id, member.user.email, other.public_id, waiting.public_id, "new@acme.example", "4711"]
    names += ["joe@acme.example", "a@b.example", "maria@acme.example"]
    before = acme.post("entitlements/check", {"users": names}).json()
    revision = SeatPool.objects.get(account=account).revision

    changes(account, seat, member, other, waiting, actor, now)[kind]()

    assert SeatPool.objects.get(account=account).revision > revision
    after = acme.post("entitlements/check", {"users": names}).json()
    assert after != before
    check_entitlements.forget_all()
    assert acme.post("entitlements/check", {"users": names}).json() == after


def test_the_table_of_changes_is_whole(account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    SeatPool.objects.filter(account=account).update(purchased=10)
    seat = assign_seat(account=account, membership=member, actor=actor, at=now)
    invite_with_seat(
        account=account, email="new@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    assert tuple(changes(account, seat, member, member, member, actor, now)) == KINDS


def test_a_full_region_is_the_reason_while_the_account_has_free_seats(
    acme: Integrator, account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    """Whatever moves the numbers, or the person, is another revision, so that the kept answer is not given again."""
    region = Region.objects.create(account=account, name="EU")
    wanda = join(account, "Wanda", "member", now)
    Membership.objects.filter(pk__in=[member.pk, wanda.pk]).update(region=region)
    assign_seat(account=account, membership=member, actor=actor, at=now)
    split_seats(account=account, seats={region: 1}, reason="", actor=actor, at=now)
    wait_for_seat(account=account, membership=wanda, actor=actor, at=now)

    assert stand(acme, wanda.public_id) == (False, "waiting_for_seat", "region_full")
    SeatPool.objects.filter(account=account).update(purchased=1)
    assert stand(acme, wanda.public_id) == (False, "waiting_for_seat", "seat_limit_reached")
    SeatPool.objects.filter(account=account).update(purchased=10)
    assert stand(acme, wanda.public_id) == (False, "waiting_for_seat", "region_full")
    Membership.objects.filter(pk=wanda.pk).update(region=None)
    assert stand(acme, wanda.public_id) == (False, "waiting_for_seat", "seat_limit_reached")
    Membership.objects.filter(pk=wanda.pk).update(region=region)
    assert stand(acme, wanda.public_id) == (False, "waiting_for_seat", "region_full")
    split_seats(account=account, seats={region: 2}, reason="", actor=actor, at=now)
    assert stand(acme, wanda.public_id) == (True, "active", None)


def test_an_invitation_ends_by_itself(
    acme: Integrator, account: Account, actor: Actor, now: datetime, asked: list[str]
) -> None:
    invite_with_seat(
        account=account, email="new@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    revision = SeatPool.objects.get(account=account).revision

    with time_machine.travel(now + timedelta(days=7, seconds=-1), tick=False):
        assert stand(acme, "new@acme.example") == (False, "invited", "invitation_open")
        assert stand(acme, "new@acme.example") == (False, "invited", "invitation_open")
    with time_machine.travel(now + timedelta(days=7), tick=False):
        assert stand(acme, "new@acme.example") == (False, "unknown", "not_a_member")

    assert asked == ["new@acme.example"] * 2
    assert SeatPool.objects.get(account=account).revision == revision


def test_a_stale_object_cannot_bring_an_old_revision_back(account: Account) -> None:
    stale = SeatPool.objects.get(account=account)
    SeatPool.objects.filter(account=account).update(purchased=5)
    revision = SeatPool.objects.get(account=account).revision

    stale.save()

    assert SeatPool.objects.get(account=account).revision == revision + 1


def test_seats_that_do_not_work(
    acme: Integrator, account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    assign_seat(account=account, membership=member, actor=actor, at=now)

    stop(account, "past_due", "frozen", now)
    assert ask(acme, member.public_id)["account"] == {"standing": "past_due", "seats_work": True}
    assert stand(acme, member.public_id) == (True, "active", None)

    stop(account, "past_due", "suspended", now)
    assert ask(acme, member.public_id)["account"] == {"standing": "suspended", "seats_work": False}
    assert stand(acme, member.public_id) == (False, "suspended", "account_suspended")
    assert ask(acme, member.public_id)["seat"] is not None


def test_memory_has_an_end(acme: Integrator, account: Account, owner: Membership, now: datetime) -> None:
    with patch.object(check_entitlements, "MOST_KEPT", 3):
        acme.post("entitlements/check", {"users": [f"nobody{number}" for number in range(10)]})

        assert [name for _account, name in check_entitlements._kept] == ["nobody7", "nobody8", "nobody9"]


def test_another_thread_that_keeps_an_answer_meanwhile_fails_none(acme: Integrator, owner: Membership) -> None:
    class Changing(dict[Any, Any]):
        def __iter__(self) -> Iterator[Any]:
            raise RuntimeError("dictionary changed size during iteration")

    with patch.object(check_entitlements, "MOST_KEPT", 0), patch.object(check_entitlements, "_kept", Changing()):
        assert ask(acme, owner.public_id)["state"] == "no_seat"
