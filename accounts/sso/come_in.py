"""What an identity provider's word about somebody is worth: the one path by which single sign-on opens a session."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.errors import SsoRefused
from accounts.models import JoinRequest, SsoConnection, User
from accounts.sso.joins import ask, join
from accounts.sso.namesakes import is_member, named_otherwise, owner_of, take_over
from accounts.sso.queries import verified_names
from accounts.sso.rules import domain_of

_NOTE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Identity:
    """What a provider says of somebody, its signature and addressee checked before.

    uid: theirs at the provider, for ever. email_verified: None where the provider does not say. hosted: the
    organisation at a provider that serves several (Google's `hd`); None where it is of no concern.
    """

    uid: str
    email: str
    name: str
    email_verified: bool | None = None
    hosted: str | None = None


def checked(connection: SsoConnection, identity: Identity) -> str:
    """The address that the provider may speak for, in lower case. Raises SsoRefused."""
    address = identity.email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise SsoRefused(_("%(provider)s named no e-mail address for you.") % {"provider": connection.name}) from error
    if identity.email_verified is False:
        raise SsoRefused(
            _("%(provider)s says that your address %(email)s is not confirmed.")
            % {"provider": connection.name, "email": address}
        )
    names = verified_names(connection.account_id)
    if domain_of(address) not in names or (
        identity.hosted is not None and domain_of(f"x@{identity.hosted}") not in names
    ):
        raise SsoRefused(
            _("%(provider)s may sign in only addresses of %(account)s's own domains, and %(email)s is none.")
            % {"provider": connection.name, "account": connection.account.name, "email": address}
        )
    return address


@transaction.atomic
def come_in(*, connection: SsoConnection, identity: Identity, actor: Actor, at: datetime) -> User | JoinRequest:
    """Whose session it may open; or the request to join that has to be answered first.

    Only a sign-in at an address of the account's proved domains, never one of staff. Whoever is new joins as the
    account's policy says; whom the provider names by another id than the member of that address, an admin lets in.
    Raises SsoRefused.
    """
    if connection.enabled_at is None or connection.account.closed_at is not None:
        raise SsoRefused(_("This single sign-on is switched off."))
    address = checked(connection, identity)
    user = _linked(connection, identity)
    if user is None:
        user = _at(address)
        if user is not None and is_member(connection.account_id, user):
            if named_otherwise(connection, user, identity.uid):
                return ask(connection, uid=identity.uid, email=address, name=identity.name, actor=actor, at=at)
        else:
            joined = join(
                connection=connection, uid=identity.uid, email=address, name=identity.name, actor=actor, at=at
            )
            if isinstance(joined, JoinRequest):
                return joined
            user = joined.user
        _prove(user, address)
        SocialAccount.objects.update_or_create(
            provider=connection.public_id, uid=identity.uid, defaults={"user": user, "extra_data": {}}
        )
    if connection.last_used_at is None or at - connection.last_used_at >= _NOTE_EVERY:
        SsoConnection.objects.filter(pk=connection.pk).update(last_used_at=at)
    return user


def _linked(connection: SsoConnection, identity: Identity) -> User | None:
    """The member whom the provider named by this id before, whatever their address there is now."""
    link = SocialAccount.objects.filter(provider=connection.public_id, uid=identity.uid).select_related("user").first()
    if link is None or not is_member(connection.account_id, link.user):
        return None
    user: User = link.user
    _check(user)
    # The person may have taken their sign-in to a private address since; it is no longer the account's to open.
    names = verified_names(connection.account_id)
    mine = {user.email, *EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)}
    if not any(domain_of(one) in names for one in mine):
        raise SsoRefused(_("Your sign-in here has a private address now. Sign in with that one."))
    return user


def _at(address: str) -> User | None:
    user = owner_of(address)
    if user is not None:
        _check(user)
    return user


def _check(user: User) -> None:
    if user.is_staff or user.is_superuser:
        raise SsoRefused(_("This address signs in in another way."))
    if not user.is_active:
        raise SsoRefused(_("This sign-in is switched off."))


def _prove(user: User, address: str) -> None:
    """The domain's owner says whose address it is, so it is proved.

    Whoever took the address before and never proved it may have waited for this: their password, second factors and
    sessions end.
    """
    if EmailAddress.objects.filter(user=user, email__iexact=address, verified=True).exists():
        return
    take_over(user, address)
