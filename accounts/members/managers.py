"""Who reports to whom; a manager may be named before they join."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.errors import BadSetting
from accounts.models import Account, Membership


def hold_managers(account: Account | int) -> None:
    """Nobody else changes who reports to whom until the caller's transaction ends: two changes at once, each good by
    itself, could make a ring. After places, before members and what comes behind them.
    """
    key = account if isinstance(account, int) else account.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"managers:{key}"])


def check_manager(person: Membership, manager: Membership | None) -> None:
    """A manager is somebody else of the account, and reports to nobody who reports to them. Raises BadSetting.

    Under hold_managers, or its answer may be old.
    """
    if manager is None:
        return
    # Whoever handed them in may have read them before the lock.
    manager.refresh_from_db(fields=["manager", "left_at"])
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
    named = Membership.objects.filter(account=account, manager_email=address, left_at__isnull=True)
    if not newcomer.manager_email and not named.exists():
        return
    hold_managers(account)
    if newcomer.manager_email:
        boss = Membership.objects.filter(
            account=account, user__email=newcomer.manager_email, left_at__isnull=True
        ).first()
        if boss is not None:
            _link(newcomer, boss)
    waiting = named.select_for_update(no_key=True, of=("self",)).exclude(pk=newcomer.pk).order_by("pk")
    for person in waiting:
        _link(person, newcomer)


def _link(person: Membership, manager: Membership) -> None:
    if not in_ring(person, manager):
        person.manager = manager
    person.manager_email = ""
    person.save(update_fields=["manager", "manager_email"])
