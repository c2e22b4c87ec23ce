"""Change what an account notes about a person."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import BadSetting, ExternalIdTaken, MemberGone
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
    external_id: str | None = None,
    actor: Actor,
    at: datetime,
) -> Membership:
    """Change title, department, region, employment, level, manager, and the id elsewhere if given.

    Raises MemberGone, BadSetting, ExternalIdTaken.
    """
    department = hold_place(account, department, field="department")
    region = hold_place(account, region, field="region")
    # Against remove_member at the same moment: a person who left is not changed any more.
    person = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "department", "region")
        .filter(account=account, pk=membership.pk, left_at__isnull=True)
        .first()
    )
    if person is None:
        raise MemberGone
    _check_manager(person, manager)
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


def _check_manager(person: Membership, manager: Membership | None) -> None:
    """A manager is somebody else of the account, and reports to nobody who reports to them. Raises BadSetting."""
    if manager is None:
        return
    if manager.account_id != person.account_id or (manager.left_at is not None and manager.pk != person.manager_id):
        raise BadSetting(_("Nobody in the account has this name or address."), field="manager")
    seen = {person.pk}
    above: Membership | None = manager
    while above is not None:
        if above.pk in seen:
            raise BadSetting(
                _("This person reports to the one you are changing. Choose somebody else."), field="manager"
            )
        seen.add(above.pk)
        above = above.manager
