"""The account's seat limit."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Text, WholeNumber, checked
from seatportal.api.headers import etag_of, unless_same
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.capacity.set_policy import set_policy
from seats.errors import PolicyWrong
from seats.models import SeatPool
from seats.pool.pools import lock_pool, pool_of

MODES = [str(mode) for mode in SeatPool.Mode.values]


class PolicySerializer(serializers.Serializer[SeatPool]):
    """What happens when every seat is taken."""

    mode = serializers.ChoiceField(choices=MODES)
    allowance = serializers.IntegerField(help_text="Seats over the purchased ones that a soft limit allows.")
    grace_days = serializers.IntegerField(help_text="Days for which they may be used.")


class NewPolicySerializer(Input):
    """The whole policy."""

    mode = serializers.ChoiceField(choices=MODES)
    allowance = WholeNumber(min_value=0, max_value=100_000)
    grace_days = WholeNumber(min_value=0, max_value=365)
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class Policy(ApiView):
    """GET and PUT /api/v1/policy"""

    required_capability = {"GET": "seats.view", "PUT": "policy.manage"}

    @operation("getPolicy", tag="seats", summary="The seat limit", answers={200: PolicySerializer, 304: None})
    def get(self, request: Request) -> Response:
        """Hard or soft. What it means in numbers stands at /seats."""
        return unless_same(request, self._shown())

    @operation(
        "replacePolicy",
        tag="seats",
        summary="Change the seat limit",
        body=NewPolicySerializer,
        answers={200: PolicySerializer},
        problems=[PolicyWrong],
        examples={"Two extra seats for two weeks": {"mode": "soft", "allowance": 2, "grace_days": 14}},
        if_match="required",
    )
    def put(self, request: Request) -> Response:
        """Nobody loses a seat by it; who waits gets one if there is room now."""
        values = checked(NewPolicySerializer, request.data)
        with unchanged(request, lock=lambda: lock_pool(self.account), read=self._shown, required=True):
            set_policy(account=self.account, actor=self.actor, at=now(), **values)
        shown = self._shown()
        return Response(shown, headers={"ETag": etag_of(shown)})

    def _shown(self) -> dict[str, Any]:
        return dict(PolicySerializer(pool_of(self.account)).data)
