"""Seats that people ask for, and the answers."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import require
from accounts.errors import BadAddress, BadSetting
from accounts.members.queries import members_of
from accounts.models import Membership
from billing.api.quotes import GROWTH, QuoteSerializer
from billing.errors import QuoteChanged, QuoteExpired, QuoteUnavailable, QuoteUnknown
from seatportal.api.fields import Input, Moment, PageQuery, Text, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.api.assignments import HolderSerializer
from seats.api.purchase_requests import PurchaseSerializer, ask_purchase
from seats.errors import (
    AlreadyRequested,
    AlreadySeated,
    BudgetExceeded,
    NotAMember,
    NotAnApprover,
    PersonPaused,
    PriceNeeded,
    ReasonMissing,
    RegionFull,
    RemindedToday,
    RequestGone,
    SeatLimitReached,
    SeatsFrozen,
    TooManyPeople,
)
from seats.models import SeatRequest
from seats.requests.decide_purchase import approve_purchase, price_request, refuse_purchase
from seats.requests.decide_request import decide_request
from seats.requests.queries import may_see, requests_of
from seats.requests.remind import remind
from seats.requests.request_seat import request_seat
from seats.requests.withdraw_request import withdraw_request

STATES = [str(state) for state in SeatRequest.State.values]
DECIDE = "requests.decide"
DECISIONS = ["approve", "refuse"]


class RequestQuery(PageQuery):
    """Which requests to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)


class NewRequestSerializer(Input):
    """For whom, and why."""

    member_id = Text(required=False, help_text="Who needs the seat; a person in the browser asks without it.")
    reason = Text(max_length=300)
    quote_id = Text(required=False, help_text="Asks for a purchase: the price to approve.")
    add = WholeNumber(
        required=False, min_value=1, max_value=500, help_text="The same, without a price yet: seats to add."
    )
    assign_to = serializers.ListField(
        child=Text(), required=False, default=list, max_length=500, help_text="Of a purchase: as with an order."
    )
    department_id = Text(required=False, help_text="Of a purchase: for which department.")
    po_number = Text(required=False, default="", allow_blank=True, max_length=60)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A price or a number of seats, not both."""
        if "quote_id" in attrs and "add" in attrs:
            raise serializers.ValidationError({"add": _("Send either quote_id or add.")})
        return attrs


class DecisionSerializer(Input):
    """Yes or no, and a word to it."""

    decision = serializers.ChoiceField(choices=DECISIONS)
    quote_id = Text(required=False, help_text="Of a purchase: the price that is approved.")
    answer = Text(required=False, default="", allow_blank=True, max_length=300)


class SeatRequestSerializer(serializers.Serializer[SeatRequest]):
    """One request for a seat."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=[str(kind) for kind in SeatRequest.Kind.values])
    state = serializers.ChoiceField(choices=STATES, help_text="buying: approved, and on its way to be paid.")
    member = HolderSerializer(source="membership", help_text="For whom; of a purchase, who asks.")
    asked_by = serializers.EmailField(source="asked_by.email")
    reason = serializers.CharField()
    created_at = Moment()
    reminded_at = Moment(allow_null=True)
    decided_by = serializers.EmailField(source="decided_by.email", default=None, allow_null=True)
    decided_at = Moment(allow_null=True, help_text="Also when it was withdrawn.")
    answer = serializers.CharField(allow_blank=True)
    purchase = serializers.SerializerMethodField()

    @extend_schema_field(PurchaseSerializer(allow_null=True))
    def get_purchase(self, asked: SeatRequest) -> dict[str, Any] | None:
        """What is to be bought; null where one seat is asked for."""
        return dict(PurchaseSerializer(asked).data) if asked.is_purchase else None


