"""How far an actor's role reaches in one account."""

from accounts.access.actor import Actor
from accounts.errors import NotYours
from accounts.models import Account, Membership, Role


def authority_of(account: Account, actor: Actor) -> str:
    """The role to judge the actor by. Read it after the lock, so that a role just lost no longer counts.

    A key manages people as an admin does. Staff in Django admin, tasks and the demo reach as far as an owner, and so
    does a directory, which takes out whoever left the organisation.
    """
    if actor.api_key is not None:
        return Role.ADMIN
    if actor.user is None or (actor.door == "admin" and actor.user.is_staff):
        return Role.OWNER
    role = (
        Membership.objects.filter(account=account, user=actor.user, left_at__isnull=True)
        .values_list("role", flat=True)
        .first()
    )
    if role is None:
        raise NotYours
    return role


def membership_behind(account: Account, actor: Actor) -> Membership | None:
    """The actor's place in the account, or who made the key; nothing for staff and tasks."""
    if actor.api_key is not None:
        return actor.api_key.created_by
    if actor.user is None:
        return None
    return Membership.objects.filter(account=account, user=actor.user, left_at__isnull=True).first()


def lock_owners(account: Account, *, also: Membership) -> list[Membership]:
    """Lock the account's owners and one more person, in pk order; return the active ones.

    Serializes change_role and remove_member: two owners who demote or remove each other at once would both count
    two owners and leave none. PostgreSQL reads each row again once its lock is free, so the second sees the change.
    """
    owners = Membership.objects.filter(account=account, left_at__isnull=True, role=Role.OWNER)
    target = Membership.objects.filter(account=account, pk=also.pk, left_at__isnull=True)
    return list((owners | target).order_by("pk").select_for_update(no_key=True, of=("self",)))
