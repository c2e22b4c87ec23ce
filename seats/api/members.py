"""People of the account and their seats. It stands here, not with the accounts, because only seats know who sits."""

from contextlib import AbstractContextManager
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import BadSetting, ExternalIdTaken, LastOwner, MemberGone, NotYours
from accounts.members.edit_member import edit_member, lock_member
from accounts.members.queries import member_named, place_named
from accounts.members.remove_member import remove_member
from accounts.models import Department, Membership, Region, Role
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Day, Input, Moment, PageQuery, Text, checked
from seatportal.api.headers import etag_of
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import RegionFull, UsageIsPrivate
from seats.insight.members import SEATS, members_with_seats

ROLES = [str(role) for role in Role.values]
LEVELS = [str(level) for level in Membership.Level.values if level]
EMPLOYMENTS = [str(kind) for kind in Membership.Employment.values]
# What can be changed here, and what the ETag is made of: it stays the same while somebody only works.
EDITED = ("role", "title", "department", "region", "employment", "ends_on", "level", "manager_id", "external_id")
# What a list reads of each person; the rest of four tables would be most of what is read.
COLUMNS = (
    *("public_id", "external_id", "role", "title", "employment", "ends_on", "level", "joined_at"),
    *("user__name", "user__email", "department__public_id", "department__name", "region__public_id", "region__name"),
)


class MemberQuery(PageQuery):
    """Which people to list; several filters narrow the list together."""

    q = serializers.CharField(required=False, max_length=100, help_text="A part of the name or address.")
    role = serializers.ChoiceField(choices=ROLES, required=False)
    department = serializers.CharField(required=False, max_length=80, help_text="Its id or its name.")
    seat = serializers.ChoiceField(choices=SEATS, required=False)
    active_since = serializers.DateTimeField(
        required=False, help_text="Only who did something at or after this time (ISO 8601)."
    )


class PlaceSerializer(serializers.Serializer[Any]):
    """A department or region."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class MemberEditSerializer(Input):
    """Only what is sent is changed."""

    role = serializers.ChoiceField(choices=ROLES, required=False)
    title = Text(required=False, allow_blank=True, max_length=80)
    department_id = Text(required=False, allow_null=True, help_text="From /departments; null: none.")
    region_id = Text(required=False, allow_null=True, help_text="From /regions; null: none.")
    employment = serializers.ChoiceField(choices=EMPLOYMENTS, required=False)
    ends_on = Day(required=False, allow_null=True, help_text="The last day of a contract.")
    level = serializers.ChoiceField(choices=LEVELS, required=False, allow_blank=True, help_text="In the organisation.")
    manager_id = Text(required=False, allow_null=True, help_text="A member; null: nobody.")
    external_id = Text(
        required=False, allow_blank=True, max_length=128, help_text="As your own systems and usage events name them."
    )


class MemberSerializer(serializers.Serializer[Membership]):
    """One person in the account."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="user.get_full_name")
    email = serializers.EmailField(source="user.email")
    role = serializers.ChoiceField(choices=ROLES)
    external_id = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    department = PlaceSerializer(allow_null=True)
    region = PlaceSerializer(allow_null=True)
    employment = serializers.ChoiceField(choices=EMPLOYMENTS)
    ends_on = serializers.DateField(allow_null=True)
    level = serializers.ChoiceField(choices=LEVELS, allow_blank=True, help_text="In the organisation; empty: not said.")
    manager_id = serializers.CharField(source="manager_public_id", allow_null=True, default=None)
    joined_at = Moment()
    last_active_at = Moment(
        source="seen_at", allow_null=True, help_text="Null too where the account shows usage for groups only."
    )
    waiting = serializers.BooleanField(help_text="In the queue for a seat.")
    paused = serializers.BooleanField(help_text="Without a seat until the person is resumed.")
    resumes_on = serializers.DateField(allow_null=True, help_text="The day on which a pause ends; null: by hand.")
    seat_id = serializers.CharField(allow_null=True, help_text="The assignment; null without a seat.")
    seat_since = Moment(allow_null=True)


class Members(ApiView):
    """GET /api/v1/members"""

    required_capability = "seats.view"

    @operation(
        "listMembers",
        tag="people",
        summary="People",
        query=MemberQuery,
        answers={200: MemberSerializer(many=True)},
        problems=[UsageIsPrivate],
    )
    def get(self, request: Request) -> Response:
        """The members of the account with their seats, the newest first."""
        wanted = checked(MemberQuery, request.query_params.dict())
        rows = members_with_seats(
            self.account,
            search=wanted.get("q", ""),
            role=wanted.get("role", ""),
            department=wanted.get("department", ""),
            seat=wanted.get("seat", ""),
            active_since=wanted.get("active_since"),
        )
        return self.pages(rows.only(*COLUMNS), MemberSerializer)


class OneMember(ApiView):
    """GET, PATCH and DELETE /api/v1/members/{member_id}"""

    required_capability = {"GET": "seats.view", "PATCH": "members.manage", "DELETE": "members.manage"}

    @operation("getMember", tag="people", summary="One person", answers={200: MemberSerializer})
    def get(self, request: Request, member_id: str) -> Response:
        """A member of the account with the seat, if any. The ETag is that of the fields which PATCH changes."""
        return self._answer(self._find(member_id))

    @operation(
        "changeMember",
        tag="people",
        summary="Change a person",
        body=MemberEditSerializer,
        answers={200: MemberSerializer},
        problems=[NotYours, LastOwner, MemberGone, BadSetting, ExternalIdTaken, RegionFull],
        examples={"To a team manager": {"role": "team_manager"}},
        if_match="optional",
    )
    def patch(self, request: Request, member_id: str) -> Response:
        """All that is sent, or nothing."""
        member = self._find(member_id)
        changes = checked(MemberEditSerializer, request.data)
        if "department_id" in changes:
            changes["department"] = place_named(self.account, Department, changes.pop("department_id"))
        if "region_id" in changes:
            changes["region"] = place_named(self.account, Region, changes.pop("region_id"))
        if "manager_id" in changes:
            changes["manager"] = member_named(self.account, changes.pop("manager_id"))
        with self._unchanged(member, changes):
            edit_member(account=self.account, membership=member, changes=changes, actor=self.actor, at=now())
        return self._answer(self._find(member_id))

    @operation(
        "removeMember",
        tag="people",
        summary="Take a person out of the account",
        answers={204: None},
        problems=[NotYours, LastOwner, MemberGone],
        if_match="optional",
    )
    def delete(self, request: Request, member_id: str) -> Response:
        """The seat is free at once; the number of purchased seats stays. History keeps the name."""
        member = self._find(member_id)
        with self._unchanged(member, {}):
            remove_member(account=self.account, membership=member, actor=self.actor, at=now())
        return Response(status=204)

    def _find(self, member_id: str) -> Membership:
        return get_object_or_404(members_with_seats(self.account), public_id=member_id)

    def _unchanged(self, member: Membership, changes: dict[str, Any]) -> AbstractContextManager[None]:
        return unchanged(
            self.request,
            lock=lambda: lock_member(account=self.account, membership=member, changes=changes),
            read=lambda: _edited(self._find(member.public_id)),
        )

    def _answer(self, member: Membership) -> Response:
        return Response(MemberSerializer(member).data, headers={"ETag": etag_of(_edited(member))})


def _edited(member: Membership) -> dict[str, Any]:
    shown = MemberSerializer(member).data
    return {name: shown[name] for name in EDITED}
