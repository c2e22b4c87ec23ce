"""Seats set aside for regions."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import BadSetting
from accounts.members.queries import place_named
from accounts.models import Region
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Text, WholeNumber, checked
from seatportal.api.headers import etag_of
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.capacity.split_seats import MOST, lock_split, split_seats, told_split
from seats.errors import SplitTooLarge, SplitWrong
from seats.models import RegionPool
from seats.pool.pools import pool_of
from seats.pool.regions import Split, split_of


class RegionSerializer(serializers.Serializer[Region]):
    """A region with what is noted for procurement there."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    currency = serializers.CharField(allow_blank=True, help_text="ISO 4217 in lower case; empty: not said.")
    tax_entity = serializers.CharField(allow_blank=True)
    residency = serializers.CharField(allow_blank=True, help_text="Where the data of its people has to stay.")


class RegionPoolSerializer(serializers.Serializer[RegionPool]):
    """The seats of one region."""

    region = RegionSerializer()
    seats = serializers.IntegerField(help_text="Set aside for its people.")
    assigned = serializers.IntegerField(help_text="Held and reserved.")
    free = serializers.IntegerField(help_text="Seats of the pool that nobody holds.")
    over = serializers.IntegerField(help_text="Seats in use beyond the pool's own.")


class OthersSerializer(serializers.Serializer[Split]):
    """People without a region, and those of a region without a pool."""

    seats = serializers.IntegerField(source="common", help_text="What no pool has claimed, the allowance included.")
    assigned = serializers.IntegerField(source="common_assigned")
    free = serializers.IntegerField(source="common_free")
    over = serializers.IntegerField(source="common_over")


class SplitSerializer(serializers.Serializer[Split]):
    """How the account's seats are split."""

    regions = RegionPoolSerializer(source="pools", many=True)
    others = OthersSerializer(source="*")
    exceeds = serializers.IntegerField(help_text="Seats set aside that are not there, since purchases ended.")


class NewRegionPoolSerializer(Input):
    """One region's number."""

    region_id = Text(help_text="From /regions.")
    seats = WholeNumber(min_value=1, max_value=MOST)


class NewSplitSerializer(Input):
    """The whole split: a region that is not named has no pool."""

    regions = serializers.ListField(child=NewRegionPoolSerializer(), max_length=500)
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class SeatRegions(ApiView):
    """GET and PUT /api/v1/seats/regions"""

    required_capability = {"GET": "seats.view", "PUT": "policy.manage"}

    @operation("getSeatRegions", tag="seats", summary="Seats by region", answers={200: SplitSerializer})
    def get(self, request: Request) -> Response:
        """The pools of regions, and what everybody else shares. The ETag is that of the pools' numbers."""
        return self._answer()

    @operation(
        "replaceSeatRegions",
        tag="seats",
        summary="Set seats aside for regions",
        body=NewSplitSerializer,
        answers={200: SplitSerializer},
        problems=[SplitWrong, SplitTooLarge, BadSetting],
        examples={"40 for Europe": {"regions": [{"region_id": "reg_0v6c2k9x4h8r1d5t7w3z", "seats": 40}]}},
        if_match="required",
    )
    def put(self, request: Request) -> Response:
        """Nobody loses a seat by it: a pool with more people than seats refuses the next one."""
        values = checked(NewSplitSerializer, request.data)
        wanted: dict[Region, int] = {}
        for one in values["regions"]:
            region = place_named(self.account, Region, one["region_id"])
            if region is None or region in wanted:
                raise SplitWrong(field="regions")
            wanted[region] = one["seats"]
        with unchanged(
            request, lock=lambda: lock_split(account=self.account, regions=wanted), read=self._read, required=True
        ):
            split_seats(account=self.account, seats=wanted, reason=values["reason"], actor=self.actor, at=now())
        return self._answer()

    def _read(self) -> list[dict[str, Any]]:
        return told_split(self.account)

    def _answer(self) -> Response:
        shown = SplitSerializer(split_of(pool_of(self.account))).data
        return Response(shown, headers={"ETag": etag_of(self._read())})
