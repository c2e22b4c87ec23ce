"""People who are asked to join. An invitation with a seat is made at /assignments."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import AlreadyMember, BadAddress, BadSetting, InvitationGone, NotYours
from accounts.members.details import Details
from accounts.members.invitations import invite_member, resend_invitation, revoke_invitation
from accounts.members.queries import invitations_of, place_named
from accounts.models import Department, Invitation, Region, Role
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

STATES = [str(state) for state in Invitation.State.values]
ROLES = [str(role) for role in Role.values]


class InvitationQuery(PageQuery):
    """Which invitations to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)


class NewInvitationSerializer(Input):
    """Whom to ask, and as what."""

    email = Text(max_length=254)
    name = Text(required=False, default="", allow_blank=True, max_length=150)
    role = serializers.ChoiceField(choices=ROLES, default="member")
    department_id = Text(required=False, help_text="From /departments.")
    region_id = Text(required=False, help_text="From /regions.")


class InvitationSerializer(serializers.Serializer[Invitation]):
    """Somebody who was asked to join. The link goes by mail and is never shown."""

    id = serializers.CharField(source="public_id")
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=ROLES)
    department_id = serializers.CharField(source="department.public_id", default=None, allow_null=True)
    region_id = serializers.CharField(source="region.public_id", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=STATES)
    member_id = serializers.CharField(
        source="accepted_by.public_id", default=None, allow_null=True, help_text="Who joined by it."
    )
    created_at = Moment()
    sent_at = Moment(allow_null=True, help_text="Null: the mail is still due.")
    expires_at = Moment()
    closed_at = Moment(allow_null=True)


class Invitations(ApiView):
    """GET and POST /api/v1/invitations"""

    required_capability = "members.manage"

    @operation(
        "listInvitations",
        tag="people",
        summary="Invitations",
        query=InvitationQuery,
        answers={200: InvitationSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """All invitations, the newest first."""
        wanted = checked(InvitationQuery, request.query_params.dict())
        return self.pages(invitations_of(self.account, state=wanted.get("state", "")), InvitationSerializer)

    @operation(
        "createInvitation",
        tag="people",
        summary="Invite somebody",
        body=NewInvitationSerializer,
        answers={200: InvitationSerializer, 201: InvitationSerializer},
        problems=[BadAddress, AlreadyMember, NotYours, BadSetting],
        examples={"A colleague": {"email": "lena@example.com", "role": "member"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """By mail, without a seat. `200`: the address was invited before; no second mail is sent."""
        values = checked(NewInvitationSerializer, request.data)
        department = place_named(self.account, Department, values.pop("department_id", None))
        region = place_named(self.account, Region, values.pop("region_id", None))
        invitation, created = invite_member(
            account=self.account,
            department=department,
            details=Details(region=region),
            actor=self.actor,
            at=now(),
            **values,
        )
        return Response(InvitationSerializer(invitation).data, status=201 if created else 200)


class OneInvitation(ApiView):
    """GET /api/v1/invitations/{invitation_id}"""

    required_capability = "members.manage"

    @operation("getInvitation", tag="people", summary="One invitation", answers={200: InvitationSerializer})
    def get(self, request: Request, invitation_id: str) -> Response:
        """Also after its end."""
        return Response(InvitationSerializer(_find(self, invitation_id)).data)


class InvitationResend(ApiView):
    """POST /api/v1/invitations/{invitation_id}/resend"""

    required_capability = "members.manage"

    @operation(
        "resendInvitation",
        tag="people",
        summary="Send an invitation again",
        answers={200: InvitationSerializer},
        problems=[InvitationGone, NotYours],
    )
    @idempotent()
    def post(self, request: Request, invitation_id: str) -> Response:
        """With a fresh link that lives seven days; the old link ends."""
        found = _find(self, invitation_id)
        sent = resend_invitation(account=self.account, invitation=found, actor=self.actor, at=now())
        return Response(InvitationSerializer(sent).data)


class InvitationRevocation(ApiView):
    """POST /api/v1/invitations/{invitation_id}/revoke"""

    required_capability = "members.manage"

    @operation(
        "revokeInvitation",
        tag="people",
        summary="Withdraw an invitation",
        answers={200: InvitationSerializer},
        problems=[InvitationGone, NotYours],
    )
    @idempotent()
    def post(self, request: Request, invitation_id: str) -> Response:
        """The link ends at once, and a seat that it reserved is free."""
        found = _find(self, invitation_id)
        revoked = revoke_invitation(account=self.account, invitation=found, actor=self.actor, at=now())
        return Response(InvitationSerializer(revoked).data)


def _find(view: ApiView, invitation_id: str) -> Invitation:
    return get_object_or_404(invitations_of(view.account), public_id=invitation_id)
