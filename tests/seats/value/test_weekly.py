"""The weekly digest: once per account and week, on Monday morning there, in each reader's language."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from accounts.models import Account, Membership, Notice, Role, User
from accounts.notices.deliver_notice import deliver_notice
from accounts.notices.note_opening import note_opening
from seats.models import WeeklyDigest
from seats.tasks import send_weekly_digests as by_task
from seats.value import weekly
from seats.value.mails import choose_mails
from seats.value.weekly import monday_for, send_weekly_digests, write_digest
from tests.conftest import join
from tests.factories.seats import crowd, give_pool, seat, use

MONDAY = date(2026, 6, 1)
NINE = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "due"),
    [
        (datetime(2026, 6, 1, 7, 59, 59, tzinfo=UTC), "UTC", None),
        (datetime(2026, 6, 1, 8, 0, tzinfo=UTC), "UTC", MONDAY),
        (datetime(2026, 6, 1, 6, 0, tzinfo=UTC), "Europe/Berlin", MONDAY),
        (datetime(2026, 5, 31, 23, 0, tzinfo=UTC), "Asia/Tokyo", MONDAY),
        (datetime(2026, 6, 1, 11, 59, tzinfo=UTC), "America/New_York", None),
        (datetime(2026, 6, 2, 23, 59, tzinfo=UTC), "UTC", MONDAY),
        (datetime(2026, 6, 3, 0, 0, tzinfo=UTC), "UTC", None),
        (datetime(2026, 6, 7, 12, 0, tzinfo=UTC), "UTC", None),
    ],
)
def test_when_it_is_due(at: datetime, zone: str, due: date | None) -> None:
    assert monday_for(at, zone) == due


@pytest.fixture
def seats(account: Account, owner: Membership) -> None:
    """Eight seats and five people; in the last week two seats more, one person more, and one who is idle."""
    people = crowd(account, 4, NINE - timedelta(days=90))
    with transaction.atomic():
        give_pool(account, 8, NINE - timedelta(days=60))
        seat(owner, NINE - timedelta(days=60))
        for person in people:
            seat(person, NINE - timedelta(days=60))
    for person in people:
        use(person, NINE - timedelta(days=8), days=1)
    [late] = crowd(account, 1, NINE - timedelta(days=5), name="Late")
    with transaction.atomic():
        give_pool(account, 10, NINE - timedelta(days=4))
        seat(late, NINE - timedelta(days=4))
    use(late, NINE, days=1)


@pytest.mark.django_db
@pytest.mark.usefixtures("seats")
def test_it_says_the_seats_the_change_and_what_to_do_without_a_name(account: Account, owner: Membership) -> None:
    assert not send_weekly_digests(at=NINE)

    row = WeeklyDigest.objects.get()
    assert row.monday == MONDAY
    figures = ("purchased", "assigned", "active", "free", "idle", "more_purchased", "more_assigned", "more_active")
    assert [row.data[name] for name in figures] == [10, 6, 5, 4, 1, 2, 1, 1]
    notice = Notice.objects.get(kind="weekly_digest")
    assert notice.user == owner.user
    assert deliver_notice(notice_id=notice.pk, at=NINE)
    [sent] = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.subject == "Acme: 5 of 10 seats active"
    for line in ("Purchased: 10 (+2)", "Assigned: 6 (+1)", "Active in the last 30 days: 5 (+1)"):
        assert line in sent.body
    assert "Idle for 30 days or more: 1" in sent.body
    assert "run out" in sent.body
    link = re.search(r"https?://\S+(/mails/\S+/)", str(sent.body))
    assert link is not None
    assert note_opening(token=link[1].split("/")[2], reader=owner.user, at=NINE) == "/a/acme/usage/"
    assert "/stop/" in sent.extra_headers["List-Unsubscribe"]
    words = sent.body.replace("Hello Olivia,", "") + str(sent.alternatives[0][0]).replace("Hello Olivia,", "")
    for name in User.objects.values_list("name", flat=True):
        assert name not in words, name


@pytest.mark.django_db
@pytest.mark.usefixtures("seats")
def test_once_a_week_for_each_admin_who_wants_it(account: Account, owner: Membership, now: datetime) -> None:
    admin, other = join(account, "Adam", Role.ADMIN, now), join(account, "Ada", Role.ADMIN, now)
    viewer = join(account, "Vera", Role.VIEWER, now)
    choose_mails(membership=other, at=now, weekly_digest=False)
    choose_mails(membership=viewer, at=now, weekly_digest=True)

    for hour in range(30):
        send_weekly_digests(at=NINE + timedelta(hours=hour))

    readers = Notice.objects.filter(kind="weekly_digest").order_by("user_id").values_list("user_id", flat=True)
    assert list(readers) == [owner.user_id, admin.user_id, viewer.user_id]
    send_weekly_digests(at=NINE + timedelta(days=7))
    assert Notice.objects.filter(kind="weekly_digest").count() == 6
    assert [row.monday for row in WeeklyDigest.objects.order_by("pk")] == [MONDAY, MONDAY + timedelta(days=7)]


@pytest.mark.django_db
def test_accounts_without_seats_or_closed_get_none(account: Account, now: datetime) -> None:
    send_weekly_digests(at=NINE)
    assert not WeeklyDigest.objects.exists()
    with transaction.atomic():
        give_pool(account, 3, NINE)
    Account.objects.filter(pk=account.pk).update(closed_at=NINE)
    send_weekly_digests(at=NINE)
    assert not WeeklyDigest.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("seats")
def test_who_dies_in_the_middle_leaves_nothing_and_the_next_one_does_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(weekly, "tell_members", _dies)
        with pytest.raises(SystemExit), transaction.atomic():
            write_digest(account=account, monday=MONDAY, at=NINE)
    assert not WeeklyDigest.objects.exists()

    assert write_digest(account=account, monday=MONDAY, at=NINE)
    assert not write_digest(account=account, monday=MONDAY, at=NINE)
    assert Notice.objects.filter(kind="weekly_digest").count() == 1


def _dies(**_: object) -> None:
    raise SystemExit(137)


@pytest.mark.django_db
@pytest.mark.usefixtures("seats")
def test_one_account_that_fails_stops_no_other(
    account: Account, outsider: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        give_pool(outsider.account, 3, NINE)
    real = weekly.figures_of

    def broken(of: Account, monday: date, at: datetime) -> dict[str, object]:
        if of == account:
            raise ValueError("figures")
        return real(of, monday, at)

    monkeypatch.setattr(weekly, "figures_of", broken)
    send_weekly_digests(at=NINE)

    assert [row.account for row in WeeklyDigest.objects.all()] == [outsider.account]


@pytest.mark.django_db
@pytest.mark.usefixtures("seats")
def test_the_task_goes_on_while_more_are_due(
    account: Account, outsider: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        give_pool(outsider.account, 3, NINE)
    monkeypatch.setattr(weekly, "AT_ONCE", 1)
    assert send_weekly_digests(at=NINE)
    assert WeeklyDigest.objects.count() == 1
    assert send_weekly_digests(at=NINE)
    assert not send_weekly_digests(at=NINE)
    assert WeeklyDigest.objects.count() == 2
    by_task()
