"""The person says whether it was they."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Membership
from seats.errors import SharingAnswered
from seats.models import SharingCase
from seats.sharing.show_cases import tell_admins


@transaction.atomic
def answer_sharing(*, membership: Membership, case: SharingCase, shared: bool, actor: Actor, at: datetime) -> None:
    """Keep the answer, and show the case to the admins with it. "It was me" closes it: there is nothing to do.

    Raises SharingAnswered when it was answered or closed meanwhile. An admin may have seen it before: N days passed.
    """
    mine = SharingCase.objects.select_for_update().filter(membership=membership, pk=case.pk, closed_at__isnull=True)
    row = mine.filter(answer=SharingCase.Answer.NONE).select_related("account", "membership__user").first()
    if row is None:
        raise SharingAnswered
    first_shown = row.shown_at is None
    row.answer = SharingCase.Answer.SHARED if shared else SharingCase.Answer.MINE
    row.answered_at, row.shown_at = at, row.shown_at or at
    row.closed_at = None if shared else at
    row.save(update_fields=["answer", "answered_at", "shown_at", "closed_at"])
    record_audit(
        account=row.account,
        actor=actor,
        action="sharing.answered",
        target=row.public_id,
        summary=str(row.membership.user),
        answer=row.answer,
    )
    if shared and first_shown:
        tell_admins(row, at)
