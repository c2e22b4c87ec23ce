"""Tasks: taken, put off, won by a purchase, lost, done; and the stakeholder map."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.members.remove_member import remove_member
from accounts.models import Account, AuditEntry, Membership, User
from seats.errors import NothingWon, TaskClosed
from seats.growth.contacts import assign_manager, contacts_of, gaps_in, name_contact, take_off_contact
from seats.growth.expansion import finish_task, lose_task, snooze_task, take_task, wake_tasks, win_task
from seats.growth.sweep import sweep_account
from seats.models import AccountManager, Contact, ExpansionTask, LedgerEntry, Signal
from tests.factories.accounts import DepartmentFactory
from tests.factories.seats import give_pool
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def task(account: Account, fill: Fill, now: datetime) -> ExpansionTask:
    """The task of an account at 80 %."""
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    return ExpansionTask.objects.get()


@pytest.fixture
def imani(staff_member: User) -> Actor:
    return Actor(user=staff_member, door="admin")


def test_won_is_linked_to_the_purchase(account: Account, task: ExpansionTask, imani: Actor, now: datetime) -> None:
    with pytest.raises(NothingWon):
        win_task(task=task, actor=imani, at=now, reason="They said yes")
    task.refresh_from_db()
    assert task.state == "open"
    give_pool(account, 12, now + DAY)

    win_task(task=task, actor=imani, at=now + 2 * DAY, reason="Two more")

    task.refresh_from_db()
    entry = LedgerEntry.objects.get(account=account, purchased_after=12)
    assert (task.state, task.won_entry, task.closed_by, task.reason) == ("won", entry, imani.user, "Two more")
    trail = AuditEntry.objects.get(action="task.won")
    assert (trail.account, trail.target, trail.summary) == (None, task.public_id, "Two more")
    assert trail.data == {"entry": entry.public_id}
    with pytest.raises(TaskClosed):
        lose_task(task=task, actor=imani, at=now, reason="")


def test_one_purchase_wins_one_task(account: Account, task: ExpansionTask, imani: Actor, now: datetime) -> None:
    other = ExpansionTask.objects.create(
        account=account, playbook="interest", expands=True, opened_at=now, due_on=now.date()
    )
    give_pool(account, 12, now + DAY)
    win_task(task=task, actor=imani, at=now + DAY, reason="")
    with pytest.raises(NothingWon):
        win_task(task=other, actor=imani, at=now + DAY, reason="")
    other.refresh_from_db()
    assert other.state == "open"
    task.refresh_from_db()
    with pytest.raises(IntegrityError, match="task_won_once"), transaction.atomic():
        ExpansionTask.objects.filter(pk=other.pk).update(state="won", won_entry=task.won_entry)
    with pytest.raises(IntegrityError, match="task_won_has_entry"), transaction.atomic():
        ExpansionTask.objects.filter(pk=other.pk).update(state="won")


def test_put_off_for_a_week_and_joined_meanwhile(
    account: Account, task: ExpansionTask, fill: Fill, imani: Actor, now: datetime
) -> None:
    snooze_task(task=task, actor=imani, at=now, reason="Holidays")
    fill(purchased=10, assigned=10, active=10)
    sweep_account(account=account, at=now + DAY)

    only = ExpansionTask.objects.get()
    assert (only.state, only.snoozed_until, only.quantity) == ("snoozed", (now + 7 * DAY).date(), 4)
    assert only.signals.count() == 3
    assert wake_tasks(at=now + 6 * DAY) == 0
    assert wake_tasks(at=now + 7 * DAY) == 1
    only.refresh_from_db()
    assert (only.state, only.snoozed_until) == ("open", None)


def test_taken_and_lost(task: ExpansionTask, imani: Actor, now: datetime) -> None:
    assert imani.user is not None
    take_task(task=task, owner=imani.user, actor=imani, reason="")
    lose_task(task=task, actor=imani, at=now, reason="No budget")
    task.refresh_from_db()
    assert (task.owner, task.state, task.reason, task.won_entry) == (imani.user, "lost", "No budget", None)
    assert list(AuditEntry.objects.filter(target=task.public_id).order_by("pk").values_list("action", flat=True)) == [
        "task.taken",
        "task.lost",
    ]


def test_done(task: ExpansionTask, imani: Actor, now: datetime) -> None:
    finish_task(task=task, actor=imani, at=now, reason="Talked")
    task.refresh_from_db()
    assert (task.state, task.closed_at) == ("done", now)


def test_staff_act_with_a_reason(account: Account, task: ExpansionTask, now: datetime) -> None:
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    page = reverse("admin:seats_expansiontask_change", args=[task.pk])
    text = staff.get(page).content.decode()
    assert "Talk about more seats" in text
    assert "Assigned 8 of 10" in text
    assert "Close as done" not in text

    def act(name: str, reason: str) -> str:
        url = reverse("admin:seats_expansiontask_act", args=[task.pk, name])
        return staff.post(url, {"reason": reason}, follow=True).content.decode()

    assert "This field is required." in act("lose", "")
    assert "No seats were added since this task was opened." in act("win", "Yes")
    task.refresh_from_db()
    assert task.state == "open"
    assert "Put off until" in act("snooze", "Later")
    assert "Closed as lost." in act("lose", "No budget")
    task.refresh_from_db()
    assert (task.state, task.reason) == ("lost", "No budget")
    assert "That is not possible any more." in act("win", "Yes")


def test_the_map_and_its_gaps(
    account: Account, owner: Membership, member: Membership, imani: Actor, now: datetime
) -> None:
    assert [str(gap) for gap in gaps_in(contacts_of(account))] == [
        "No approver known",
        "No champion known",
        "No executive sponsor known",
        "Everybody known is in one department and one part",
    ]
    member.department = DepartmentFactory.create(account=account)
    member.save()
    champion = name_contact(account=account, membership=member, role="champion", actor=imani, influence="high")
    again = name_contact(account=account, membership=member, role="champion", actor=imani, note="Met in May")
    name_contact(account=account, role="approver", name="Pat Cash", email="pat@acme.example", actor=imani)
    assert champion.pk == again.pk
    assert Contact.objects.count() == 2
    assert [str(gap) for gap in gaps_in(contacts_of(account))] == ["No executive sponsor known"]

    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    assert "No champion known" in [str(gap) for gap in gaps_in(contacts_of(account))]
    sweep_account(account=account, at=now)
    assert Signal.objects.get(kind="champion_left").subject == champion.public_id
    take_off_contact(contact=champion, actor=imani, at=now, reason="Gone")
    assert [contact.name for contact in contacts_of(account)] == ["Pat Cash"]


def test_one_lead_at_a_time(account: Account, staff_member: User, imani: Actor) -> None:
    second = User.objects.create(email="lena@vendor.example", is_staff=True)
    assign_manager(account=account, user=staff_member, leads=True, actor=imani)
    assign_manager(account=account, user=second, leads=True, actor=imani)
    assert list(AccountManager.objects.order_by("pk").values_list("user", "leads")) == [
        (staff_member.pk, False),
        (second.pk, True),
    ]
