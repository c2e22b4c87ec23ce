"""Rollout plans."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Input, Moment, PageQuery, Text, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import RolloutEnded, RolloutRefused
from seats.models import RolloutPlan
from seats.rollout.plans import end_rollout, open_rollout
from seats.rollout.queries import plans_of

BUYS = "seats.buy"


class NewRolloutSerializer(Input):
    """A plan."""

    name = Text(max_length=80)
    budget_month = WholeNumber(required=False, default=1, min_value=1, max_value=12)


class RolloutSerializer(serializers.Serializer[RolloutPlan]):
    """A plan with its sums."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    budget_month = serializers.IntegerField(help_text="The month with which the budget year begins.")
    seats_to_come = serializers.IntegerField()
    seats_bought = serializers.IntegerField()
    next_on = serializers.DateField(allow_null=True)
    created_at = Moment()
    ended_at = Moment(allow_null=True)


class Rollouts(ApiView):
    """GET and POST /api/v1/rollouts"""

    required_capability = BUYS

    @operation(
        "listRollouts",
        tag="buying",
        summary="Rollout plans",
        query=PageQuery,
        answers={200: RolloutSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(plans_of(self.account).order_by("-id"), RolloutSerializer)

    @operation(
        "openRollout",
        tag="buying",
        summary="Open a rollout plan",
        body=NewRolloutSerializer,
        answers={201: RolloutSerializer},
        problems=[RolloutRefused],
        examples={"By the calendar year": {"name": "Sales in 2027", "budget_month": 1}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Nothing is bought by it; tranches are."""
        values = checked(NewRolloutSerializer, request.data)
        plan = open_rollout(account=self.account, actor=self.actor, **values)
        return Response(RolloutSerializer(plans_of(self.account).get(pk=plan.pk)).data, status=201)


class OneRollout(ApiView):
    """GET /api/v1/rollouts/{rollout_id}"""

    required_capability = BUYS

    @operation("getRollout", tag="buying", summary="A rollout plan", answers={200: RolloutSerializer})
    def get(self, request: Request, rollout_id: str) -> Response:
        """Its tranches stand at /tranches."""
        return Response(RolloutSerializer(get_object_or_404(plans_of(self.account), public_id=rollout_id)).data)


class RolloutEnd(ApiView):
    """POST /api/v1/rollouts/{rollout_id}/end"""

    required_capability = BUYS

    @operation(
        "endRollout",
        tag="buying",
        summary="End a rollout plan",
        answers={200: RolloutSerializer},
        problems=[RolloutEnded],
    )
    @idempotent()
    def post(self, request: Request, rollout_id: str) -> Response:
        """What is not bought yet is cancelled."""
        plan = get_object_or_404(plans_of(self.account), public_id=rollout_id)
        end_rollout(account=self.account, plan_id=plan.public_id, actor=self.actor, at=now())
        return Response(RolloutSerializer(plans_of(self.account).get(pk=plan.pk)).data)
