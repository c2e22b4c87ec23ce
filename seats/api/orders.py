"""Buying by a quote."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import require
from accounts.errors import BadAddress, BadSetting
from accounts.models import Membership
from billing.api.quotes import ORDERING
from billing.changes.pending import cancel_change, follow_payment, payment_link
from billing.changes.undo_change import undoable_until
from billing.errors import (
    ChangeInProgress,
    CommitmentInForce,
    NotCancellable,
    NotUndoable,
    OrderNotCompleted,
    PaymentDeclined,
    PlanUnavailable,
    ProviderUnavailable,
    QuoteChanged,
    QuoteExpired,
    QuoteUnknown,
    UndoTooLate,
)
from billing.mirror.queries import changes_of, undo_of
from billing.models import QuantityChange, Quote
from billing.quotes.queries import quote_of
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.api.named import department_of, named_people
from seats.capacity.undo_purchase import undo_purchase
from seats.errors import (
    AlreadySeated,
    BudgetExceeded,
    NotAMember,
    PersonPaused,
    RegionFull,
    SeatsInUse,
    TooManyPeople,
)
from seats.holders.buy_and_assign import buy_and_assign
from seats.holders.queries import seat_counts

State = QuantityChange.State
# Between acceptance and a proven end there is nothing for a caller to do but ask again.
PROCESSING = "processing"
_BEING_CHECKED = (State.CONFIRMED, State.CALLING, State.UNKNOWN, State.CONFLICT)
# What a person has to do on Stripe's page: confirm with the bank, or give another card.
WAITING_FOR = {"confirmation": "authentication_required", "card": "payment_declined"}
UNDO_STATES = ["undoing", "undone", "not_undone"]
STATES = [PROCESSING, *(str(state) for state in State.values if state not in _BEING_CHECKED)]


class NewOrderSerializer(Input):
    """Which price to accept, and for whom."""

    quote_id = Text()
    assign_to = serializers.ListField(
        child=Text(),
        required=False,
        default=list,
        max_length=500,
        help_text="Member ids, or addresses to invite: they get the seats as soon as these are paid.",
    )
    department_id = Text(
        required=False, help_text="Of those who are invited: their seats count for its budget, which is asked before."
    )
    reason = Text(required=False, default="", allow_blank=True, max_length=200, help_text="Stands in the ledger.")
    po_number = Text(
        required=False,
        default="",
        allow_blank=True,
        max_length=60,
        help_text="On the order's document; on credit, on the invoice too. Empty: the one agreed in the terms.",
    )


class OrderSerializer(serializers.Serializer[QuantityChange]):
    """One purchase. Amounts are whole minor units of `currency`; charged_… are null until it is applied."""

    id = serializers.CharField(source="public_id")
    quote_id = serializers.CharField(source="quote.public_id", default=None, allow_null=True)
    kind = serializers.ChoiceField(choices=[str(kind) for kind in QuantityChange.Kind.values])
    state = serializers.SerializerMethodField()
    add = serializers.IntegerField(source="added")
    seats_before = serializers.IntegerField(source="base_quantity")
    seats_after = serializers.IntegerField(source="target_quantity")
    currency = serializers.CharField()
    quoted_total = serializers.IntegerField()
    quoted_due = serializers.IntegerField()
    tax = serializers.IntegerField(source="quote.tax", default=None, allow_null=True, help_text="As quoted.")
    discount = serializers.IntegerField(source="quote.discount", default=None, allow_null=True, help_text="As quoted.")
    on_credit = serializers.BooleanField(help_text="No card is charged; an invoice is sent.")
    po_number = serializers.CharField(allow_blank=True)
    charged_total = serializers.IntegerField(allow_null=True)
    charged_due = serializers.IntegerField(allow_null=True)
    waiting_for = serializers.SerializerMethodField()
    payment_url = serializers.SerializerMethodField()
    pay_until = Moment(source="pending_expires_at", allow_null=True)
    error_code = serializers.CharField(allow_blank=True)
    decline_code = serializers.CharField(allow_blank=True)
    undo = serializers.SerializerMethodField()
    undo_until = serializers.SerializerMethodField()
    reason = serializers.CharField(allow_blank=True)
    created_at = Moment()
    settled_at = Moment(allow_null=True)

    @extend_schema_field({"type": "string", "enum": STATES})
    def get_state(self, change: QuantityChange) -> str:
        """Ours in detail, the caller's in what can be done about it."""
        return PROCESSING if change.state in _BEING_CHECKED else str(change.state)

    @extend_schema_field({"type": ["string", "null"], "enum": [*WAITING_FOR.values(), None]})
    def get_waiting_for(self, change: QuantityChange) -> str | None:
        """Why the payment is open."""
        return WAITING_FOR.get(change.payment_needs) if change.state == State.AWAITING_PAYMENT else None

    @extend_schema_field({"type": ["string", "null"], "enum": [*UNDO_STATES, None]})
    def get_undo(self, change: QuantityChange) -> str | None:
        """How far an undo is; null when there is none."""
        undo = undo_of(change)
        if undo is None:
            return None
        return "undoing" if undo.is_open else "undone" if undo.state == State.APPLIED else "not_undone"

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_undo_until(self, change: QuantityChange) -> str | None:
        """Until when it can be undone; null when it cannot."""
        until = undoable_until(change, at=now())
        return Moment().to_representation(until) if until else None

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_payment_url(self, change: QuantityChange) -> str | None:
        """Stripe's page where a person confirms or pays; null when there is nothing to do there."""
        return payment_link(change) or None


