"""Hard and soft limits, their grace, and what happens when it ends."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Role
from seats.capacity.enforce_grace import enforce_grace, release_newest
from seats.capacity.record_purchase import follow_standing
from seats.capacity.set_policy import set_policy
from seats.errors import PolicyWrong, SeatLimitReached, SeatsFrozen
from seats.holders.admit_waiting import admit_all_waiting, admit_waiting
from seats.holders.assign_seat import assign_seat
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, SeatPool, WaitingPerson
from tests.conftest import join, make_account
from tests.races.test_last_seat import buy

pytestmark = pytest.mark.django_db


def seat(account: Account, actor: Actor, name: str, at: datetime) -> Membership:
    """One more person with a seat."""
    member = join(account, name, Role.MEMBER, at)
    assign_seat(account=account, membership=member, actor=actor, at=at)
    return member


def soften(account: Account, actor: Actor, at: datetime, *, allowance: int = 1) -> SeatPool:
    """A soft limit with ten days of grace."""
    return set_policy(
        account=account, mode="soft", allowance=allowance, grace_days=10, reason="Trust", actor=actor, at=at
    )


def test_a_soft_limit_lets_some_more_sit_and_then_is_hard(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    soften(account, actor, now)
    seat(account, actor, "Ann", now)
    seat(account, actor, "Bob", now)

    with pytest.raises(SeatLimitReached):
        seat(account, actor, "Cem", now)

    pool = SeatPool.objects.get(account=account)
    assert (pool.purchased, pool.assigned, pool.over, pool.limit) == (1, 2, 1, 2)
    assert pool.over_since is not None
    assert AuditEntry.objects.get(action="policy.changed").summary == "Trust"


def test_a_hard_limit_with_extra_seats_is_refused(account: Account, actor: Actor, now: datetime) -> None:
    with pytest.raises(PolicyWrong):
        set_policy(account=account, mode="hard", allowance=1, grace_days=1, reason="", actor=actor, at=now)

    assert SeatPool.objects.get(account=account).mode == "hard"
    assert not AuditEntry.objects.filter(action="policy.changed").exists()


def test_a_stricter_limit_takes_nobodys_seat_at_once(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    soften(account, actor, now)
    seat(account, actor, "Ann", now)
    seat(account, actor, "Bob", now)

    set_policy(account=account, mode="hard", allowance=0, grace_days=10, reason="", actor=actor, at=now)

    pool = SeatPool.objects.get(account=account)
    assert (pool.assigned, pool.entitled) == (2, 2)


def test_when_grace_ends_the_newest_go_to_the_queue_and_come_back_first(
    account: Account, actor: Actor, now: datetime
) -> None:
    buy(account, 3, now)
    people = [seat(account, actor, name, now + timedelta(minutes=i)) for i, name in enumerate(("Ann", "Bob", "Cem"))]
    buy(account, 1, now)
    SeatPool.objects.filter(account=account).update(grace_days=10)
    over_since = SeatPool.objects.get(account=account).over_since
    assert over_since is not None

    assert enforce_grace(at=over_since + timedelta(days=9)) == 0
    assert enforce_grace(at=over_since + timedelta(days=10, minutes=1)) == 2

    sitting = Assignment.objects.get(ended_at=None)
    assert sitting.membership == people[0]
    ended = Assignment.objects.exclude(ended_at=None).values_list("end_reason", flat=True)
    assert list(ended) == ["over_limit", "over_limit"]
    assert WaitingPerson.objects.filter(served_at=None).count() == 2
    assert enforce_grace(at=over_since + timedelta(days=30)) == 0
    buy(account, 3, now + timedelta(days=31))
    assert Assignment.objects.filter(ended_at=None).count() == 3
    assert not WaitingPerson.objects.filter(served_at=None).exists()


def test_the_soft_allowance_is_not_given_to_the_queue(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    seat(account, actor, "Ann", now)
    wendy = join(account, "Wendy", Role.MEMBER, now)
    wait_for_seat(account=account, membership=wendy, actor=actor, at=now)

    soften(account, actor, now)

    assert WaitingPerson.objects.get().served_at is None
    assert SeatPool.objects.get(account=account).assigned == 1


@pytest.mark.parametrize(
    ("status", "frozen"),
    [("active", ""), ("trialing", ""), ("past_due", ""), ("unpaid", "unpaid"), ("paused", "paused")],
)
def test_which_states_stop_new_holders(account: Account, actor: Actor, now: datetime, status: str, frozen: str) -> None:
    buy(account, 2, now)
    ann = seat(account, actor, "Ann", now)

    follow_standing(account=account, status=status, at=now)

    assert SeatPool.objects.get(account=account).frozen == frozen
    assert Assignment.objects.get(ended_at=None).membership == ann
    if frozen:
        with pytest.raises(SeatsFrozen):
            seat(account, actor, "Bob", now)
        assert Assignment.objects.count() == 1
    else:
        seat(account, actor, "Bob", now)
        assert Assignment.objects.count() == 2


def two_accounts(account: Account, actor: Actor, now: datetime) -> list[tuple[Account, Actor]]:
    """Acme, and one that was opened later."""
    other = make_account("Other", now, owner="Otto", domain="other.example")
    return [(account, actor), (other.account, Actor(user=other.user))]


def test_an_account_whose_grace_cannot_be_ended_stops_no_other(
    account: Account, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = two_accounts(account, actor, now)
    for of, by in both:
        buy(of, 2, now)
        for name in ("Ann", "Bob"):
            seat(of, by, name + of.slug, now)
        buy(of, 1, now)

    def fail_for_acme(*, account: Account, at: datetime, ended: bool = False) -> int:
        if account == both[0][0]:
            raise RuntimeError("a broken row")
        return release_newest(account=account, at=at, ended=ended)

    monkeypatch.setattr("seats.capacity.enforce_grace.release_newest", fail_for_acme)

    assert enforce_grace(at=now + timedelta(days=99_999)) == 1

    assert [SeatPool.objects.get(account=of).assigned for of, _ in both] == [2, 1]


def test_an_account_whose_queue_cannot_move_stops_no_other(
    account: Account, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = two_accounts(account, actor, now)
    for of, by in both:
        wait_for_seat(account=of, membership=join(of, "Wendy" + of.slug, Role.MEMBER, now), actor=by, at=now)
    SeatPool.objects.update(purchased=1)

    def fail_for_acme(*, account: Account, at: datetime) -> int:
        if account == both[0][0]:
            raise RuntimeError("a broken row")
        return admit_waiting(account=account, at=at)

    monkeypatch.setattr("seats.holders.admit_waiting.admit_waiting", fail_for_acme)

    assert admit_all_waiting(at=now) == 1

    assert [SeatPool.objects.get(account=of).assigned for of, _ in both] == [0, 1]
