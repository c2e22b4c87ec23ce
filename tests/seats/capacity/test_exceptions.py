"""A limit as an exception until a day: what returns afterwards, when, and what it means for those beyond it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership
from accounts.webhooks.emit_events import emit_event
from seats.capacity import set_policy as module
from seats.capacity.enforce_grace import enforce_grace
from seats.capacity.set_policy import end_due_exceptions, set_policy
from seats.errors import ExceptionWrong
from seats.models import Assignment, SeatPool
from seats.tasks import end_exceptions
from tests.conftest import make_account
from tests.factories.seats import crowd, give_pool, seat
from tests.seatportal.test_staff import BACKEND, staff_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def limit(account: Account) -> tuple[str, int, int]:
    pool = SeatPool.objects.get(account=account)
    return pool.mode, pool.allowance, pool.grace_days


def allow(account: Account, actor: Actor, at: datetime, *, days: int, extra: int = 2) -> SeatPool:
    """An exception for so many days."""
    return set_policy(
        account=account,
        mode="soft",
        allowance=extra,
        grace_days=10,
        reason="Trade fair",
        until=(at + days * DAY).date(),
        actor=actor,
        at=at,
    )


def test_the_former_limit_returns_after_the_last_day(account: Account, actor: Actor, now: datetime) -> None:
    allow(account, actor, now, days=3)
    last = (now + 3 * DAY).replace(hour=23, minute=59)
    assert end_due_exceptions(at=last) == 0
    assert limit(account) == ("soft", 2, 10)

    assert end_due_exceptions(at=last + timedelta(minutes=1)) == 1
    assert limit(account) == ("hard", 0, 14)
    assert end_due_exceptions(at=last + DAY) == 0
    pool = SeatPool.objects.get(account=account)
    assert (pool.policy_until, pool.policy_after) == (None, None)
    given, ended = AuditEntry.objects.filter(action="policy.changed").order_by("pk")
    assert (given.summary, given.data["new"]["until"]) == ("Trade fair", (now + 3 * DAY).date().isoformat())
    assert (ended.door, ended.data["new"]) == ("task", {"mode": "hard", "allowance": 0, "grace_days": 14})


def test_a_longer_or_other_exception_keeps_what_returns(account: Account, actor: Actor, now: datetime) -> None:
    allow(account, actor, now, days=1)
    allow(account, actor, now, days=5, extra=4)
    assert end_due_exceptions(at=now + 3 * DAY) == 0
    assert limit(account) == ("soft", 4, 10)
    assert end_due_exceptions(at=now + 7 * DAY) == 1
    assert limit(account) == ("hard", 0, 14)


def test_another_limit_ends_the_exception_and_the_same_one_does_not(
    account: Account, actor: Actor, now: datetime
) -> None:
    allow(account, actor, now, days=3)
    same = {"account": account, "mode": "soft", "grace_days": 10, "reason": "", "actor": actor, "at": now}
    assert set_policy(allowance=2, **same).policy_until == (now + 3 * DAY).date()  # type: ignore[arg-type]
    assert set_policy(allowance=1, **same).policy_until is None  # type: ignore[arg-type]
    assert end_due_exceptions(at=now + 9 * DAY) == 0
    assert limit(account) == ("soft", 1, 10)


@pytest.mark.parametrize("days", [-1, 367])
def test_an_end_that_is_past_or_far_is_refused(account: Account, actor: Actor, now: datetime, days: int) -> None:
    with pytest.raises(ExceptionWrong):
        allow(account, actor, now, days=days)
    assert limit(account) == ("hard", 0, 14)
    assert not AuditEntry.objects.filter(action="policy.changed").exists()


def test_whoever_used_the_extra_seats_has_the_whole_grace(account: Account, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now)
    allow(account, actor, now, days=30)
    for person in crowd(account, 2, now):
        seat(person, now)
    after = now + 32 * DAY
    assert end_due_exceptions(at=after) == 1

    assert SeatPool.objects.get(account=account).over_since == after
    assert enforce_grace(at=after + 13 * DAY) == 0
    assert Assignment.objects.filter(account=account, ended_at__isnull=True).count() == 2
    assert enforce_grace(at=after + 14 * DAY) == 1


def test_one_that_fails_stops_no_other(
    account: Account, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_account("Later", now, owner="later-owner", domain="later.example").account
    allow(account, actor, now, days=1)
    allow(other, actor, now, days=1)

    def fail(*, account: Account, **more: object) -> None:
        if account.pk == min(account_ids):
            raise RuntimeError("no")
        emit_event(account=account, **more)  # type: ignore[arg-type]

    account_ids = [account.pk, other.pk]
    monkeypatch.setattr(module, "emit_event", fail)
    assert end_due_exceptions(at=now + 5 * DAY) == 1
    assert sorted([limit(account)[0], limit(other)[0]]) == ["hard", "soft"]


def test_the_task_and_the_pages(
    owner: Membership, actor: Actor, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    account = owner.account
    pool = allow(account, actor, now, days=3)
    end_exceptions()
    assert limit(account) == ("soft", 2, 10)
    page = client_of(owner).get(reverse("seats:policy", args=[account.slug])).content.decode()
    assert "This limit is an exception by your account team until" in page

    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    address = reverse("admin:seats_seatpool_change", args=[pool.pk])
    sent = {"mode": "soft", "allowance": 2, "grace_days": 10, "reason": "Longer"}
    refused = staff.post(address, {**sent, "until": (now - 2 * DAY).date().isoformat()}).content.decode()
    assert "An exception ends between today and a year from today." in refused
    refused = staff.post(address, sent).content.decode()
    assert "To end the exception choose the limit that follows; to keep it, leave its end." in refused
    assert SeatPool.objects.get(pk=pool.pk).policy_until == (now + 3 * DAY).date()

    staff.post(address, {**sent, "until": (now + 9 * DAY).date().isoformat()})
    assert SeatPool.objects.get(pk=pool.pk).policy_until == (now + 9 * DAY).date()
    shown = staff.get(reverse("admin:seats_signal_account", args=[account.pk])).content.decode()
    assert "as an exception until" in shown

    staff.post(address, {"mode": "hard", "allowance": 0, "grace_days": 14, "reason": "Over", "until": ""})
    assert (limit(account), SeatPool.objects.get(pk=pool.pk).policy_until) == (("hard", 0, 14), None)
