"""People of the account and their seats. It stands here, not with the accounts, because only seats know who sits."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership, Role
from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.errors import UsageIsPrivate
from seats.insight.members import SEATS, members_with_seats

ROLES = [str(role) for role in Role.values]


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


class MemberSerializer(serializers.Serializer[Membership]):
    """One person in the account."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="user.get_full_name")
    email = serializers.EmailField(source="user.email")
    role = serializers.ChoiceField(choices=ROLES)
    title = serializers.CharField(allow_blank=True)
    department = PlaceSerializer(allow_null=True)
    region = PlaceSerializer(allow_null=True)
    employment = serializers.CharField()
    ends_on = serializers.DateField(allow_null=True)
    joined_at = Moment()
    last_active_at = Moment(
        source="seen_at", allow_null=True, help_text="Null too where the account shows usage for groups only."
    )
    waiting = serializers.BooleanField(help_text="In the queue for a seat.")
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
        return self.pages(rows, MemberSerializer)


class OneMember(ApiView):
    """GET /api/v1/members/{member_id}"""

    required_capability = "seats.view"

    @operation("getMember", tag="people", summary="One person", answers={200: MemberSerializer})
    def get(self, request: Request, member_id: str) -> Response:
        """A member of the account with the seat, if any."""
        return Response(MemberSerializer(get_object_or_404(members_with_seats(self.account), public_id=member_id)).data)
