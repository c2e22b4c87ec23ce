"""The value plan: ninety days with goals, as on its page."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Day, Input, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.api.reports import ReportSerializer
from seats.api.value_goals import GoalSerializer
from seats.errors import GoalRefused, PlanEnded, PlanOpen
from seats.growth.reports import reports_of
from seats.value.plans import Plan, open_plan, start_plan
from seats.value.report import end_plan

RIGHTS = {"GET": "usage.view", "POST": "account.manage"}


class NewValuePlanSerializer(Input):
    """When it begins."""

    starts_on = Day(help_text="Day 0, by the account's calendar: within the last 89 days or the next 30.")


class CheckInSerializer(serializers.Serializer[Any]):
    """A day on which to compare."""

    day = serializers.IntegerField(source="number")
    on = serializers.DateField()
    done = serializers.BooleanField()


class ValuePlanSerializer(serializers.Serializer[Plan]):
    """The plan that runs, or begins soon."""

    id = serializers.CharField(source="row.public_id")
    starts_on = serializers.DateField(source="clock.starts_on")
    ends_on = serializers.DateField(source="clock.ends_on", help_text="Its report is written then.")
    day = serializers.IntegerField(source="clock.day", help_text="0 on the first day; before it, negative.")
    check_ins = CheckInSerializer(source="clock.check_ins", many=True)
    goals = GoalSerializer(many=True)
    met = serializers.IntegerField(help_text="Goals that were reached.")


class ValuePlanView(ApiView):
    """GET and POST /api/v1/value/plan"""

    required_capability = RIGHTS

    @operation("getValuePlan", tag="value", summary="The value plan", answers={200: ValuePlanSerializer})
    def get(self, request: Request) -> Response:
        """With its goals; 404 where none is open. In privacy mode without values of fewer than five people.

        What earlier plans came to stands at /reports.
        """
        return self._shown()

    @operation(
        "startValuePlan",
        tag="value",
        summary="Begin ninety days",
        body=NewValuePlanSerializer,
        answers={201: ValuePlanSerializer},
        problems=[PlanOpen, GoalRefused],
        examples={"On a Monday": {"starts_on": "2027-01-11"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """One plan at a time."""
        values = checked(NewValuePlanSerializer, request.data)
        start_plan(account=self.account, actor=self.actor, at=now(), **values)
        return self._shown(201)

    def _shown(self, status: int = 200) -> Response:
        plan = open_plan(self.account, now())
        if plan is None:
            raise Http404
        return Response(ValuePlanSerializer(plan).data, status=status)


class ValuePlanEnd(ApiView):
    """POST /api/v1/value/plan/end"""

    required_capability = "account.manage"

    @operation(
        "endValuePlan",
        tag="value",
        summary="End the value plan and write its report",
        answers={201: ReportSerializer},
        problems=[PlanEnded],
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Before day 90; it happens by itself then. What it came to stands at /reports/{id}."""
        made = end_plan(account=self.account, actor=self.actor, at=now())
        found = reports_of(self.account, kinds=frozenset(["value_report"]))
        [row] = [one for one in found if one.id == made.public_id]
        return Response(ReportSerializer(row).data, status=201)
