"""A directory's word about a person, with what follows for the seat, in one transaction."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.access.actor import Actor
from accounts.directory.people import add_person, change_person
from accounts.directory.words import Words
from accounts.models import Account, DirectoryPerson, Membership
from seats.directory.seat_or_wait import seat_or_wait


@transaction.atomic
def add_and_seat(*, account: Account, words: Words, active: bool | None, actor: Actor, at: datetime) -> DirectoryPerson:
    """Keep a new person; whoever joined takes a seat or waits for one. Raises BadWords, PersonTaken."""
    person, joined = add_person(account=account, words=words, active=active, actor=actor, at=at)
    _seat(account, joined, actor, at)
    return person


@transaction.atomic
def change_and_seat(
    *, account: Account, person_id: str, words: Words, active: bool | None, actor: Actor, at: datetime
) -> DirectoryPerson:
    """Keep what is said now; who joined by it takes a seat or waits, who left has freed theirs.

    Raises BadWords, PersonGone, PersonTaken, AddressTaken, LastOwner.
    """
    person, joined = change_person(account=account, person_id=person_id, words=words, active=active, actor=actor, at=at)
    _seat(account, joined, actor, at)
    return person


def _seat(account: Account, joined: Membership | None, actor: Actor, at: datetime) -> None:
    if joined is None:
        return
    with translation.override(account.locale):
        name = actor.directory.name if actor.directory else account.name
        reason = _("Added by the directory %(name)s") % {"name": name}
    seat_or_wait(account=account, membership=joined, reason=reason, actor=actor, at=at)
