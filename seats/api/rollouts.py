"""Rollout plans."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Moment, PageQuery, Text, WholeNumber, checked
from seatportal.api.headers import etag_of
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import RolloutEnded, RolloutRefused
from seats.models import RolloutPlan
from seats.rollout.plans import change_rollout, end_rollout, lock_plan, open_rollout
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
    """GET and PUT /api/v1/rollouts/{rollout_id}"""

    required_capability = BUYS

    @operation("getRollout", tag="buying", summary="A rollout plan", answers={200: RolloutSerializer})
    def get(self, request: Request, rollout_id: str) -> Response:
        """Its tranches stand at /tranches. The ETag is that of what can be changed, not of the sums."""
        return self._answer(rollout_id)

    @operation(
        "changeRollout",
        tag="buying",
        summary="Change a rollout plan",
        body=NewRolloutSerializer,
        answers={200: RolloutSerializer},
        problems=[RolloutEnded, RolloutRefused],
        examples={"Another budget year": {"name": "Sales in 2027", "budget_month": 4}},
        if_match="optional",
    )
    def put(self, request: Request, rollout_id: str) -> Response:
        """Its name and budget year; tranches stay as they are."""
        plan = self._found(rollout_id)
        values = checked(NewRolloutSerializer, request.data)
        with unchanged(
            request, lock=lambda: lock_plan(self.account, plan.public_id), read=lambda: self._read(rollout_id)
        ):
            change_rollout(account=self.account, plan_id=plan.public_id, actor=self.actor, **values)
        return self._answer(rollout_id)

    def _found(self, rollout_id: str) -> RolloutPlan:
        return get_object_or_404(plans_of(self.account), public_id=rollout_id)

    def _read(self, rollout_id: str) -> dict[str, Any]:
        plan = self._found(rollout_id)
        return {"id": plan.public_id, "name": plan.name, "budget_month": plan.budget_month}

    def _answer(self, rollout_id: str) -> Response:
        shown = RolloutSerializer(self._found(rollout_id)).data
        return Response(shown, headers={"ETag": etag_of(self._read(rollout_id))})


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
