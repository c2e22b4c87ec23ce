"""Facts of this app that its directories hear."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_removed
from django.dispatch import receiver

from accounts.access.actor import Actor
from accounts.directory.adopt import adopt_members
from accounts.facts import member_joined
from accounts.models import DirectoryPerson, Membership, ScimConnection, User
from accounts.sso.former_addresses import note_removed_address


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


@receiver(email_removed)
def remember_address(user: User, email_address: EmailAddress, **_: Any) -> None:
    """Taking a work address off the sign-in is no way round single sign-on."""
    note_removed_address(user=user, address=email_address.email)
