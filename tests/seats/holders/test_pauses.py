"""A pause frees the seat and keeps the person; they come back by hand, on a day, or by undo."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.members.remove_member import remove_member
from accounts.models import Account, AuditEntry, Membership, Notice, Region, Role
from seats.capacity.split_seats import split_seats
from seats.errors import (
    NoSeatToPause,
    NotAMember,
    NotPaused,
    PauseWrong,
    PersonPaused,
    SeatLimitReached,
    UndoGone,
)
from seats.holders.assign_seat import assign_seat
from seats.holders.pause_person import pause_person
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.holders.resume_person import resume_due, resume_person
from seats.holders.undo import Act, act_to_undo, undo_seat_act
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, LedgerEntry, Pause, SeatPool, WaitingPerson
from tests.conftest import join
from tests.factories.seats import give_pool, seat

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(account: Account, member: Membership, now: datetime) -> Membership:
    """Mia holds the one seat."""
    give_pool(account, 1, now)
    seat(member, now)
    return member


def pause(mia: Membership, actor: Actor, now: datetime, back: date | None = None, reason: str = "Leave") -> Pause:
    return pause_person(account=mia.account, membership=mia, resumes_on=back, reason=reason, actor=actor, at=now)


def resume(mia: Membership, actor: Actor, now: datetime) -> Assignment | None:
    return resume_person(account=mia.account, membership=mia, actor=actor, at=now)


def assigned(account: Account) -> int:
    return SeatPool.objects.get(account=account).assigned


def test_it_frees_the_seat_and_keeps_the_person(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    before = seat_of(mia)

    row = pause(mia, actor, now, back=(now + 30 * DAY).date())

    assert (row.resumes_on, row.reason, row.paused_by, row.ended_at) == (
        (now + 30 * DAY).date(),
        "Leave",
        actor.user,
        None,
    )
    assert before is not None
    before.refresh_from_db()
    assert (before.ended_at, before.end_reason) == (now, "paused")
    assert (assigned(account), seat_of(mia)) == (0, None)
    entry = LedgerEntry.objects.latest("pk")
    assert (entry.kind, entry.from_member, entry.reason, entry.assigned_after) == ("paused", mia, "Leave", 0)
    trail = AuditEntry.objects.get(action="member.paused")
    assert (trail.target, trail.data) == (
        mia.public_id,
        {"reason": "Leave", "resumes_on": (now + 30 * DAY).date().isoformat()},
    )
    notice = Notice.objects.get(kind="seat_paused")
    assert notice.user == mia.user
    assert Membership.objects.get(pk=mia.pk).left_at is None
    seat(join(account, "Ben", Role.MEMBER, now), now)


def test_who_waits_gets_the_seat_at_once(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    ben = join(account, "Ben", Role.MEMBER, now)
    wait_for_seat(account=account, membership=ben, actor=actor, at=now)

    pause(mia, actor, now)

    assert seat_of(ben) is not None
    assert assigned(account) == 1


@pytest.mark.parametrize("days", [0, -1, 3 * 366 + 1])
def test_a_day_that_cannot_be(account: Account, mia: Membership, actor: Actor, now: datetime, days: int) -> None:
    with pytest.raises(PauseWrong) as refused:
        pause(mia, actor, now, back=(now + days * DAY).date())

    assert refused.value.field == "resumes_on"
    assert (Pause.objects.count(), assigned(account)) == (0, 1)


def test_only_a_holder_of_the_account(
    account: Account, mia: Membership, outsider: Membership, actor: Actor, now: datetime
) -> None:
    with pytest.raises(NoSeatToPause):
        pause(join(account, "Ben", Role.MEMBER, now), actor, now)
    with pytest.raises(NotAMember):
        pause_person(account=account, membership=outsider, resumes_on=None, reason="", actor=actor, at=now)
    assert not Pause.objects.exists()


def test_again_changes_the_day_and_no_more(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    first = pause(mia, actor, now)
    assert pause(mia, actor, now) == first
    assert AuditEntry.objects.filter(action="member.paused").count() == 1

    second = pause(mia, actor, now + DAY, back=(now + 9 * DAY).date())

    assert (second.pk, second.resumes_on, second.paused_at) == (first.pk, (now + 9 * DAY).date(), now)
    assert AuditEntry.objects.filter(action="member.paused").count() == 2
    assert Notice.objects.filter(kind="seat_paused").count() == 2
    assert LedgerEntry.objects.filter(kind="paused").count() == 1


def test_no_door_gives_a_paused_person_a_seat(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    give_pool(account, 3, now)
    ben = seat(join(account, "Ben", Role.MEMBER, now), now)
    pause(mia, actor, now)

    with pytest.raises(PersonPaused):
        assign_seat(account=account, membership=mia, actor=actor, at=now)
    with pytest.raises(PersonPaused):
        reassign_seat(account=account, assignment=ben, to=mia, actor=actor, at=now)
    with pytest.raises(PersonPaused):
        wait_for_seat(account=account, membership=mia, actor=actor, at=now)

    assert (seat_of(mia), assigned(account)) == (None, 1)
    assert not WaitingPerson.objects.exists()


def test_resuming_takes_a_free_seat(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    row = pause(mia, actor, now)

    held = resume(mia, actor, now + DAY)

    assert held is not None
    assert seat_of(mia) == held
    row.refresh_from_db()
    assert (row.ended_at, row.ended_by) == (now + DAY, actor.user)
    assert AuditEntry.objects.get(action="member.resumed").data == {"seat": held.public_id}
    assert Notice.objects.get(kind="seat_resumed").context["seated"] is True
    with pytest.raises(NotPaused):
        resume(mia, actor, now + DAY)
    assert assigned(account) == 1


def test_resuming_at_a_full_limit_waits_behind_the_others(
    account: Account, mia: Membership, actor: Actor, now: datetime
) -> None:
    ben, cem = join(account, "Ben", Role.MEMBER, now), join(account, "Cem", Role.MEMBER, now)
    pause(mia, actor, now)
    seat(ben, now)
    wait_for_seat(account=account, membership=cem, actor=actor, at=now)

    assert resume(mia, actor, now + DAY) is None

    queue = WaitingPerson.objects.filter(served_at__isnull=True).order_by("since")
    assert [place.membership for place in queue] == [cem, mia]
    assert Notice.objects.get(kind="seat_resumed").context["seated"] is False
    give_pool(account, 3, now + DAY)
    assert seat_of(mia) is not None


def test_resuming_while_seats_are_frozen_waits(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    pause(mia, actor, now)
    SeatPool.objects.filter(account=account).update(frozen="past_due")

    assert resume(mia, actor, now) is None
    assert WaitingPerson.objects.get(served_at__isnull=True).membership == mia


def test_resuming_into_a_full_region_waits(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    give_pool(account, 4, now)
    region = Region.objects.create(account=account, name="EU")
    eva = join(account, "Eva", Role.MEMBER, now)
    Membership.objects.filter(pk__in=[mia.pk, eva.pk]).update(region=region)
    split_seats(account=account, seats={region: 1}, reason="", actor=actor, at=now)
    pause(mia, actor, now)
    seat(eva, now)

    assert resume(mia, actor, now) is None
    assert WaitingPerson.objects.get(served_at__isnull=True).membership == mia


@pytest.mark.parametrize(
    ("zone", "hours"), [("UTC", 0), ("Pacific/Kiritimati", -14), ("Pacific/Pago_Pago", 11), ("Europe/Berlin", -2)]
)
def test_the_day_comes_by_the_accounts_calendar(
    account: Account, member: Membership, actor: Actor, zone: str, hours: int
) -> None:
    account.time_zone = zone
    account.save()
    begun = datetime(2026, 7, 1, 12, tzinfo=UTC)
    give_pool(account, 1, begun)
    seat(member, begun)
    pause(member, actor, begun, back=date(2026, 7, 9))
    midnight = datetime(2026, 7, 9, tzinfo=UTC) + timedelta(hours=hours)

    assert resume_due(at=midnight - timedelta(seconds=1)) == 0
    assert seat_of(member) is None
    assert resume_due(at=midnight) == 1
    assert seat_of(member) is not None
    assert resume_due(at=midnight) == 0
    assert LedgerEntry.objects.filter(kind="assigned").count() == 2


def test_one_that_fails_stops_no_other(
    account: Account,
    mia: Membership,
    outsider: Membership,
    actor: Actor,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give_pool(outsider.account, 1, now)
    seat(outsider, now)
    for one in (mia, outsider):
        pause(one, Actor.system("demo"), now, back=(now + DAY).date())
    real = resume_person

    def fail_for_acme(**named: object) -> object:
        if named["account"] == account:
            raise RuntimeError
        return real(**named)  # type: ignore[arg-type]

    monkeypatch.setattr("seats.holders.resume_person.resume_person", fail_for_acme)

    assert resume_due(at=now + 2 * DAY) == 1
    assert (seat_of(mia), seat_of(outsider) is not None) == (None, True)


def test_who_leaves_is_paused_no_more(account: Account, mia: Membership, actor: Actor, now: datetime) -> None:
    row = pause(mia, actor, now, back=(now + DAY).date())

    remove_member(account=account, membership=mia, actor=actor, at=now)

    row.refresh_from_db()
    assert row.ended_at == now
    assert resume_due(at=now + 2 * DAY) == 0


def test_undo_brings_back_the_seat_or_changes_nothing(
    account: Account, mia: Membership, actor: Actor, now: datetime
) -> None:
    held = seat_of(mia)
    assert held is not None
    row = pause(mia, actor, now)
    held.refresh_from_db()
    assert actor.user is not None
    assert act_to_undo(held, user_id=actor.user.pk, at=now) == Act.PAUSED

    ben = seat(join(account, "Ben", Role.MEMBER, now), now)
    with pytest.raises(SeatLimitReached):
        undo_seat_act(account=account, assignment=held, actor=actor, at=now)
    row.refresh_from_db()
    assert row.ended_at is None
    Assignment.objects.filter(pk=ben.pk).update(ended_at=now)

    assert undo_seat_act(account=account, assignment=held, actor=actor, at=now) == Act.PAUSED
    assert Pause.objects.get().ended_at == now
    assert seat_of(mia) is not None
    with pytest.raises(NotPaused):
        undo_seat_act(account=account, assignment=held, actor=actor, at=now)
    with pytest.raises(UndoGone):
        undo_seat_act(account=account, assignment=held, actor=actor, at=now + timedelta(minutes=16))
