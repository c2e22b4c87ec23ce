"""Whose sign-in a directory's person is, and what the directory may change of it."""

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction

from accounts.directory.words import Words
from accounts.errors import AddressTaken
from accounts.models import Account, DirectoryPerson, Membership, User


def sign_in_at(address: str, name: str, account: Account) -> tuple[User, bool]:
    """The sign-in at this address, and whether it was made just now.

    Whoever proved the address has it. A sign-in that never proved it may be somebody's who waits for its owner to
    come: its password and sessions end, so that only the mailbox opens it. Nothing else of it changes. Staff were made
    by the vendor: no directory touches theirs.
    """
    proved = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
    if proved is not None:
        return proved.user, False
    found = User.objects.filter(email=address).first()
    if found is None:
        try:
            with transaction.atomic():
                made = User.objects.create_user(address, name=name[:150], locale=account.locale)
                EmailAddress.objects.create(user=made, email=address, verified=False, primary=True)
        except IntegrityError:  # another account's directory was faster
            found = User.objects.get(email=address)
        else:
            return made, True
    if not found.is_staff and not Membership.objects.filter(user=found).exists():
        found.set_unusable_password()
        found.save(update_fields=["password"])
        end_sessions(found)
    return found, False


def follow_words(person: DirectoryPerson, words: Words) -> None:
    """Bring name and address of the sign-in in step, where it is the directory's own.

    Raises AddressTaken.
    """
    user = person.user
    if user is None or not owns(person, user):
        return
    address = words.address or user.email
    if (user.name, user.email) == (words.name or user.name, address):
        return
    if EmailAddress.objects.filter(email__iexact=address).exclude(user=user).exists():
        raise AddressTaken(field="emails")
    moved, user.name = address != user.email, (words.name or user.name)[:150]
    try:
        with transaction.atomic():
            if moved:
                user.email = address
                EmailAddress.objects.filter(user=user).delete()
                EmailAddress.objects.create(user=user, email=address, verified=False, primary=True)
            user.save(update_fields=["name", "email"])
    except IntegrityError as error:
        raise AddressTaken(field="emails") from error


def owns(person: DirectoryPerson, user: User) -> bool:
    """Whether the sign-in is the directory's own."""
    elsewhere = Membership.objects.filter(user=user).exclude(account=person.account_id).exists()
    return person.made_sign_in and not user.is_staff and not elsewhere


def end_sessions(user: User) -> None:
    """Sign the person out everywhere."""
    for session in UserSession.objects.filter(user=user):
        session.end()
