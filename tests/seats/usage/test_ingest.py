"""Events are kept once and counted exactly, whoever sends them how often."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection

from accounts.members.add_member import add_member
from accounts.members.remove_member import remove_member
from accounts.models import Account, Membership
from seats.models import DailyUsage, UnknownUsage, UsageEvent, UsageKey, UsageSettings
from seats.usage.event import Event, Refusal
from seats.usage.ingest_events import ACCEPTED, DUPLICATE, ingest_events
from seats.usage.months import months
from tests.factories.usage import event

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def counts(account: Account) -> list[tuple[int, str, str, date, int, int]]:
    return list(
        DailyUsage.objects.filter(account=account)
        .order_by("membership", "day", "feature", "outcome")
        .values_list("membership", "feature", "outcome", "day", "count", "quantity")
    )


def stored(account: Account) -> int:
    return UsageEvent.objects.filter(account=account).count()


def test_counted_by_person_feature_outcome_and_day(account: Account, owner: Membership, member: Membership) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    events = [
        event(owner.public_id, at),
        event(owner.public_id, at, quantity=3),
        event(owner.public_id, at, outcome="sent"),
        event(owner.public_id, at - DAY),
        event(member.user.email.upper(), at, feature="Exports"),
    ]
    assert ingest_events(account=account, events=events, at=at) == [ACCEPTED] * 5
    today, yesterday = date(2026, 5, 4), date(2026, 5, 3)
    assert counts(account) == [
        (owner.pk, "Reports", "", yesterday, 1, 1),
        (owner.pk, "Reports", "", today, 2, 4),
        (owner.pk, "Reports", "sent", today, 1, 1),
        (member.pk, "Exports", "", today, 1, 1),
    ]
    owner.refresh_from_db()
    assert owner.last_active_at == at


def test_the_same_id_counts_once_in_a_batch_and_later(account: Account, owner: Membership) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    one = event(owner.public_id, at, id="a")
    again = event(owner.public_id, at, id="a", feature="Exports")
    assert ingest_events(account=account, events=[one, again], at=at) == [ACCEPTED, DUPLICATE]
    other_month = event(owner.public_id, at - 40 * DAY, id="a")
    assert ingest_events(account=account, events=[one, other_month], at=at + HOUR) == [DUPLICATE, DUPLICATE]
    assert counts(account) == [(owner.pk, "Reports", "", date(2026, 5, 4), 1, 1)]
    assert stored(account) == 1


def test_ids_are_apart_between_accounts(account: Account, owner: Membership, outsider: Membership) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    first = ingest_events(account=account, events=[event(owner.public_id, at, id="a")], at=at)
    second = ingest_events(account=outsider.account, events=[event(outsider.public_id, at, id="a")], at=at)
    assert (first, second) == ([ACCEPTED], [ACCEPTED])


def test_a_member_of_another_account_is_unknown_here(account: Account, outsider: Membership) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    ingest_events(account=account, events=[event(outsider.public_id, at), event("ghost@acme.example", at)], at=at)
    assert counts(account) == []
    unknown = UnknownUsage.objects.filter(account=account).order_by("person")
    assert [(row.person, row.count) for row in unknown] == [("ghost@acme.example", 1), (outsider.public_id, 1)]
    outsider.refresh_from_db()
    assert outsider.last_active_at is None


def test_named_by_the_id_elsewhere(account: Account, owner: Membership) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    Membership.objects.filter(pk=owner.pk).update(external_id="HR-7")
    ingest_events(account=account, events=[event("HR-7", at), event("hr-7", at)], at=at)
    assert counts(account) == [(owner.pk, "Reports", "", date(2026, 5, 4), 1, 1)]
    assert [row.person for row in UnknownUsage.objects.all()] == ["hr-7"]


def test_who_is_there_comes_before_who_left(
    account: Account, owner: Membership, member: Membership, now: datetime
) -> None:
    from accounts.access.actor import Actor

    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    Membership.objects.filter(pk=member.pk).update(external_id=owner.user.email)
    again = add_member(account=account, user=member.user, role="member", at=now, actor=Actor(user=owner.user))
    events = [event(owner.user.email.upper(), now), event(owner.user.email, now), event(member.user.email, now)]
    ingest_events(account=account, events=events, at=now)
    assert {row[0]: row[4] for row in counts(account)} == {owner.pk: 2, again.pk: 1}


def test_who_left_counts_up_to_then(account: Account, owner: Membership, member: Membership, now: datetime) -> None:
    from accounts.access.actor import Actor

    remove_member(account=account, membership=member, actor=Actor(user=owner.user), at=now)
    ingest_events(
        account=account,
        events=[event(member.public_id, now - HOUR), event(member.public_id, now + timedelta(seconds=1))],
        at=now + HOUR,
    )
    assert [row[0] for row in counts(account)] == [member.pk]
    assert [row.person for row in UnknownUsage.objects.all()] == [member.public_id]


def test_the_day_is_the_accounts_and_stays_when_its_zone_changes(account: Account, owner: Membership) -> None:
    at = datetime(2026, 5, 4, 23, 30, tzinfo=timezone(-HOUR))
    Account.objects.filter(pk=account.pk).update(time_zone="Asia/Tokyo")
    account.refresh_from_db()
    ingest_events(account=account, events=[event(owner.public_id, at)], at=at)
    assert [row[3] for row in counts(account)] == [date(2026, 5, 5)]
    assert UsageEvent.objects.get(account=account).day == date(2026, 5, 5)


def test_late_and_early(account: Account, owner: Membership, now: datetime) -> None:
    late = event(owner.public_id, now - 400 * DAY)
    too_late = event(owner.public_id, now - 400 * DAY - timedelta(seconds=1))
    early = event(owner.public_id, now + timedelta(minutes=10))
    too_early = event(owner.public_id, now + timedelta(minutes=10, seconds=1))
    verdicts = ingest_events(account=account, events=[late, too_late, early, too_early], at=now)
    assert [v if isinstance(v, str) else v.code for v in verdicts] == [ACCEPTED, "too_old", ACCEPTED, "in_the_future"]
    assert stored(account) == 2
    UsageSettings.objects.create(account=account, keep_days=30)
    (verdict,) = ingest_events(account=account, events=[event(owner.public_id, now - 31 * DAY)], at=now)
    assert isinstance(verdict, Refusal)
    assert verdict.field == "occurred_at"


def test_an_older_event_does_not_move_the_last_activity_back(
    account: Account, owner: Membership, now: datetime
) -> None:
    ingest_events(account=account, events=[event(owner.public_id, now)], at=now)
    ingest_events(account=account, events=[event(owner.public_id, now - DAY)], at=now)
    owner.refresh_from_db()
    assert owner.last_active_at == now


def test_device_and_network_are_never_stored_raw(account: Account, owner: Membership, outsider: Membership) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def kept(membership: Membership, device: str, network: str) -> tuple[int | None, int | None]:
        sent = event(membership.public_id, at, device=device, network=network)
        ingest_events(account=membership.account, events=[sent], at=at)
        row = UsageEvent.objects.get(account=membership.account, event_id=sent.id)
        return row.device, row.network

    laptop = kept(owner, "serial-1", "203.0.113.7")
    assert kept(owner, "serial-1", "203.0.113.200") == laptop, "the same /24 is one network"
    assert kept(owner, "serial-1", "203.0.114.7")[1] != laptop[1]
    assert kept(owner, "serial-2", "203.0.113.7")[0] != laptop[0]
    elsewhere = kept(outsider, "serial-1", "203.0.113.7")
    assert elsewhere[0] != laptop[0]
    assert elsewhere[1] != laptop[1], "the same value means another number in another account"
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM seats_usageevent e")
        assert "serial" not in cursor.fetchone()[0]


def test_refusals_pass_through_and_the_good_are_kept(account: Account, owner: Membership, now: datetime) -> None:
    bad = Refusal("malformed", "x")
    events: list[Event | Refusal] = [bad, event(owner.public_id, now), bad]
    assert ingest_events(account=account, events=events, at=now) == [bad, ACCEPTED, bad]
    assert ingest_events(account=account, events=[bad], at=now) == [bad]
    assert (stored(account), UsageKey.objects.count()) == (1, 1)


def test_a_month_is_made_when_its_first_event_comes(account: Account, owner: Membership) -> None:
    before = set(months())
    at = datetime(2031, 12, 31, 23, tzinfo=UTC)
    ingest_events(account=account, events=[event(owner.public_id, at), event(owner.public_id, at - 60 * DAY)], at=at)
    assert set(months()) - before == {date(2031, 12, 1), date(2031, 11, 1)}
