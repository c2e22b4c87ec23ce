"""May this person in? The hot path of integrators: see seats/entitlements."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from seatportal.api.fields import Input, Moment, Text, checked
from seatportal.api.schema import operation
from seatportal.api.throttling import EntitlementsThrottle
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.entitlements.check_entitlements import LONGEST_NAME, check_entitlements
from seats.entitlements.facts import revision_of
from seats.entitlements.rules import Reason, Standing, State
from seats.models import SeatPool

JSON = "application/json"
MOST_NAMES = 100


class PersonSerializer(serializers.Serializer[Any]):
    """A member of the account."""

    id = serializers.CharField()
    email = serializers.EmailField()
    external_id = serializers.CharField(allow_null=True)


class HeldSeatSerializer(serializers.Serializer[Any]):
    """The seat that the person holds."""

    id = serializers.CharField()
    since = Moment()


class LimitSerializer(serializers.Serializer[Any]):
    """How many seats there are."""

    purchased = serializers.IntegerField()
    limit = serializers.IntegerField(help_text="Seats that may be taken: purchased, free of charge, and the allowance.")
    assigned = serializers.IntegerField(help_text="Held and reserved.")
    free = serializers.IntegerField(help_text="Seats that may still be taken.")
    mode = serializers.ChoiceField(choices=[str(mode) for mode in SeatPool.Mode.values])


class StandingSerializer(serializers.Serializer[Any]):
    """What the account may do."""

    standing = serializers.ChoiceField(
        choices=[str(one) for one in Standing],
        help_text="`past_due` and `paused`: seats work, none can be given. `suspended` and `ended`: seats are off.",
    )
    seats_work = serializers.BooleanField()


class EntitlementSerializer(serializers.Serializer[Any]):
    """The answer for one person. Decide by `allowed`."""

    user = serializers.CharField(help_text="As it was asked for.")
    allowed = serializers.BooleanField(help_text="Whether the person may use the product now.")
    state = serializers.ChoiceField(choices=[str(one) for one in State])
    reason = serializers.ChoiceField(
        choices=[str(one) for one in Reason], allow_null=True, help_text="Why not; null when allowed."
    )
    member = PersonSerializer(allow_null=True)
    seat = HeldSeatSerializer(allow_null=True)
    limit = LimitSerializer()
    account = StandingSerializer()


class EntitlementsQuestion(Input):
    """Whom to ask for."""

    users = serializers.ListField(
        child=Text(max_length=LONGEST_NAME),
        min_length=1,
        max_length=MOST_NAMES,
        help_text="Members' ids, e-mail addresses, or ids in your own systems.",
    )


class EntitlementsSerializer(serializers.Serializer[Any]):
    """The answers, in the order of the names."""

    results = EntitlementSerializer(many=True)


class Entitlement(ApiView):
    """GET /api/v1/entitlements/{user}"""

    required_capability = "entitlements.check"
    throttle_classes = [EntitlementsThrottle]

    @operation(
        "getEntitlement",
        tag="entitlements",
        summary="May this person in?",
        answers={200: EntitlementSerializer},
    )
    def get(self, request: Request, user: str) -> HttpResponse:
        """Name the person by the member's id, the e-mail address or the id in your own systems. Somebody who is not in
        the account is `unknown`, not a 404. Once the release of a seat has been answered, the next check says no."""
        return HttpResponse(_ask(self, [user])[0], content_type=JSON)


class EntitlementBatch(Entitlement):
    """POST /api/v1/entitlements/check"""

    @extend_schema(exclude=True)
    def get(self, request: Request, user: str = "check") -> HttpResponse:
        """Somebody's id may be `check`."""
        return super().get(request, user)

    @operation(
        "checkEntitlements",
        tag="entitlements",
        summary="May these people in?",
        body=EntitlementsQuestion,
        answers={200: EntitlementsSerializer},
        examples={"Three people": {"users": ["mem_0123456789abcdefghjk", "mia@acme.example", "employee-4711"]}},
    )
    def post(self, request: Request) -> HttpResponse:
        """The same for up to 100 people, in the order of their names."""
        found = _ask(self, checked(EntitlementsQuestion, request.data)["users"])
        return HttpResponse(b'{"results":[' + b",".join(found) + b"]}", content_type=JSON)


def _ask(view: ApiView, names: list[str]) -> list[bytes]:
    account = view.account.pk
    return check_entitlements(account_id=account, revision=revision_of(account), names=names, at=now())
