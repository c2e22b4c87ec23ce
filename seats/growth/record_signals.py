"""Open and end signals, in the caller's transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime

from seats.growth.found import Found
from seats.growth.playbooks import SCORES, cool_down
from seats.models import Signal


def open_signals(*, found: Sequence[Found], at: datetime) -> int:
    """Write what is not open yet; returns how many this call wrote.

    Another sweep that inserts the same one first wins: the constraint makes this one wait for its commit and then
    write nothing. Sorted, so that two of them never wait in a circle.
    """
    if not found:
        return 0
    quiet = _cooling({one.key for one in found}, at)
    rows = [
        Signal(
            account_id=one.account_id,
            kind=one.kind,
            subject=one.subject,
            day=at.astimezone(UTC).date(),
            seen_at=at,
            evidence=one.evidence,
            seats=one.seats,
            score=SCORES[one.kind],
            told_at=at if one.key in quiet else None,
        )
        for one in sorted(found, key=lambda one: one.key)
    ]
    Signal.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)
    return Signal.objects.filter(public_id__in=[row.public_id for row in rows]).count()


def end_signals(*, keys: Sequence[tuple[int, str, str]], at: datetime) -> int:
    """End the open ones of these (account, kind, subject); returns how many."""
    if not keys:
        return 0
    accounts, wanted = {key[0] for key in keys}, set(keys)
    # Locked in pk order, as every sweep does.
    open_rows = Signal.objects.filter(account_id__in=accounts, ended_at__isnull=True).order_by("pk")
    ids = [row.pk for row in open_rows.select_for_update() if (row.account_id, row.kind, row.subject) in wanted]
    return Signal.objects.filter(pk__in=ids).update(ended_at=at)


def _cooling(keys: set[tuple[int, str, str]], at: datetime) -> set[tuple[int, str, str]]:
    """Those of which an episode ended so recently that a new one is kept but not told."""
    longest = max(cool_down(kind) for _account, kind, _subject in keys)
    if not longest:
        return set()
    ended = Signal.objects.filter(account_id__in={key[0] for key in keys}, ended_at__gt=at - longest)
    return {
        (row.account_id, row.kind, row.subject)
        for row in ended.only("account_id", "kind", "subject", "ended_at")
        if row.ended_at is not None and row.ended_at > at - cool_down(row.kind)
    } & keys
