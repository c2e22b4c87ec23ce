"""Where events go whose time is over: a folder of Parquet files, one or more per bucket of accounts and day.

A file counts once its ArchivedFile is committed, in the transaction that deletes its events. So a process may die at
any point: either the row and the file are there, or the events are.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.conf import settings

from accounts.models import Account
from seats.models import ArchivedFile

# One file for each account and day would be mostly overhead; one for all accounts would be read whole for each.
BUCKETS = 16


class ArchiveUnusable(Exception):
    """The archive cannot be written or trusted; the text says what to do. No event was deleted, no count changed."""


def bucket_of(account: Account) -> int:
    """Ids are handed out one after another, so their remainder spreads accounts evenly."""
    return int(account.pk) % BUCKETS


def archive_root() -> Path:
    """The archive's folder. Raises ArchiveUnusable where there is none, or another than events were moved to.

    It is never made here: what is missing is likely not mounted, and its place on the local disk must not be filled.
    """
    root = Path(settings.USAGE_ARCHIVE)
    if not settings.USAGE_ARCHIVE or not root.is_dir():
        raise ArchiveUnusable(
            f"USAGE_ARCHIVE names no folder: {settings.USAGE_ARCHIVE!r}. Set it, or mount the folder."
        )
    if newest := ArchivedFile.objects.order_by("pk").last():
        _check(root, newest)
    return root


def archived_files(*, account: Account, first: date, last: date) -> list[Path]:
    """The files with the events of an account's days, both included, and of others in its bucket.

    Raises ArchiveUnusable when one is missing or not whole: counting without it would take counts away.
    """
    root = archive_root()
    files = ArchivedFile.objects.filter(bucket=bucket_of(account), day__gte=first, day__lte=last)
    return [_check(root, file) for file in files.order_by("day", "pk")]


@contextmanager
def new_file(root: Path, file: ArchivedFile) -> Iterator[Path]:
    """Where to write a file, which is durable under its name when the block ends, and gone when that fails.

    Its name is new for each attempt: a process that lost its connection cannot write over what another has committed.
    """
    path = root / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Readers of the whole folder pass over names that begin with a dot.
    draft = path.with_name(f".{path.name}")
    try:
        yield draft
        _sync(draft)
        draft.rename(path)
        for folder in (path.parent, path.parent.parent, root):
            _sync(folder)
    except BaseException:
        draft.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise


def _check(root: Path, file: ArchivedFile) -> Path:
    path = root / file.path
    if not path.is_file() or path.stat().st_size != file.size:
        raise ArchiveUnusable(f"The archive lacks {path}, or it is not whole. Mount the folder, or restore that file.")
    return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
