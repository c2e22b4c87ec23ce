"""Health of real accounts: what is read, the signal, and that adoption goes before any push."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.models import Account, Membership, User
from seats.growth.contacts import name_contact, take_off_contact
from seats.growth.healths import inputs_of
from seats.growth.sweep import sweep_account
from seats.insight.bands import Utilization, utilization_of
from seats.insight.health import HealthInputs
from seats.models import ExpansionTask, SeatPool, Signal, UsageReport
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
Kind = Signal.Kind
STAFF = Actor.system("demo")


def open_kinds(account: Account) -> set[str]:
    return set(Signal.objects.filter(account=account, ended_at=None).values_list("kind", flat=True))


def test_what_is_read(account: Account, outsider: Membership, member: Membership, fill: Fill, now: datetime) -> None:
    fill(purchased=10, assigned=6, active=5)
    days = [now.date() - timedelta(days=back) for back in (37, 31, 29, 0)]
    UsageReport.objects.create(
        account=account, made_at=now, data={"weeks": [[str(day), n] for day, n in zip(days, (9, 8, 7, 5), strict=True)]}
    )
    champion = name_contact(account=account, role="champion", actor=STAFF, membership=member)
    name_contact(account=account, role="approver", actor=STAFF, name="Ada")
    seats = {account.pk: utilization_of(account, now), outsider.account.pk: Utilization(0, 0, 0)}

    with CaptureQueriesContext(connection) as asked:
        found = inputs_of(seats, now)

    assert len(asked) == 4
    assert found[account.pk] == HealthInputs(50, 5, before=8, mapped=True, champion=True, approver=True, late=False)
    assert found[outsider.account.pk] == HealthInputs(
        None, 0, before=None, mapped=False, champion=False, approver=False, late=False
    )
    member.left_at = now
    member.save()
    assert not inputs_of(seats, now)[account.pk].champion
    take_off_contact(contact=champion, actor=STAFF, at=now, reason="gone")
    assert inputs_of(seats, now)[account.pk].mapped


def test_poor_health_talks_about_adoption_before_any_push(
    account: Account, member: Membership, staff_member: User, fill: Fill, now: datetime
) -> None:
    """65 % active, so no low adoption; but half of them are gone and nobody is left on the map."""
    fill(purchased=20, assigned=20, active=13)
    UsageReport.objects.create(
        account=account, made_at=now, data={"weeks": [[str(now.date() - timedelta(days=30)), 26]]}
    )
    contact = name_contact(account=account, role="champion", actor=STAFF, membership=member)
    take_off_contact(contact=contact, actor=STAFF, at=now, reason="gone")
    assert (70 * 55 + 0 * 15 + 0 * 15 + 100 * 15) // 100 == 53
    sweep_account(account=account, at=now)
    assert open_kinds(account) == {Kind.CROSSED, Kind.FEW_LEFT, Kind.FULL}
    assert [task.playbook for task in ExpansionTask.objects.all()] == ["capacity"]
    ExpansionTask.objects.all().delete()
    Signal.objects.all().delete()

    fill(purchased=20, assigned=20, active=12)
    sweep_account(account=account, at=now)

    assert (60 * 55 + 0 * 15 + 0 * 15 + 100 * 15) // 100 == 48
    assert open_kinds(account) == {Kind.CROSSED, Kind.FEW_LEFT, Kind.FULL, Kind.LOW_HEALTH}
    assert not utilization_of(account, now).low
    signal = Signal.objects.get(kind=Kind.LOW_HEALTH)
    assert signal.evidence == {"score": 48, "use": 60, "late": False}
    assert [(task.playbook, task.expands) for task in ExpansionTask.objects.all()] == [("adoption", False)]
    assert set(Signal.objects.filter(held_back=True).values_list("kind", flat=True)) == {
        Kind.CROSSED,
        Kind.FEW_LEFT,
        Kind.FULL,
    }


def test_a_new_account_is_not_judged_for_30_days(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    fill(purchased=10, assigned=2, active=0)
    SeatPool.objects.filter(account=account).update(began_at=now - timedelta(days=29))
    assert (sweep_account(account=account, at=now).opened, open_kinds(account)) == (0, set())

    sweep_account(account=account, at=now + timedelta(days=1))

    assert open_kinds(account) == {Kind.LOW_ADOPTION, Kind.LOW_HEALTH}
    assert ExpansionTask.objects.get().playbook == "adoption"


def test_the_pool_remembers_its_first_purchase(account: Account, now: datetime) -> None:
    from tests.factories.seats import give_pool

    give_pool(account, 5, now)
    give_pool(account, 0, now + timedelta(days=1))
    give_pool(account, 8, now + timedelta(days=2))
    assert SeatPool.objects.get(account=account).began_at == now
