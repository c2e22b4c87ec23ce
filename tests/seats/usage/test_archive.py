"""Events whose time is over move to the archive whole: each is in one place, whenever the process dies."""

import signal
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Account, Membership
from seatportal.checks import archive_can_be_written
from seats.models import ArchivedFile, UsageEvent, UsageKey, UsageSettings
from seats.usage.archive import ArchiveUnusable, archived_files, bucket_of
from seats.usage.ingest_events import DUPLICATE, ingest_events
from seats.usage.prune_events import SLACK, prune_events
from seats.usage.rebuild_counts import stored_counts
from tests.dying import run_and_die
from tests.factories.usage import event
from tests.seats.usage.archived import OLD, archived_rows, kept_rows, same_bucket, varied

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ALL = (date.min, date.max)


def test_events_move_whole_and_counts_stay(
    archive: Path, account: Account, owner: Membership, outsider: Membership, now: datetime
) -> None:
    near = same_bucket(account, now)
    members = (owner, near, outsider)
    for seed, one in enumerate(members):
        ingest_events(account=one.account, events=varied(one, now - OLD, seed=seed, events=300, days=4), at=now - OLD)
        ingest_events(account=one.account, events=[event(one.public_id, now, device="young")], at=now)
    counts = [sorted(stored_counts(one.account, *ALL)) for one in members]
    young = [row for row in kept_rows() if row[1] >= now.date() - 3 * DAY]
    old = [row for row in kept_rows() if row not in young]
    assert (len(old), len(young)) == (900, 3)

    assert prune_events(at=now) == 900
    assert archived_rows(archive) == old
    assert kept_rows() == young
    assert UsageKey.objects.count() == 3
    assert [sorted(stored_counts(one.account, *ALL)) for one in members] == counts
    assert prune_events(at=now) == 0
    files = list(ArchivedFile.objects.all())
    assert len(files) == len({(file.bucket, file.day) for file in files})
    assert sorted(str(path.relative_to(archive)) for path in archive.rglob("*.parquet")) == sorted(
        file.path for file in files
    )
    days = {row[1] for row in old if row[0] == account.pk}
    row = UsageSettings.objects.get(account=account)
    assert (row.archived_from, row.forgotten_to) == (min(days), max(days))


def test_what_was_forgotten_before_or_between_is_not_said_to_be_there(
    archive: Path, account: Account, owner: Membership, now: datetime, settings: Settings
) -> None:
    def use_and_prune(back: int, folder: str) -> UsageSettings:
        at = now - OLD + back * DAY
        sent = [event(owner.public_id, at), event(owner.public_id, at + DAY)]
        ingest_events(account=account, events=sent, at=at + DAY)
        settings.USAGE_ARCHIVE = folder
        prune_events(at=at + DAY + timedelta(days=UsageSettings.KEEP_DAYS) + SLACK)
        return UsageSettings.objects.get(account=account)

    start = (now - OLD).date()
    row = use_and_prune(0, "")
    assert (row.archived_from, row.forgotten_to) == (None, start + DAY)
    row = use_and_prune(10, str(archive))
    assert (row.archived_from, row.forgotten_to) == (start + 2 * DAY, start + 11 * DAY)
    row = use_and_prune(20, "")
    assert (row.archived_from, row.forgotten_to) == (None, start + 21 * DAY)
    row = use_and_prune(30, str(archive))
    assert (row.archived_from, row.forgotten_to) == (start + 22 * DAY, start + 31 * DAY)


def test_days_that_are_archived_take_nothing_any_more(
    archive: Path, account: Account, owner: Membership, now: datetime
) -> None:
    sent = [event(owner.public_id, now - back * DAY) for back in (60, 40, 5)]
    ingest_events(account=account, events=sent, at=now)
    UsageSettings.objects.create(account=account, keep_days=30)
    assert prune_events(at=now) == 2
    before = sorted(stored_counts(account, *ALL))
    UsageSettings.objects.update(keep_days=400)

    late = [*sent, event(owner.public_id, now - 41 * DAY), event(owner.public_id, now - 39 * DAY)]
    verdicts = ingest_events(account=account, events=late, at=now)
    assert [getattr(verdict, "code", verdict) for verdict in verdicts] == [
        "too_old", "too_old", DUPLICATE, "too_old", "accepted",
    ]  # fmt: skip
    assert len(list(stored_counts(account, *ALL))) == len(before) + 1


