"""Import a file of people: kept and shown first, then worked off row by row by whoever hears the bell or by the sweep.

A row's acts, its verdict and the import's progress are one transaction. A worker that is killed has done whole rows or
nothing, and the next one goes on where the import says, so that nobody is lost and nobody is done twice. Each row is
done by the verbs that pages use, so limits, budgets and roles hold for files too. Rows are transactions of their own
because each locks people before the pool: two of them in one would lock the other way round.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import translation

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seatportal.kit.errors import PortalError
from seatportal.kit.queue import ring
from seats.errors import ImportApplied, ImportNotStopped
from seats.models import ImportedPerson, PeopleImport
from seats.people.columns import check_mapping, guess_mapping
from seats.people.import_person import Done, import_person
from seats.people.judge import May
from seats.people.plan import Line, actor_behind, lines_of, may_of
from seats.people.table import Table, check_number, unpack
from seats.people.wanted import Wanted

log = structlog.get_logger(__name__)

State = PeopleImport.State
# Rows that one task works off: below its time limit, and others get their turn.
ROWS = 200
# Failures in a row after which somebody has to look at it.
TRIES = 5
# A file that nobody applied is forgotten after this long: it is full of names.
DRAFTS_LIVE = timedelta(days=7)


def add_people_import(*, account: Account, file_name: str, table: Table, actor: Actor, at: datetime) -> PeopleImport:
    """Keep a file to be looked at; nothing else changes. Raises ImportRefused for too many people."""
    check_number(len(table.rows))
    return PeopleImport.objects.create(
        account=account,
        file_name=file_name[-200:] or "–",
        content=table.pack(),
        head=table.head,
        mapping=guess_mapping(table.head),
        by=actor.user,
        api_key=actor.api_key,
        door=actor.door,
        added_at=at,
        rows=len(table.rows),
    )


@transaction.atomic
def map_columns(*, account: Account, people_import: PeopleImport, mapping: Sequence[str]) -> PeopleImport:
    """Say what each column of a file is. Raises ImportRefused, ImportApplied."""
    row = _lock_draft(account, people_import)
    row.mapping = check_mapping(mapping, columns=len(row.mapping))
    row.save(update_fields=["mapping"])
    return row


@transaction.atomic
def apply_people_import(
    *, account: Account, people_import: PeopleImport, may: May, actor: Actor, at: datetime
) -> PeopleImport:
    """Start the work, in the name of the actor, and ring for a worker. Raises ImportRefused, ImportApplied."""
    row = _lock_draft(account, people_import)
    check_mapping(row.mapping, columns=len(row.mapping))
    row.by, row.api_key, row.door = actor.user, actor.api_key, actor.door
    row.gives_seats, row.adds_places = may.give_seats, may.add_places
    row.state, row.began_at = State.OPEN, at
    row.save(update_fields=["by", "api_key", "door", "gives_seats", "adds_places", "state", "began_at"])
    record_audit(
        account=account,
        actor=actor,
        action="people.imported",
        target=row.public_id,
        summary=row.file_name,
        people=row.rows,
    )
    ring("seats.work_people_import", import_id=row.pk)
    return row


@transaction.atomic
def discard_people_import(*, account: Account, people_import: PeopleImport) -> None:
    """Forget a file that was not applied. Raises ImportApplied."""
    _lock_draft(account, people_import).delete()


@transaction.atomic
def resume_people_import(*, account: Account, people_import: PeopleImport, actor: Actor, at: datetime) -> None:
    """Go on with one that had stopped. Raises ImportNotStopped."""
    stopped = PeopleImport.objects.filter(account=account, pk=people_import.pk, state=State.STOPPED)
    if not stopped.update(state=State.OPEN, tries=0, ended_at=None):
        raise ImportNotStopped
    record_audit(
        account=account,
        actor=actor,
        action="people.import_resumed",
        target=people_import.public_id,
        summary=people_import.file_name,
    )
    ring("seats.work_people_import", import_id=people_import.pk)


def work_people_import(*, import_id: int, at: datetime, most: int = ROWS) -> bool:
    """Work some rows off; returns whether more are left. Safe to run twice at once and after any death."""
    row = PeopleImport.objects.filter(pk=import_id, state=State.OPEN).select_related("account", "by").first()
    if row is None:
        return False
    try:
        with translation.override(row.by.locale if row.by else row.account.locale):
            lines = lines_of(unpack(bytes(row.content or b"")), row.mapping)
            in_file = frozenset(line.wanted.email for line in lines if isinstance(line.wanted, Wanted))
            for _ in range(most):
                if not _work_row(row.account, row.pk, lines, in_file, at):
                    return False
    except Exception as error:
        log.exception("people_import_failed", people_import=row.public_id)
        _note_failure(row.pk, error, at)
        return False
    return True


def ring_open_people_imports(*, at: datetime) -> int:
    """Ring for imports whose worker died or whose bell was lost; returns how many."""
    ids = list(PeopleImport.objects.filter(state=State.OPEN).order_by("pk").values_list("pk", flat=True)[:100])
    for pk in ids:
        ring("seats.work_people_import", import_id=pk)
    return len(ids)


def forget_drafts(*, at: datetime) -> int:
    """Delete files that nobody applied for a week; returns how many."""
    return PeopleImport.objects.filter(state=State.DRAFT, added_at__lte=at - DRAFTS_LIVE).delete()[0]


@transaction.atomic
def _work_row(account: Account, pk: int, lines: Sequence[Line], in_file: frozenset[str], at: datetime) -> bool:
    """The next row; returns whether more are left for this worker. Where another holds the import, it is theirs."""
    mine = PeopleImport.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).defer("content")
    row = mine.select_related("by", "api_key__created_by").filter(pk=pk, state=State.OPEN).first()
    if row is None:
        return False
    line = lines[row.rows_done]
    try:
        with transaction.atomic():
            actor = actor_behind(account, row, at)
            done = import_person(account=account, line=line, in_file=in_file, may=may_of(row), actor=actor, at=at)
    except PortalError as error:
        done = Done(ImportedPerson.Outcome.FAILED, code=error.code, field=error.field or "", text=str(error))
    ImportedPerson.objects.create(
        people_import=row,
        position=row.rows_done,
        line=line.line,
        email=line.email,
        outcome=done.outcome,
        seat=done.seat,
        code=done.code[:40],
        field=done.field[:20],
        text=done.text[:300],
        cells=line.cells if done.outcome == ImportedPerson.Outcome.FAILED else [],
    )
    row.rows_done += 1
    row.tries, row.last_error = 0, ""
    changed = ["rows_done", "tries", "last_error"]
    if row.rows_done == row.rows:
        row.state, row.ended_at, row.content = State.DONE, at, None
        changed += ["state", "ended_at", "content"]
    row.save(update_fields=changed)
    return row.state == State.OPEN


def _lock_draft(account: Account, people_import: PeopleImport) -> PeopleImport:
    row = (
        PeopleImport.objects.select_for_update(no_key=True)
        .filter(account=account, pk=people_import.pk, state=State.DRAFT)
        .first()
    )
    if row is None:
        raise ImportApplied
    return row


def _note_failure(pk: int, error: Exception, at: datetime) -> None:
    """The sweep tries again; after TRIES it waits for a person."""
    row = PeopleImport.objects.filter(pk=pk, state=State.OPEN)
    row.update(tries=F("tries") + 1, last_error=f"{type(error).__name__}: {error}"[:200])
    row.filter(tries__gte=TRIES).update(state=State.STOPPED, ended_at=at)
