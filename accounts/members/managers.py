"""Who reports to whom; a manager may be named before they join."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import BadSetting
from accounts.models import Membership


def check_manager(person: Membership, manager: Membership | None) -> None:
    """A manager is somebody else of the account, and reports to nobody who reports to them. Raises BadSetting."""
    if manager is None:
        return
    if manager.account_id != person.account_id or (manager.left_at is not None and manager.pk != person.manager_id):
        raise BadSetting(_("Nobody in the account has this name or address."), field="manager")
    if in_ring(person, manager):
        raise BadSetting(_("This person reports to the one you are changing. Choose somebody else."), field="manager")


def in_ring(person: Membership, manager: Membership) -> bool:
    """Whether the manager is the person, or reports to them over however many others."""
    seen, above = {person.pk}, manager
    while above.pk not in seen:
        if above.manager is None:
            return False
        seen.add(above.pk)
        above = above.manager
    return True


def link_managers(newcomer: Membership) -> None:
    """Somebody joined: put them below the manager named for them, and above those who named them as theirs.

    What would make people report in a ring is left out. Run inside the transaction of the join.
    """
    account, address = newcomer.account, newcomer.user.email
    if newcomer.manager_email:
        boss = Membership.objects.filter(
            account=account, user__email=newcomer.manager_email, left_at__isnull=True
        ).first()
        if boss is not None:
            _link(newcomer, boss)
    waiting = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .filter(account=account, manager_email=address, left_at__isnull=True)
        .exclude(pk=newcomer.pk)
        .order_by("pk")
    )
    for person in waiting:
        _link(person, newcomer)


def _link(person: Membership, manager: Membership) -> None:
    if not in_ring(person, manager):
        person.manager = manager
    person.manager_email = ""
    person.save(update_fields=["manager", "manager_email"])
