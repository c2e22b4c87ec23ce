"""Idle seats are taken back together or not at all, and nobody who works loses one."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Role
from billing.mirror.queries import open_decrease
from billing.models import ScheduledDecrease
from seatportal.kit.errors import PortalError
from seats.errors import NothingToReclaim, ReclaimChanged, SeatLimitReached, UndoGone, UsageIsPrivate
from seats.holders.queries import seat_of
from seats.holders.undo import undo_releases
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, LedgerEntry, SeatRequest
from seats.pool.pools import pool_of
from seats.reclaim.reclaim_seats import Then, reclaim_seats
from seats.requests.request_seat import request_seat
from seats.usage.settings import set_usage_settings
from tests.conftest import Funded, join
from tests.factories.seats import give_pool, seat, use

pytestmark = pytest.mark.django_db
LONG = timedelta(days=40)


@pytest.fixture
def idle(account: Account, now: datetime) -> list[Assignment]:
    """Ten purchased seats, three of them held for forty days by people who did nothing."""
    give_pool(account, 10, now - LONG)
    return [seat(join(account, f"Idle{n}", Role.MEMBER, now), now - LONG) for n in range(3)]


def ids(seats: list[Assignment]) -> list[str]:
    return [one.public_id for one in seats]


def test_the_chosen_seats_are_free_with_ledger_and_trail(
    account: Account, actor: Actor, idle: list[Assignment], now: datetime
) -> None:
    done = reclaim_seats(account=account, seat_ids=ids(idle[:2]), actor=actor, at=now, reason="Unused")
    assert (done.freed, done.active, done.gone, done.served, done.plan) == (idle[:2], [], 0, 0, None)
    assert pool_of(account).assigned == 1
    rows = Assignment.objects.filter(pk__in=[one.pk for one in idle]).order_by("pk")
    assert [(row.ended_at, row.end_reason) for row in rows] == [(now, "released"), (now, "released"), (None, "")]
    lines = LedgerEntry.objects.filter(account=account, kind="released").order_by("pk")
    assert [(line.reason, line.assigned_after) for line in lines] == [("Unused", 2), ("Unused", 1)]
    assert AuditEntry.objects.filter(account=account, action="seat.released", user=actor.user).count() == 2


def test_who_works_again_meanwhile_is_left_out(
    account: Account, actor: Actor, idle: list[Assignment], now: datetime
) -> None:
    busy = idle[0].membership
    assert busy is not None
    use(busy, now, days=1)
    done = reclaim_seats(account=account, seat_ids=ids(idle), actor=actor, at=now)
    assert (done.freed, done.active) == (idle[1:], [busy])
    assert seat_of(busy) == idle[0]


def test_a_new_seat_is_not_idle(account: Account, actor: Actor, idle: list[Assignment], now: datetime) -> None:
    fresh = seat(join(account, "New", Role.MEMBER, now), now - timedelta(days=5))
    with pytest.raises(NothingToReclaim):
        reclaim_seats(account=account, seat_ids=[fresh.public_id], actor=actor, at=now)
    assert pool_of(account).assigned == 4


def test_what_is_gone_already_is_said_and_alone_refused(
    account: Account, actor: Actor, idle: list[Assignment], now: datetime
) -> None:
    reclaim_seats(account=account, seat_ids=ids(idle[:1]), actor=actor, at=now)
    done = reclaim_seats(account=account, seat_ids=ids(idle[:2]), actor=actor, at=now)
    assert (done.freed, done.gone) == ([idle[1]], 1)
    with pytest.raises(NothingToReclaim):
        reclaim_seats(account=account, seat_ids=ids(idle[:2]), actor=actor, at=now)
    assert pool_of(account).assigned == 1


def test_a_strangers_seat_is_not_there(
    account: Account, actor: Actor, idle: list[Assignment], outsider: Membership, now: datetime
) -> None:
    give_pool(outsider.account, 1, now - LONG)
    theirs = seat(outsider, now - LONG)
    with pytest.raises(NothingToReclaim):
        reclaim_seats(account=account, seat_ids=[theirs.public_id], actor=actor, at=now)
    assert seat_of(outsider) == theirs


def test_privacy_mode_names_nobody(account: Account, actor: Actor, idle: list[Assignment], now: datetime) -> None:
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
    with pytest.raises(UsageIsPrivate):
        reclaim_seats(account=account, seat_ids=ids(idle), actor=actor, at=now)
    assert pool_of(account).assigned == 3


def test_the_queue_is_served_first(
    account: Account, actor: Actor, member: Membership, idle: list[Assignment], now: datetime
) -> None:
    for n in range(7):
        seat(join(account, f"Busy{n}", Role.MEMBER, now), now)
    wait_for_seat(account=account, membership=member, actor=actor, at=now)
    done = reclaim_seats(account=account, seat_ids=ids(idle[:2]), actor=actor, at=now)
    assert (done.served, pool_of(account).assigned) == (1, 9)
    assert seat_of(member) is not None


def test_the_oldest_request_is_approved_with_it(
    account: Account, actor: Actor, member: Membership, idle: list[Assignment], now: datetime
) -> None:
    asked = ask(member, now)
    done = reclaim_seats(account=account, seat_ids=ids(idle[:1]), actor=actor, at=now, then=Then.GIVE, expected=1)
    assert done.answered == [asked]
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("approved", actor.user)
    assert seat_of(member) is not None


def test_a_purchase_that_waits_for_approval_is_no_request_for_a_free_seat(
    account: Account, actor: Actor, member: Membership, idle: list[Assignment], now: datetime
) -> None:
    """The older purchase would have been answered first, which nobody can: then nothing at all was reclaimed."""
    team = join(account, "Team", Role.TEAM_MANAGER, now)
    bought = SeatRequest.objects.create(
        account=account,
        kind=SeatRequest.Kind.PURCHASE,
        membership=team,
        asked_by=team.user,
        reason="Interns",
        quantity=2,
        currency="usd",
        quote_id="quo_x",
        asked_total=4000,
        asked_due=4000,
        asked_monthly=8000,
    )
    asked = ask(member, now)
    done = reclaim_seats(account=account, seat_ids=ids(idle[:1]), actor=actor, at=now, then=Then.GIVE, expected=1)
    assert done.answered == [asked]
    bought.refresh_from_db()
    assert (bought.state, seat_of(team)) == ("open", None)


@pytest.mark.parametrize("expected", [None, 2, 3])
def test_other_requests_than_were_shown_change_nothing(
    account: Account, actor: Actor, member: Membership, idle: list[Assignment], now: datetime, expected: int | None
) -> None:
    asked = ask(member, now)
    with pytest.raises(ReclaimChanged):
        reclaim_seats(account=account, seat_ids=ids(idle), actor=actor, at=now, then=Then.GIVE, expected=expected)
    asked.refresh_from_db()
    assert (asked.state, pool_of(account).assigned, seat_of(member)) == ("open", 3, None)


@pytest.mark.django_db(transaction=True)
class TestReduction:
    """The freed seats leave at the period's end, by the one verb for it."""

    @pytest.fixture
    def idle(self, funded: Funded, now: datetime) -> list[Assignment]:
        return [seat(join(funded.account, f"Idle{n}", Role.MEMBER, now), now - LONG) for n in range(10)]

    def test_one_act_frees_and_plans(self, funded: Funded, idle: list[Assignment], now: datetime) -> None:
        done = reclaim_seats(
            account=funded.account, seat_ids=ids(idle[:2]), actor=funded.actor, at=now, then=Then.REDUCE, expected=8
        )
        plan = open_decrease(funded.account)
        assert plan is not None
        assert (done.plan, plan.base_quantity, plan.renew_quantity) == (plan, 10, 8)
        assert (pool_of(funded.account).purchased, pool_of(funded.account).assigned) == (10, 8)

    @pytest.mark.parametrize("expected", [None, 7, 9])
    def test_a_number_that_was_not_shown_does_nothing(
        self, funded: Funded, idle: list[Assignment], now: datetime, expected: int | None
    ) -> None:
        with pytest.raises(ReclaimChanged):
            reclaim_seats(
                account=funded.account,
                seat_ids=ids(idle[:2]),
                actor=funded.actor,
                at=now,
                then=Then.REDUCE,
                expected=expected,
            )
        assert (pool_of(funded.account).assigned, ScheduledDecrease.objects.count()) == (10, 0)

    def test_somebody_left_out_does_nothing(self, funded: Funded, idle: list[Assignment], now: datetime) -> None:
        assert idle[0].membership is not None
        use(idle[0].membership, now, days=1)
        with pytest.raises(ReclaimChanged):
            self.reduce(funded, idle[:2], 8, now)
        assert (pool_of(funded.account).assigned, ScheduledDecrease.objects.count()) == (10, 0)

    def test_a_plan_that_stands_is_not_replaced(self, funded: Funded, idle: list[Assignment], now: datetime) -> None:
        self.reduce(funded, idle[:2], 8, now)
        with pytest.raises(ReclaimChanged):
            self.reduce(funded, idle[2:4], 6, now)
        plan = open_decrease(funded.account)
        assert plan is not None
        assert (plan.renew_quantity, pool_of(funded.account).assigned) == (8, 8)

    def test_what_the_plan_refuses_frees_nobody(self, funded: Funded, idle: list[Assignment], now: datetime) -> None:
        with pytest.raises(PortalError) as refused:
            self.reduce(funded, idle, 0, now)
        assert refused.value.code == "seat_reduction_not_allowed"
        assert pool_of(funded.account).assigned == 10

    def reduce(self, funded: Funded, seats: list[Assignment], expected: int, now: datetime) -> None:
        reclaim_seats(
            account=funded.account,
            seat_ids=ids(seats),
            actor=funded.actor,
            at=now,
            then=Then.REDUCE,
            expected=expected,
        )