def test_without_its_folder_nothing_is_deleted(
    archive: Path, account: Account, owner: Membership, now: datetime
) -> None:
    ingest_events(account=account, events=[event(owner.public_id, now - OLD)], at=now - OLD)
    before = kept_rows()
    archive.rmdir()
    with pytest.raises(ArchiveUnusable, match="names no folder"):
        prune_events(at=now)
    assert not archive.exists()
    assert (kept_rows(), UsageKey.objects.count(), UsageSettings.objects.count()) == (before, 1, 0)


def test_another_folder_than_before_is_refused(
    archive: Path, account: Account, owner: Membership, now: datetime
) -> None:
    for at in (now - OLD, now - OLD + 5 * DAY):
        ingest_events(account=account, events=[event(owner.public_id, at)], at=at)
    prune_events(at=now - 97 * DAY)
    before = kept_rows()
    assert len(before) == 1
    file = ArchivedFile.objects.get()
    path = archive / file.path
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(ArchiveUnusable, match="not whole"):
        prune_events(at=now)
    with pytest.raises(ArchiveUnusable, match="not whole"):
        archived_files(account=account, first=file.day, last=file.day)
    assert kept_rows() == before
    path.write_bytes(whole)
    assert archived_files(account=account, first=file.day, last=file.day) == [path]
    assert archived_files(account=account, first=file.day + DAY, last=date.max) == []
    assert bucket_of(account) == file.bucket


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ("before", "seats.usage.archive_events:_write"),
        ("after", "seats.usage.archive_events:_write"),
        ("before", "pathlib:Path.rename"),
        ("after", "pathlib:Path.rename"),
        ("before", "seats.models:ArchivedFile.save"),
        ("after", "seats.models:ArchivedFile.save"),
        ("after", "seats.usage.archive_events:_archive_day"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_killed_job_loses_and_doubles_nothing(
    when: str, place: str, archive: Path, owner: Membership, now: datetime, child_environment: dict[str, str]
) -> None:
    near = same_bucket(owner.account, now)
    for seed, one in enumerate((owner, near)):
        ingest_events(account=one.account, events=varied(one, now - OLD, seed=seed, events=100, days=3), at=now - OLD)
    before = kept_rows()
    verb = ["seats.usage.prune_events:prune_events"]

    died = run_and_die(when, place, verb, {**child_environment, "USAGE_ARCHIVE": str(archive)})

    assert died.returncode == -signal.SIGKILL, died.stderr
    moved = archived_rows(archive)
    assert bool(moved) == place.endswith("_archive_day")
    assert sorted([*moved, *kept_rows()]) == sorted(before)
    assert UsageEvent.objects.count() == UsageKey.objects.count() == 200 - len(moved)
    assert prune_events(at=now) == 200 - len(moved)
    assert archived_rows(archive) == before
    assert kept_rows() == []


def test_a_setting_that_cannot_work_is_said_beforehand(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.USAGE_ARCHIVE = ""
    assert archive_can_be_written(None) == []
    settings.USAGE_ARCHIVE = "/srv/usage-archive"
    assert archive_can_be_written(None) == []
    settings.USAGE_ARCHIVE = "usage-archive"
    assert [found.id for found in archive_can_be_written(None)] == ["seatportal.E040"]
    monkeypatch.setattr("seatportal.checks.find_spec", lambda name: None if name == "pyarrow" else name)
    settings.USAGE_ARCHIVE = "/srv/usage-archive"
    assert [found.id for found in archive_can_be_written(None)] == ["seatportal.E041"]
