"""What people did, as the usage page and its downloads tell it."""

from bisect import bisect_right
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import DaysQuery, Moment, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.api.members import PlaceSerializer
from seats.errors import UsageIsPrivate
from seats.holders.queries import seat_counts
from seats.insight.bands import Band, utilization_in
from seats.insight.history import History, history_between, twelve_months
from seats.insight.make_use_report import current_report
from seats.insight.people import count_idle
from seats.insight.runway import runway
from seats.insight.use_report import for_groups
from seats.insight.use_slices import Slice, days_in, features_in, features_of, outcomes_of, people_in, slice_of
from seats.usage.settings import groups_only

_COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}


class UsageQuery(DaysQuery):
    """Which days, department and feature. Without days: the last thirty."""

    department = serializers.CharField(required=False, max_length=80, help_text="Its id or its name.")
    feature = serializers.CharField(required=False, max_length=60)


class FeaturesQuery(DaysQuery):
    """Which days and department."""

    department = serializers.CharField(required=False, max_length=80, help_text="Its id or its name.")


class UsedSerializer(serializers.Serializer[Any]):
    """One person's use of one feature."""

    feature = serializers.CharField()
    actions = serializers.IntegerField()
    outcomes = serializers.IntegerField(help_text="Actions with a named outcome.")
    last_day = serializers.DateField()


class PersonUseSerializer(serializers.Serializer[Any]):
    """What one member did."""

    id = serializers.CharField(source="public_id", help_text="The member's.")
    name = serializers.CharField(source="user.get_full_name")
    email = serializers.EmailField(source="user.email")
    external_id = serializers.CharField(allow_blank=True)
    department = PlaceSerializer(allow_null=True)
    seated = serializers.BooleanField(help_text="Holds a seat now.")
    days = serializers.IntegerField(help_text="Days with at least one action.")
    actions = serializers.IntegerField()
    quantity = serializers.IntegerField()
    last_day = serializers.DateField()
    features = UsedSerializer(many=True)


class FeatureUseSerializer(serializers.Serializer[Any]):
    """What was done with one feature."""

    feature = serializers.CharField()
    people = serializers.IntegerField()
    actions = serializers.IntegerField()
    quantity = serializers.IntegerField()
    outcomes = serializers.SerializerMethodField()

    @extend_schema_field({**_COUNTS, "description": "Actions by named outcome."})
    def get_outcomes(self, row: dict[str, Any]) -> dict[str, int]:
        """Of this page's features."""
        found: dict[str, int] = self.context["outcomes"].get(row["feature"], {})
        return found


class DayUseSerializer(serializers.Serializer[Any]):
    """One day on which somebody did something."""

    day = serializers.DateField()
    people = serializers.IntegerField(help_text="Members with at least one action.")
    actions = serializers.IntegerField()
    quantity = serializers.IntegerField()
    purchased = serializers.IntegerField(help_text="Seats at the end of the day.")
    assigned = serializers.IntegerField(help_text="Seats held or reserved at its end.")


class BucketSerializer(serializers.Serializer[Any]):
    """How many holders were active on so many days."""

    days_from = serializers.IntegerField()
    days_to = serializers.IntegerField()
    people = serializers.IntegerField()


class GroupSerializer(serializers.Serializer[Any]):
    """People of one department, region, kind of employment or level."""

    kind = serializers.ChoiceField(choices=["department", "region", "employment", "level"])
    name = serializers.CharField(
        allow_blank=True, help_text="Empty: without one. `…`: groups of fewer than five together, in privacy mode."
    )
    people = serializers.IntegerField()
    seats = serializers.IntegerField()
    active = serializers.IntegerField()
    actions = serializers.IntegerField()


class RunwaySerializer(serializers.Serializer[Any]):
    """Between these days the free seats run out, at the pace of the past."""

    early = serializers.DateField()
    late = serializers.DateField()


