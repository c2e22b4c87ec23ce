"""The return on the seats, and how their use compares with that of others."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import ApiRequest
from seatportal.api.fields import Exact, Input, Moment, PageQuery, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.holders.queries import seat_counts
from seats.value.peers import Peers, peers_of
from seats.value.roi import Saved, save_roi, versions_in
from seats.value.roi_rules import Assumptions, break_even, hours_of, sensitivity

SEES_COST = "billing.view"
EXAMPLE = {"hours": "1.25", "hour_cost": 6000, "share": 50}


class AssumptionsSerializer(Input):
    """What is assumed, in the currency of the subscription."""

    hours = Exact(min_value=0, max_value=80, help_text="Saved per active person and week.")
    hour_cost = WholeNumber(min_value=0, max_value=10**9, help_text="Of an hour's work; minor units.")
    share = WholeNumber(min_value=0, max_value=100, help_text="Percent of the saved time that becomes work.")


class ReturnCaseSerializer(serializers.Serializer[Any]):
    """The same with other hours."""

    hours = serializers.DecimalField(max_digits=6, decimal_places=2)
    benefit = serializers.IntegerField()
    net = serializers.IntegerField(allow_null=True)
    percent = serializers.IntegerField(allow_null=True)


class SeatReturnSerializer(serializers.Serializer[Saved]):
    """A version with its result. Amounts are minor units of `currency` a year; null without `billing.view` or cost."""

    id = serializers.CharField(source="row.public_id")
    saved_at = Moment(source="row.created_at")
    saved_by = serializers.EmailField(source="row.saved_by.email", default=None, allow_null=True)
    currency = serializers.CharField(source="row.currency")
    hours = serializers.DecimalField(max_digits=6, decimal_places=2)
    hour_cost = serializers.IntegerField(source="row.hour_cost")
    share = serializers.IntegerField(source="row.share")
    active = serializers.IntegerField(source="row.active", help_text="People active in the 30 days before.")
    benefit = serializers.IntegerField(
        source="result.benefit", help_text="active × hours × 52 × hour_cost × share, rounded down."
    )
    cost = serializers.IntegerField(source="result.cost", allow_null=True, help_text="Of the seats, before tax.")
    cost_source = serializers.SerializerMethodField()
    net = serializers.IntegerField(source="result.net", allow_null=True)
    percent = serializers.IntegerField(source="result.percent", allow_null=True, help_text="(benefit − cost) ÷ cost.")
    break_even_hours = serializers.SerializerMethodField()
    cases = serializers.SerializerMethodField()

    def get_cost_source(self, saved: Saved) -> str:
        """invoice, as Stripe charged it; list, by the price list; empty: no cost."""
        return saved.row.cost_source if saved.priced else ""

    def get_break_even_hours(self, saved: Saved) -> str | None:
        """From so many hours on the seats pay for themselves."""
        enough = break_even(saved.given, active=saved.row.active, cost=saved.result.cost)
        return None if enough is None else f"{hours_of(enough):.2f}"

    @extend_schema_field(ReturnCaseSerializer(many=True))
    def get_cases(self, saved: Saved) -> list[dict[str, Any]]:
        """With half the hours, the hours, and half as many again."""
        rows = sensitivity(saved.given, active=saved.row.active, cost=saved.result.cost)
        return [
            {"hours": f"{hours_of(row.hours):.2f}", "benefit": row.benefit, "net": row.net, "percent": row.percent}
            for row in rows
        ]


class Returns(ApiView):
    """GET and POST /api/v1/value/returns"""

    required_capability = {"GET": "usage.view", "POST": "account.manage"}

    @operation(
        "listReturns",
        tag="value",
        summary="The return on the seats",
        query=PageQuery,
        answers={200: SeatReturnSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Each version with its result on the day on which it was saved, the newest first."""
        checked(PageQuery, request.query_params.dict())
        rows = self.one_page(versions_in(self.account))
        return self.get_paginated_response([self._told(Saved(row, self._priced())) for row in rows])

    @operation(
        "saveReturn",
        tag="value",
        summary="Save what is assumed of the return",
        body=AssumptionsSerializer,
        answers={201: SeatReturnSerializer},
        examples={"An hour and a quarter": EXAMPLE},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """With the active people and the cost of today. Where nothing changed since the newest version, that is the
        answer."""
        values = checked(AssumptionsSerializer, request.data)
        given = Assumptions(int(values["hours"] * 100), values["hour_cost"], values["share"])
        row = save_roi(account=self.account, given=given, actor=self.actor, at=now())
        return Response(self._told(Saved(row, self._priced())), status=201)

    def _priced(self) -> bool:
        return SEES_COST in cast(ApiRequest, self.request).capabilities

    def _told(self, saved: Saved) -> dict[str, Any]:
        return dict(SeatReturnSerializer(saved).data)


class PeersSerializer(serializers.Serializer[Peers]):
    """Active ÷ purchased in whole percent, beside others of the same industry and size."""

    state = serializers.ChoiceField(
        choices=["band", "few", "no_industry", "off", "no_seats"],
        help_text="band: there are at least five others to compare with; else why there are no numbers.",
    )
    own = serializers.IntegerField(allow_null=True)
    industry = serializers.CharField(allow_blank=True)
    size = serializers.CharField(allow_blank=True, help_text="Purchased seats, such as 11–50.")
    others = serializers.IntegerField(help_text="Accounts in the band beside this one.")
    lower_quarter = serializers.IntegerField(source="band.p25", default=None, allow_null=True)
    median = serializers.IntegerField(source="band.p50", default=None, allow_null=True)
    upper_quarter = serializers.IntegerField(source="band.p75", default=None, allow_null=True)
    place = serializers.ChoiceField(
        choices=["below", "within", "above"], allow_blank=True, help_text="Against the middle half."
    )
    counted_at = Moment(source="band.made_at", default=None, allow_null=True)


class PeerBandView(ApiView):
    """GET /api/v1/value/peers"""

    required_capability = "usage.view"

    @operation("getPeers", tag="value", summary="Beside comparable accounts", answers={200: PeersSerializer})
    def get(self, request: Request) -> Response:
        """Counted each night, without names, and only where at least five others can be compared."""
        counts = seat_counts(self.account, now())
        found = peers_of(self.account, purchased=counts.purchased, active=counts.active)
        return Response(PeersSerializer(found or Peers("no_seats", None, self.account.industry, "")).data)
