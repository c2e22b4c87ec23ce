"""What was seen in all accounts, with the evidence."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account
from seatportal.api.fields import PageQuery, Text, checked
from seatportal.api.internal import InternalView
from seatportal.api.schema import operation
from seats.api.signals import SignalSerializer
from seats.growth.staff_lists import signals_for_staff
from seats.models import Signal

KINDS = [str(kind) for kind in Signal.Kind]


class NamedAccountSerializer(serializers.Serializer[Account]):
    """Whose it is."""

    slug = serializers.CharField()
    name = serializers.CharField()


class TeamSignalQuery(PageQuery):
    """Which signals to list."""

    account = Text(required=False, help_text="The account's slug.")
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    state = serializers.ChoiceField(choices=["open", "ended"], required=False)


class TeamSignalSerializer(SignalSerializer):
    """What the customer reads of it, and what the team alone does."""

    account = NamedAccountSerializer()
    kind = serializers.ChoiceField(choices=KINDS)
    subject = serializers.CharField(help_text="What within the account, such as a department's id; empty: all of it.")
    evidence = serializers.DictField(help_text="The numbers that the rule saw.")
    score = serializers.IntegerField(help_text="0 to 100, for sorting.")
    task_id = serializers.CharField(source="task.public_id", default=None, allow_null=True)


class TeamSignals(InternalView):
    """GET /api/internal/v1/signals"""

    required_permission = "seats.view_signal"

    @operation(
        "listTeamSignals",
        tag="growth",
        summary="Signals of all accounts",
        query=TeamSignalQuery,
        answers={200: TeamSignalSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first, with those that come from the team's own notes."""
        wanted = checked(TeamSignalQuery, request.query_params.dict())
        found = signals_for_staff(
            account=wanted.get("account", ""), kind=wanted.get("kind", ""), state=wanted.get("state", "")
        )
        return self.pages(found, TeamSignalSerializer)
