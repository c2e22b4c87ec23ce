"""Pause a person, and bring them back."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership
from seatportal.api.fields import Day, Input, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.api.members import MemberSerializer
from seats.errors import NoSeatToPause, NotAMember, NotPaused, PauseWrong
from seats.holders.pause_person import pause_person
from seats.holders.resume_person import resume_person
from seats.insight.members import members_with_seats


class PauseSerializer(Input):
    """Until when, and why."""

    resumes_on = Day(
        required=False, allow_null=True, default=None, help_text="The day on which the person is back; null: no end."
    )
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class Acting(ApiView):
    """On one member."""

    required_capability = "seats.assign"

    def found(self, member_id: str) -> Membership:
        """One of this account, or 404."""
        return get_object_or_404(members_with_seats(self.account), public_id=member_id)


class MemberPause(Acting):
    """POST /api/v1/members/{member_id}/pause"""

    @operation(
        "pauseMember",
        tag="people",
        summary="Pause a person",
        body=PauseSerializer,
        answers={200: MemberSerializer},
        problems=[NoSeatToPause, PauseWrong, NotAMember],
        examples={"Parental leave": {"resumes_on": "2027-09-01", "reason": "Parental leave"}},
    )
    @idempotent()
    def post(self, request: Request, member_id: str) -> Response:
        """The seat is free for somebody else; the person stays and keeps their data. Again: another day."""
        member = self.found(member_id)
        values = checked(PauseSerializer, request.data)
        pause_person(account=self.account, membership=member, actor=self.actor, at=now(), **values)
        return Response(MemberSerializer(self.found(member_id)).data)


class MemberResumption(Acting):
    """POST /api/v1/members/{member_id}/resume"""

    @operation(
        "resumeMember",
        tag="people",
        summary="End a pause",
        answers={200: MemberSerializer},
        problems=[NotPaused, NotAMember],
    )
    @idempotent()
    def post(self, request: Request, member_id: str) -> Response:
        """The person takes a free seat, or waits for one."""
        resume_person(account=self.account, membership=self.found(member_id), actor=self.actor, at=now())
        return Response(MemberSerializer(self.found(member_id)).data)
