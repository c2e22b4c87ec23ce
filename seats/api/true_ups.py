"""Quarterly true-ups, as far as they are."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.models import TrueUp
from seats.true_up.queries import true_ups_of

STATES = [str(state) for state in TrueUp.State.values]
DECISIONS = [str(decision) for decision in TrueUp.Decision.values]


class TrueUpQuery(PageQuery):
    """Which to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)


class TrueUpSerializer(serializers.Serializer[TrueUp]):
    """One quarter. Nobody is named here; the sealed evidence of a settled one stands at /reports/{id}."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=STATES, help_text="review: somebody may decide, until `answer_by`.")
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    time_zone = serializers.CharField()
    counts_at = Moment(source="due_at")
    counted_at = Moment(allow_null=True, help_text="Before it the numbers are zero.")
    purchased = serializers.IntegerField(help_text="Seats on the last day.")
    peak = serializers.IntegerField(help_text="The most seats in use above the purchased ones.")
    target = serializers.IntegerField(help_text="Seats to be purchased at least.")
    idle_days = serializers.IntegerField(help_text="After so many days without use a seat is idle.")
    removes_idle = serializers.BooleanField(help_text="Whether idle seats leave.")
    answer_by = Moment(help_text="Afterwards it is settled as agreed.")
    decision = serializers.ChoiceField(choices=DECISIONS, allow_blank=True, help_text="Who decided; empty: nobody yet.")
    decided_at = Moment(allow_null=True)
    decided_by = serializers.EmailField(source="decided_by.email", default=None, allow_null=True)
    attempts = serializers.IntegerField(help_text="Attempts to charge.")
    next_try_at = Moment(allow_null=True)
    error_code = serializers.CharField(allow_blank=True, help_text="Why the last attempt failed.")
    order_id = serializers.CharField(source="change.public_id", default=None, allow_null=True)
    renew_quantity = serializers.IntegerField(allow_null=True, help_text="Seats from the next period on.")
    settled_at = Moment(allow_null=True)
    seal = serializers.CharField(allow_blank=True, help_text="The evidence's last hash.")


class TrueUps(ApiView):
    """GET /api/v1/true-ups"""

    required_capability = "billing.view"

    @operation(
        "listTrueUps",
        tag="reports",
        summary="True-ups",
        query=TrueUpQuery,
        answers={200: TrueUpSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first, from their announcement on. They are decided on the page, by people."""
        wanted = checked(TrueUpQuery, request.query_params.dict())
        rows = true_ups_of(self.account)
        return self.pages(rows.filter(state=wanted["state"]) if "state" in wanted else rows, TrueUpSerializer)


class OneTrueUp(ApiView):
    """GET /api/v1/true-ups/{true_up_id}"""

    required_capability = "billing.view"

    @operation("getTrueUp", tag="reports", summary="One true-up", answers={200: TrueUpSerializer})
    def get(self, request: Request, true_up_id: str) -> Response:
        """How it stands."""
        return Response(TrueUpSerializer(get_object_or_404(true_ups_of(self.account), public_id=true_up_id)).data)
