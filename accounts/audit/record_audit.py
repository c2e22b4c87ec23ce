"""Add one entry to the audit trail, in the caller's transaction."""

from typing import Any

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry


def record_audit(
    *, account: Account | None, actor: Actor, action: str, target: str = "", summary: str = "", **data: Any
) -> None:
    """Say who did what to what. It stands or falls with the act itself.

    action: dotted, such as `seat.assigned`. target: the public id of the thing. summary: a name that a reader knows.
    data: plain values of before and after; never secrets, never whole payloads.
    """
    AuditEntry.objects.create(
        account=account,
        user=actor.user,
        api_key=actor.api_key,
        impersonator=actor.impersonator,
        door=actor.door,
        action=action,
        target=target,
        summary=summary[:200],
        data=data,
        ip=actor.ip,
        request_id=actor.request_id,
    )
