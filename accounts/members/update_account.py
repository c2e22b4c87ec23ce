"""Change an account's settings."""

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import BadSetting
from accounts.models import Account

FIELDS = ("name", "locale", "time_zone", "industry")
# Notes of the vendor about the customer; the customer's own page does not offer them.
STAFF_FIELDS = ("use_case", "owner_name")


@transaction.atomic
def update_account(*, account: Account, actor: Actor, at: datetime, **changes: str) -> Account:
    """Change FIELDS or STAFF_FIELDS; what stays the same is not recorded. Raises BadSetting."""
    # Two people saving at once: the second compares with what the first saved, so the trail tells it in order.
    row = Account.objects.select_for_update().get(pk=account.pk)
    if "time_zone" in changes and changes["time_zone"] not in available_timezones():
        raise BadSetting(_("Choose a time zone from the list."), field="time_zone")
    if "name" in changes and not changes["name"].strip():
        raise BadSetting(_("An account needs a name."), field="name")
    changed = changed_fields(row, {name: changes[name].strip() for name in (*FIELDS, *STAFF_FIELDS) if name in changes})
    if changed:
        row.save(update_fields=[*changed])
        record_audit(
            account=row, actor=actor, action="account.changed", target=row.public_id, summary=row.name, **changed
        )
    return row


def changed_fields(row: Any, wanted: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Set the wanted values on the row; return before and after, as text, of those that differ."""
    changed: dict[str, dict[str, str]] = {}
    for name, value in wanted.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            changed[name] = {"before": str(before or ""), "after": str(value or "")}
    return changed
