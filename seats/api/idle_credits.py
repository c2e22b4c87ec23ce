"""What idle seats gave back, period by period."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import IdleCredit
from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.true_up.queries import credits_of

STATES = [str(state) for state in IdleCredit.State.values]


class IdleCreditSerializer(serializers.Serializer[IdleCredit]):
    """One period. Amounts are whole minor units of `currency`, without tax."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=STATES, help_text="done: on the next invoice.")
    period_start = Moment()
    period_end = Moment()
    counted_at = Moment()
    first_day = serializers.DateField(help_text="Of the days without use.")
    last_day = serializers.DateField()
    purchased = serializers.IntegerField(source="quantity")
    assigned = serializers.IntegerField()
    idle = serializers.IntegerField()
    credited = serializers.IntegerField(help_text="Idle seats that lower the invoice.")
    currency = serializers.CharField()
    full_amount = serializers.IntegerField(allow_null=True, help_text="Stripe's price of all seats.")
    reduced_amount = serializers.IntegerField(allow_null=True, help_text="And without the credited ones.")
    amount = serializers.IntegerField(help_text="What the invoice has; never above zero.")
    error_code = serializers.CharField(allow_blank=True)
    settled_at = Moment(allow_null=True)


class IdlePersonSerializer(serializers.Serializer[IdleCredit]):
    """Somebody who was counted idle, as the row was written."""

    member_id = serializers.CharField(source="member")
    name = serializers.CharField()
    email = serializers.EmailField()
    seated_on = serializers.DateField(allow_null=True)
    last_active_on = serializers.DateField(allow_null=True)


class WholeIdleCreditSerializer(IdleCreditSerializer):
    """One period with everybody who was counted."""

    people = IdlePersonSerializer(many=True)


class IdleCredits(ApiView):
    """GET /api/v1/idle-credits"""

    required_capability = "billing.view"

    @operation(
        "listIdleCredits",
        tag="reports",
        summary="Credits for idle seats",
        query=PageQuery,
        answers={200: IdleCreditSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first; there are some where it is agreed that idle seats are not paid for."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(credits_of(self.account), IdleCreditSerializer)


class OneIdleCredit(ApiView):
    """GET /api/v1/idle-credits/{credit_id}"""

    required_capability = "billing.view"

    @operation(
        "getIdleCredit", tag="reports", summary="One credit for idle seats", answers={200: WholeIdleCreditSerializer}
    )
    def get(self, request: Request, credit_id: str) -> Response:
        """With the people who were counted, as the agreement asks for."""
        return Response(
            WholeIdleCreditSerializer(get_object_or_404(credits_of(self.account), public_id=credit_id)).data
        )
