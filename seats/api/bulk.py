"""Acts on many people at once, all or none of them, and how each is taken back."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import require
from accounts.api.invitations import InvitationSerializer
from accounts.errors import AlreadyMember, BadSetting, InvitationGone, MemberGone, NotYours
from accounts.members.move_to_regions import Move, Person, move_to_regions
from accounts.members.queries import invitations_of, members_of, open_invitations_of, place_named
from accounts.members.withdraw_invitations import withdraw_invitations
from accounts.models import Invitation, Region
from seatportal.api.fields import Input, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import BudgetExceeded, RegionFull, SeatLimitReached, SeatsFrozen
from seats.holders.reopen_invited import reopen_invited

# As many as a page of the table lets one choose.
MOST = 200
IDS = ["ivt_0v6c2k9x4h8r1d5t7w3z", "ivt_1v6c2k9x4h8r1d5t7w3z"]
SEATS = (SeatLimitReached, RegionFull, SeatsFrozen, BudgetExceeded)


class InvitationsSerializer(Input):
    """Which."""

    invitation_ids = serializers.ListField(child=Text(), min_length=1, max_length=MOST)


class InvitationsAnswerSerializer(serializers.Serializer[Any]):
    """They as they are now."""

    invitations = InvitationSerializer(many=True)


class MoveSerializer(Input):
    """Somebody and where they belong."""

    id = Text(help_text="Of a member or of an open invitation.")
    region_id = Text(allow_null=True, help_text="null: no region.")


class MovesSerializer(Input):
    """Who goes where."""

    moves = serializers.ListField(child=MoveSerializer(), min_length=1, max_length=MOST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Each person once."""
        ids = [move["id"] for move in attrs["moves"]]
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError({"moves": _("Name each person once.")})
        return attrs


class MovedSerializer(serializers.Serializer[Any]):
    """Somebody and the region that they were in."""

    id = serializers.CharField()
    region_id = serializers.CharField(allow_null=True)


class MovesAnswerSerializer(serializers.Serializer[Any]):
    """Who belonged elsewhere, with where that was: sent again as `moves`, it takes the act back."""

    moves = MovedSerializer(many=True)


class _BulkInvitations(ApiView):
    required_capability = "members.manage"

    def chosen(self) -> list[Invitation]:
        """Those of the body. Raises InvitationGone unless all are the account's."""
        ids = set(checked(InvitationsSerializer, self.request.data)["invitation_ids"])
        found = list(Invitation.objects.filter(account=self.account, public_id__in=ids))
        if len(found) != len(ids):
            raise InvitationGone(field="invitation_ids")
        return found

    def answer(self, chosen: Sequence[Invitation]) -> Response:
        """As they stand now, the newest first."""
        rows = invitations_of(self.account).filter(pk__in=[one.pk for one in chosen]).order_by("-pk")
        return Response(InvitationsAnswerSerializer({"invitations": rows}).data)


class BulkWithdrawal(_BulkInvitations):
    """POST /api/v1/bulk/withdraw-invitations"""

    @operation(
        "withdrawInvitations",
        tag="people",
        summary="Withdraw several invitations",
        body=InvitationsSerializer,
        answers={200: InvitationsAnswerSerializer},
        problems=[InvitationGone, NotYours],
        examples={"Two": {"invitation_ids": IDS}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """All or none. Their links end at once, and the seats that they reserved are free."""
        chosen = self.chosen()
        withdraw_invitations(account=self.account, invitations=chosen, actor=self.actor, at=now())
        return self.answer(chosen)


class BulkReopening(_BulkInvitations):
    """POST /api/v1/bulk/reopen-invitations"""

    @operation(
        "reopenInvitations",
        tag="people",
        summary="Take the withdrawal of invitations back",
        body=InvitationsSerializer,
        answers={200: InvitationsAnswerSerializer},
        problems=[InvitationGone, AlreadyMember, NotYours, *SEATS],
        examples={"Two": {"invitation_ids": IDS}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Within 15 minutes, all or none: the links that were sent work again, with the seats and places in the queue
        that they had. Needs `seats.assign` too; the seats may have gone on to people who waited."""
        require(request, "seats.assign")
        chosen = self.chosen()
        reopen_invited(account=self.account, invitations=chosen, actor=self.actor, at=now())
        return self.answer(chosen)


class BulkMove(ApiView):
    """POST /api/v1/bulk/move-to-regions"""

    required_capability = "members.manage"

    @operation(
        "moveToRegions",
        tag="people",
        summary="Move several people to other regions",
        body=MovesSerializer,
        answers={200: MovesAnswerSerializer},
        problems=[BadSetting, InvitationGone, MemberGone, NotYours, RegionFull],
        examples={
            "One to a region, one out of it": {
                "moves": [
                    {"id": "mem_0v6c2k9x4h8r1d5t7w3z", "region_id": "reg_0v6c2k9x4h8r1d5t7w3z"},
                    {"id": "ivt_0v6c2k9x4h8r1d5t7w3z", "region_id": None},
                ]
            }
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """All or none; seats go along. The answer names who belonged elsewhere, and where.

        Sent as the next body, it takes the act back.
        """
        wanted = {move["id"]: move["region_id"] for move in checked(MovesSerializer, request.data)["moves"]}
        places = {name: place_named(self.account, Region, name) for name in set(wanted.values())}
        people: list[Person] = [
            *members_of(self.account).filter(public_id__in=wanted),
            *open_invitations_of(self.account).filter(public_id__in=wanted),
        ]
        if len(people) != len(wanted):
            raise MemberGone(field="moves")
        moves: list[Move] = [(one, places[wanted[one.public_id]]) for one in people]
        done = move_to_regions(account=self.account, moves=moves, actor=self.actor, at=now())
        told = [{"id": one.public_id, "region_id": before.public_id if before else None} for one, before in done]
        return Response(MovesAnswerSerializer({"moves": told}).data)
