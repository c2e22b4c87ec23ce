"""Departments and regions of an account: add, rename, delete."""

from datetime import datetime

from babel.numbers import list_currencies
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import BadSetting, InUse, NameTaken
from accounts.facts import region_ends
from accounts.members.update_account import changed_fields
from accounts.models import Account, Department, Membership, Region

type Place = Department | Region
KINDS: dict[str, type[Department] | type[Region]] = {"department": Department, "region": Region}


@transaction.atomic
def add_place(*, account: Account, kind: str, name: str, actor: Actor, at: datetime) -> Place:
    """Add a department or region. Raises NameTaken, BadSetting."""
    place = KINDS[kind](account=account, name=_named(name))
    _save(place)
    record_audit(account=account, actor=actor, action=f"{kind}.added", target=place.public_id, summary=place.name)
    return place


@transaction.atomic
def rename_place(*, account: Account, place: Place, name: str, actor: Actor, at: datetime) -> Place:
    """Give it another name. Raises NameTaken, BadSetting."""
    before, place.name = place.name, _named(name)
    if before != place.name:
        _save(place)
        record_audit(
            account=account,
            actor=actor,
            action=f"{kind_of(place)}.renamed",
            target=place.public_id,
            summary=place.name,
            before=before,
        )
    return place


@transaction.atomic
def change_region(
    *,
    account: Account,
    region: Region,
    name: str,
    currency: str,
    tax_entity: str,
    residency: str,
    actor: Actor,
    at: datetime,
) -> Region:
    """Name a region and note what procurement there needs; nothing is computed from it.

    currency: ISO 4217, or empty. Raises NameTaken, BadSetting.
    """
    code = currency.strip().lower()
    if code and code.upper() not in list_currencies():
        raise BadSetting(_("Write the currency as three letters, such as EUR."), field="currency")
    rename_place(account=account, place=region, name=name, actor=actor, at=at)
    changed = changed_fields(
        region, {"currency": code, "tax_entity": tax_entity.strip(), "residency": residency.strip()}
    )
    if changed:
        region.save(update_fields=[*changed])
        record_audit(
            account=account,
            actor=actor,
            action="region.changed",
            target=region.public_id,
            summary=region.name,
            **changed,
        )
    return region


@transaction.atomic
def delete_place(*, account: Account, place: Place, actor: Actor, at: datetime) -> None:
    """Delete it while nobody belongs to it; people who left lose the note. Raises InUse."""
    # Against hold_place: nobody can move in between the look and the end.
    locked = type(place).objects.select_for_update().filter(account=account, pk=place.pk).first()
    if locked is None:
        return
    if Membership.objects.filter(account=account, left_at__isnull=True, **{kind_of(place): locked}).exists():
        raise InUse
    record_audit(
        account=account,
        actor=actor,
        action=f"{kind_of(place)}.deleted",
        target=locked.public_id,
        summary=locked.name,
    )
    if isinstance(locked, Region):
        region_ends.send(sender=Region, region=locked, actor=actor, at=at)
    locked.delete()


def hold_place[P: (Department, Region)](account: Account, place: P | None, *, field: str) -> P | None:
    """Keep a place from being deleted until the caller's transaction ends; lock places before people and invitations.

    Serializes delete_place with update_member, invite_member and accept_invitation: PostgreSQL checks these foreign
    keys only at commit, too late for a clear message. Raises BadSetting when it is gone or another account's.
    """
    if place is None:
        return None
    found = type(place).objects.select_for_update(no_key=True).filter(account=account, pk=place.pk).first()
    if found is None:
        raise BadSetting(_("It was deleted meanwhile. Choose another one."), field=field)
    return found


def kind_of(place: Place) -> str:
    """ "department" or "region"."""
    return "department" if isinstance(place, Department) else "region"


def _named(name: str) -> str:
    if not name.strip():
        raise BadSetting(field="name")
    return name.strip()


def _save(place: Place) -> None:
    try:
        with transaction.atomic():
            place.save()
    except IntegrityError as error:  # department_name_once, region_name_once
        raise NameTaken(field="name") from error
