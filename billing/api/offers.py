"""Requests for an offer, above what is sold without talking."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.errors import OfferAlreadyAsked, OfferGone, QuantityWrong
from billing.models import OfferRequest
from billing.quotes.bounds import self_service_bound
from billing.terms.offers import ask_for_offer, offer_requests_of, withdraw_offer_request
from seatportal.api.fields import Input, Moment, PageQuery, Text, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now


class NewOfferRequestSerializer(Input):
    """How many seats in all, and who is told."""

    quantity = WholeNumber(min_value=1, max_value=100_000, help_text="Seats in all, above what is sold here.")
    contact = serializers.EmailField(help_text="Where the offer goes.")
    note = Text(required=False, default="", allow_blank=True, max_length=500)


class OfferRequestSerializer(serializers.Serializer[OfferRequest]):
    """One request for an offer. Once accepted, that many seats can be quoted and ordered."""

    id = serializers.CharField(source="public_id")
    quantity = serializers.IntegerField()
    contact = serializers.EmailField()
    note = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=[str(state) for state in OfferRequest.State.values])
    answer = serializers.CharField(allow_blank=True, help_text="What the vendor's staff say to it.")
    by_account_team = serializers.BooleanField(help_text="The vendor began it; nobody here asked.")
    created_at = Moment()
    answered_at = Moment(allow_null=True)


class OfferRequests(ApiView):
    """GET and POST /api/v1/offer-requests"""

    required_capability = "seats.buy"

    @operation(
        "listOfferRequests",
        tag="buying",
        summary="Requests for an offer",
        query=PageQuery,
        answers={200: OfferRequestSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """All requests of this account, the newest first."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(offer_requests_of(self.account), OfferRequestSerializer)

    @operation(
        "createOfferRequest",
        tag="buying",
        summary="Ask for an offer",
        body=NewOfferRequestSerializer,
        answers={201: OfferRequestSerializer},
        problems=[QuantityWrong, OfferAlreadyAsked],
        examples={"Sixty seats": {"quantity": 60, "contact": "ops@example.com", "note": "From January on"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """For more seats than `seats_exceed_self_service` allows: the vendor answers. Charges nothing."""
        values = checked(NewOfferRequestSerializer, request.data)
        at = now()
        made = ask_for_offer(
            account=self.account, actor=self.actor, at=at, above=self_service_bound(self.account, at), **values
        )
        return Response(OfferRequestSerializer(made).data, status=201)


class OfferWithdrawal(ApiView):
    """POST /api/v1/offer-requests/{offer_id}/withdraw"""

    required_capability = "seats.buy"

    @operation(
        "withdrawOfferRequest",
        tag="buying",
        summary="Take a request back",
        answers={200: OfferRequestSerializer},
        problems=[OfferGone],
    )
    @idempotent()
    def post(self, request: Request, offer_id: str) -> Response:
        """Withdraw it, as long as it is open."""
        asked = get_object_or_404(offer_requests_of(self.account), public_id=offer_id)
        done = withdraw_offer_request(account=self.account, request_id=asked.public_id, actor=self.actor, at=now())
        return Response(OfferRequestSerializer(done).data)
