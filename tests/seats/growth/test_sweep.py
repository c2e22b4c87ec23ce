"""From counters to one signal, one alert, one task and one mail."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Account, Membership, Notice, User
from seats.growth.deliver_alert import deliver_alert, ring_waiting_alerts
from seats.growth.detectors import HOURLY
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.growth.sweep import spans, start_sweep, sweep_account, sweep_span, work_sweeps
from seats.models import (
    AccountManager,
    Alert,
    AlertDelivery,
    AlertPreference,
    ExpansionTask,
    Signal,
    Sweep,
    SweepShard,
)
from tests.conftest import Funded, make_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
Kind = Signal.Kind
DAY = timedelta(days=1)


def kinds(account: Account) -> list[str]:
    """Kinds of the open signals."""
    return sorted(Signal.objects.filter(account=account, ended_at=None).values_list("kind", flat=True))


def send_all(at: datetime) -> None:
    """What the bells would do."""
    for pk in AlertDelivery.objects.values_list("pk", flat=True):
        deliver_alert(delivery_id=pk, at=at)


def test_8_of_10_tells_once(account: Account, staff_member: User, fill: Fill, now: datetime) -> None:
    fill(purchased=10, assigned=8, active=7)

    swept = sweep_account(account=account, at=now)
    again = sweep_account(account=account, at=now + timedelta(hours=1))
    send_all(now + timedelta(hours=1))
    send_all(now + timedelta(hours=2))

    assert (swept.opened, swept.ended, swept.alerts) == (1, 0, 1)
    assert (again.opened, again.ended, again.alerts) == (0, 0, 0)
    signal = Signal.objects.get()
    assert (signal.kind, signal.seats, signal.told_at, signal.held_back) == (Kind.CROSSED, 1, now, False)
    assert signal.evidence == {"purchased": 10, "assigned": 8, "active": 7}
    task = ExpansionTask.objects.get()
    assert (task.playbook, task.pattern, task.expands, task.quantity) == ("capacity", "departmental", True, 1)
    assert (signal.task, signal.alert) == (task, Alert.objects.get())
    assert sorted(AlertDelivery.objects.values_list("channel", "user")) == [
        ("in_app", staff_member.pk),
        ("mail", staff_member.pk),
    ]
    [letter] = mail.outbox
    assert letter.to == ["imani@vendor.example"]
    assert letter.subject == "Acme: 80 % of the seats in use"
    assert "Assigned 8 of 10, active in the last 30 days 7 of 10." in str(letter.body)
    assert "To do: Talk about more seats." in str(letter.body)
    assert not Notice.objects.exists()


def test_7_of_9_and_79_of_100_tell_nothing(account: Account, staff_member: User, fill: Fill, now: datetime) -> None:
    fill(purchased=10, assigned=7, active=7)
    assert sweep_account(account=account, at=now).opened == 0
    fill(purchased=100, assigned=79, active=79)
    assert sweep_account(account=account, at=now).opened == 0
    assert not Alert.objects.exists()
    assert not ExpansionTask.objects.exists()


def test_it_rearms_below_75_and_tells_a_second_crossing(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    fill(purchased=20, assigned=16, active=16)
    sweep_account(account=account, at=now)
    fill(purchased=21, assigned=16, active=16)  # 76 %
    assert sweep_account(account=account, at=now + DAY).ended == 0
    fill(purchased=20, assigned=16, active=16)
    assert sweep_account(account=account, at=now + 2 * DAY).opened == 0

    fill(purchased=22, assigned=16, active=16)  # 72 %
    assert sweep_account(account=account, at=now + 3 * DAY).ended == 1
    fill(purchased=20, assigned=16, active=16)
    assert sweep_account(account=account, at=now + 4 * DAY).alerts == 1

    assert Alert.objects.count() == 2
    # The first task is still open, so the second crossing joins it.
    assert ExpansionTask.objects.get().signals.count() == 2


def test_a_closed_task_makes_room_for_the_next(account: Account, fill: Fill, now: datetime) -> None:
    fill(purchased=20, assigned=16, active=16)
    sweep_account(account=account, at=now)
    ExpansionTask.objects.update(state=ExpansionTask.State.LOST, closed_at=now)
    fill(purchased=22, assigned=16, active=16)
    sweep_account(account=account, at=now + DAY)
    fill(purchased=20, assigned=16, active=16)
    sweep_account(account=account, at=now + 2 * DAY)

    assert list(ExpansionTask.objects.order_by("pk").values_list("state", flat=True)) == ["lost", "open"]


def test_59_percent_active_is_an_adoption_task_and_no_push(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    fill(purchased=100, assigned=59, active=59)

    sweep_account(account=account, at=now)

    assert kinds(account) == [Kind.LOW_ADOPTION]
    task = ExpansionTask.objects.get()
    assert (task.playbook, task.expands, task.quantity, task.value) == ("adoption", False, None, None)


def test_full_but_idle_is_one_alert_and_adoption_until_people_are_active(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    """10 of 10 assigned, 5 active: the crossing is told, and nobody is pushed to sell; at 6 active the task comes."""
    fill(purchased=10, assigned=10, active=5)
    sweep_account(account=account, at=now)

    assert kinds(account) == sorted([Kind.CROSSED, Kind.FEW_LEFT, Kind.FULL, Kind.LOW_ADOPTION])
    assert [task.playbook for task in ExpansionTask.objects.all()] == ["adoption"]
    assert set(Signal.objects.filter(held_back=True).values_list("kind", flat=True)) == {
        Kind.CROSSED,
        Kind.FEW_LEFT,
        Kind.FULL,
    }
    assert sweep_account(account=account, at=now + timedelta(hours=1)).alerts == 0
    assert Alert.objects.count() == 1

    fill(purchased=10, assigned=10, active=6, at=now + DAY)
    sweep_account(account=account, at=now + DAY)

    assert not Signal.objects.filter(held_back=True).exists()
    capacity = ExpansionTask.objects.get(playbook="capacity")
    assert set(capacity.signals.values_list("kind", flat=True)) == {Kind.CROSSED, Kind.FEW_LEFT, Kind.FULL}
    assert capacity.quantity == 4
    # The crossing was told before; what waited is told now.
    assert [sorted(s.kind for s in alert.signals.all()) for alert in Alert.objects.order_by("pk")] == [
        [Kind.CROSSED, Kind.LOW_ADOPTION],
        [Kind.FEW_LEFT, Kind.FULL],
    ]


def test_all_seats_taken_is_told_and_stays_quiet_when_it_trembles(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    fill(purchased=100, assigned=100, active=100)
    sweep_account(account=account, at=now)
    assert Kind.FULL in kinds(account)
    fill(purchased=101, assigned=100, active=100)
    sweep_account(account=account, at=now + timedelta(hours=1))
    assert Kind.FULL not in kinds(account)
    fill(purchased=100, assigned=100, active=100)
    swept = sweep_account(account=account, at=now + timedelta(hours=2))

    assert (swept.opened, swept.alerts) == (1, 0)
    assert Alert.objects.count() == 1
    fill(purchased=101, assigned=100, active=100)
    sweep_account(account=account, at=now + timedelta(hours=3))
    fill(purchased=100, assigned=100, active=100)
    assert sweep_account(account=account, at=now + timedelta(hours=28)).alerts == 1


def test_who_looks_after_it_hears_and_owns_the_task(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    lead, helper = (make_user(n, domain="vendor.example", is_staff=True) for n in ("Lena", "Hugo"))
    curious = make_user("Cora", domain="vendor.example", is_staff=True)
    silent = make_user("Sam", domain="vendor.example", is_staff=True)
    AccountManager.objects.create(account=account, user=lead)
    for user in (helper, silent):
        AccountManager.objects.create(account=account, user=user, leads=False)
    AlertPreference.objects.create(user=helper, mail="daily")
    AlertPreference.objects.create(user=curious, scope="all", in_app=False)
    AlertPreference.objects.create(user=silent, mail="never", in_app=False)
    fill(purchased=10, assigned=8, active=8)

    sweep_account(account=account, at=now)

    assert ExpansionTask.objects.get().owner == lead
    assert set(AlertDelivery.objects.values_list("user__name", "channel", "digest")) == {
        ("Lena", "mail", False),
        ("Lena", "in_app", False),
        ("Hugo", "mail", True),
        ("Hugo", "in_app", False),
        ("Cora", "mail", False),
    }
    hugo = AlertDelivery.objects.get(user=helper, channel="mail")
    assert deliver_alert(delivery_id=hugo.pk, at=hugo.next_try_at) is False
    assert (hugo.next_try_at.hour, now < hugo.next_try_at <= now + DAY) == (7, True)


@pytest.mark.django_db(transaction=True)
def test_the_value_is_the_price_lists(funded: Funded, staff_member: User, fill: Fill, now: datetime) -> None:
    """Ten graduated seats (50 up to ten, then 40): four more are worth 160.00 a month."""
    fill(purchased=10, assigned=10, active=10, of=funded.account)

    sweep_account(account=funded.account, at=now)

    task = ExpansionTask.objects.get()
    assert (task.quantity, task.value, task.value_currency, task.value_interval) == (4, 160_00, "usd", "month")


def test_a_round_is_one_row_an_hour_and_parts_that_workers_share(
    account: Account,
    outsider: Membership,
    staff_member: User,
    fill: Fill,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("seats.growth.sweep.SHARD", 1)
    fill(purchased=10, assigned=8, active=8)
    fill(purchased=5, assigned=4, active=4, of=outsider.account)

    sweep = start_sweep(kind=Sweep.Kind.HOURLY, at=now)
    assert start_sweep(kind=Sweep.Kind.HOURLY, at=now) == sweep
    assert [(s.first, s.last) for s in sweep.shards.all()] == [(s.first, s.last) for s in spans()]
    rounds = 0
    while work_sweeps(at=now):
        rounds += 1

    sweep.refresh_from_db()
    assert rounds == sweep.shards.count() == outsider.account.pk - account.pk + 1
    assert sweep.finished_at == now
    assert Alert.objects.count() == 2
    assert sum(sweep.shards.values_list("opened", flat=True)) == Signal.objects.count() == 3


def test_one_account_that_fails_stops_only_itself(
    account: Account,
    outsider: Membership,
    staff_member: User,
    fill: Fill,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(purchased=10, assigned=8, active=8)
    fill(purchased=10, assigned=8, active=8, of=outsider.account)

    def fails(span: Span, at: datetime) -> list[Found]:
        if span.first <= account.pk <= span.last:
            raise ValueError("This account cannot be read.")
        return []

    monkeypatch.setitem(HOURLY, Kind.INTEREST, fails)
    sweep = start_sweep(kind=Sweep.Kind.HOURLY, at=now)
    while work_sweeps(at=now):
        pass

    sweep.refresh_from_db()
    assert sweep.finished_at == now
    assert [alert.account for alert in Alert.objects.all()] == [outsider.account]
    lost = SweepShard.objects.get(first__lte=account.pk, last__gte=account.pk)
    assert (lost.first, lost.last, lost.tries) == (account.pk, account.pk, 3)
    assert lost.last_error == "ValueError: This account cannot be read."


def test_a_mail_that_fails_is_tried_again_and_given_up(
    account: Account, staff_member: User, fill: Fill, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    row = AlertDelivery.objects.get(channel="mail")
    real = "django.core.mail.message.EmailMessage.send"
    with monkeypatch.context() as broken:
        broken.setattr(real, lambda *_, **__: (_ for _ in ()).throw(OSError("no route")))
        assert not deliver_alert(delivery_id=row.pk, at=now)
        assert not deliver_alert(delivery_id=row.pk, at=now + timedelta(minutes=1))
    row.refresh_from_db()
    assert (row.tries, row.sent_at, row.last_error) == (1, None, "OSError: no route")
    assert row.next_try_at == now + timedelta(minutes=2)
    assert ring_waiting_alerts(at=now + timedelta(minutes=1)) == 0
    assert ring_waiting_alerts(at=now + timedelta(minutes=2)) == 1

    assert deliver_alert(delivery_id=row.pk, at=now + timedelta(minutes=2))
    assert len(mail.outbox) == 1
    with monkeypatch.context() as broken:
        broken.setattr(real, lambda *_, **__: (_ for _ in ()).throw(OSError("no route")))
        AlertDelivery.objects.filter(pk=row.pk).update(sent_at=None, tries=5, next_try_at=now)
        assert not deliver_alert(delivery_id=row.pk, at=now)
    row.refresh_from_db()
    assert row.given_up_at == now


def test_the_command_looks_now(
    account: Account, staff_member: User, fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(purchased=10, assigned=8, active=8)

    call_command("run_detectors", account=account.slug)
    call_command("run_detectors")

    assert capsys.readouterr().out.splitlines() == [
        "acme: 1 opened, 0 ended, 1 alerts",
        "  crossed_80 : Assigned 8 of 10, active in the last 30 days 8 of 10.",
        f"{account.pk}–{account.pk}: 0 opened, 0 ended, 0 alerts",
    ]
    with pytest.raises(CommandError, match="There is no account with the address “nobody”."):
        call_command("run_detectors", account="nobody")


def test_an_account_that_has_ended_ends_its_signals(account: Account, fill: Fill, now: datetime) -> None:
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    fill(purchased=0, assigned=8, active=8)

    [span] = spans()
    assert sweep_span(span=span, at=now + DAY, nightly=False).ended == 1
    assert kinds(account) == []
