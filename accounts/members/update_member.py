"""Change what an account notes about a person."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import ExternalIdTaken, MemberGone
from accounts.facts import member_moves
from accounts.members.managers import check_manager, hold_managers
from accounts.members.structure import hold_place
from accounts.members.update_account import changed_fields
from accounts.models import Account, Department, Membership, Region


@transaction.atomic
def update_member(
    *,
    account: Account,
    membership: Membership,
    title: str,
    department: Department | None,
    region: Region | None,
    employment: str,
    ends_on: date | None,
    level: str,
    manager: Membership | None,
    manager_email: str = "",
    external_id: str | None = None,
    actor: Actor,
    at: datetime,
) -> Membership:
    """Change title, department, region, employment, level, manager, and the id elsewhere if given.

    manager_email: of a manager who is still to join; then manager is None.

    Raises MemberGone, BadSetting, ExternalIdTaken, and what refuses the move to another region.
    """
    department = hold_place(account, department, field="department")
    region = hold_place(account, region, field="region")
    if manager is not None:
        hold_managers(account)
    # Against remove_member at the same moment: a person who left is not changed any more.
    person = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "department", "region")
        .filter(account=account, pk=membership.pk, left_at__isnull=True)
        .first()
    )
    if person is None:
        raise MemberGone
    check_manager(person, manager)
    if region != person.region:
        member_moves.send(sender=Membership, membership=person, region=region, at=at)
    changed = changed_fields(
        person,
        {
            "title": title.strip(),
            "department": department,
            "region": region,
            "employment": employment,
            "ends_on": ends_on,
            "level": level,
            "manager": manager,
            "manager_email": manager_email,
            "external_id": person.external_id if external_id is None else external_id.strip(),
        },
    )
    if changed:
        try:
            with transaction.atomic():
                person.save(update_fields=[*changed])
        except IntegrityError as error:
            if "member_external_id_once" in str(error):
                raise ExternalIdTaken(field="external_id") from error
            raise
        record_audit(
            account=account,
            actor=actor,
            action="member.changed",
            target=person.public_id,
            summary=person.user.get_full_name(),
            **changed,
        )
    return person
