"""Reports of the account: what a value plan came to, weekly digests, business reviews, sealed true-ups."""

from typing import Any, cast

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import ApiRequest, require
from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.pagination import page_of_list
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.api.features import STATES
from seats.api.usage import RunwaySerializer
from seats.errors import UsageIsPrivate
from seats.growth.reports import ALSO_NEEDS, KINDS, reports_of, week_of
from seats.growth.reviews import opportunities_of, withheld
from seats.models import BusinessReview, TrueUp, ValueReport, WeeklyDigest
from seats.value.report import result_of


class ReportQuery(PageQuery):
    """Which reports to list."""

    kind = serializers.ChoiceField(choices=KINDS, required=False)


class ReportSerializer(serializers.Serializer[Any]):
    """One in the list."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    made_at = Moment()
    first_day = serializers.DateField(help_text="Of the account's calendar: the days that it tells of.")
    last_day = serializers.DateField()


class GoalResultSerializer(serializers.Serializer[Any]):
    """What one goal came to; without its value where privacy mode withholds it."""

    name = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    baseline = serializers.DecimalField(max_digits=14, decimal_places=2)
    target = serializers.DecimalField(max_digits=14, decimal_places=2)
    value = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    percent = serializers.IntegerField(allow_null=True, help_text="Of the way from baseline to target.")
    met = serializers.BooleanField()


class SeatsOnDaySerializer(serializers.Serializer[Any]):
    """Seats on one day."""

    purchased = serializers.IntegerField()
    assigned = serializers.IntegerField()
    active = serializers.IntegerField(allow_null=True)


class ValueResultSerializer(serializers.Serializer[Any]):
    """What the ninety days came to."""

    day = serializers.IntegerField(help_text="On which day of the plan it was written.")
    goals = GoalResultSerializer(many=True)
    seats_before = SeatsOnDaySerializer(allow_null=True)
    seats_after = SeatsOnDaySerializer()


class WeekSerializer(serializers.Serializer[Any]):
    """Seats on the Monday. more_…: the change in the week before; null: not known."""

    purchased = serializers.IntegerField()
    assigned = serializers.IntegerField()
    active = serializers.IntegerField()
    free = serializers.IntegerField()
    idle = serializers.IntegerField()
    more_purchased = serializers.IntegerField(allow_null=True)
    more_assigned = serializers.IntegerField(allow_null=True)
    more_active = serializers.IntegerField(allow_null=True)


class ReviewedSignalSerializer(serializers.Serializer[Any]):
    """Something that was open on that day."""

    kind = serializers.CharField(source="line.signal.kind")
    title = serializers.CharField(source="line.title", help_text="In the language of the request.")
    text = serializers.CharField(source="line.says")
    seats = serializers.IntegerField(allow_null=True)


class ReviewedFeatureSerializer(serializers.Serializer[Any]):
    """A feature that few use much."""

    feature = serializers.CharField(source="name")
    people = serializers.IntegerField()
    actions = serializers.IntegerField()
    active = serializers.IntegerField(help_text="Everybody who was active.")


class WishSerializer(serializers.Serializer[Any]):
    """What was asked for and not there yet."""

    what = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)


class ReviewSerializer(serializers.Serializer[Any]):
    """A business review as it was shown."""

    purchased = serializers.IntegerField()
    assigned = serializers.IntegerField()
    active = serializers.IntegerField()
    year_ago = serializers.IntegerField(allow_null=True, help_text="Seats purchased a year before.")
    goals = GoalResultSerializer(many=True)
    signals = ReviewedSignalSerializer(many=True)
    features = ReviewedFeatureSerializer(many=True)
    runway = RunwaySerializer(allow_null=True)
    open_goals = serializers.ListField(child=serializers.CharField())
    wishes = WishSerializer(many=True)
    next_on = serializers.DateField(help_text="When the next review is due.")


class RecordSerializer(serializers.Serializer[Any]):
    """One link of the chain."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field's name, which the serializer has as well
    hash = serializers.CharField(help_text="SHA-256 of the hash before and this record as canonical JSON.")