class SeatRequests(ApiView):
    """GET and POST /api/v1/requests"""

    required_capability = "requests.make"

    @operation(
        "listRequests",
        tag="requests",
        summary="Requests for a seat",
        query=RequestQuery,
        answers={200: SeatRequestSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first. A person who does not decide sees their own."""
        wanted = checked(RequestQuery, request.query_params.dict())
        return self.pages(_visible(self, wanted.get("state", "")), SeatRequestSerializer)

    @operation(
        "createRequest",
        tag="requests",
        summary="Ask for a seat",
        body=NewRequestSerializer,
        answers={201: SeatRequestSerializer},
        problems=[
            *(ReasonMissing, AlreadySeated, AlreadyRequested, NotAMember, TooManyPeople, BadAddress, BadSetting),
            *(QuoteUnknown, QuoteUnavailable, *GROWTH),
        ],
        examples={
            "For a colleague": {"member_id": "mem_0v6c2k9x4h8r1d5t7w3z", "reason": "Joins support in May"},
            "A purchase": {"quote_id": "qte_0v6c2k9x4h8r1d5t7w3z", "reason": "Two hires", "po_number": "PO 4711"},
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Those who decide hear of it. Asking for somebody else takes `requests.decide`, or a key.

        A key asks in the name of who made it, or of `member_id` once they left. With `quote_id` or `add` it asks for a
        purchase, which the account's approvers decide step by step.
        """
        values = checked(NewRequestSerializer, request.data)
        if "quote_id" in values or "add" in values:
            asker = self._asker() or self._for_whom(values.get("member_id"))
            return Response(SeatRequestSerializer(ask_purchase(self, asker, values)).data, status=201)
        person = self._for_whom(values.get("member_id"))
        by = self._asker() or person
        asked = request_seat(
            account=self.account,
            membership=person,
            asked_by=by.user,
            reason=values["reason"],
            actor=self.actor,
            at=now(),
        )
        return Response(SeatRequestSerializer(asked).data, status=201)

    def _asker(self) -> Membership | None:
        """The person in the browser, or who made the key, so that its maker approves nothing of it; nobody who left."""
        asker = self.membership
        return asker if asker is not None and asker.left_at is None else None

    def _for_whom(self, member_id: str | None) -> Membership:
        oneself = None if self.request.auth else self.membership
        if member_id is None and oneself is not None:
            return oneself
        person = members_of(self.account).filter(public_id=member_id or "").first()
        if person is None:
            raise NotAMember(field="member_id")
        if oneself is not None and person != oneself:
            require(self.request, DECIDE)
        return person


class OneSeatRequest(ApiView):
    """GET /api/v1/requests/{request_id}"""

    required_capability = DECIDE

    @operation("getRequest", tag="requests", summary="One request", answers={200: SeatRequestSerializer})
    def get(self, request: Request, request_id: str) -> Response:
        """Also an answered one."""
        return Response(SeatRequestSerializer(_find(self, request_id)).data)


class RequestDecision(ApiView):
    """POST /api/v1/requests/{request_id}/decide"""

    # Approvers of a purchase need not be those who answer requests for a seat.
    required_capability = "requests.make"

    @operation(
        "decideRequest",
        tag="requests",
        summary="Answer a request",
        body=DecisionSerializer,
        answers={200: SeatRequestSerializer},
        problems=[
            *(RequestGone, SeatLimitReached, RegionFull, SeatsFrozen, BudgetExceeded),
            *(PersonPaused, NotAMember, NotAnApprover, PriceNeeded),
            *(QuoteUnknown, QuoteExpired, QuoteChanged, *GROWTH),
        ],
        examples={"Yes": {"decision": "approve"}, "No": {"decision": "refuse", "answer": "Next quarter"}},
    )
    @idempotent()
    def post(self, request: Request, request_id: str) -> Response:
        """Approving gives the seat in the same moment; where there is none, the request stays open.

        A purchase is decided by the people whose turn it is, signed in, at the price of a quote from `…/price`; the
        last step buys it at that price.
        """
        asked = _to_decide(self, request_id)
        values = checked(DecisionSerializer, request.data)
        if asked.is_purchase:
            return Response(SeatRequestSerializer(self._decide_purchase(asked, values)).data)
        require(request, DECIDE)
        decided = decide_request(
            account=self.account,
            request=asked,
            approve=values["decision"] == "approve",
            answer=values["answer"],
            actor=self.actor,
            at=now(),
        )
        return Response(SeatRequestSerializer(decided).data)

    def _decide_purchase(self, asked: SeatRequest, values: dict[str, Any]) -> SeatRequest:
        given: dict[str, Any] = {"account": self.account, "request": asked, "answer": values["answer"]}
        if values["decision"] == "refuse":
            return refuse_purchase(actor=self.actor, at=now(), **given)
        if "quote_id" not in values:
            raise PriceNeeded(field="quote_id")
        return approve_purchase(quote_id=values["quote_id"], actor=self.actor, at=now(), **given)


class RequestPrice(ApiView):
    """POST /api/v1/requests/{request_id}/price"""

    required_capability = "requests.make"

    @operation(
        "priceRequest",
        tag="requests",
        summary="Ask what a requested purchase costs now",
        answers={201: QuoteSerializer},
        problems=[RequestGone, QuoteUnavailable, *GROWTH],
    )
    @idempotent()
    def post(self, request: Request, request_id: str) -> Response:
        """The exact price, held for ten minutes; approving names it. Charges nothing."""
        asked = _to_decide(self, request_id)
        if not asked.is_purchase:
            raise RequestGone
        quote = price_request(account=self.account, request=asked, actor=self.actor, at=now())
        return Response(QuoteSerializer(quote).data, status=201)


class RequestWithdrawal(ApiView):
    """POST /api/v1/requests/{request_id}/withdraw"""

    required_capability = "requests.make"

    @operation(
        "withdrawRequest",
        tag="requests",
        summary="Take a request back",
        answers={200: SeatRequestSerializer},
        problems=[RequestGone],
    )
    @idempotent()
    def post(self, request: Request, request_id: str) -> Response:
        """As long as it is open. A person takes back their own."""
        mine = _find(self, request_id, own=True)
        done = withdraw_request(account=self.account, request=mine, actor=self.actor, at=now())
        return Response(SeatRequestSerializer(done).data)


class RequestReminder(ApiView):
    """POST /api/v1/requests/{request_id}/remind"""

    required_capability = "requests.make"

    @operation(
        "remindOfRequest",
        tag="requests",
        summary="Remind those who decide",
        answers={200: SeatRequestSerializer},
        problems=[RequestGone, RemindedToday],
    )
    @idempotent()
    def post(self, request: Request, request_id: str) -> Response:
        """Once a day."""
        mine = _find(self, request_id, own=True)
        done = remind(account=self.account, request=mine, actor=self.actor, at=now())
        return Response(SeatRequestSerializer(done).data)


def _visible(view: ApiView, state: str = "", *, own: bool = False) -> QuerySet[SeatRequest]:
    """All of the account's for keys and those who decide; for others, or for what only the asker does, one's own."""
    found = requests_of(view.account, state=state)
    caller: Any = view.request
    if caller.auth is None and (own or DECIDE not in caller.capabilities):
        return found.filter(membership=view.membership)
    return found


def _find(view: ApiView, request_id: str, *, own: bool = False) -> SeatRequest:
    return get_object_or_404(_visible(view, own=own), public_id=request_id)


def _to_decide(view: ApiView, request_id: str) -> SeatRequest:
    """One of the account; people find those that they decide, and purchases that wait for their word."""
    asked = get_object_or_404(requests_of(view.account), public_id=request_id)
    caller: Any = view.request
    if caller.auth is None and DECIDE not in caller.capabilities:
        own = asked.membership_id == view.membership.pk if view.membership else False
        if not own and not (asked.is_purchase and view.membership and may_see(asked, view.membership)):
            raise Http404
    return asked
