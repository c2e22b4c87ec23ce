"""Goals of the value plan: added, changed, removed, and their values entered."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import BadSetting
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Day, Exact, Input, PageQuery, Text, checked
from seatportal.api.headers import etag_of
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.api.named import department_of
from seats.errors import GoalRefused, PlanEnded
from seats.models import ValueGoal
from seats.usage.settings import groups_only
from seats.value.goals import (
    Wish,
    add_goal,
    change_goal,
    features_of,
    lock_open_plan,
    record_value,
    remove_goal,
)
from seats.value.plans import Standing, goals_of, readings_of, standing_of

SOURCES = [str(source) for source in ValueGoal.Source.values]
EXAMPLE = {"name": "Hours per report", "unit": "hours", "baseline": "4.00", "target": "2.50"}
SET = ("public_id", "name", "unit", "source", "feature", "outcome", "baseline", "target", "department_id")


class NewGoalSerializer(Input):
    """The whole goal, in the customer's own words. A target below the baseline is one to come down to."""

    name = Text(max_length=120, help_text="What is measured.")
    unit = Text(max_length=24)
    baseline = Exact(required=False, allow_null=True, default=None, help_text="Counted goals: null counts it.")
    target = Exact()
    department_id = Text(required=False, allow_null=True, default=None)
    feature = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=60,
        help_text="Counted from this feature over thirty days; empty: values are entered.",
    )
    outcome = Text(
        required=False, allow_blank=True, default="", max_length=40, help_text="Counts only what ended with it."
    )


class GoalSerializer(serializers.Serializer[Standing]):
    """A goal and how far it is."""

    id = serializers.CharField(source="goal.public_id")
    name = serializers.CharField(source="goal.name")
    unit = serializers.CharField(source="goal.unit")
    source = serializers.ChoiceField(source="goal.source", choices=SOURCES)  # type: ignore[assignment]  # a field's name
    feature = serializers.CharField(source="goal.feature", allow_blank=True)
    outcome = serializers.CharField(source="goal.outcome", allow_blank=True)
    department_id = serializers.CharField(source="goal.department.public_id", default=None, allow_null=True)
    baseline = serializers.DecimalField(source="goal.baseline", max_digits=14, decimal_places=2)
    target = serializers.DecimalField(source="goal.target", max_digits=14, decimal_places=2)
    value = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True, help_text="The newest.")
    value_on = serializers.DateField(allow_null=True)
    percent = serializers.IntegerField(allow_null=True, help_text="Of the way from baseline to target.")
    met = serializers.BooleanField(help_text="Whether the target was reached.")
    met_on = serializers.DateField(allow_null=True)
    withheld = serializers.BooleanField(help_text="Privacy mode keeps the value back: fewer than five people made it.")


class NewGoalValueSerializer(Input):
    """The value of a day."""

    day = Day()
    value = Exact()


class GoalValueSerializer(serializers.Serializer[Any]):
    """A value."""

    day = serializers.DateField()
    value = serializers.DecimalField(max_digits=14, decimal_places=2)
    entered_by = serializers.EmailField(source="entered_by.email", default=None, allow_null=True)


class _GoalView(ApiView):
    required_capability = {
        "GET": "usage.view",
        "POST": "account.manage",
        "PUT": "account.manage",
        "DELETE": "account.manage",
    }

    def found(self, goal_id: str) -> ValueGoal:
        """One of the account's, also of an earlier plan."""
        return get_object_or_404(goals_of(self.account), public_id=goal_id)

    def told(self, goal_id: str) -> dict[str, Any]:
        """As it is answered."""
        return dict(GoalSerializer(standing_of(self.found(goal_id), private=groups_only(self.account))).data)

    def fixed(self, goal_id: str) -> dict[str, Any]:
        """What the ETag of a change is made of: what people set, so that a new value alone refuses nothing."""
        goal = self.found(goal_id)
        return {name: str(getattr(goal, name)) for name in SET}

    def answer(self, goal_id: str, status: int = 200) -> Response:
        """With its ETag."""
        return Response(self.told(goal_id), status=status, headers={"ETag": etag_of(self.fixed(goal_id))})

    def wish(self, values: dict[str, Any], before: str = "") -> Wish:
        """For the verb. before: the feature that the goal has already. Raises GoalRefused."""
        feature = values["feature"]
        # Others are not offered by the page, and in privacy mode their count would tell of few people.
        if feature and feature != before and feature not in features_of(self.account, now()):
            raise GoalRefused(
                _("Nobody used this feature in the last 90 days, or too few people did."), field="feature"
            )
        names = ("name", "unit", "baseline", "target", "feature", "outcome")
        department = department_of(self, values["department_id"])
        return Wish(**{name: values[name] for name in names}, department=department)


