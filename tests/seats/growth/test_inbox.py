"""The staff inbox with its read marks, and lists to take away."""

from datetime import datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditEntry, User
from seats.growth.inbox import inbox_of, mark_read, unread_count
from seats.growth.sweep import sweep_account
from seats.models import Alert, AlertDelivery
from tests.conftest import make_user
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(account: Account, staff_member: User, fill: Fill, now: datetime) -> User:
    """Somebody of the staff who was told two things, as Imani was."""
    reader = staff_user()
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    Alert.objects.create(account=account, at=now)
    for user in (reader, staff_member):
        AlertDelivery.objects.create(
            alert=Alert.objects.latest("pk"), account=account, user=user, channel="in_app", next_try_at=now, sent_at=now
        )
    return reader


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_marks_are_each_readers_own(told: User, staff_member: User, now: datetime) -> None:
    assert (unread_count(told), unread_count(staff_member)) == (2, 2)
    first, second = inbox_of(told)
    assert mark_read(user=told, at=now, alerts=[first.alert_id]) == 1
    assert mark_read(user=told, at=now, alerts=[first.alert_id]) == 0
    assert [row.pk for row in inbox_of(told)] == [second.pk, first.pk]
    assert (unread_count(told), unread_count(staff_member)) == (1, 2)
    assert mark_read(user=told, at=now) == 1
    assert not AlertDelivery.objects.filter(channel="mail", read_at__isnull=False).exists()


def test_opening_an_alert_reads_it_and_the_page_marks_the_rest(told: User, staff_member: User) -> None:
    client, url = client_of(told), reverse("admin:seats_alert_inbox")
    assert "2 alerts are not read." in client.get(url).content.decode()
    assert "Inbox: 2 new alerts" in client.get(reverse("admin:index")).content.decode()
    newest = inbox_of(told)[0].alert_id
    assert client.get(reverse("admin:seats_alert_change", args=[newest])).status_code == 200
    assert "1 alert is not read." in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 302
    assert unread_count(told) == 1
    client.post(url, {"alert": [inbox_of(told)[0].alert_id]})
    assert (unread_count(told), unread_count(staff_member)) == (0, 2)


def test_the_inbox_is_for_those_who_may_see_alerts(told: User) -> None:
    from allauth.mfa.models import Authenticator

    lea = make_user("Lea", domain="vendor.example", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename="view_jobrun"))
    Authenticator.objects.create(user=lea, type="totp", data={"secret": "x"})
    client, url = client_of(lea), reverse("admin:seats_alert_inbox")
    assert (client.get(url).status_code, client.post(url, {"all": "1"}).status_code) == (403, 403)
    assert unread_count(told) == 2


def test_a_list_is_taken_away_as_it_stands_and_runs_no_formula(told: User, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(name="=HYPERLINK(1)")
    client, url = client_of(told), reverse("admin:seats_signal_changelist")
    chosen = list(account_signals(account))
    response = client.post(url, {"action": "export_csv", "_selected_action": chosen})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0].lower().split(",")[1:3] == ["account", "kind"]
    assert len(lines) == 2
    assert ",'=HYPERLINK(1),80 % of the seats in use," in lines[1]
    entry = AuditEntry.objects.get(action="list.exported")
    assert (entry.account, entry.target, entry.summary) == (None, "seats.signal", "1")


def account_signals(account: Account) -> list[int]:
    from seats.models import Signal

    return list(Signal.objects.filter(account=account).values_list("pk", flat=True))
