"""What may be bought without approval, and what is bought for people whom a directory adds."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.errors import BuyingPolicyWrong
from billing.mirror.queries import currency_of
from billing.models import BuyingPolicy
from billing.terms.allowance import Allowance, allowance_of
from billing.terms.set_buying_policy import FIELDS, buying_policy_of, lock_buying_policy, set_buying_policy
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Moment, Text, WholeNumber, checked
from seatportal.api.headers import etag_of
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.directory.buy_for_joiners import stopped_purchase, try_again

JOINERS = [str(one) for one in BuyingPolicy.Joiners.values]
MANAGE = "policy.manage"


class MonthSerializer(serializers.Serializer[Allowance]):
    """The running calendar month of the account. Null where that limit is not set."""

    used_seats = serializers.IntegerField(help_text="Bought in it without an approval.")
    used_amount = serializers.IntegerField()
    seats_left = serializers.IntegerField(allow_null=True)
    amount_left = serializers.IntegerField(allow_null=True)
    resets_at = Moment(source="until", help_text="When the next month begins.")


class SpendingSerializer(serializers.Serializer[Any]):
    """The allowance: amounts are whole minor units of `currency`, with tax. Where both limits are set, both hold."""

    seats = serializers.IntegerField(allow_null=True, help_text="Seats a month without approval; null: no such limit.")
    amount = serializers.IntegerField(allow_null=True, help_text="Money a month without approval; null: no such limit.")
    currency = serializers.CharField(
        allow_blank=True,
        help_text="The amount's. While the subscription has another one, every purchase needs an approval.",
    )
    joiners = serializers.ChoiceField(
        choices=JOINERS, help_text="When a directory adds somebody and every seat is taken."
    )
    month = MonthSerializer(allow_null=True, help_text="Null: nothing needs an approval.")
    joiners_stopped = serializers.CharField(
        allow_null=True, help_text="Why the last purchase for joiners ended without seats; null: none did."
    )


class NewSpendingSerializer(Input):
    """The whole allowance, in the subscription's currency."""

    seats = WholeNumber(allow_null=True, min_value=0, max_value=100_000, help_text="Null: no limit in seats.")
    amount = WholeNumber(allow_null=True, min_value=0, max_value=10**14, help_text="Null: no limit in money.")
    joiners = serializers.ChoiceField(choices=JOINERS)
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class _SpendingView(ApiView):
    required_capability = MANAGE

    def rules(self) -> dict[str, Any]:
        """What can be changed here; what is left of it changes with each purchase."""
        policy = buying_policy_of(self.account)
        return {name: getattr(policy, name) for name in FIELDS}

    def answer(self, status: int = 200) -> Response:
        """The rules, with what is left now."""
        rules, stopped = self.rules(), stopped_purchase(self.account)
        whole = {
            **rules,
            "month": allowance_of(self.account, now()),
            "joiners_stopped": stopped.problem if stopped else None,
        }
        return Response(SpendingSerializer(whole).data, status=status, headers={"ETag": etag_of(rules)})


class Spending(_SpendingView):
    """GET and PUT /api/v1/policy/spending"""

    @operation(
        "getSpendingPolicy",
        tag="buying",
        summary="What may be bought without approval",
        answers={200: SpendingSerializer},
    )
    def get(self, request: Request) -> Response:
        """With what is left of it this month. The ETag is that of the rules, not of what is left."""
        return self.answer()

    @operation(
        "replaceSpendingPolicy",
        tag="buying",
        summary="Set what may be bought without approval",
        body=NewSpendingSerializer,
        answers={200: SpendingSerializer},
        problems=[BuyingPolicyWrong],
        examples={"Five seats a month": {"seats": 5, "amount": None, "joiners": "request"}},
        if_match="required",
    )
    def put(self, request: Request) -> Response:
        """It holds for what is bought from now on, also in the rest of this month."""
        values = checked(NewSpendingSerializer, request.data)
        currency = currency_of(self.account)
        with unchanged(request, lock=lambda: lock_buying_policy(self.account), read=self.rules, required=True):
            set_buying_policy(account=self.account, currency=currency, actor=self.actor, at=now(), **values)
        return self.answer()


class JoinersRetry(_SpendingView):
    """POST /api/v1/policy/spending/retry-joiners"""

    @operation(
        "retryJoinerPurchase",
        tag="buying",
        summary="Try again to buy for people whom a directory added",
        answers={202: SpendingSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Within the allowance, as ever, in a moment. Nothing happens where no purchase was stopped."""
        try_again(account=self.account, actor=self.actor, at=now())
        return self.answer(202)
