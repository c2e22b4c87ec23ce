"""Show cases to those who can help, once the person had the time to answer."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.access.roles import roles_with
from accounts.audit.record_audit import record_audit
from accounts.notices.send_notice import send_notice
from seats.models import SharingCase
from seats.sharing.find_sharing import QUIET

# A week: nobody who is away for a few days is spoken about before they could answer.
ANSWER_WITHIN = timedelta(days=7)
# Who sees the evidence about another person.
SEES = "members.manage"


@transaction.atomic
def show_unanswered(*, at: datetime) -> int:
    """Show what nobody answered in time, and forget what was closed long ago; returns how many are shown now."""
    SharingCase.objects.filter(closed_at__lte=at - QUIET).delete()
    due = SharingCase.objects.filter(shown_at__isnull=True, found_at__lte=at - ANSWER_WITHIN)
    cases = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("account", "membership__user"))
    for case in cases:
        case.shown_at = at
        case.save(update_fields=["shown_at"])
        record_audit(
            account=case.account,
            actor=Actor.system("task"),
            action="sharing.shown",
            target=case.public_id,
            summary=str(case.membership.user),
        )
        tell_admins(case, at)
    return len(cases)


def tell_admins(case: SharingCase, at: datetime) -> None:
    """A mail to those who may see it, in the caller's transaction."""
    send_notice(
        account=case.account,
        kind="sharing_shown",
        key=f"sharing_shown:{case.public_id}",
        context={
            "name": str(case.membership.user),
            "extra": case.extra_people,
            "shared": case.answer == SharingCase.Answer.SHARED,
            "link": reverse("seats:sharing", args=[case.account.slug]),
        },
        roles=roles_with(SEES),
        at=at,
    )