class Orders(ApiView):
    """GET and POST /api/v1/orders"""

    required_capability = "seats.buy"

    @operation(
        "listOrders",
        tag="buying",
        summary="Purchases",
        query=PageQuery,
        answers={200: OrderSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """All purchases of seats, the newest first."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(changes_of(self.account), OrderSerializer)

    @operation(
        "createOrder",
        tag="buying",
        summary="Buy seats at a quoted price",
        body=NewOrderSerializer,
        answers={201: OrderSerializer, 202: OrderSerializer},
        problems=[
            *(
                QuoteUnknown,
                QuoteExpired,
                QuoteChanged,
                *ORDERING,
                PlanUnavailable,
                CommitmentInForce,
                PaymentDeclined,
                OrderNotCompleted,
            ),
            *(
                TooManyPeople,
                NotAMember,
                BadAddress,
                BadSetting,
                AlreadySeated,
                BudgetExceeded,
                RegionFull,
                PersonPaused,
            ),
        ],
        examples={
            "Buy and assign": {
                "quote_id": "qte_0v6c2k9x4h8r1d5t7w3z",
                "assign_to": ["lena@example.com"],
                "reason": "New in support",
            }
        },
    )
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        """Charge exactly what was quoted and add the seats.

        201: paid, the seats are there. 202: accepted but open; `payment_url` leads a person to the bank's confirmation,
        or Stripe is being asked. Read the order until its state settles; do not buy again. A quote of kind `plan` needs
        the capability billing.manage too.
        """
        values = checked(NewOrderSerializer, request.data)
        if quote_of(self.account, values["quote_id"]).kind == Quote.Kind.PLAN:
            require(request, "billing.manage")
        members, emails = self._people(request, values["quote_id"], values["assign_to"])
        change = buy_and_assign(
            account=self.account,
            quote_id=values["quote_id"],
            members=members,
            emails=emails,
            department=department_of(self, values.get("department_id")),
            actor=self.actor,
            at=now(),
            reason=values["reason"],
            po_number=values["po_number"],
        )
        if change.is_open:
            return Response(OrderSerializer(change).data, status=202)
        if change.state == State.APPLIED:
            return Response(OrderSerializer(change).data, status=201)
        raise _refusal(change)

    def _people(self, request: Request, quote_id: str, names: list[str]) -> tuple[list[Membership], list[str]]:
        """Whom the seats are for; looked at only as long as the quote is not bought, since then they sit already."""
        quote = quote_of(self.account, quote_id)
        if not names or quote.consumed_at is not None:
            return [], []
        require(request, "seats.assign")
        room = quote.added + seat_counts(self.account, now()).free
        return named_people(self.account, names, room=room, field="assign_to")


class OneOrder(ApiView):
    """GET /api/v1/orders/{order_id}"""

    required_capability = "seats.buy"

    @operation("getOrder", tag="buying", summary="What became of a purchase", answers={200: OrderSerializer})
    def get(self, request: Request, order_id: str) -> Response:
        """One purchase with its state. It settles by itself; while payment is awaited, asking looks at Stripe."""
        change = get_object_or_404(changes_of(self.account), public_id=order_id)
        return Response(OrderSerializer(follow_payment(change=change, at=now())).data)


class Cancellation(ApiView):
    """POST /api/v1/orders/{order_id}/cancel"""

    required_capability = "seats.buy"

    @operation(
        "cancelOrder",
        tag="buying",
        summary="Stop a purchase that is not paid yet",
        answers={200: OrderSerializer},
        problems=[NotCancellable, ProviderUnavailable],
    )
    @idempotent()
    def post(self, request: Request, order_id: str) -> Response:
        """Withdraw it: nothing is charged and no seats are added."""
        change = get_object_or_404(changes_of(self.account), public_id=order_id)
        stopped = cancel_change(account=self.account, change_id=change.public_id, actor=self.actor, at=now())
        return Response(OrderSerializer(stopped).data)


class Undo(ApiView):
    """POST /api/v1/orders/{order_id}/undo"""

    required_capability = "seats.buy"

    @operation(
        "undoOrder",
        tag="buying",
        summary="Undo a purchase within its window",
        answers={200: OrderSerializer, 202: OrderSerializer},
        problems=[UndoTooLate, NotUndoable, SeatsInUse, ChangeInProgress, ProviderUnavailable],
    )
    @idempotent()
    def post(self, request: Request, order_id: str) -> Response:
        """Take the seats back and give the whole amount back, as it was paid: the card's part to the card.

        Possible until `undo_until`, while nothing else has changed. 200: `undo` is `undone`. 202: it is `undoing`;
        read the order until that changes.
        """
        change = get_object_or_404(changes_of(self.account), public_id=order_id)
        undo = undo_purchase(account=self.account, change_id=change.public_id, actor=self.actor, at=now())
        return Response(OrderSerializer(change).data, status=202 if undo.is_open else 200)


def _refusal(change: QuantityChange) -> PortalError:
    """A purchase that ended at once, in words."""
    if change.error_code == PaymentDeclined.code:
        return PaymentDeclined(order_id=change.public_id, decline_code=change.decline_code)
    if change.error_code == QuoteChanged.code:
        return QuoteChanged(order_id=change.public_id)
    return OrderNotCompleted(order_id=change.public_id, state=change.state)