class Goals(_GoalView):
    """POST /api/v1/value/goals"""

    @operation(
        "addValueGoal",
        tag="value",
        summary="Add a goal to the value plan",
        body=NewGoalSerializer,
        answers={201: GoalSerializer},
        problems=[PlanEnded, GoalRefused, BadSetting],
        examples={
            "Entered by people": EXAMPLE,
            "Counted from usage": {"name": "Exports", "unit": "exports", "target": "300", "feature": "Exports"},
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """A counted one has its first value at once. Numbers are strings, so that no digit is lost."""
        wish = self.wish(checked(NewGoalSerializer, request.data))
        goal = add_goal(account=self.account, wish=wish, actor=self.actor, at=now())
        return self.answer(goal.public_id, 201)


class OneGoal(_GoalView):
    """GET, PUT and DELETE /api/v1/value/goals/{goal_id}"""

    @operation("getValueGoal", tag="value", summary="One goal", answers={200: GoalSerializer})
    def get(self, request: Request, goal_id: str) -> Response:
        """Also of an earlier plan. The ETag is that of what was set, not of the values."""
        return self.answer(goal_id)

    @operation(
        "changeValueGoal",
        tag="value",
        summary="Change a goal",
        body=NewGoalSerializer,
        answers={200: GoalSerializer},
        problems=[PlanEnded, GoalRefused, BadSetting],
        examples={"Another target": EXAMPLE | {"target": "2.00"}},
        if_match="optional",
    )
    def put(self, request: Request, goal_id: str) -> Response:
        """The whole goal; whether it was reached is judged anew."""
        goal = self.found(goal_id)
        wish = self.wish(checked(NewGoalSerializer, request.data), goal.feature)
        with unchanged(request, lock=lambda: lock_open_plan(self.account), read=lambda: self.fixed(goal_id)):
            change_goal(account=self.account, goal=goal, wish=wish, actor=self.actor, at=now())
        return self.answer(goal_id)

    @operation(
        "removeValueGoal",
        tag="value",
        summary="Remove a goal",
        answers={204: None},
        problems=[PlanEnded],
        if_match="optional",
    )
    def delete(self, request: Request, goal_id: str) -> Response:
        """With its values, out of the plan that runs."""
        goal = self.found(goal_id)
        with unchanged(request, lock=lambda: lock_open_plan(self.account), read=lambda: self.fixed(goal_id)):
            remove_goal(account=self.account, goal=goal, actor=self.actor)
        return Response(status=204)


class GoalValues(_GoalView):
    """GET and POST /api/v1/value/goals/{goal_id}/values"""

    page_order = "-day"

    @operation(
        "listGoalValues",
        tag="value",
        summary="Values of a goal",
        query=PageQuery,
        answers={200: GoalValueSerializer(many=True)},
    )
    def get(self, request: Request, goal_id: str) -> Response:
        """The newest first; in privacy mode without those of fewer than five people."""
        checked(PageQuery, request.query_params.dict())
        goal = self.found(goal_id)
        return self.pages(readings_of(goal, private=groups_only(self.account)), GoalValueSerializer)

    @operation(
        "enterGoalValue",
        tag="value",
        summary="Enter the value of a day",
        body=NewGoalValueSerializer,
        answers={200: GoalSerializer},
        problems=[PlanEnded, GoalRefused],
        examples={"Of a Friday": {"day": "2027-01-15", "value": "3.25"}},
    )
    @idempotent()
    def post(self, request: Request, goal_id: str) -> Response:
        """A second value of the same day corrects the first. Counted goals take none."""
        goal = self.found(goal_id)
        values = checked(NewGoalValueSerializer, request.data)
        record_value(account=self.account, goal=goal, actor=self.actor, at=now(), **values)
        return self.answer(goal_id)
