"""Look for shared sign-ins and ask their people, in private."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.models import Account, Membership
from accounts.notices.send_notice import send_notice
from seats.models import SharingCase, UsageSettings
from seats.sharing.rules import CARRIED, WINDOW, Sharing, judge_all
from seats.usage.sessions import sessions_of

log = structlog.get_logger(__name__)

# Who answered, or whose case was closed, is left in peace for a quarter; then the case is forgotten.
QUIET = timedelta(days=90)


def find_all_sharing(*, at: datetime) -> int:
    """Look at every account; one that fails stops no other. Returns how many people are asked anew."""
    found = 0
    for account in Account.objects.filter(closed_at__isnull=True).order_by("pk").iterator():
        try:
            found += len(find_sharing(account=account, at=at))
        except Exception:
            log.exception("sharing_not_looked_for", account=account.public_id)
    return found


def find_sharing(*, account: Account, at: datetime) -> list[SharingCase]:
    """Open a case for each person of whom there is enough and who has no case yet, and tell only them.

    Returns the new cases. Nobody is looked at in an account that shows its usage for groups only.
    """
    if UsageSettings.objects.filter(account=account, groups_only=True).exists():
        return []
    today = at.astimezone(ZoneInfo(account.time_zone)).date()
    sessions = sessions_of(account=account, first=today - WINDOW, last=today, devices=CARRIED + 1)
    return _open_cases(account, judge_all(sessions), at)


@transaction.atomic
def _open_cases(account: Account, found: Sequence[Sharing], at: datetime) -> list[SharingCase]:
    known = SharingCase.objects.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=at - QUIET), account=account)
    quiet = set(known.values_list("membership_id", flat=True))
    people = Membership.objects.filter(
        account=account, left_at__isnull=True, pk__in=[sharing.membership_id for sharing in found]
    ).in_bulk()
    rows = [
        SharingCase(
            account=account,
            membership=people[sharing.membership_id],
            found_at=at,
            score=sharing.score,
            devices=len(sharing.devices),
            at_once=sharing.at_once,
            extra_people=sharing.extra_people,
            evidence={name: value for name, value in asdict(sharing).items() if name != "membership_id"},
        )
        for sharing in sorted(found, key=lambda sharing: sharing.membership_id)
        if sharing.membership_id in people and sharing.membership_id not in quiet
    ]
    # Another look at the same time may have won; the constraint lets this row fall.
    SharingCase.objects.bulk_create(rows, ignore_conflicts=True)
    ours = SharingCase.objects.filter(public_id__in=[row.public_id for row in rows]).select_related("membership__user")
    cases = list(ours.order_by("pk"))
    for case in cases:
        # Not in the audit trail yet: admins read it, and the person comes first.
        send_notice(
            account=account,
            kind="sharing_seen",
            key=f"sharing_seen:{case.public_id}",
            context={
                "devices": case.devices,
                "at_once": case.at_once,
                "link": reverse("seats:me", args=[account.slug]),
            },
            to=[case.membership.user],
            roles=(),
            at=at,
        )
    return cases
