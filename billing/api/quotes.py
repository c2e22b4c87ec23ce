"""Prices that are promises."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.errors import (
    ApprovalRequired,
    ChangeInProgress,
    CreditLimitReached,
    MinimumSeats,
    NoCard,
    NoSubscription,
    NotSelfService,
    PastDue,
    QuantityWrong,
    QuoteUnavailable,
    QuoteUnknown,
    RenewalSoon,
    SubscriptionEnding,
    TooManySeats,
)
from billing.models import Quote
from billing.quotes.approval import needs_approval
from billing.quotes.queries import quote_of
from billing.quotes.quote_quantity import quote_quantity
from seatportal.api.fields import Input, Moment, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

# Why seats cannot be added; also met when an order is made.
GROWTH = (
    NoSubscription,
    PastDue,
    SubscriptionEnding,
    NotSelfService,
    RenewalSoon,
    ChangeInProgress,
    NoCard,
    CreditLimitReached,
    QuantityWrong,
    MinimumSeats,
    TooManySeats,
)
# Only met when an order is made: a price may be asked for by everybody who may buy.
ORDERING = (*GROWTH, ApprovalRequired)


class NewQuoteSerializer(Input):
    """How many seats to add."""

    add = WholeNumber(min_value=1, max_value=500, help_text="Seats to add to those you have.")


class QuoteLineSerializer(serializers.Serializer[Any]):
    """One line, for display. The amount to pay is `due_now`, never the sum of lines."""

    description = serializers.CharField()
    amount = serializers.IntegerField(help_text="Minor units; below zero: a credit.")
    quantity = serializers.IntegerField(allow_null=True)
    period_start = Moment(source="from")
    period_end = Moment(source="to")


class NextInvoiceSerializer(serializers.Serializer[Any]):
    """What the next regular invoice will be."""

    amount = serializers.IntegerField(source="next_total", allow_null=True, help_text="Minor units.")
    at = Moment(source="next_at", allow_null=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """One pending item that waited before this quote."""

    description = serializers.CharField(allow_blank=True)
    amount = serializers.IntegerField(help_text="Minor units; below zero: a credit.")


class QuoteSerializer(serializers.Serializer[Quote]):
    """A price from Stripe, held until `expires_at`. Amounts are whole minor units of `currency`."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=[str(kind) for kind in Quote.Kind.values])
    add = serializers.IntegerField(source="added")
    seats_before = serializers.IntegerField(source="base_quantity")
    seats_after = serializers.IntegerField(source="target_quantity")
    currency = serializers.CharField(help_text="ISO 4217, lower case.")
    due_now = serializers.IntegerField(
        source="amount_due", help_text="What an order charges to the card, or on credit: what its invoice asks for."
    )
    on_credit = serializers.BooleanField(help_text="No card is charged; an invoice is sent.")
    due_days = serializers.IntegerField(allow_null=True, help_text="On credit: when the invoice is due.")
    total = serializers.IntegerField(help_text="Below zero: a credit for the next invoice.")
    subtotal = serializers.IntegerField()
    discount = serializers.IntegerField(help_text="Taken off below the lines; zero where the lines have it in them.")
    tax = serializers.IntegerField()
    balance_before = serializers.IntegerField(
        source="starting_balance", help_text="Below zero: credit that is used first."
    )
    lines = QuoteLineSerializer(many=True)
    waiting = WaitingSerializer(
        many=True,
        help_text="Pending items. They are left to the next invoice; on credit they are part of this one.",
    )
    next_invoice = NextInvoiceSerializer(source="*")
    needs_approval = serializers.SerializerMethodField(
        help_text="An order is refused with `approval_required`; ask at /api/v1/requests."
    )
    expires_at = Moment()
    used_at = Moment(source="consumed_at", allow_null=True, help_text="When an order took it.")

    def get_needs_approval(self, quote: Quote) -> bool:
        """By the rest of this month's allowance."""
        return quote.consumed_at is None and needs_approval(quote, now())


class Quotes(ApiView):
    """POST /api/v1/quotes"""

    required_capability = "seats.buy"

    @operation(
        "createQuote",
        tag="buying",
        summary="Ask what more seats cost",
        body=NewQuoteSerializer,
        answers={201: QuoteSerializer},
        problems=[*GROWTH, QuoteUnavailable],
        examples={"Two more seats": {"add": 2}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """The exact price of more seats, due now and on the next invoice, held for ten minutes. Charges nothing."""
        values = checked(NewQuoteSerializer, request.data)
        quote = quote_quantity(account=self.account, actor=self.actor, add=values["add"], at=now())
        return Response(QuoteSerializer(quote).data, status=201)


class OneQuote(ApiView):
    """GET /api/v1/quotes/{quote_id}"""

    required_capability = "seats.buy"

    @operation(
        "getQuote", tag="buying", summary="Read a quote again", answers={200: QuoteSerializer}, problems=[QuoteUnknown]
    )
    def get(self, request: Request, quote_id: str) -> Response:
        """A quote of this account, also after its end."""
        return Response(QuoteSerializer(quote_of(self.account, quote_id)).data)
