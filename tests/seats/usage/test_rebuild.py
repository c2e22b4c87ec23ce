"""Daily counts can be made again from events, equal to the last one; forgotten events are never counted as none."""

from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from accounts.models import Account, Membership
from seats.errors import EventsForgotten
from seats.models import DailyUsage, UnknownUsage, UsageEvent, UsageKey, UsageSettings
from seats.usage.engines.postgres import PostgresEngine
from seats.usage.ingest_events import DUPLICATE, ingest_events
from seats.usage.months import months
from seats.usage.prune_events import prune_events
from seats.usage.rebuild_counts import differing_counts, rebuild_counts, stored_counts
from tests.factories.usage import event

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ENGINE = PostgresEngine()


@pytest.fixture
def used(account: Account, owner: Membership, now: datetime) -> list[date]:
    """Fifty days of use by a member and a stranger; the first and last day."""
    events = [
        event(user, now - back * DAY, feature=feature, outcome=outcome, quantity=back + 1)
        for user in (owner.public_id, "ghost")
        for back in range(50)
        for feature, outcome in (("Reports", ""), ("Reports", "sent"), ("Exports", ""))
    ]
    ingest_events(account=account, events=events, at=now)
    return [(now - 50 * DAY).date(), now.date()]


def test_what_was_counted_is_what_events_say(account: Account, used: list[date]) -> None:
    assert differing_counts(account=account, first=used[0], last=used[1], engine=ENGINE) == []
    assert len(list(stored_counts(account, *used))) == 300


def test_broken_counts_are_found_and_made_again(account: Account, outsider: Membership, used: list[date]) -> None:
    ingest_events(
        account=outsider.account, events=[event(outsider.public_id, outsider.joined_at)], at=outsider.joined_at
    )
    before = sorted(stored_counts(account, *used))
    elsewhere = sorted(stored_counts(outsider.account, *used))
    DailyUsage.objects.filter(account=account, day=used[1], outcome="sent").update(count=F("count") + 1)
    UnknownUsage.objects.filter(account=account, day=used[1], feature="Exports").delete()
    assert len(differing_counts(account=account, first=used[0], last=used[1], engine=ENGINE)) == 3
    with pytest.raises(CommandError):
        call_command("rebuild_rollups", account=account.slug, check=True, stdout=StringIO(), stderr=StringIO())
    assert sorted(stored_counts(account, *used)) != before

    assert len(rebuild_counts(account=account, first=used[0], last=used[1], engine=ENGINE)) == 3
    assert sorted(stored_counts(account, *used)) == before
    assert sorted(stored_counts(outsider.account, *used)) == elsewhere
    call_command("rebuild_rollups", check=True, stdout=StringIO(), stderr=StringIO())


def test_events_are_forgotten_by_the_accounts_time_and_counts_stay(
    account: Account, outsider: Membership, used: list[date], now: datetime
) -> None:
    UsageSettings.objects.create(account=account, keep_days=30)
    ingest_events(account=outsider.account, events=[event(outsider.public_id, now - 40 * DAY)], at=now)
    before = sorted(stored_counts(account, *used))
    over = UsageEvent.objects.filter(account=account, day__lte=(now - 32 * DAY).date()).count()

    assert prune_events(at=now) == over
    assert UsageEvent.objects.filter(account=account).count() == 300 - over
    assert UsageKey.objects.filter(account=account).count() == 300 - over
    assert UsageEvent.objects.filter(account=outsider.account).count() == 1
    assert sorted(stored_counts(account, *used)) == before
    assert prune_events(at=now) == 0


def test_days_that_are_not_complete_are_not_made_again(account: Account, used: list[date], now: datetime) -> None:
    UsageSettings.objects.create(account=account, keep_days=30)
    prune_events(at=now)
    before = sorted(stored_counts(account, *used))
    with pytest.raises(EventsForgotten):
        rebuild_counts(account=account, first=used[0], last=used[1], engine=ENGINE)
    assert sorted(stored_counts(account, *used)) == before
    first = ENGINE.complete_days(account)[0]
    assert first == (now - 31 * DAY).date()
    assert rebuild_counts(account=account, first=first, last=used[1], engine=ENGINE) == []
    UsageSettings.objects.filter(account=account).update(keep_days=400)
    with pytest.raises(EventsForgotten):
        rebuild_counts(account=account, first=used[0], last=used[1], engine=ENGINE)


def test_a_forgotten_event_does_not_count_again(account: Account, owner: Membership, now: datetime) -> None:
    old = event(owner.public_id, now - 35 * DAY)
    recent = event(owner.public_id, now - 5 * DAY)
    ingest_events(account=account, events=[old, recent], at=now)
    UsageSettings.objects.create(account=account, keep_days=30)
    prune_events(at=now)
    again = ingest_events(account=account, events=[old, recent], at=now)
    assert getattr(again[0], "code", "") == "too_old"
    assert again[1] == DUPLICATE
    assert sum(DailyUsage.objects.values_list("count", flat=True)) == 2


def test_empty_past_months_are_dropped(account: Account, owner: Membership, now: datetime) -> None:
    ingest_events(
        account=account, events=[event(owner.public_id, now - 399 * DAY), event(owner.public_id, now)], at=now
    )
    oldest = (now - 399 * DAY).date().replace(day=1)
    assert oldest in months()
    prune_events(at=now)
    assert oldest in months()
    prune_events(at=now + 90 * DAY)
    assert oldest not in months()
    assert now.date().replace(day=1) in months()
