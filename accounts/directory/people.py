"""Add, change and delete a person as the directory says: who is active is a member, who is not is out."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.directory.places import department_named, region_named
from accounts.directory.sign_ins import end_sessions, follow_words, sign_in_at
from accounts.directory.words import Words, check_words
from accounts.errors import AlreadyMember, BadWords, PersonGone, PersonTaken
from accounts.facts import member_moves
from accounts.members.admit_member import admit_member
from accounts.members.managers import hold_managers
from accounts.members.remove_member import remove_member
from accounts.models import Account, DirectoryPerson, Membership, User


@transaction.atomic
def add_person(
    *, account: Account, words: Words, active: bool | None, actor: Actor, at: datetime
) -> tuple[DirectoryPerson, Membership | None]:
    """Keep a new person; the second is their membership when they joined by this.

    Raises BadWords, PersonTaken.
    """
    check_words(words)
    person = DirectoryPerson(account=account, active=active)
    _take_words(person, words, actor, at)
    joined = None if active is False else _join(person, words, actor, at)
    _save(person)
    _follow(person, words, at)
    record_audit(
        account=account,
        actor=actor,
        action="directory.person_added",
        target=person.public_id,
        summary=words.name or person.user_name,
        active=active,
    )
    return person, joined


@transaction.atomic
def change_person(
    *, account: Account, person_id: str, words: Words, active: bool | None, actor: Actor, at: datetime
) -> tuple[DirectoryPerson, Membership | None]:
    """Keep what is said now; the second is their membership when they joined by this.

    Who turns active joins, and who turns inactive leaves. Saying "active" once more brings nobody back whom the portal
    removed. Raises BadWords, PersonGone, PersonTaken, AddressTaken, LastOwner.
    """
    check_words(words)
    person = _held(account, person_id)
    was_active, before = person.active is not False, _said(person)
    _take_words(person, words, actor, at)
    person.active = active
    joined = None
    if active is False and was_active:
        _leave(person, actor, at)
    elif active is not False and (not was_active or person.user is None):
        joined = _join(person, words, actor, at)
    after = _said(person)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed or joined is not None:
        _save(person)
        _follow(person, words, at)
        record_audit(
            account=account,
            actor=actor,
            action="directory.person_changed",
            target=person.public_id,
            summary=words.name or person.user_name,
            **changed,
        )
    return person, joined


@transaction.atomic
def delete_person(*, account: Account, person_id: str, actor: Actor, at: datetime) -> None:
    """Take them out and forget what the directory said. Raises PersonGone, LastOwner."""
    person = _held(account, person_id)
    _leave(person, actor, at)
    record_audit(
        account=account,
        actor=actor,
        action="directory.person_deleted",
        target=person.public_id,
        summary=person.display_name or person.user_name,
    )
    person.delete()


def live_membership(person: DirectoryPerson) -> Membership | None:
    """Their place in the account, while they have one."""
    if person.user is None:
        return None
    return Membership.objects.filter(account=person.account_id, user=person.user, left_at__isnull=True).first()


def _held(account: Account, person_id: str) -> DirectoryPerson:
    person = (
        DirectoryPerson.objects.select_for_update(of=("self",))
        .select_related("user", "account", "department", "region", "manager")
        .filter(account=account, public_id=person_id)
        .first()
    )
    if person is None:
        raise PersonGone
    return person


def _take_words(person: DirectoryPerson, words: Words, actor: Actor, at: datetime) -> None:
    for name in ("user_name", "external_id", "given_name", "family_name", "full_name", "display_name", "title"):
        setattr(person, name, getattr(words, name).strip())
    person.emails = [email.row for email in words.emails]
    person.department = department_named(person.account, words.department, actor=actor, at=at)
    person.region = region_named(person.account, words.region, actor=actor, at=at)
    person.manager = _manager(person.account, words.manager)
    person.changed_at = at


def _manager(account: Account, key: str) -> DirectoryPerson | None:
    if not key:
        return None
    found = DirectoryPerson.objects.filter(account=account, public_id=key).first()
    if found is None:
        raise BadWords(_("The manager is no person of this account."), field="manager")
    return found


def _said(person: DirectoryPerson) -> dict[str, Any]:
    names = ("user_name", "external_id", "given_name", "family_name", "full_name", "display_name", "title", "active")
    return {name: getattr(person, name) for name in names} | {
        "emails": [email["value"] for email in person.emails],
        "email_types": [[email["type"], email["primary"]] for email in person.emails],
        "department": person.department.name if person.department else "",
        "region": person.region.name if person.region else "",
        "manager": person.manager.public_id if person.manager else "",
    }


def _join(person: DirectoryPerson, words: Words, actor: Actor, at: datetime) -> Membership | None:
    """Make them a member; nothing while no address is known, or when they are one already."""
    account = person.account
    hold_managers(account)
    if person.user is None:
        if not words.address:
            return None
        person.user, person.made_sign_in = sign_in_at(words.address, words.name, account)
    try:
        return admit_member(
            account=account,
            user=person.user,
            actor=actor,
            at=at,
            title=person.title,
            department=person.department,
            region=person.region,
        )
    except AlreadyMember:
        return None


def _leave(person: DirectoryPerson, actor: Actor, at: datetime) -> None:
    """End the membership; who has no other one is signed out everywhere."""
    membership = live_membership(person)
    if membership is None:
        return
    remove_member(account=person.account, membership=membership, actor=actor, at=at)
    user: User = membership.user
    if not Membership.objects.filter(user=user, left_at__isnull=True).exists():
        end_sessions(user)


def _member_above(person: DirectoryPerson, membership: Membership) -> Membership | None:
    """The member named as the manager; the portal's own while none is named, or where people would report in a ring."""
    boss = live_membership(person.manager) if person.manager else None
    seen, above = {membership.pk}, boss
    while above is not None:
        if above.pk in seen:
            return membership.manager
        seen.add(above.pk)
        above = above.manager
    return boss or membership.manager


def _save(person: DirectoryPerson) -> None:
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:  # person_user_name_once, person_external_id_once, person_sign_in_once
        raise PersonTaken from error


def _follow(person: DirectoryPerson, words: Words, at: datetime) -> None:
    """Carry the words to the membership and the sign-in. Raises PersonTaken, and what refuses a move to a region.

    Who joined holds the managers already; who left is no member any more.
    """
    present = live_membership(person)
    if present is not None:
        hold_managers(person.account)
        # Before the sign-in: whoever acts holds the membership, and what they do names their sign-in, whose address
        # cannot change meanwhile.
        list(Membership.objects.select_for_update(no_key=True).filter(pk=present.pk))
    follow_words(person, words)
    membership = live_membership(person)
    if membership is None:
        return
    told: dict[str, Any] = {
        "title": person.title,
        "department": person.department,
        "region": person.region,
        "manager": _member_above(person, membership),
        "external_id": person.external_id or membership.external_id,
    }
    changed = [name for name, value in told.items() if getattr(membership, name) != value]
    if "region" in changed:
        member_moves.send(sender=Membership, membership=membership, region=person.region, at=at)
    for name in changed:
        setattr(membership, name, told[name])
    try:
        with transaction.atomic():
            membership.save(update_fields=changed)
    except IntegrityError as error:  # member_external_id_once
        raise PersonTaken(field="external_id") from error
