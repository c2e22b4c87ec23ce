"""Change what an open invitation says about the person; its link and its end stay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import InvitationGone
from accounts.facts import invitation_moves
from accounts.members.authority import authority_of
from accounts.members.rules import check_grant
from accounts.members.structure import hold_place
from accounts.members.update_account import changed_fields
from accounts.models import Account, Invitation

FIELDS = (
    "name",
    "role",
    "title",
    "department",
    "region",
    "employment",
    "ends_on",
    "level",
    "external_id",
    "manager_email",
)


@transaction.atomic
def edit_invitation(
    *, account: Account, invitation: Invitation, changes: Mapping[str, Any], actor: Actor, at: datetime
) -> Invitation:
    """Change the named ones of FIELDS. Raises InvitationGone, NotYours, BadSetting, and what refuses another region."""
    hold_place(account, changes.get("department"), field="department")
    hold_place(account, changes.get("region"), field="region")
    row = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("department", "region")
        .filter(account=account, pk=invitation.pk, state=Invitation.State.OPEN, expires_at__gt=at)
        .first()
    )
    if row is None:
        raise InvitationGone
    by = authority_of(account, actor)
    check_grant(by=by, role=row.role)
    check_grant(by=by, role=changes.get("role", row.role))
    if "region" in changes and changes["region"] != row.region:
        invitation_moves.send(sender=Invitation, invitation=row, region=changes["region"], at=at)
    changed = changed_fields(row, {name: changes[name] for name in FIELDS if name in changes})
    if changed:
        row.save(update_fields=[*changed])
        record_audit(
            account=account,
            actor=actor,
            action="invitation.changed",
            target=row.public_id,
            summary=row.email,
            **changed,
        )
    return row
