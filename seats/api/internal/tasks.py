"""The team's tasks: listed, taken, put off and closed with an outcome."""

from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from seatportal.api.fields import Day, Input, Moment, PageQuery, Text, checked
from seatportal.api.internal import InternalView
from seatportal.api.schema import operation
from seatportal.kit.clock import now
from seats.api.internal.signals import NamedAccountSerializer
from seats.errors import NothingWon, OutcomeRefused, TaskClosed
from seats.growth.expansion import close_task, snooze_task, take_task
from seats.growth.playbooks import PLAYBOOKS
from seats.growth.staff_lists import tasks_for_staff
from seats.models import ExpansionTask

STATES = [str(state) for state in ExpansionTask.State]
OUTCOMES = ["won", "lost", "done"]


class TaskQuery(PageQuery):
    """Which tasks to list."""

    account = Text(required=False, help_text="The account's slug.")
    state = serializers.ChoiceField(choices=["live", *STATES], required=False, help_text="live: open or snoozed.")
    playbook = serializers.ChoiceField(choices=list(PLAYBOOKS), required=False)
    owner = Text(required=False, help_text="An e-mail address of the team.")
    due_by = Day(required=False, help_text="Due on that day or before.")


class WorthSerializer(serializers.Serializer[ExpansionTask]):
    """An estimate from the price list, never a price."""

    amount = serializers.IntegerField(source="value", help_text="Minor units.")
    currency = serializers.CharField(source="value_currency")
    interval = serializers.CharField(source="value_interval")


class TaskSerializer(serializers.Serializer[ExpansionTask]):
    """One thing to do for one account."""

    id = serializers.CharField(source="public_id")
    account = NamedAccountSerializer()
    playbook = serializers.ChoiceField(choices=list(PLAYBOOKS))
    title = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    pattern = serializers.CharField(help_text="How seats spread; empty: not known.")
    subject = serializers.CharField(help_text="What within the account; empty: all of it.")
    expands = serializers.BooleanField(help_text="About more seats: closed as won or lost. Otherwise: as done.")
    state = serializers.ChoiceField(choices=STATES)
    owner = serializers.EmailField(source="owner.email", default=None, allow_null=True)
    opened_at = Moment()
    due_on = serializers.DateField()
    snoozed_until = serializers.DateField(allow_null=True)
    seats = serializers.IntegerField(source="quantity", allow_null=True, help_text="Suggested.")
    worth = serializers.SerializerMethodField()
    signal_ids = serializers.SerializerMethodField()
    closed_at = Moment(allow_null=True)
    closed_by = serializers.EmailField(source="closed_by.email", default=None, allow_null=True)
    reason = serializers.CharField(help_text="Of the outcome.")
    won_by = serializers.CharField(
        source="won_entry.public_id", default=None, allow_null=True, help_text="In the ledger."
    )

    @extend_schema_field({"type": "string"})
    def get_title(self, task: ExpansionTask) -> str:
        """In the language of the request."""
        return str(PLAYBOOKS[task.playbook].title)

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_steps(self, task: ExpansionTask) -> list[str]:
        """What to do, in the language of the request."""
        return [str(step) for step in PLAYBOOKS[task.playbook].steps]

    @extend_schema_field(WorthSerializer(allow_null=True))
    def get_worth(self, task: ExpansionTask) -> dict[str, Any] | None:
        """Null where the list names no price for so many."""
        return None if task.value is None else dict(WorthSerializer(task).data)

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_signal_ids(self, task: ExpansionTask) -> list[str]:
        """The signals that led to it."""
        return [signal.public_id for signal in task.signals.all()]


class ReasonSerializer(Input):
    """Why. Kept in the audit trail."""

    reason = Text(max_length=200)


class TakingSerializer(ReasonSerializer):
    """Who does it."""

    owner = Text(required=False, help_text="An e-mail address of the team; whose key it is, when not given.")


class ClosingSerializer(ReasonSerializer):
    """How it ended."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)


class TaskView(InternalView):
    """A task that the path names."""

    required_permission = {"GET": "seats.view_expansiontask", "POST": "seats.change_expansiontask"}

    def task(self, task_id: str) -> ExpansionTask:
        """Raises NotFound."""
        found = tasks_for_staff().filter(public_id=task_id).first()
        if found is None:
            raise NotFound
        return found

    def answer(self, task_id: str) -> Response:
        """As it stands now."""
        return Response(TaskSerializer(self.task(task_id)).data)


class Tasks(InternalView):
    """GET /api/internal/v1/tasks"""

    required_permission = "seats.view_expansiontask"

    @operation(
        "listTasks",
        tag="growth",
        summary="The team's tasks",
        query=TaskQuery,
        answers={200: TaskSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = checked(TaskQuery, request.query_params.dict())
        found = tasks_for_staff(
            account=wanted.get("account", ""),
            state=wanted.get("state", ""),
            playbook=wanted.get("playbook", ""),
            owner=wanted.get("owner", ""),
            due_by=wanted.get("due_by"),
        )
        return self.pages(found, TaskSerializer)


class OneTask(TaskView):
    """GET /api/internal/v1/tasks/{task_id}"""

    @operation("getTask", tag="growth", summary="One task", answers={200: TaskSerializer})
    def get(self, request: Request, task_id: str) -> Response:
        """With its signals and, once closed, its outcome."""
        return self.answer(task_id)


class TaskTaking(TaskView):
    """POST /api/internal/v1/tasks/{task_id}/take"""

    @operation(
        "takeTask",
        tag="growth",
        summary="Give a task an owner",
        body=TakingSerializer,
        answers={200: TaskSerializer},
        problems=[TaskClosed],
        examples={"For oneself": {"reason": "Met them last week"}},
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Somebody on the staff; a repeat changes nothing more."""
        task, wanted = self.task(task_id), checked(TakingSerializer, request.data)
        owner = _staff(wanted["owner"]) if "owner" in wanted else cast(User, request.user)
        take_task(task=task, owner=owner, actor=self.actor, reason=wanted["reason"])
        return self.answer(task_id)


class TaskSnooze(TaskView):
    """POST /api/internal/v1/tasks/{task_id}/snooze"""

    @operation(
        "snoozeTask",
        tag="growth",
        summary="Put a task off for a week",
        body=ReasonSerializer,
        answers={200: TaskSerializer},
        problems=[TaskClosed],
        examples={"After the holidays": {"reason": "Their office is closed"}},
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Signals still join it."""
        task, wanted = self.task(task_id), checked(ReasonSerializer, request.data)
        snooze_task(task=task, actor=self.actor, at=now(), reason=wanted["reason"])
        return self.answer(task_id)


class TaskClosing(TaskView):
    """POST /api/internal/v1/tasks/{task_id}/close"""

    @operation(
        "closeTask",
        tag="growth",
        summary="Close a task with its outcome",
        body=ClosingSerializer,
        answers={200: TaskSerializer},
        problems=[TaskClosed, NothingWon, OutcomeRefused],
        examples={"Won": {"outcome": "won", "reason": "They bought for the new team"}},
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Won by the newest purchase since the task was opened. A repeat is refused with `task_closed`."""
        task, wanted = self.task(task_id), checked(ClosingSerializer, request.data)
        close_task(task=task, outcome=wanted["outcome"], actor=self.actor, at=now(), reason=wanted["reason"])
        return self.answer(task_id)


def _staff(email: str) -> User:
    found = User.objects.filter(email__iexact=email, is_active=True, is_staff=True).first()
    if found is None:
        raise serializers.ValidationError({"owner": _("Nobody on the staff has this address.")})
    return found
