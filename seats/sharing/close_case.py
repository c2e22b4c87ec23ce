"""An admin has done what there was to do."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.errors import SharingAnswered
from seats.models import SharingCase


@transaction.atomic
def close_case(*, account: Account, case: SharingCase, actor: Actor, at: datetime) -> None:
    """Close a case that is shown. Raises SharingAnswered when it is closed already."""
    shown = SharingCase.objects.filter(account=account, pk=case.pk, shown_at__isnull=False, closed_at__isnull=True)
    if not shown.update(closed_at=at, closed_by=actor.user):
        raise SharingAnswered
    record_audit(
        account=account,
        actor=actor,
        action="sharing.closed",
        target=case.public_id,
        summary=str(case.membership.user),
    )
