"""Departments and regions."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import BadSetting, InUse, NameTaken
from accounts.members.queries import places_of
from accounts.members.structure import Place, add_place, change_region, delete_place, rename_place
from accounts.models import Region
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, PageQuery, Text, checked
from seatportal.api.headers import unless_same
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

RIGHTS = {"GET": "seats.view", "POST": "account.manage", "PATCH": "account.manage", "DELETE": "account.manage"}
REGION_FIELDS = ("name", "currency", "tax_entity", "residency")


class NewPlaceSerializer(Input):
    """Its name, once in the account."""

    name = Text(max_length=80)


class OwnPlaceSerializer(serializers.Serializer[Any]):
    """A department or region of the account."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    people = serializers.IntegerField(help_text="Members who belong to it now.")


class OwnRegionSerializer(OwnPlaceSerializer):
    """A region of the account, with what is noted for procurement there."""

    currency = serializers.CharField(allow_blank=True, help_text="ISO 4217 in lower case; empty: not said.")
    tax_entity = serializers.CharField(allow_blank=True, help_text="Which company buys there.")
    residency = serializers.CharField(allow_blank=True, help_text="Where the data of its people has to stay.")


class RegionEditSerializer(Input):
    """Only what is sent is changed."""

    name = Text(required=False, max_length=80)
    currency = Text(required=False, allow_blank=True, max_length=3, help_text="ISO 4217; empty: not said.")
    tax_entity = Text(required=False, allow_blank=True, max_length=120)
    residency = Text(required=False, allow_blank=True, max_length=40)


class Places(ApiView):
    """Of one kind: list and add."""

    required_capability = RIGHTS
    kind: str
    serializer: type[OwnPlaceSerializer] = OwnPlaceSerializer

    def listed(self) -> Response:
        """A page of them, the newest first."""
        checked(PageQuery, self.request.query_params.dict())
        return self.pages(places_of(self.account, self.kind), self.serializer)

    def added(self) -> Response:
        """One more."""
        name = checked(NewPlaceSerializer, self.request.data)["name"]
        place = add_place(account=self.account, kind=self.kind, name=name, actor=self.actor, at=now())
        return Response(self.one(place.public_id), status=201)

    def one(self, place_id: str) -> dict[str, Any]:
        """As it is answered, and what its ETag is made of."""
        return dict(self.serializer(self.found(place_id)).data)

    def found(self, place_id: str) -> Place:
        """One of this account, or 404."""
        return cast(Place, get_object_or_404(places_of(self.account, self.kind), public_id=place_id))


class OnePlace(Places):
    """Of one kind: read, rename, delete."""

    def shown(self, place_id: str) -> Response:
        """With its ETag."""
        return unless_same(self.request, self.one(place_id))

    def renamed(self, place_id: str) -> Response:
        """Under its new name."""
        place = self.found(place_id)
        name = checked(NewPlaceSerializer, self.request.data)["name"]
        with unchanged(self.request, lock=lambda: self.locked(place), read=lambda: self.one(place_id)):
            rename_place(account=self.account, place=place, name=name, actor=self.actor, at=now())
        return Response(self.one(place_id))

    def deleted(self, place_id: str) -> Response:
        """Gone."""
        place = self.found(place_id)
        with unchanged(self.request, lock=lambda: self.locked(place), read=lambda: self.one(place_id)):
            delete_place(account=self.account, place=place, actor=self.actor, at=now())
        return Response(status=204)

    def locked(self, place: Place) -> Place:
        """As it is now, and no other request's until the end."""
        # The lock that delete_place takes; whoever moves in waits for it too.
        rows: QuerySet[Any] = type(place)._default_manager.filter(account=self.account)
        return cast(Place, get_object_or_404(rows.select_for_update(), pk=place.pk))


class Departments(Places):
    """GET and POST /api/v1/departments"""

    kind = "department"

    @operation(
        "listDepartments",
        tag="people",
        summary="Departments",
        query=PageQuery,
        answers={200: OwnPlaceSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The account's departments, the newest first."""
        return self.listed()

    @operation(
        "createDepartment",
        tag="people",
        summary="Add a department",
        body=NewPlaceSerializer,
        answers={201: OwnPlaceSerializer},
        problems=[NameTaken, BadSetting],
        examples={"Support": {"name": "Support"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Each name is there once."""
        return self.added()


class OneDepartment(OnePlace):
    """GET, PATCH and DELETE /api/v1/departments/{department_id}"""

    kind = "department"

    @operation("getDepartment", tag="people", summary="One department", answers={200: OwnPlaceSerializer, 304: None})
    def get(self, request: Request, department_id: str) -> Response:
        """Its name, and how many people belong to it."""
        return self.shown(department_id)

    @operation(
        "renameDepartment",
        tag="people",
        summary="Rename a department",
        body=NewPlaceSerializer,
        answers={200: OwnPlaceSerializer},
        problems=[NameTaken, BadSetting],
        if_match="optional",
    )
    def patch(self, request: Request, department_id: str) -> Response:
        """Its people stay in it."""
        return self.renamed(department_id)

    @operation(
        "deleteDepartment",
        tag="people",
        summary="Delete a department",
        answers={204: None},
        problems=[InUse],
        if_match="optional",
    )
    def delete(self, request: Request, department_id: str) -> Response:
        """Only one that nobody belongs to."""
        return self.deleted(department_id)


class Regions(Places):
    """GET and POST /api/v1/regions"""

    kind = "region"
    serializer = OwnRegionSerializer

    @operation(
        "listRegions", tag="people", summary="Regions", query=PageQuery, answers={200: OwnRegionSerializer(many=True)}
    )
    def get(self, request: Request) -> Response:
        """The account's regions, the newest first."""
        return self.listed()

    @operation(
        "createRegion",
        tag="people",
        summary="Add a region",
        body=NewPlaceSerializer,
        answers={201: OwnRegionSerializer},
        problems=[NameTaken, BadSetting],
        examples={"Europe": {"name": "EU"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Each name is there once."""
        return self.added()


class OneRegion(OnePlace):
    """GET, PATCH and DELETE /api/v1/regions/{region_id}"""

    kind = "region"
    serializer = OwnRegionSerializer

    @operation("getRegion", tag="people", summary="One region", answers={200: OwnRegionSerializer, 304: None})
    def get(self, request: Request, region_id: str) -> Response:
        """Its name, what is noted of it, and how many people belong to it."""
        return self.shown(region_id)

    @operation(
        "renameRegion",
        tag="people",
        summary="Change a region",
        body=RegionEditSerializer,
        answers={200: OwnRegionSerializer},
        problems=[NameTaken, BadSetting],
        examples={"Noted for procurement": {"currency": "eur", "tax_entity": "Acme GmbH", "residency": "eu"}},
        if_match="optional",
    )
    def patch(self, request: Request, region_id: str) -> Response:
        """Its people stay in it."""
        found = self.found(region_id)
        changes = checked(RegionEditSerializer, self.request.data)
        with unchanged(self.request, lock=lambda: self.locked(found), read=lambda: self.one(region_id)):
            region = cast(Region, self.found(region_id))
            wanted = {name: changes.get(name, getattr(region, name)) for name in REGION_FIELDS}
            change_region(account=self.account, region=region, actor=self.actor, at=now(), **wanted)
        return Response(self.one(region_id))

    @operation(
        "deleteRegion",
        tag="people",
        summary="Delete a region",
        answers={204: None},
        problems=[InUse],
        if_match="optional",
    )
    def delete(self, request: Request, region_id: str) -> Response:
        """Only one that nobody belongs to."""
        return self.deleted(region_id)