def test_all_of_them_can_be_given_back_for_a_quarter_of_an_hour(
    account: Account, actor: Actor, admin_member: Membership, idle: list[Assignment], now: datetime
) -> None:
    done = reclaim_seats(account=account, seat_ids=ids(idle[:2]), actor=actor, at=now)
    for who, later in ((Actor(user=admin_member.user), 1), (actor, 16)):
        with pytest.raises(UndoGone):
            undo_releases(account=account, assignments=done.freed, actor=who, at=now + timedelta(minutes=later))
    assert pool_of(account).assigned == 1
    assert undo_releases(account=account, assignments=done.freed, actor=actor, at=now + timedelta(minutes=15)) == 2
    assert pool_of(account).assigned == 3
    assert all(one.membership is not None and seat_of(one.membership) for one in idle)


def test_where_one_seat_has_gone_on_none_comes_back(
    account: Account, actor: Actor, idle: list[Assignment], now: datetime
) -> None:
    done = reclaim_seats(account=account, seat_ids=ids(idle[:2]), actor=actor, at=now)
    for n in range(8):
        seat(join(account, f"Busy{n}", Role.MEMBER, now), now)
    with pytest.raises(SeatLimitReached):
        undo_releases(account=account, assignments=done.freed, actor=actor, at=now)
    assert pool_of(account).assigned == 9


def ask(membership: Membership, now: datetime) -> SeatRequest:
    actor = Actor(user=membership.user)
    return request_seat(
        account=membership.account,
        membership=membership,
        asked_by=membership.user,
        reason="Work",
        actor=actor,
        at=now,
    )
