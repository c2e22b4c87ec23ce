"""Staff say who sells."""

from collections.abc import Sequence

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.models import Vendor


@transaction.atomic
def save_vendor(*, vendor: Vendor, changed: Sequence[str], actor: Actor) -> None:
    """Keep the row and who changed it: a bank account that somebody changed is worth a question.

    changed: the names of its fields, for the trail.
    """
    vendor.save()
    record_audit(account=None, actor=actor, action="vendor.changed", target=vendor.name, summary=", ".join(changed))
