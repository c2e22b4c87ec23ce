"""Who holds a seat: give, move, take."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import AlreadyMember, BadAddress, BadSetting, NotYours
from accounts.members.details import Details
from accounts.members.queries import members_of, place_named
from accounts.models import Region, Role
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import (
    AlreadySeated,
    BudgetExceeded,
    NotAMember,
    PersonPaused,
    RegionFull,
    SeatGone,
    SeatLimitReached,
    SeatsFrozen,
)
from seats.holders.assign_seat import assign_seat
from seats.holders.queries import open_seats
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.models import Assignment

RIGHTS = {"GET": "seats.view", "POST": "seats.assign", "DELETE": "seats.assign"}
STATES = [str(state) for state in Assignment.State.values]


class SeatQuery(PageQuery):
    """Which seats to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)


class NewAssignmentSerializer(Input):
    """Whom to give a seat: one of the two."""

    member_id = Text(required=False, help_text="A member's id.")
    email = Text(required=False, help_text="A member's address, or one to invite with a seat.")
    region_id = Text(required=False, help_text="For an address to invite: whose seats it draws from; from /regions.")
    reason = Text(required=False, default="", allow_blank=True, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one person."""
        if ("member_id" in attrs) == ("email" in attrs):
            raise serializers.ValidationError({"member_id": _("Send either member_id or email.")})
        return attrs


class ReassignmentSerializer(Input):
    """Who gets the seat."""

    to_member_id = Text(help_text="A member without a seat.")
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class ReleaseQuery(Input):
    """Why a seat is taken."""

    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


class HolderSerializer(serializers.Serializer[Any]):
    """A member with a seat."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="user.get_full_name")
    email = serializers.EmailField(source="user.email")


class InvitedSerializer(serializers.Serializer[Any]):
    """An invitation that holds a seat."""

    id = serializers.CharField(source="public_id")
    email = serializers.EmailField()


class AssignmentSerializer(serializers.Serializer[Assignment]):
    """One seat in use. The id stays when the seat moves to somebody else."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=STATES)
    member = HolderSerializer(source="membership", allow_null=True)
    invitation = InvitedSerializer(allow_null=True, help_text="The invitation by which the seat was reserved.")
    since = Moment(source="started_at")
    door = serializers.CharField(help_text="Where it was given: page, api, invitation, …")
    reason = serializers.CharField(allow_blank=True)


class Assignments(ApiView):
    """GET and POST /api/v1/assignments"""

    required_capability = RIGHTS

    @operation(
        "listAssignments",
        tag="seats",
        summary="Seats in use",
        query=SeatQuery,
        answers={200: AssignmentSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Seats that members hold or invitations reserve, the newest first."""
        wanted = checked(SeatQuery, request.query_params.dict())
        rows = open_seats(self.account)
        return self.pages(rows.filter(state=wanted["state"]) if "state" in wanted else rows, AssignmentSerializer)

    @operation(
        "createAssignment",
        tag="seats",
        summary="Give a seat to somebody",
        body=NewAssignmentSerializer,
        answers={201: AssignmentSerializer},
        problems=[
            SeatLimitReached,
            RegionFull,
            SeatsFrozen,
            BudgetExceeded,
            AlreadySeated,
            PersonPaused,
            NotAMember,
            BadAddress,
            AlreadyMember,
            NotYours,
            BadSetting,
        ],
        examples={"A member": {"member_id": "mem_0v6c2k9x4h8r1d5t7w3z"}, "By address": {"email": "lena@example.com"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Give a free seat. An address that is nobody's yet is invited, and the seat is reserved for it."""
        values = checked(NewAssignmentSerializer, request.data)
        return Response(AssignmentSerializer(self._give(**values)).data, status=201)

    def _give(self, *, reason: str, member_id: str = "", email: str = "", region_id: str | None = None) -> Assignment:
        people = members_of(self.account)
        member = people.filter(public_id=member_id).first() or people.filter(user__email=email.strip().lower()).first()
        if member is not None:
            return assign_seat(account=self.account, membership=member, actor=self.actor, at=now(), reason=reason)
        if member_id:
            raise NotAMember(field="member_id")
        return invite_with_seat(
            account=self.account,
            email=email,
            role=Role.MEMBER,
            department=None,
            details=Details(region=place_named(self.account, Region, region_id)),
            name="",
            reason=reason,
            actor=self.actor,
            at=now(),
        )[1]


class OneAssignment(ApiView):
    """GET and DELETE /api/v1/assignments/{assignment_id}"""

    required_capability = RIGHTS

    @operation("getAssignment", tag="seats", summary="One seat in use", answers={200: AssignmentSerializer})
    def get(self, request: Request, assignment_id: str) -> Response:
        """A seat that is held or reserved now."""
        return Response(AssignmentSerializer(get_object_or_404(open_seats(self.account), public_id=assignment_id)).data)

    @operation(
        "deleteAssignment",
        tag="seats",
        summary="Take a seat",
        query=ReleaseQuery,
        answers={204: None},
        problems=[SeatGone],
    )
    def delete(self, request: Request, assignment_id: str) -> Response:
        """Make the seat free. The number of purchased seats stays; who waits longest gets it."""
        reason = checked(ReleaseQuery, request.query_params.dict())["reason"]
        seat = get_object_or_404(open_seats(self.account), public_id=assignment_id)
        release_seat(account=self.account, assignment=seat, actor=self.actor, at=now(), reason=reason)
        return Response(status=204)


class Reassignment(ApiView):
    """POST /api/v1/assignments/{assignment_id}/reassign"""

    required_capability = "seats.assign"

    @operation(
        "reassignSeat",
        tag="seats",
        summary="Move a seat to somebody else",
        body=ReassignmentSerializer,
        answers={200: AssignmentSerializer},
        problems=[AlreadySeated, NotAMember, PersonPaused, RegionFull, SeatGone, SeatsFrozen, BudgetExceeded],
    )
    @idempotent()
    def post(self, request: Request, assignment_id: str) -> Response:
        """Take the seat from its holder and give it at the same moment. No charge; it works at a full limit too."""
        seat = get_object_or_404(open_seats(self.account), public_id=assignment_id)
        values = checked(ReassignmentSerializer, request.data)
        receiver = members_of(self.account).filter(public_id=values["to_member_id"]).first()
        if receiver is None:
            raise NotAMember(field="to_member_id")
        moved = reassign_seat(
            account=self.account, assignment=seat, to=receiver, actor=self.actor, at=now(), reason=values["reason"]
        )
        return Response(AssignmentSerializer(moved).data)
