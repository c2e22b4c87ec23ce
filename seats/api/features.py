"""What people ask the vendor to build."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.members.queries import members_of
from accounts.models import ApiKey, Membership
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import FeatureUnsaid, NotAMember, TooManyWishes
from seats.feature_requests.ask_feature import ask_feature
from seats.feature_requests.queries import features_of
from seats.models import FeatureRequest

STATES = [str(state) for state in FeatureRequest.State.values]
TAGS = [str(tag) for tag in FeatureRequest.Tag.values]


class FeatureQuery(PageQuery):
    """Which wishes to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    tag = serializers.ChoiceField(choices=TAGS, required=False)


class NewFeatureSerializer(Input):
    """What, why, and what it is about."""

    what = Text(max_length=120)
    why = Text(max_length=1000)
    tag = serializers.ChoiceField(choices=TAGS)
    member_id = Text(required=False, help_text="Who asks and hears the answer; else the person, or who made the key.")


class FeatureRequestSerializer(serializers.Serializer[FeatureRequest]):
    """One wish and its answer."""

    id = serializers.CharField(source="public_id")
    what = serializers.CharField()
    why = serializers.CharField()
    tag = serializers.ChoiceField(choices=TAGS)
    state = serializers.ChoiceField(choices=STATES)
    asked_by = serializers.EmailField(source="asked_by.user.email")
    created_at = Moment()
    answer = serializers.CharField(allow_blank=True)
    answered_at = Moment(allow_null=True)


class FeatureRequests(ApiView):
    """GET and POST /api/v1/feature-requests"""

    required_capability = "requests.make"

    @operation(
        "listFeatureRequests",
        tag="requests",
        summary="Features asked for",
        query=FeatureQuery,
        answers={200: FeatureRequestSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Of the whole account, the newest first."""
        wanted = checked(FeatureQuery, request.query_params.dict())
        rows = features_of(self.account)
        for name in ("state", "tag"):
            if name in wanted:
                rows = rows.filter(**{name: wanted[name]})
        return self.pages(rows, FeatureRequestSerializer)

    @operation(
        "askForFeature",
        tag="requests",
        summary="Ask for a feature",
        body=NewFeatureSerializer,
        answers={201: FeatureRequestSerializer},
        problems=[FeatureUnsaid, TooManyWishes, NotAMember],
        examples={
            "Single sign-on": {"what": "SSO with Entra ID", "why": "Our 40 people sign in there", "tag": "sso"},
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Kept as new; who asked hears by mail what becomes of it."""
        values: dict[str, Any] = checked(NewFeatureSerializer, request.data)
        wish = ask_feature(
            account=self.account,
            membership=self._who(values.pop("member_id", None)),
            actor=self.actor,
            at=now(),
            **values,
        )
        return Response(FeatureRequestSerializer(wish).data, status=201)

    def _who(self, member_id: str | None) -> Membership:
        """A person asks for themselves; a key for anybody."""
        if self.membership is not None and member_id in (None, self.membership.public_id):
            return self.membership
        key = self.request.auth
        found = members_of(self.account)
        if isinstance(key, ApiKey):
            found = found.filter(public_id=member_id) if member_id else found.filter(pk=key.created_by_id or 0)
        else:
            found = found.none()
        person = found.first()
        if person is None:
            raise NotAMember(field="member_id")
        return person
