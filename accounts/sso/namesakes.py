"""An address that a provider gives to somebody new: by the provider's own ids, never by the address (ADR 55)."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from accounts.directory.sign_ins import end_sessions
from accounts.models import Account, Membership, SsoConnection, User


def named_otherwise(connection: SsoConnection, user: User, uid: str) -> list[SocialAccount]:
    """The other ids under which the provider knows the owner of this sign-in.

    A provider never gives an id to a second person, and one person has one; only where it is the address itself, as
    SAML providers like to send it, it says no more than that.
    """
    mine = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    said = {one.lower() for one in mine}
    links = SocialAccount.objects.filter(provider=connection.public_id, user=user).exclude(uid=uid)
    return [link for link in links if link.uid.lower() not in said]


def owner_of(address: str) -> User | None:
    """The sign-in at the address: whoever proved it, or else who only calls it theirs."""
    proved = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
    return proved.user if proved is not None else User.objects.filter(email=address).first()


def is_member(account: Account | int, user: User) -> bool:
    """Whether they are in the account now."""
    return Membership.objects.filter(account=account, user=user, left_at__isnull=True).exists()


def make_way(connection: SsoConnection, *, address: str, uid: str) -> None:
    """Whoever is let in at the address is somebody else than the provider named there before, so nothing of the
    former one's opens for them, nor theirs for the former one.

    Who is a member still was let in as the same person: only the provider's id is another. For everybody else: where
    the address is one among others, it leaves that sign-in; where it is the sign-in's own, what the former owner knows
    or holds (password, second factors, sessions, other addresses) opens it no more.
    """
    user = owner_of(address)
    if user is None or user.is_staff or user.is_superuser:
        return
    links = named_otherwise(connection, user, uid)
    if not links:
        return
    SocialAccount.objects.filter(pk__in=[link.pk for link in links]).delete()
    if is_member(connection.account_id, user):
        SocialAccount.objects.create(provider=connection.public_id, uid=uid, user=user, extra_data={})
    elif user.email != address:
        EmailAddress.objects.filter(user=user, email__iexact=address).delete()
    else:
        take_over(user, address)


def take_over(user: User, address: str) -> None:
    """Only the owner of the address opens the sign-in from now on: it is proved, and all else ends."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    if user.email != address:
        User.objects.filter(pk=user.pk).update(email=address)
