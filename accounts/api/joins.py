"""Who wants to join by single sign-on: let in or kept out."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import require
from accounts.errors import JoinDecided, SsoRefused
from accounts.models import JoinRequest
from accounts.sso.joins import approve_join, refuse_join
from accounts.sso.queries import joins_of
from seatportal.api.fields import Input, Moment, PageQuery, YesNo, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

STATES = [str(state) for state in JoinRequest.State.values]


class JoinQuery(PageQuery):
    """Which to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)


class JoinDecisionSerializer(Input):
    """Yes or no."""

    decision = serializers.ChoiceField(choices=["approve", "refuse"])
    seat = YesNo(
        required=False, default=False, help_text="With a seat, or a place in the queue for one; needs seats.assign."
    )


class JoinRequestSerializer(serializers.Serializer[JoinRequest]):
    """Somebody whom an identity provider named and who was no member."""

    id = serializers.CharField(source="public_id")
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    member_now = serializers.BooleanField(
        help_text="A member has this address, and the provider names them by a new id: if it is the same person, let"
        " them in; if the address was given to somebody new, remove the former member first."
    )
    connection_id = serializers.CharField(source="connection.public_id", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=STATES)
    asked_at = Moment()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.EmailField(source="decided_by.email", default=None, allow_null=True)
    member_id = serializers.CharField(source="membership.public_id", default=None, allow_null=True)


class _JoinView(ApiView):
    required_capability = "members.manage"

    def found(self, join_id: str) -> JoinRequest:
        """One of the account's."""
        return get_object_or_404(joins_of(self.account), public_id=join_id)


class JoinRequests(_JoinView):
    """GET /api/v1/join-requests"""

    @operation(
        "listJoinRequests",
        tag="sign-in",
        summary="Who wants to join",
        query=JoinQuery,
        answers={200: JoinRequestSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first, also answered ones."""
        wanted = checked(JoinQuery, request.query_params.dict())
        return self.pages(joins_of(self.account, state=wanted.get("state", "")), JoinRequestSerializer)


class OneJoinRequest(_JoinView):
    """GET /api/v1/join-requests/{join_id}"""

    @operation("getJoinRequest", tag="sign-in", summary="One request to join", answers={200: JoinRequestSerializer})
    def get(self, request: Request, join_id: str) -> Response:
        """Also one that was answered."""
        return Response(JoinRequestSerializer(self.found(join_id)).data)


class JoinDecision(_JoinView):
    """POST /api/v1/join-requests/{join_id}/decide"""

    @operation(
        "decideJoinRequest",
        tag="sign-in",
        summary="Let somebody in, or keep them out",
        body=JoinDecisionSerializer,
        answers={200: JoinRequestSerializer},
        problems=[JoinDecided, SsoRefused],
        examples={"A member without a seat": {"decision": "approve"}},
    )
    @idempotent()
    def post(self, request: Request, join_id: str) -> Response:
        """Whoever is let in is told by mail, also after a refusal before."""
        row = self.found(join_id)
        values = checked(JoinDecisionSerializer, request.data)
        if values["decision"] == "refuse":
            refuse_join(account=self.account, request=row, actor=self.actor, at=now())
        else:
            if values["seat"]:
                require(request, "seats.assign")
            approve_join(account=self.account, request=row, with_seat=values["seat"], actor=self.actor, at=now())
        return Response(JoinRequestSerializer(self.found(join_id)).data)
