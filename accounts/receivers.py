"""Facts of this app that its directories hear."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.access.actor import Actor
from accounts.directory.adopt import adopt_members
from accounts.facts import member_joined
from accounts.models import DirectoryPerson, Membership, ScimConnection


@receiver(member_joined)
def show_to_directory(membership: Membership, actor: Actor, at: datetime, **_: Any) -> None:
    """Whoever joins by another door is shown to the directory as active, so that it can take them out."""
    account = membership.account
    if actor.directory is not None:
        return
    known = DirectoryPerson.objects.filter(account=account, user=membership.user_id)
    if not known.update(active=True, changed_at=at) and (
        ScimConnection.objects.filter(account=account, revoked_at__isnull=True).exists()
    ):
        adopt_members(account=account, at=at, membership=membership)
