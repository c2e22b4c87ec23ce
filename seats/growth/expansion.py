"""Tasks of the account team: taken, put off, closed with an outcome. What is said of them stays with the staff."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import User
from seats.errors import NothingWon, OutcomeRefused, TaskClosed
from seats.models import ExpansionTask, LedgerEntry

State = ExpansionTask.State
SNOOZE = timedelta(days=7)


def take_task(*, task: ExpansionTask, owner: User, actor: Actor, reason: str) -> ExpansionTask:
    """Make somebody its owner. Raises TaskClosed."""
    with transaction.atomic():
        row = _lock(task)
        row.owner = owner
        row.save(update_fields=["owner"])
        _record(row, actor, "taken", reason, owner=owner.email)
    return row


def snooze_task(*, task: ExpansionTask, actor: Actor, at: datetime, reason: str) -> ExpansionTask:
    """Put it off for a week; signals still join it. Raises TaskClosed."""
    with transaction.atomic():
        row = _lock(task)
        row.state, row.snoozed_until = State.SNOOZED, at.astimezone(UTC).date() + SNOOZE
        row.save(update_fields=["state", "snoozed_until"])
        _record(row, actor, "snoozed", reason, until=row.snoozed_until.isoformat())
    return row


def wake_tasks(*, at: datetime) -> int:
    """Open again what was put off until today; returns how many."""
    due = ExpansionTask.objects.filter(state=State.SNOOZED, snoozed_until__lte=at.astimezone(UTC).date())
    return due.update(state=State.OPEN, snoozed_until=None)


def win_task(*, task: ExpansionTask, actor: Actor, at: datetime, reason: str) -> ExpansionTask:
    """Close it as won by the newest purchase since it was opened that no other task has won.

    Raises TaskClosed; NothingWon, where no seats were added since: a task is won by a purchase, not by hope.
    """
    with transaction.atomic():
        row = _lock(task)
        entry = won_by(row)
        if entry is None:
            raise NothingWon
        row.won_entry = entry
        _close(row, State.WON, actor, at, reason, entry=entry.public_id)
    return row


def won_by(task: ExpansionTask) -> LedgerEntry | None:
    """The purchase that would win it."""
    taken = ExpansionTask.objects.filter(account=task.account_id, won_entry__isnull=False).values("won_entry")
    return (
        LedgerEntry.objects.filter(
            account=task.account_id, at__gt=task.opened_at, purchased_after__gt=F("purchased_before")
        )
        .exclude(pk__in=taken)
        .order_by("-at", "-pk")
        .first()
    )


def lose_task(*, task: ExpansionTask, actor: Actor, at: datetime, reason: str) -> ExpansionTask:
    """Close it as lost. Raises TaskClosed."""
    with transaction.atomic():
        row = _lock(task)
        _close(row, State.LOST, actor, at, reason)
    return row


def finish_task(*, task: ExpansionTask, actor: Actor, at: datetime, reason: str) -> ExpansionTask:
    """Close one that is not about selling, such as a check-in. Raises TaskClosed."""
    with transaction.atomic():
        row = _lock(task)
        _close(row, State.DONE, actor, at, reason)
    return row


def close_task(*, task: ExpansionTask, outcome: str, actor: Actor, at: datetime, reason: str) -> ExpansionTask:
    """Close it as `won`, `lost` or `done`. Raises TaskClosed; NothingWon; OutcomeRefused for one of the other kind."""
    if task.expands != (outcome in (State.WON, State.LOST)):
        raise OutcomeRefused
    close = {State.WON: win_task, State.LOST: lose_task, State.DONE: finish_task}[State(outcome)]
    return close(task=task, actor=actor, at=at, reason=reason)


def _lock(task: ExpansionTask) -> ExpansionTask:
    """Two people who close it at once: the second one is told."""
    row = ExpansionTask.objects.select_for_update().get(pk=task.pk, account=task.account_id)
    if row.state not in ExpansionTask.LIVE:
        raise TaskClosed
    return row


def _close(row: ExpansionTask, state: str, actor: Actor, at: datetime, reason: str, **data: str) -> None:
    row.state, row.closed_at, row.closed_by, row.reason = state, at, actor.user, reason[:200]
    row.snoozed_until = None
    row.save(update_fields=["state", "closed_at", "closed_by", "reason", "snoozed_until", "won_entry"])
    _record(row, actor, str(state), reason, **data)


def _record(row: ExpansionTask, actor: Actor, what: str, reason: str, **data: str) -> None:
    # No account: the trail of the account is read by the customer, and this is the vendor's own affair.
    record_audit(account=None, actor=actor, action=f"task.{what}", target=row.public_id, summary=reason, **data)
