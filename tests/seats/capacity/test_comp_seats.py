"""Seats free of charge until a day: at the doors, for the queue, at their end, and who is told."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Notice, Role, WebhookEndpoint, WebhookStream
from accounts.notices.deliver_notice import mail_of
from seats.capacity.comp_seats import MOST, comp_seats, end_comp, end_due_comps
from seats.capacity.enforce_grace import enforce_grace
from seats.capacity.rules import limit_at
from seats.capacity.set_policy import set_policy
from seats.entitlements.check_entitlements import check_entitlements
from seats.errors import CompNeedsSubscription, CompWrong, NothingComped, SeatLimitReached
from seats.holders.assign_seat import assign_seat
from seats.holders.wait import wait_for_seat
from seats.invariants.check_invariants import check_invariants
from seats.models import Assignment, LedgerEntry, SeatPool, WaitingPerson
from tests.conftest import join
from tests.races.test_last_seat import buy
from tests.seats.test_webhook_events import told

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def hook(account: Account) -> WebhookEndpoint:
    """Hears everything; nothing is sent here."""
    WebhookStream.objects.create(account=account)
    return WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")


def seat(account: Account, actor: Actor, name: str, at: datetime) -> Membership:
    member = join(account, name, Role.MEMBER, at)
    assign_seat(account=account, membership=member, actor=actor, at=at)
    return member


def give(account: Account, actor: Actor, at: datetime, seats: int, until: date) -> SeatPool:
    return comp_seats(account=account, seats=seats, until=until, reason="Pilot", actor=actor, at=at)


def pool_of(account: Account) -> SeatPool:
    return SeatPool.objects.get(account=account)


def holders(account: Account) -> list[str]:
    rows = Assignment.objects.filter(account=account, ended_at__isnull=True).order_by("started_at", "pk")
    return [row.membership.user.name for row in rows if row.membership]


def limits(account: Account) -> list[tuple[dict[str, object], dict[str, object]]]:
    events = [one["data"] for one in told(account) if one["type"] == "seats.limit_changed"]
    return [(one["before"], one["after"]) for one in events]


def test_the_limit_rises_by_them_and_no_door_goes_beyond(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    revision = pool_of(account).revision
    pool = give(account, actor, now, 2, now.date() + 30 * DAY)
    assert pool.revision > revision
    for name in ("Ann", "Bob", "Cem"):
        seat(account, actor, name, now)

    with pytest.raises(SeatLimitReached):
        seat(account, actor, "Dan", now)
    with pytest.raises(IntegrityError, match="pool_never_oversold"), transaction.atomic():
        Assignment.objects.create(
            account=account,
            membership=join(account, "Eve", Role.MEMBER, now),
            state=Assignment.State.HELD,
            started_at=now,
        )

    pool = pool_of(account)
    assert (pool.purchased, pool.comped, pool.limit, pool.entitled, pool.assigned) == (1, 2, 3, 3, 3)
    assert (pool.over, pool.over_since, pool.free, pool.open) == (0, None, 0, 0)
    assert enforce_grace(at=now + 29 * DAY) == 0
    assert holders(account) == ["Ann", "Bob", "Cem"]


def test_who_waits_gets_them_at_once(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    seat(account, actor, "Ann", now)
    for name in ("Bob", "Cem"):
        member = join(account, name, Role.MEMBER, now)
        wait_for_seat(account=account, membership=member, actor=actor, at=now)

    give(account, actor, now, 1, now.date())

    assert holders(account) == ["Ann", "Bob"]
    assert WaitingPerson.objects.get(served_at__isnull=True).name == "Cem"


@pytest.mark.parametrize(
    ("zone", "hours"), [("UTC", 0), ("Pacific/Kiritimati", -14), ("Pacific/Pago_Pago", 11), ("Europe/Berlin", -2)]
)
def test_they_end_with_the_day_in_the_accounts_zone(account: Account, actor: Actor, zone: str, hours: int) -> None:
    account.time_zone = zone
    account.save()
    given = datetime(2026, 7, 1, 12, tzinfo=UTC)
    buy(account, 1, given)
    give(account, actor, given, 2, date(2026, 7, 10))
    end = datetime(2026, 7, 11, tzinfo=UTC) + timedelta(hours=hours)

    assert end_due_comps(at=end - timedelta(seconds=1)) == 0
    assert pool_of(account).limit == 3
    assert end_due_comps(at=end) == 1
    assert end_due_comps(at=end) == 0
    pool = pool_of(account)
    assert (pool.limit, pool.comped, pool.comped_until) == (1, 0, None)


def test_at_the_end_nobody_is_thrown_out_until_the_grace_is_over(
    account: Account, actor: Actor, owner: Membership, now: datetime
) -> None:
    buy(account, 1, now)
    until = now.date() + DAY
    give(account, actor, now, 2, until)
    for number, name in enumerate(("Ann", "Bob", "Cem")):
        seat(account, actor, name, now + timedelta(seconds=number))
    end = now + 2 * DAY

    assert end_due_comps(at=end) == 1

    pool = pool_of(account)
    assert (pool.limit, pool.assigned, pool.over, pool.entitled, pool.over_since) == (1, 3, 2, 3, end)
    assert holders(account) == ["Ann", "Bob", "Cem"]
    with pytest.raises(SeatLimitReached):
        seat(account, actor, "Dan", end)
    lines = LedgerEntry.objects.filter(account=account, kind="comped").order_by("pk")
    assert list(lines.values_list("comped_before", "comped_after", "reason")) == [(0, 2, "Pilot"), (2, 0, "")]
    assert list(lines.values_list("purchased_before", "purchased_after")) == [(1, 1), (1, 1)]
    still = {"mode": "hard", "allowance": 0, "grace_days": 14}
    none = {**still, "complimentary": 0, "complimentary_until": None}
    some = {**still, "complimentary": 2, "complimentary_until": until.isoformat()}
    assert limits(account) == [(none, some), (some, none)]
    mails = Notice.objects.filter(user=owner.user, kind__startswith="comp_").order_by("pk")
    assert list(mails.values_list("kind", flat=True)) == ["comp_given", "comp_ended"]
    assert mails[1].context["beyond"] == 2
    actions = AuditEntry.objects.filter(account=account, action__startswith="seats.comp").order_by("pk")
    assert list(actions.values_list("action", "summary")) == [("seats.comped", "Pilot"), ("seats.comp_ended", "")]

    assert enforce_grace(at=end + 14 * DAY - timedelta(seconds=1)) == 0
    assert enforce_grace(at=end + 14 * DAY) == 2
    assert holders(account) == ["Ann"]
    assert WaitingPerson.objects.filter(account=account, served_at__isnull=True).count() == 2


def test_who_was_over_by_a_soft_limit_has_the_whole_grace_from_the_end_on(
    account: Account, actor: Actor, now: datetime
) -> None:
    buy(account, 1, now)
    set_policy(account=account, mode="soft", allowance=1, grace_days=10, reason="", actor=actor, at=now)
    give(account, actor, now, 1, now.date() + 40 * DAY)
    for name in ("Ann", "Bob", "Cem"):
        seat(account, actor, name, now)
    SeatPool.objects.update(over_since=now - 90 * DAY)
    end = now + 41 * DAY

    assert end_due_comps(at=end) == 1

    assert pool_of(account).over_since == end
    assert enforce_grace(at=end + 9 * DAY) == 0
    assert enforce_grace(at=end + 10 * DAY) == 1


def test_a_second_gift_replaces_the_first_and_the_same_again_is_nothing(
    account: Account, actor: Actor, now: datetime
) -> None:
    buy(account, 1, now)
    give(account, actor, now, 2, now.date())
    give(account, actor, now, 2, now.date())
    assert Notice.objects.filter(kind="comp_given").count() == 1
    assert LedgerEntry.objects.filter(kind="comped").count() == 1

    pool = give(account, actor, now, 5, now.date() + 9 * DAY)

    assert (pool.comped, pool.comped_until, pool.limit) == (5, now.date() + 9 * DAY, 6)
    lines = LedgerEntry.objects.filter(kind="comped").order_by("pk")
    assert list(lines.values_list("comped_before", "comped_after")) == [(0, 2), (2, 5)]


def test_staff_end_them_before_the_day(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    give(account, actor, now, 2, now.date() + 9 * DAY)

    pool = end_comp(account=account, reason="Bought instead", actor=actor, at=now)

    assert (pool.comped, pool.comped_until, pool.limit) == (0, None, 1)
    assert AuditEntry.objects.get(action="seats.comp_ended").summary == "Bought instead"


@pytest.mark.parametrize(("seats", "days"), [(0, 1), (-1, 1), (MOST + 1, 1), (1, -1), (1, 367)])
def test_what_cannot_be_is_refused_whole(account: Account, actor: Actor, now: datetime, seats: int, days: int) -> None:
    buy(account, 1, now)
    with pytest.raises(CompWrong):
        give(account, actor, now, seats, now.date() + days * DAY)
    with pytest.raises(NothingComped):
        end_comp(account=account, reason="", actor=actor, at=now)
    nothing_happened(account)


def test_without_purchased_seats_there_is_nothing_on_top_of_which_they_come(
    account: Account, actor: Actor, now: datetime
) -> None:
    with pytest.raises(CompNeedsSubscription):
        give(account, actor, now, 1, now.date())
    nothing_happened(account)


def nothing_happened(account: Account) -> None:
    pool = pool_of(account)
    assert (pool.comped, pool.comped_until, pool.limit) == (0, None, pool.purchased)
    assert not LedgerEntry.objects.filter(kind="comped").exists()
    assert not Notice.objects.filter(kind__startswith="comp_").exists()
    assert not AuditEntry.objects.filter(action__startswith="seats.comp").exists()
    assert limits(account) == []


def test_they_end_with_the_subscription(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    give(account, actor, now, 2, now.date() + 30 * DAY)
    seat(account, actor, "Ann", now)

    buy(account, 0, now + DAY)

    pool = pool_of(account)
    assert (pool.purchased, pool.comped, pool.comped_until, pool.over) == (0, 0, None, 1)
    assert pool.over_since is not None
    last = LedgerEntry.objects.order_by("pk").last()
    assert last is not None
    assert (last.comped_before, last.comped_after) == (2, 0)
    assert [after["complimentary"] for _before, after in limits(account)] == [2, 0]
    assert [one for one in check_invariants(at=now) if "free of charge" in one.detail] == []


def test_a_later_limit_counts_them_through_their_last_day(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 5, now)
    pool = give(account, actor, now, 2, date(now.year, now.month, now.day) + 3 * DAY)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + 4 * DAY

    assert limit_at(pool, account, purchased=3, at=midnight - timedelta(seconds=1)) == 5
    assert limit_at(pool, account, purchased=3, at=midnight) == 3


def test_an_entitlement_states_the_limit_with_them(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)
    give(account, actor, now, 2, now.date())
    ann = seat(account, actor, "Ann", now)

    revision = pool_of(account).revision
    body = check_entitlements(account_id=account.pk, revision=revision, names=[ann.public_id], at=now)[0]

    assert json.loads(body)["limit"] == {"purchased": 1, "limit": 3, "assigned": 1, "free": 2, "mode": "hard"}


def test_what_the_mails_say(account: Account, actor: Actor, owner: Membership, now: datetime) -> None:
    buy(account, 1, now)
    give(account, actor, now, 2, date(now.year + 1, 1, 9))
    for name in ("Ann", "Bob"):
        seat(account, actor, name, now)
    end_comp(account=account, reason="", actor=actor, at=now)

    given, ended = (mail_of(Notice.objects.get(user=owner.user, kind=kind)) for kind in ("comp_given", "comp_ended"))

    assert str(given.subject) == f"Acme: 2 seats free of charge until 9 January {now.year + 1}"
    assert "They are not charged, and a true-up does not count them." in str(given.body)
    assert str(ended.subject) == "Acme: 2 seats free of charge have ended"
    assert "1 seat is taken beyond your limit. Add 1 seat or release one within 14 days" in str(ended.body)
