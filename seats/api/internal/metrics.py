"""The metrics of seat expansion, as the staff's page shows them."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Input, Moment, checked
from seatportal.api.internal import InternalView
from seatportal.api.schema import operation
from seatportal.kit.clock import now
from seats.insight.kpi_queries import growth_by_cause, kpis_of_month, newest_month
from seats.insight.segments import SEGMENTS


class MetricsQuery(Input):
    """How to tell accounts apart."""

    by = serializers.ChoiceField(choices=list(SEGMENTS), required=False, default="all")


class KpisSerializer(serializers.Serializer[Any]):
    """One segment; null where there is nothing to divide by."""

    segment = serializers.CharField(help_text="Empty: not known, or all of them.")
    accounts = serializers.IntegerField(help_text="With seats.")
    seats = serializers.IntegerField()
    active = serializers.IntegerField(help_text="Seats whose holder did something in the last 30 days.")
    seats_per_account = serializers.FloatField(source="mean", allow_null=True)
    expansion_percent = serializers.FloatField(source="percent", allow_null=True, help_text="Within a year.")
    use_percent = serializers.IntegerField(source="use", allow_null=True, help_text="Active ÷ purchased.")
    days_to_expansion = serializers.IntegerField(source="days", allow_null=True, help_text="The median.")
    expanded = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Never expanded.")
    ready = serializers.IntegerField(help_text="Accounts that use 80 % or more.")
    neutral = serializers.IntegerField()
    low = serializers.IntegerField(help_text="Accounts that use less than 60 %.")
    health = serializers.IntegerField(allow_null=True, help_text="The mean score, 0 to 100.")


class CauseSerializer(serializers.Serializer[Any]):
    """Seats added in a year by one cause."""

    cause = serializers.ChoiceField(choices=["seats", "plan", "other"])
    seats = serializers.IntegerField()
    purchases = serializers.IntegerField()


class MetricsSerializer(serializers.Serializer[Any]):
    """The newest month; null and empty before the first count."""

    month = serializers.DateField(allow_null=True, help_text="Its first day.")
    counted_at = Moment(allow_null=True)
    segments = KpisSerializer(many=True)
    causes = CauseSerializer(many=True)


class Metrics(InternalView):
    """GET /api/internal/v1/metrics"""

    required_permission = "seats.view_signal"

    @operation(
        "getMetrics",
        tag="growth",
        summary="Metrics of seat expansion",
        query=MetricsQuery,
        answers={200: MetricsSerializer},
    )
    def get(self, request: Request) -> Response:
        """The figures and formulas of the staff's page, the largest segment first."""
        by = checked(MetricsQuery, request.query_params.dict())["by"]
        month = newest_month()
        found = {
            "month": month.first if month else None,
            "counted_at": month.counted_at if month else None,
            "segments": kpis_of_month(by, month.first) if month else [],
            "causes": growth_by_cause(now()),
        }
        return Response(MetricsSerializer(found).data)
