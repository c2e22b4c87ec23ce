"""Asking for a seat: who may, what approving does, and that a refusal changes nothing."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership
from seats.errors import (
    AlreadyRequested,
    AlreadySeated,
    ReasonMissing,
    RemindedToday,
    RequestGone,
    SeatLimitReached,
    SeatsFrozen,
)
from seats.holders.assign_seat import assign_seat
from seats.holders.reassign_seat import reassign_seat
from seats.models import Assignment, SeatPool, SeatRequest
from seats.requests.decide_request import decide_request
from seats.requests.remind import remind
from seats.requests.request_seat import request_seat
from seats.requests.rules import check_may_remind, check_reason
from seats.requests.withdraw_request import withdraw_request
from tests.factories.seats import give_pool, seat

pytestmark = pytest.mark.django_db


def ask(member: Membership, now: datetime, reason: str = "For the reports.") -> SeatRequest:
    """A request of the member's own."""
    return request_seat(
        account=member.account,
        membership=member,
        asked_by=member.user,
        reason=reason,
        actor=Actor(user=member.user),
        at=now,
    )


def test_a_member_asks_once(member: Membership, now: datetime) -> None:
    asked = ask(member, now)
    with pytest.raises(AlreadyRequested):
        ask(member, now)
    assert (asked.state, asked.reason, asked.asked_by) == ("open", "For the reports.", member.user)
    assert SeatRequest.objects.count() == 1
    assert AuditEntry.objects.filter(action="request.made").count() == 1


def test_a_reason_is_needed(member: Membership, now: datetime) -> None:
    with pytest.raises(ReasonMissing) as caught:
        ask(member, now, reason="  ")
    assert caught.value.field == "reason"
    assert not SeatRequest.objects.exists()


def test_who_has_a_seat_need_not_ask(member: Membership, now: datetime) -> None:
    give_pool(member.account, 1, now)
    seat(member, now)
    with pytest.raises(AlreadySeated):
        ask(member, now)
    assert not SeatRequest.objects.exists()


def test_approving_gives_a_seat_in_the_same_act(member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(member.account, 1, now)
    asked = ask(member, now)
    decide_request(account=member.account, request=asked, approve=True, answer="Enjoy.", actor=actor, at=now)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.answer) == ("approved", actor.user, "Enjoy.")
    held = Assignment.objects.get(membership=member, ended_at=None)
    assert (held.reason, held.started_by) == ("For the reports.", actor.user)


@pytest.mark.parametrize(("frozen", "error"), [("", SeatLimitReached), ("canceled", SeatsFrozen)])
def test_without_a_free_seat_the_request_stays_open(
    member: Membership, actor: Actor, now: datetime, frozen: str, error: type[Exception]
) -> None:
    SeatPool.objects.filter(account=member.account).update(frozen=frozen)
    asked = ask(member, now)
    with pytest.raises(error):
        decide_request(account=member.account, request=asked, approve=True, answer="", actor=actor, at=now)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.decided_at) == ("open", None, None)
    assert not Assignment.objects.exists()


def test_a_refusal_says_why_and_gives_nothing(member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(member.account, 1, now)
    asked = ask(member, now)
    decide_request(account=member.account, request=asked, approve=False, answer="Next year.", actor=actor, at=now)
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("refused", "Next year.")
    assert not Assignment.objects.exists()
    assert ask(member, now).state == "open"


def test_an_answer_is_given_once(member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(member.account, 1, now)
    asked = ask(member, now)
    decide_request(account=member.account, request=asked, approve=False, answer="", actor=actor, at=now)
    with pytest.raises(RequestGone):
        decide_request(account=member.account, request=asked, approve=True, answer="", actor=actor, at=now)
    with pytest.raises(RequestGone):
        withdraw_request(account=member.account, request=asked, actor=actor, at=now)
    asked.refresh_from_db()
    assert asked.state == "refused"
    assert not Assignment.objects.exists()


def test_another_account_cannot_answer(member: Membership, outsider: Membership, now: datetime) -> None:
    asked = ask(member, now)
    with pytest.raises(RequestGone):
        decide_request(
            account=outsider.account,
            request=asked,
            approve=False,
            answer="",
            actor=Actor(user=outsider.user),
            at=now,
        )
    asked.refresh_from_db()
    assert asked.state == "open"


def test_a_seat_by_another_door_answers_the_request(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 2, now)
    asked = ask(member, now)
    assign_seat(account=account, membership=member, actor=actor, at=now)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("approved", actor.user)


def test_a_reassigned_seat_answers_the_request(
    account: Account, owner: Membership, member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 1, now)
    held = seat(owner, now)
    asked = ask(member, now)
    reassign_seat(account=account, assignment=held, to=member, actor=actor, at=now)
    asked.refresh_from_db()
    assert asked.state == "approved"


def test_withdrawn_by_who_asked(member: Membership, now: datetime) -> None:
    asked = ask(member, now)
    withdraw_request(account=member.account, request=asked, actor=Actor(user=member.user), at=now)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("withdrawn", None)


def test_reminding_works_once_a_day(member: Membership, now: datetime) -> None:
    asked = ask(member, now)
    SeatRequest.objects.update(created_at=now - timedelta(days=3))
    mine = Actor(user=member.user)
    remind(account=member.account, request=asked, actor=mine, at=now)
    with pytest.raises(RemindedToday):
        remind(account=member.account, request=asked, actor=mine, at=now + timedelta(hours=23))
    asked.refresh_from_db()
    assert asked.reminded_at == now
    later = now + timedelta(hours=24)
    remind(account=member.account, request=asked, actor=mine, at=later)
    asked.refresh_from_db()
    assert asked.reminded_at == later


def test_no_reminder_on_the_day_of_asking(now: datetime) -> None:
    with pytest.raises(RemindedToday):
        check_may_remind(asked_at=now - timedelta(hours=23), reminded_at=None, at=now)
    check_may_remind(asked_at=now - timedelta(hours=24), reminded_at=None, at=now)


def test_a_reason_is_trimmed_and_cut() -> None:
    assert check_reason("  so  ") == "so"
    assert len(check_reason("x" * 400)) == 300