class EvidenceSerializer(serializers.Serializer[Any]):
    """The sealed bundle, as its download."""

    header = serializers.DictField()
    records = RecordSerializer(many=True)
    seal = serializers.CharField(help_text="The last hash.")


class WholeReportSerializer(ReportSerializer):
    """One report; of the four parts the one of its kind is there."""

    value_report = ValueResultSerializer(allow_null=True)
    weekly_digest = WeekSerializer(allow_null=True)
    business_review = ReviewSerializer(allow_null=True)
    true_up = EvidenceSerializer(allow_null=True)


class Reports(ApiView):
    """GET /api/v1/reports"""

    required_capability = "usage.view"

    @operation(
        "listReports", tag="reports", summary="Reports", query=ReportQuery, answers={200: ReportSerializer(many=True)}
    )
    def get(self, request: Request) -> Response:
        """The newest first. True-ups for those who may see invoices; in privacy mode without business reviews that were
        prepared before it."""
        asked = checked(ReportQuery, request.query_params.dict())
        kinds = frozenset([asked["kind"]] if "kind" in asked else KINDS)
        mine = cast(ApiRequest, request).capabilities
        found = reports_of(
            self.account, kinds=frozenset(kind for kind in kinds if ALSO_NEEDS.get(kind, "usage.view") in mine)
        )
        return page_of_list(request, found, ReportSerializer)


class OneReport(ApiView):
    """GET /api/v1/reports/{report_id}"""

    required_capability = "usage.view"

    @operation(
        "getReport",
        tag="reports",
        summary="One report",
        answers={200: WholeReportSerializer},
        problems=[UsageIsPrivate],
    )
    def get(self, request: Request, report_id: str) -> Response:
        """As it was written; privacy mode that is on by now withholds what few people did. A true-up's evidence needs
        `billing.view`."""
        kind, part = self._part(report_id)
        needed = ALSO_NEEDS.get(kind)
        if needed:
            require(request, needed)
        [row] = [row for row in reports_of(self.account, kinds=frozenset([kind])) if row.id == report_id]
        whole = dict.fromkeys(KINDS) | {kind: part} | vars(row)
        return Response(WholeReportSerializer(whole).data)

    def _part(self, report_id: str) -> tuple[str, Any]:
        """The kind of a report and what it says. Raises Http404, UsageIsPrivate."""
        mine: dict[str, Any] = {"account": self.account, "public_id": report_id}
        monday = week_of(report_id)
        if monday is not None:
            return "weekly_digest", get_object_or_404(WeeklyDigest, account=self.account, monday=monday).data
        report = ValueReport.objects.select_related("account").filter(**mine).first()
        if report is not None:
            return "value_report", _value(report)
        review = BusinessReview.objects.select_related("account").filter(**mine).first()
        if review is not None:
            if withheld(review):
                raise UsageIsPrivate
            return "business_review", _review(review)
        run = TrueUp.objects.filter(**mine, settled_at__isnull=False, evidence__isnull=False).first()
        if run is None:
            raise Http404
        return "true_up", run.evidence


def _value(report: ValueReport) -> dict[str, Any]:
    result = result_of(report)
    goals = [
        {
            "name": goal.name,
            "unit": goal.unit,
            "baseline": goal.baseline,
            "target": goal.target,
            "value": goal.value,
            "percent": goal.percent,
            "met": goal.met_on is not None,
        }
        for goal in result.goals
    ]
    return {"day": result.day, "goals": goals, "seats_before": result.before, "seats_after": result.after}


def _review(review: BusinessReview) -> dict[str, Any]:
    """What was on the table: the vendor's own work list, which its roadmap also keeps, is not."""
    value, chances, roadmap = (review.data[part] for part in ("value", "opportunities", "roadmap"))
    runway = chances["runway"]
    return {
        **{name: value[name] for name in ("purchased", "assigned", "active", "year_ago", "goals")},
        "signals": opportunities_of(review),
        "features": chances["features"],
        "runway": {"early": runway[0], "late": runway[1]} if runway else None,
        "open_goals": roadmap["goals"],
        "wishes": roadmap["wishes"],
        "next_on": review.next_on,
    }
