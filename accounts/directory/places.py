"""Departments as the directory names and fills them; SCIM groups."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import cast

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import audit_entry, record_audits
from accounts.errors import BadWords, NameTaken
from accounts.members.structure import add_place, delete_place, hold_place, rename_place
from accounts.models import Account, Department, DirectoryPerson, Membership, Region

LONGEST_NAME = 80
LONGEST_ID = 128


def department_named(account: Account, name: str, *, actor: Actor, at: datetime) -> Department | None:
    """The department of this name, made when there is none; nothing for an empty name. Held until the end."""
    return hold_place(account, _named(Department, account, name, actor, at), field="department")


def region_named(account: Account, name: str, *, actor: Actor, at: datetime) -> Region | None:
    """The same for a region."""
    return hold_place(account, _named(Region, account, name, actor, at), field="region")


def _named[P: (Department, Region)](kind: type[P], account: Account, name: str, actor: Actor, at: datetime) -> P | None:
    text = name.strip()
    if not text:
        return None
    found = kind.objects.filter(account=account, name=text).first()
    if found is None:
        # Somebody else may be faster; then the place is there all the same.
        with suppress(NameTaken):
            add_place(account=account, kind=kind.__name__.lower(), name=text, actor=actor, at=at)
        found = kind.objects.get(account=account, name=text)
    return found


def people_in(department: Department) -> QuerySet[DirectoryPerson]:
    """Who belongs to it: members by their membership, which the portal changes too; others by the directory's word."""
    return DirectoryPerson.objects.filter(account=department.account_id).filter(in_department(department.pk))


def in_department(key: int | OuterRef) -> Q:
    """The rule of `people_in` as a condition on people."""
    live = Membership.objects.filter(account=OuterRef("account"), user=OuterRef("user"), left_at__isnull=True)
    return Q(Exists(live.filter(department=key))) | (Q(department=key) & ~Q(Exists(live)))


@transaction.atomic
def add_group(
    *, account: Account, name: str, external_id: str, people: Collection[str], actor: Actor, at: datetime
) -> Department:
    """Add a department with these people. people: public ids. Raises BadWords, NameTaken, BadSetting."""
    _check(name, external_id)
    place = cast(Department, add_place(account=account, kind="department", name=name, actor=actor, at=at))
    place.external_id = external_id
    place.save(update_fields=["external_id"])
    _move(_people(account, people), to=place, actor=actor, at=at)
    return place


@transaction.atomic
def change_group(
    *,
    account: Account,
    department: Department,
    name: str,
    external_id: str,
    people: Collection[str],
    actor: Actor,
    at: datetime,
) -> Department:
    """Name it so and let exactly these people belong to it. Raises BadWords, NameTaken, BadSetting."""
    _check(name, external_id)
    held = cast(Department, hold_place(account, department, field="department"))
    rename_place(account=account, place=held, name=name, actor=actor, at=at)
    if held.external_id != external_id:
        held.external_id = external_id
        held.save(update_fields=["external_id"])
    before = {person.public_id: person for person in people_in(held)}
    _move([person for key, person in before.items() if key not in people], to=None, actor=actor, at=at)
    _move(_people(account, [key for key in people if key not in before]), to=held, actor=actor, at=at)
    return held


@transaction.atomic
def delete_group(*, account: Account, department: Department, actor: Actor, at: datetime) -> None:
    """Delete it; who belonged to it belongs to none."""
    held = cast(Department, hold_place(account, department, field="department"))
    _move(list(people_in(held)), to=None, actor=actor, at=at)
    # Members whom no directory names.
    Membership.objects.filter(account=account, left_at__isnull=True, department=held).update(department=None)
    delete_place(account=account, place=held, actor=actor, at=at)


def _check(name: str, external_id: str) -> None:
    if not name.strip():
        raise BadWords(_("A group needs a displayName."), field="name")
    if len(name.strip()) > LONGEST_NAME or len(external_id) > LONGEST_ID:
        raise BadWords(_("The group's displayName or externalId is too long."), field="name")


def _people(account: Account, keys: Collection[str]) -> list[DirectoryPerson]:
    found = list(DirectoryPerson.objects.filter(account=account, public_id__in=keys).order_by("pk"))
    if len(found) != len(set(keys)):
        raise BadWords(_("A member of the group is no person of this account."), field="members")
    return found


def _move(people: Collection[DirectoryPerson], *, to: Department | None, actor: Actor, at: datetime) -> None:
    """Put people into a department, or into none, and note each member who moved."""
    keys = [person.pk for person in people]
    DirectoryPerson.objects.filter(pk__in=keys).update(department=to, changed_at=at)
    members = list(
        Membership.objects.filter(
            account__in={person.account_id for person in people},
            user__in=[person.user_id for person in people if person.user_id],
            left_at__isnull=True,
        )
        .select_related("user", "department", "account")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )
    record_audits(
        [
            audit_entry(
                account=member.account,
                actor=actor,
                action="member.changed",
                target=member.public_id,
                summary=member.user.get_full_name(),
                department=[member.department.name if member.department else "", to.name if to else ""],
            )
            for member in members
        ]
    )
    Membership.objects.filter(pk__in=[member.pk for member in members]).update(department=to)
