"""Import a file of usage events: kept first, then worked off in chunks by whoever hears the bell or by the sweep.

A chunk's events and the row's progress are one transaction. A worker that is killed has done whole chunks or nothing,
and the next one goes on where the row says, so that no line is lost, and none is counted twice in its numbers.
"""

from collections.abc import Sequence
from datetime import datetime
from zlib import compress, decompress

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import translation

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seatportal.kit.queue import ring
from seats.errors import ImportNotStopped
from seats.models import UsageImport
from seats.usage.event import Event, Refusal
from seats.usage.event_file import EventFile, open_event_file
from seats.usage.ingest_events import ACCEPTED, DUPLICATE, MOST_EVENTS, Verdict, ingest_events

log = structlog.get_logger(__name__)

State = UsageImport.State
# Chunks that one task works: far below its time limit, and others get their turn.
CHUNKS = 20
# Failures in a row after which somebody has to look at it.
TRIES = 5
KEPT_REJECTIONS = 100


@transaction.atomic
def add_import(*, account: Account, file_name: str, data: bytes, actor: Actor, at: datetime) -> UsageImport:
    """Keep a file and ring for a worker. Raises ImportRefused when it is no file of events; then nothing is kept."""
    found = open_event_file(data)
    row = UsageImport.objects.create(
        account=account,
        file_name=file_name[-200:] or "–",
        format=found.format,
        size=len(data),
        content=compress(data),
        by=actor.user,
        began_at=at,
        lines=len(found.lines),
        lines_done=found.first,
    )
    record_audit(
        account=account,
        actor=actor,
        action="usage.imported",
        target=row.public_id,
        summary=row.file_name,
        size=row.size,
        lines=row.lines,
    )
    ring("seats.work_import", import_id=row.pk)
    return row


def work_import(*, import_id: int, at: datetime, chunks: int = CHUNKS) -> bool:
    """Work some chunks off; returns whether more is left. Safe to run twice at once and after any death."""
    row = UsageImport.objects.filter(pk=import_id, state=State.OPEN).select_related("account", "by").first()
    if row is None:
        return False
    try:
        file = open_event_file(decompress(row.content or b""))
        with translation.override(row.by.locale if row.by else row.account.locale):
            for _ in range(chunks):
                if not _work_chunk(row.account, row.pk, file, at):
                    return False
    except Exception as error:
        log.exception("import_failed", usage_import=row.public_id)
        _note_failure(row.pk, error, at)
        return False
    return True


def resume_import(*, account: Account, usage_import: UsageImport, actor: Actor, at: datetime) -> None:
    """Go on with one that had stopped. Raises ImportNotStopped."""
    with transaction.atomic():
        stopped = UsageImport.objects.filter(account=account, pk=usage_import.pk, state=State.STOPPED)
        if not stopped.update(state=State.OPEN, tries=0, ended_at=None):
            raise ImportNotStopped
        record_audit(
            account=account,
            actor=actor,
            action="usage.import_resumed",
            target=usage_import.public_id,
            summary=usage_import.file_name,
        )
        ring("seats.work_import", import_id=usage_import.pk)


def ring_open_imports(*, at: datetime) -> int:
    """Ring for imports whose worker died or whose bell was lost; returns how many."""
    ids = list(UsageImport.objects.filter(state=State.OPEN).order_by("pk").values_list("pk", flat=True)[:100])
    for pk in ids:
        ring("seats.work_import", import_id=pk)
    return len(ids)


@transaction.atomic
def _work_chunk(account: Account, pk: int, file: EventFile, at: datetime) -> bool:
    """The next lines; returns whether more are left for this worker. Where another holds the row, it is theirs."""
    mine = UsageImport.objects.select_for_update(skip_locked=True, no_key=True).defer("content")
    row = mine.filter(pk=pk, state=State.OPEN).first()
    if row is None:
        return False
    lines = file.lines[row.lines_done : row.lines_done + MOST_EVENTS]
    read = [(number, file.read(line)) for number, line in enumerate(lines, start=row.lines_done + 1)]
    events = [(number, event) for number, event in read if event is not None]
    verdicts = ingest_events(account=account, events=[event for _number, event in events], at=at)
    _count(row, events, verdicts)
    row.lines_done += len(lines)
    row.tries, row.last_error = 0, ""
    changed = ["lines_done", "accepted", "duplicate", "rejected", "rejections", "tries", "last_error"]
    if row.lines_done == row.lines:
        row.state, row.ended_at, row.content = State.DONE, at, None
        changed += ["state", "ended_at", "content"]
    row.save(update_fields=changed)
    return row.state == State.OPEN


def _count(row: UsageImport, events: Sequence[tuple[int, Event | Refusal]], verdicts: Sequence[Verdict]) -> None:
    for (number, _event), verdict in zip(events, verdicts, strict=True):
        if verdict == ACCEPTED:
            row.accepted += 1
        elif verdict == DUPLICATE:
            row.duplicate += 1
        elif isinstance(verdict, Refusal):
            row.rejected += 1
            if len(row.rejections) < KEPT_REJECTIONS:
                why = {"code": verdict.code, "field": verdict.field, "text": verdict.text}
                row.rejections.append({"line": number, **why})


def _note_failure(pk: int, error: Exception, at: datetime) -> None:
    """The sweep tries again; after TRIES it waits for a person."""
    row = UsageImport.objects.filter(pk=pk, state=State.OPEN)
    row.update(tries=F("tries") + 1, last_error=f"{type(error).__name__}: {error}"[:200])
    row.filter(tries__gte=TRIES).update(state=State.STOPPED, ended_at=at)
