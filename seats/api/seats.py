"""The pool's state."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Moment
from seatportal.api.headers import unless_same
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.holders.queries import SeatCounts, seat_counts
from seats.models import SeatPool


class SeatsSerializer(serializers.Serializer[SeatCounts]):
    """One account's seats now."""

    purchased = serializers.IntegerField()
    assigned = serializers.IntegerField(help_text="Held and reserved.")
    held = serializers.IntegerField(help_text="By members.")
    reserved = serializers.IntegerField(help_text="By open invitations.")
    free = serializers.IntegerField(help_text="Purchased seats that nobody holds.")
    active = serializers.IntegerField(help_text="Held seats whose holder did something in the last 30 days.")
    waiting = serializers.IntegerField(help_text="People in the queue.")
    limit = serializers.IntegerField(help_text="Seats that may be taken: purchased, free of charge, and the allowance.")
    mode = serializers.ChoiceField(choices=[str(mode) for mode in SeatPool.Mode.values])
    allowance = serializers.IntegerField(help_text="Seats over the purchased ones that a soft limit allows.")
    complimentary = serializers.IntegerField(
        source="comped", help_text="Seats free of charge on top of the purchased ones."
    )
    complimentary_until = serializers.DateField(
        source="comped_until",
        allow_null=True,
        help_text="The last day on which they count, in the account's time zone.",
    )
    over = serializers.IntegerField(help_text="Seats in use beyond the purchased ones and those free of charge.")
    over_since = Moment(allow_null=True)
    grace_days = serializers.IntegerField()
    frozen = serializers.CharField(
        allow_blank=True, help_text="The subscription's state when it stops new holders, else empty."
    )
    off = serializers.BooleanField(help_text="Seats do not work at present; who holds them is kept.")


class Seats(ApiView):
    """GET /api/v1/seats"""

    required_capability = "seats.view"

    @operation(
        "getSeats",
        tag="seats",
        summary="How many seats are there, and how many are free?",
        answers={200: SeatsSerializer, 304: None},
    )
    def get(self, request: Request) -> Response:
        """The account's pool. Send the `ETag` back in `If-None-Match` and hear 304 while nothing has changed."""
        return unless_same(request, SeatsSerializer(seat_counts(self.account, now())).data)
