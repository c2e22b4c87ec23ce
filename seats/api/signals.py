"""What the account team is told about this account, in the same words."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.growth.shown_signals import SHOWN, signals_shown_to
from seats.growth.words import rule_of, sentence_of
from seats.models import Signal

KINDS = [str(kind) for kind in SHOWN]


class SignalQuery(PageQuery):
    """Which signals to list."""

    kind = serializers.ChoiceField(choices=KINDS, required=False)
    state = serializers.ChoiceField(choices=["open", "ended"], required=False)


class SignalSerializer(serializers.Serializer[Signal]):
    """Something that was seen: from `seen_at` until `ended_at`."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=KINDS)
    title = serializers.CharField(source="get_kind_display")
    text = serializers.SerializerMethodField()
    rule = serializers.SerializerMethodField()
    seats = serializers.IntegerField(allow_null=True, help_text="How many more seats would answer it.")
    day = serializers.DateField()
    seen_at = Moment()
    ended_at = Moment(allow_null=True)

    @extend_schema_field({"type": "string", "description": "With the numbers that the rule saw."})
    def get_text(self, signal: Signal) -> str:
        """In the language of the request."""
        return sentence_of(signal)

    @extend_schema_field({"type": "string", "description": "Why that is a signal."})
    def get_rule(self, signal: Signal) -> str:
        """In the language of the request."""
        return rule_of(signal)


class Signals(ApiView):
    """GET /api/v1/signals"""

    required_capability = "usage.view"

    @operation(
        "listSignals",
        tag="usage",
        summary="What the account team sees",
        query=SignalQuery,
        answers={200: SignalSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The same figures and rules as theirs, without their notes; the newest first. In privacy mode without those
        that speak of what few people did."""
        wanted = checked(SignalQuery, request.query_params.dict())
        found = signals_shown_to(self.account, kind=wanted.get("kind", ""), state=wanted.get("state", ""))
        return self.pages(found, SignalSerializer)
