"""What is on sale, and what a change of plan costs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.quotes import GROWTH, QuoteSerializer
from billing.catalog.queries import prices_on_offer
from billing.errors import CommitmentInForce, PlanUnavailable, QuoteUnavailable
from billing.mirror.queries import customer_of
from billing.models import Price
from billing.quotes.quote_plan import quote_plan
from billing.terms.queries import terms_of
from billing.terms.rules import InForce, in_force
from seatportal.api.fields import Input, Text, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

_TIERS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["up_to", "unit_amount", "flat_amount"],
        "properties": {
            "up_to": {"type": ["integer", "null"]},
            "unit_amount": {"type": "integer"},
            "flat_amount": {"type": "integer"},
        },
    },
}


class NewPlanQuoteSerializer(Input):
    """Which price to change to, and for how many seats."""

    price_id = Text(help_text="From /prices.")
    quantity = WholeNumber(
        min_value=1, max_value=100_000, required=False, help_text="At least as many as today; not given: as many."
    )


class PriceSerializer(serializers.Serializer[Any]):
    """One price that is on sale. Amounts per seat in whole minor units, step by step; a flat price has one step."""

    id = serializers.CharField(source="public_id")
    plan = serializers.CharField(source="plan.name")
    currency = serializers.CharField(help_text="ISO 4217, lower case.")
    interval = serializers.ChoiceField(choices=["day", "week", "month", "year"])
    interval_count = serializers.IntegerField()
    scheme = serializers.ChoiceField(choices=[str(scheme) for scheme in Price.Scheme.values])
    tiers = serializers.SerializerMethodField()
    minimum_seats = serializers.SerializerMethodField()
    self_service_max = serializers.SerializerMethodField()

    @extend_schema_field(_TIERS)
    def get_tiers(self, price: Price) -> list[dict[str, int | None]]:
        """Steps; the last has no end."""
        steps: list[dict[str, int | None]] = [
            {"up_to": tier.up_to, "unit_amount": tier.unit_amount, "flat_amount": tier.flat_amount}
            for tier in price.tiers.all()
        ]
        return steps or [{"up_to": None, "unit_amount": price.unit_amount or 0, "flat_amount": 0}]

    @extend_schema_field({"type": "integer"})
    def get_minimum_seats(self, price: Price) -> int:
        """What holds for this account."""
        return self._held(price).minimum

    @extend_schema_field({"type": "integer"})
    def get_self_service_max(self, price: Price) -> int:
        """Above it an offer is asked for."""
        return self._held(price).maximum

    def _held(self, price: Price) -> InForce:
        return in_force(self.context["terms"], price.plan, self.context["at"])


class PlanSerializer(serializers.Serializer[Any]):
    """One plan with what it costs."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    prices = PriceSerializer(many=True)


class Plans(ApiView):
    """GET /api/v1/plans"""

    required_capability = "billing.view"
    pagination_class = None

    @operation("listPlans", tag="buying", summary="Plans", answers={200: PlanSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """Plans on sale with the prices that /prices lists."""
        prices = _on_sale(self)
        plans = {price.plan_id: price.plan for price in prices}
        shown = [
            {
                "public_id": plan.public_id,
                "name": plan.name,
                "description": plan.description,
                "prices": [price for price in prices if price.plan_id == pk],
            }
            for pk, plan in plans.items()
        ]
        return Response(PlanSerializer(shown, many=True, context=_context(self)).data)


class Prices(ApiView):
    """GET /api/v1/prices"""

    required_capability = "billing.view"
    pagination_class = None

    @operation("listPrices", tag="buying", summary="Plans and prices", answers={200: PriceSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """What is on sale in the account's own currency; in all currencies before the first purchase."""
        return Response(PriceSerializer(_on_sale(self), many=True, context=_context(self)).data)


class PlanQuotes(ApiView):
    """POST /api/v1/plan-quotes"""

    required_capability = "billing.manage"

    @operation(
        "createPlanQuote",
        tag="buying",
        summary="Ask what another plan costs",
        body=NewPlanQuoteSerializer,
        answers={201: QuoteSerializer},
        problems=[*GROWTH, PlanUnavailable, CommitmentInForce, QuoteUnavailable],
        examples={"Another price": {"price_id": "prc_0v6c2k9x4h8r1d5t7w3z"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """The exact price of a switch, held for ten minutes; an order with it makes the switch. Charges nothing."""
        values = checked(NewPlanQuoteSerializer, request.data)
        quote = quote_plan(
            account=self.account,
            actor=self.actor,
            price_id=values["price_id"],
            quantity=values.get("quantity"),
            at=now(),
        )
        return Response(QuoteSerializer(quote).data, status=201)


def _on_sale(view: ApiView) -> list[Price]:
    customer = customer_of(view.account)
    return prices_on_offer(customer.currency or None if customer else None)


def _context(view: ApiView) -> dict[str, Any]:
    return {"terms": terms_of(view.account), "at": now()}
