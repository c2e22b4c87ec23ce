"""Put several people into one department, or into none: all or none of them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import audit_entry, record_audits
from accounts.errors import MemberGone
from accounts.members.structure import hold_place
from accounts.models import Account, Department, Membership


@transaction.atomic
def move_members(
    *, account: Account, members: Sequence[Membership], department: Department | None, actor: Actor, at: datetime
) -> int:
    """Returns how many belonged elsewhere before. Raises BadSetting, MemberGone."""
    place = hold_place(account, department, field="department")
    ids = {member.pk for member in members}
    people = list(
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "department")
        .filter(account=account, pk__in=ids, left_at__isnull=True)
        .order_by("pk")
    )
    if len(people) != len(ids):
        raise MemberGone
    moved = [person for person in people if person.department != place]
    record_audits(
        [
            audit_entry(
                account=account,
                actor=actor,
                action="member.changed",
                target=person.public_id,
                summary=person.user.get_full_name(),
                department={"before": str(person.department or ""), "after": str(place or "")},
            )
            for person in moved
        ]
    )
    Membership.objects.filter(pk__in=[person.pk for person in moved]).update(department=place)
    return len(moved)
