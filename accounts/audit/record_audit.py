"""Add entries to the audit trail, in the caller's transaction."""

from collections.abc import Sequence
from typing import Any

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry


def record_audit(
    *, account: Account | None, actor: Actor, action: str, target: str = "", summary: str = "", **data: Any
) -> None:
    """Say who did what to what. It stands or falls with the act itself; see audit_entry."""
    audit_entry(account=account, actor=actor, action=action, target=target, summary=summary, **data).save()


def record_audits(entries: Sequence[AuditEntry]) -> None:
    """Write many at once."""
    AuditEntry.objects.bulk_create(entries)


def audit_entry(
    *, account: Account | None, actor: Actor, action: str, target: str = "", summary: str = "", **data: Any
) -> AuditEntry:
    """One entry, not written yet.

    action: dotted, such as `seat.assigned`. target: the public id of the thing. summary: a name that a reader knows.
    data: plain values of before and after; never secrets, never whole payloads.
    """
    return AuditEntry(
        account=account,
        user=actor.user,
        api_key=actor.api_key,
        directory=actor.directory,
        impersonator=actor.impersonator,
        door=actor.door,
        action=action,
        target=target,
        summary=summary[:200],
        data=data,
        ip=actor.ip,
        request_id=actor.request_id,
    )