class UsageSummarySerializer(serializers.Serializer[Any]):
    """What the usage page says in its first lines. Percentages are whole, rounded down."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    made_at = Moment(help_text="Large accounts are counted anew every few minutes.")
    purchased = serializers.IntegerField()
    assigned = serializers.IntegerField()
    active = serializers.IntegerField(help_text="Held seats whose holder did something in the last 30 days.")
    idle = serializers.IntegerField(help_text="Seats held for 30 days or more without an action.")
    active_percent = serializers.IntegerField(allow_null=True)
    assigned_percent = serializers.IntegerField(allow_null=True)
    band = serializers.ChoiceField(choices=[str(band) for band in Band])
    rule = serializers.CharField(help_text="Why it is in its band; the account team sees the same.")
    runway = RunwaySerializer(allow_null=True)
    active_days = BucketSerializer(many=True)
    groups = GroupSerializer(many=True)
    unknown_people = serializers.IntegerField(help_text="People whom the account does not know.")
    unknown_actions = serializers.IntegerField()
    groups_only = serializers.BooleanField(help_text="Privacy mode: groups of five and more, no names.")


class UsagePeople(ApiView):
    """GET /api/v1/usage/people"""

    required_capability = "usage.view"

    @operation(
        "listUsageByPerson",
        tag="usage",
        summary="Who did what",
        query=UsageQuery,
        answers={200: PersonUseSerializer(many=True)},
        problems=[UsageIsPrivate],
    )
    def get(self, request: Request) -> Response:
        """Members with at least one action, with or without a seat; those who joined last come first."""
        wanted = _slice(self, UsageQuery)
        people = self.one_page(people_in(self.account, wanted))
        used = features_of(self.account, wanted, [person.pk for person in people])
        for person in people:
            person.features = [
                {"feature": name, "actions": cell.count, "outcomes": cell.outcomes, "last_day": cell.last}
                for name, cell in used[person.pk].items()
            ]
        return self.get_paginated_response(PersonUseSerializer(people, many=True).data)


class UsageFeatures(ApiView):
    """GET /api/v1/usage/features"""

    required_capability = "usage.view"
    page_order = "feature"

    @operation(
        "listUsageByFeature",
        tag="usage",
        summary="What is used",
        query=FeaturesQuery,
        answers={200: FeatureUseSerializer(many=True)},
        problems=[UsageIsPrivate],
    )
    def get(self, request: Request) -> Response:
        """Features by name. In privacy mode those that five people or more used, in the last thirty days only."""
        wanted = _slice(self, FeaturesQuery)
        rows = self.one_page(features_in(self.account, wanted))
        outcomes = outcomes_of(self.account, wanted, [row["feature"] for row in rows])
        shown = FeatureUseSerializer(rows, many=True, context={"outcomes": outcomes})
        return self.get_paginated_response(shown.data)


class UsageDaily(ApiView):
    """GET /api/v1/usage/daily"""

    required_capability = "usage.view"
    page_order = "-day"

    @operation(
        "listUsageByDay",
        tag="usage",
        summary="What was done on each day",
        query=UsageQuery,
        answers={200: DayUseSerializer(many=True)},
        problems=[UsageIsPrivate],
    )
    def get(self, request: Request) -> Response:
        """Days with at least one action, the newest first. In privacy mode those of five people or more, in the last
        thirty days only."""
        rows = self.one_page(days_in(self.account, _slice(self, UsageQuery)))
        if rows:
            history = history_between(self.account, rows[-1]["day"], rows[0]["day"], now())
            for row in rows:
                row["purchased"], row["assigned"] = _seats_on(history, row["day"])
        return self.get_paginated_response(DayUseSerializer(rows, many=True).data)


class UsageSummary(ApiView):
    """GET /api/v1/usage/summary"""

    required_capability = "usage.view"

    @operation("getUsageSummary", tag="usage", summary="Are the seats used?", answers={200: UsageSummarySerializer})
    def get(self, request: Request) -> Response:
        """The last thirty days in figures, and when the free seats run out."""
        account, at = self.account, now()
        counts, private = seat_counts(account, at), groups_only(account)
        report, made_at = current_report(account, at, people=counts.held)
        report = for_groups(report) if private else report
        use = utilization_in(counts, at)
        return Response(
            UsageSummarySerializer(
                {
                    "first_day": report.first,
                    "last_day": report.last,
                    "made_at": made_at,
                    "purchased": use.purchased,
                    "assigned": use.assigned,
                    "active": use.active,
                    "idle": count_idle(account, at),
                    "active_percent": use.active_percent,
                    "assigned_percent": use.assigned_percent,
                    "band": use.band,
                    "rule": str(use.rule),
                    "runway": runway(twelve_months(account, at).points, free=counts.free, today=report.last),
                    "active_days": [
                        {"days_from": low, "days_to": high, "people": people}
                        for (low, high), people in zip(report.edges, report.buckets, strict=True)
                    ],
                    "groups": report.groups,
                    "unknown_people": report.unknown_people,
                    "unknown_actions": report.unknown_actions,
                    "groups_only": private,
                }
            ).data
        )


def _slice(view: ApiView, shape: type[DaysQuery]) -> Slice:
    """Raises ValidationError, UsageIsPrivate."""
    asked = checked(shape, view.request.query_params.dict())
    return slice_of(
        view.account,
        now(),
        first=asked.get("from"),
        last=asked.get("to"),
        department=asked.get("department", ""),
        feature=asked.get("feature", ""),
    )


def _seats_on(history: History, day: date) -> tuple[int, int]:
    """Purchased and assigned at the end of a day; nothing before the first line of the ledger."""
    place = bisect_right(history.points, day, key=lambda point: point.day)
    point = history.points[place - 1] if place else None
    return (point.purchased, point.assigned) if point else (0, 0)
