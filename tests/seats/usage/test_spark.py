"""Both engines count the same events the same, and what is damaged is made again from the archive."""

from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from accounts.models import Account, Membership
from seats.errors import DaysNotArchived, EventsForgotten
from seats.models import DailyUsage, UnknownUsage, UsageEvent
from seats.usage.archive import ArchiveUnusable
from seats.usage.engines.postgres import PostgresEngine
from seats.usage.ingest_events import ingest_events
from seats.usage.months import make_months
from seats.usage.prune_events import prune_events
from seats.usage.rebuild_counts import differing_counts, rebuild_counts, stored_counts
from tests.factories.usage import event
from tests.seats.usage.archived import OLD, archived_rows, same_bucket, varied

pytest.importorskip("pyspark", reason="the group `spark` is not installed")
from seats.usage.engines.spark import SparkEngine

pytestmark = [pytest.mark.django_db, pytest.mark.spark, pytest.mark.usefixtures("java")]
DAY = timedelta(days=1)
ALL = (date.min, date.max)


def test_both_engines_count_the_same(
    archive: Path, account: Account, owner: Membership, outsider: Membership, now: datetime
) -> None:
    accounts = {one.account: one for one in (owner, same_bucket(account, now), outsider)}
    for seed, (one, member) in enumerate(accounts.items()):
        sent = varied(member, now - OLD, seed=seed, events=1000, days=6)
        ingest_events(account=one, events=sent, at=now - OLD)
        ingest_events(account=one, events=[event(member.public_id, now)], at=now)
    until = now.date() - OLD / 2
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sent AS SELECT * FROM seats_usageevent WHERE day < %s", [until])
    postgres, spark = PostgresEngine(), SparkEngine()
    expected = {one: sorted(postgres.counts(one, date.min, until)) for one in accounts}
    assert min(len(counts) for counts in expected.values()) > 400

    def check() -> None:
        for one, counts in expected.items():
            first, last = spark.complete_days(one)
            assert sorted(spark.counts(one, first, last)) == counts
        first, last = spark.complete_days(account)
        some = [row for row in expected[account] if first < row.day < last]
        assert sorted(spark.counts(account, first + DAY, last - DAY)) == some != expected[account]

    assert prune_events(at=now) == 3000
    check()
    # The half of them twice, in the database and in files; the other half of the days with nothing in the database.
    make_months({row[1] for row in archived_rows(archive)})
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO seats_usageevent SELECT * FROM sent WHERE hashtext(event_id) %% 2 = 0", [])
    check()
    again = UsageEvent.objects.filter(day__lte=until).count()
    assert prune_events(at=now) == again > 1000
    assert len(archived_rows(archive)) == 3000 + again
    check()


def test_damaged_counts_are_made_again(
    archive: Path, account: Account, owner: Membership, outsider: Membership, now: datetime
) -> None:
    near = same_bucket(account, now)
    for seed, one in enumerate((owner, near)):
        ingest_events(account=one.account, events=varied(one, now - OLD, seed=seed, events=300, days=4), at=now - OLD)
    ingest_events(account=account, events=[event(owner.public_id, now)], at=now)
    prune_events(at=now)
    before = [sorted(stored_counts(one.account, *ALL)) for one in (owner, near)]
    engine = SparkEngine()
    first, last = engine.complete_days(account)

    def run(*words: str) -> str:
        output = StringIO()
        call_command("rebuild_rollups", "--engine", "spark", *words, stdout=output, stderr=output)
        return output.getvalue()

    lines = [
        "acme: 0 counts differed",
        "elsewhere: nothing is archived",
        "near: 0 counts differed",
        "0 counts differed.",
    ]
    assert run("--check").splitlines() == lines
    DailyUsage.objects.filter(account=account, outcome="sent").update(count=F("count") + 1)
    UnknownUsage.objects.filter(account=account, person="Ghost").delete()
    DailyUsage.objects.filter(account=near.account).update(quantity=0)
    damaged = [sorted(stored_counts(one.account, *ALL)) for one in (owner, near)]
    wrong = differing_counts(account=account, first=first, last=last, engine=engine)
    assert wrong == sorted(set(before[0]) ^ set(damaged[0]))
    with pytest.raises(CommandError, match="without --check"):
        run("--check", "--account", account.slug)
    assert [sorted(stored_counts(one.account, *ALL)) for one in (owner, near)] == damaged

    assert rebuild_counts(account=account, first=first, last=last, engine=engine) == wrong
    assert [sorted(stored_counts(one.account, *ALL)) for one in (owner, near)] == [before[0], damaged[1]]
    run()
    assert [sorted(stored_counts(one.account, *ALL)) for one in (owner, near)] == before


def test_days_that_the_archive_lacks_are_not_made_again(
    archive: Path, account: Account, owner: Membership, now: datetime
) -> None:
    for at in (now - OLD, now):
        ingest_events(account=account, events=[event(owner.public_id, at)], at=at)
    prune_events(at=now)
    before = sorted(stored_counts(account, *ALL))
    engine = SparkEngine()
    day = (now - OLD).date()
    assert engine.complete_days(account) == (day, day)
    with pytest.raises(EventsForgotten):
        rebuild_counts(account=account, first=day - DAY, last=day, engine=engine)
    with pytest.raises(DaysNotArchived):
        rebuild_counts(account=account, first=day, last=day + DAY, engine=engine)
    next(archive.rglob("*.parquet")).unlink()
    with pytest.raises(ArchiveUnusable):
        rebuild_counts(account=account, first=day, last=day, engine=engine)
    with pytest.raises(CommandError, match="restore that file"):
        call_command("rebuild_rollups", "--engine", "spark", stdout=StringIO(), stderr=StringIO())
    assert sorted(stored_counts(account, *ALL)) == before
