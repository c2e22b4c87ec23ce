"""scim2-server's storage contract on the verbs and queries of one account."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from scim2_models import (
    ConflictException,
    InvalidValueException,
    NotFoundException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimFilter,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from accounts.access.actor import Actor
from accounts.directory.people import delete_person
from accounts.directory.places import add_group, change_group, delete_group, people_in
from accounts.errors import AddressTaken, NameTaken, PersonTaken
from accounts.models import Account, Department
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.directory.states import people_of
from seats.directory.sync import add_and_seat, change_and_seat
from seats.scim.filters import condition, group_columns, user_columns
from seats.scim.schema import Group, User
from seats.scim.shapes import group_of, user_of, words_of

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class AccountStorage(ScimStorage):
    """The people and departments of one account. writes: whether the request may change something."""

    def __init__(self, *, account: Account, actor: Actor, writes: bool) -> None:
        self.account = account
        self.actor = actor
        self.writes = writes

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One transaction for each request, or for each operation of a bulk.

        The protocol reads, changes and writes back the whole resource, so writes of one account go one after another:
        no change is lost, and none meets another halfway. Our errors become SCIM's, after everything is undone.
        """
        try:
            with transaction.atomic():
                if self.writes:
                    with connection.cursor() as cursor:
                        cursor.execute(LOCK, [f"scim:{self.account.pk}"])
                yield
        except PortalError as error:
            raise as_scim(error) from error

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """One resource. Without parameters it is to be changed: then `active` is what the directory said last."""
        if resource_type.name == "User":
            person = people_of(self.account).filter(public_id=resource_id).first()
            if person is None:
                raise NotFoundException
            return user_of(person, as_said=response_parameters is None)
        department = self._department(resource_id)
        hidden = response_parameters is not None and _leaves_out_members(response_parameters)
        return group_of(department, None if hidden else people_in(department).order_by("pk"))

    def shown(self, resource_type: ResourceType, resource_id: str) -> Resource[Any]:
        """One resource as a reader sees it."""
        return self.get(resource_type, resource_id, response_parameters=ResponseParameters())

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """One page over the wanted types, one after the other, in the order in which they came to be."""
        skip, room = search_request.start_index_0 or 0, search_request.count or 0
        total, found = 0, []
        for kind in dict.fromkeys(each.name for each in resource_types):
            rows = self._rows(kind or "", search_request.filter, alone=len(resource_types) == 1)
            count = rows.count()
            total += count
            if room and skip < count:
                page = list(rows.order_by("pk")[skip : skip + room])
                found += [self._shape(row, search_request) for row in page]
                room -= len(page)
            skip = max(skip - count, 0)
        return SearchPage(total, found)

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new person or department."""
        if isinstance(resource, User):
            person = add_and_seat(
                account=self.account,
                words=words_of(resource),
                active=True if resource.active is None else resource.active,
                actor=self.actor,
                at=now(),
            )
            return self.shown(resource_type, person.public_id)
        department = add_group(account=self.account, **self._group(resource))
        return self.shown(resource_type, department.public_id)

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """The whole new state. The version was checked under the lock of `operation`, so it still holds."""
        key = str(resource.id)
        if isinstance(resource, User):
            change_and_seat(
                account=self.account,
                person_id=key,
                words=words_of(resource),
                active=resource.active,
                actor=self.actor,
                at=now(),
            )
        else:
            change_group(account=self.account, department=self._department(key), **self._group(resource))
        return self.shown(resource_type, key)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """A person leaves and is forgotten; a department ends."""
        if resource_type.name == "User":
            delete_person(account=self.account, person_id=resource_id, actor=self.actor, at=now())
        else:
            department = self._department(resource_id)
            delete_group(account=self.account, department=department, actor=self.actor, at=now())

    def _department(self, key: str) -> Department:
        department = Department.objects.filter(account=self.account, public_id=key).first()
        if department is None:
            raise NotFoundException
        return department

    def _rows(self, kind: str, wanted: ScimFilter[Any] | None, *, alone: bool) -> QuerySet[Any]:
        user = kind == "User"
        rows: QuerySet[Any] = people_of(self.account) if user else Department.objects.filter(account=self.account)
        columns = user_columns(self.account) if user else group_columns(self.account)
        return rows.filter(condition(wanted, columns, other_types=not alone))

    def _shape(self, row: Any, request: SearchRequest[Any]) -> Resource[Any]:
        if not isinstance(row, Department):
            return user_of(row)
        return group_of(row, None if _leaves_out_members(request) else people_in(row).order_by("pk"))

    def _group(self, resource: Any) -> dict[str, Any]:
        return {
            "name": resource.display_name or "",
            "external_id": resource.external_id or "",
            "people": list(dict.fromkeys(m.value for m in resource.members or () if m.value)),
            "actor": self.actor,
            "at": now(),
        }


def as_scim(error: PortalError) -> SCIMException:
    """One of our errors in SCIM's form; what to do about it stands in `detail`."""
    detail = str(error)
    if isinstance(error, PersonTaken | AddressTaken | NameTaken):
        return UniquenessException(detail=detail)
    if error.status == 404:
        return NotFoundException(detail=detail)
    if error.status == 409:
        return ConflictException(detail=detail)
    return InvalidValueException(detail=detail)


def _leaves_out_members(parameters: ResponseParameters[Any]) -> bool:
    left_out = {str(path).lower() for path in parameters.excluded_attributes or ()}
    asked = {str(path).lower() for path in parameters.attributes or ()}
    urn = f"{Group.__schema__}:".lower()
    names = ("members", f"{urn}members")
    if any(name in left_out for name in names):
        return True
    return bool(asked) and not any(path.startswith(names) for path in asked)
