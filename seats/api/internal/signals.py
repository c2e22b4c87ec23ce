"""What was seen in all accounts, with the evidence."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account
from seatportal.api.fields import Moment, PageQuery, Text, checked
from seatportal.api.internal import InternalView
from seatportal.api.schema import operation
from seats.growth.staff_lists import signals_for_staff
from seats.growth.words import rule_of, sentence_of
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


class TeamSignalSerializer(serializers.Serializer[Signal]):
    """Something that was seen: from `seen_at` until `ended_at`."""

    id = serializers.CharField(source="public_id")
    account = NamedAccountSerializer()
    kind = serializers.ChoiceField(choices=KINDS)
    title = serializers.CharField(source="get_kind_display")
    text = serializers.SerializerMethodField()
    rule = serializers.SerializerMethodField()
    subject = serializers.CharField(help_text="What within the account, such as a department's id; empty: all of it.")
    evidence = serializers.DictField(help_text="The numbers that the rule saw.")
    seats = serializers.IntegerField(allow_null=True, help_text="How many more seats would answer it.")
    score = serializers.IntegerField(help_text="0 to 100, for sorting.")
    day = serializers.DateField()
    seen_at = Moment()
    ended_at = Moment(allow_null=True)
    task_id = serializers.CharField(source="task.public_id", default=None, allow_null=True)

    @extend_schema_field({"type": "string", "description": "With the numbers that the rule saw."})
    def get_text(self, signal: Signal) -> str:
        """In the language of the request."""
        return sentence_of(signal)

    @extend_schema_field({"type": "string", "description": "Why that is a signal."})
    def get_rule(self, signal: Signal) -> str:
        """In the language of the request."""
        return rule_of(signal)


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
