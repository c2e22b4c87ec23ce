"""Rows as SCIM resources, and SCIM resources as words."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from scim2_models import Meta, Resource

from accounts.directory.words import Email, Words
from accounts.models import Department, DirectoryPerson
from seats.directory.states import REMOVED
from seats.scim import schema
from seats.scim.schema import PROVIDER, EnterpriseUser, Group, SeatUser

USER_MODEL: Any = PROVIDER.model_for("User")


def user_of(row: Any, *, as_said: bool = False) -> Resource[Any]:
    """A person (see people_of) as a SCIM user.

    as_said: `active` as the directory said it last, to apply a change to; else false also for who was removed here.
    """
    person: DirectoryPerson = row
    active = False if row.seat_state == REMOVED and not as_said else person.active
    name = schema.Name(
        formatted=person.full_name or None,
        family_name=person.family_name or None,
        given_name=person.given_name or None,
    )
    user = USER_MODEL(
        id=person.public_id,
        external_id=person.external_id or None,
        user_name=person.user_name,
        name=name if person.full_name or person.family_name or person.given_name else None,
        display_name=person.display_name or None,
        title=row.shown_title or None,
        active=active,
        emails=[
            schema.Email(value=email["value"], type=email["type"] or None, primary=email["primary"])
            for email in person.emails
        ]
        or None,
    )
    if row.shown_department_id:
        group = row.shown_department_id
        user.groups = [schema.GroupOfUser(value=group, ref=_ref("Groups", group), display=row.shown_department)]
    manager = person.manager
    if row.shown_department or manager:
        user[EnterpriseUser] = EnterpriseUser(
            department=row.shown_department or None,
            manager=schema.Manager(
                value=manager.public_id,
                ref=_ref("Users", manager.public_id),
            )
            if manager
            else None,
        )
    user.entitlements = [schema.Entitlement(value=row.seat_state, type="seat")]
    user[SeatUser] = SeatUser(region=row.shown_region or None, state=row.seat_state, member_id=row.member_id)
    return _dated(user, "User", person.created_at, person.changed_at, active, row.seat_state)


def group_of(department: Department, members: Iterable[DirectoryPerson] | None) -> Resource[Any]:
    """A department as a SCIM group; members: None where nobody asked for them."""
    group = Group(id=department.public_id, external_id=department.external_id or None, display_name=department.name)
    if members is not None:
        group.members = [
            schema.GroupMember(
                value=person.public_id,
                ref=_ref("Users", person.public_id),
                type="User",
            )
            for person in members
        ] or None
    return _dated(group, "Group", department.created_at, department.created_at)


def words_of(user: Any) -> Words:
    """What a SCIM user says."""
    name = user.name or schema.Name()
    enterprise = user[EnterpriseUser] or EnterpriseUser()
    manager = enterprise.manager or schema.Manager()
    extension = user[SeatUser] or SeatUser()
    return Words(
        user_name=user.user_name or "",
        external_id=user.external_id or "",
        given_name=name.given_name or "",
        family_name=name.family_name or "",
        full_name=name.formatted or "",
        display_name=user.display_name or "",
        emails=tuple(Email(email.value, email.type or "", email.primary) for email in user.emails or () if email.value),
        title=user.title or "",
        department=enterprise.department or "",
        region=extension.region or "",
        manager=manager.value or (str(manager.ref).rstrip("/").rpartition("/")[2] if manager.ref else ""),
    )


def _ref(endpoint: str, key: str) -> Any:
    """Relative; the service makes it a URL."""
    return f"{endpoint}/{key}"


def _dated(resource: Any, kind: str, created: datetime, changed: datetime, *more: Any) -> Resource[Any]:
    said = f"{resource.model_dump_json()}{more}"
    resource.meta = Meta(
        resource_type=kind,
        created=created,
        last_modified=max(created, changed),
        version=f'W/"{sha256(said.encode()).hexdigest()[:20]}"',
    )
    found: Resource[Any] = resource
    return found
