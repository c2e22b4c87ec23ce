"""Invoices and their lines, as Stripe wrote them."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.mirror.queries import invoices_with_orders
from billing.models import Invoice, InvoiceLine
from seatportal.api.fields import DaysQuery, Moment, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView

STATUSES = ["open", "paid", "void", "uncollectible"]


class InvoiceQuery(DaysQuery):
    """Which invoices to list, by the day of issue."""

    status = serializers.ChoiceField(choices=STATUSES, required=False)


class InvoiceLineSerializer(serializers.Serializer[InvoiceLine]):
    """One line. Amount in minor units; below zero: a credit."""

    position = serializers.IntegerField()
    description = serializers.CharField()
    amount = serializers.IntegerField()
    quantity = serializers.IntegerField(allow_null=True)
    period_start = Moment()
    period_end = Moment()
    proration = serializers.BooleanField()


class InvoiceSerializer(serializers.Serializer[Any]):
    """One invoice. Amounts are whole minor units of `currency`."""

    id = serializers.CharField(source="public_id")
    number = serializers.CharField(allow_blank=True)
    status = serializers.CharField(help_text="open, paid, void or uncollectible.")
    reason = serializers.CharField(source="billing_reason", allow_blank=True, help_text="In Stripe's words.")
    order_id = serializers.CharField(allow_null=True, help_text="The purchase that it is of.")
    currency = serializers.CharField(help_text="ISO 4217, lower case.")
    subtotal = serializers.IntegerField()
    tax = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Below zero: a credit.")
    amount_due = serializers.IntegerField()
    amount_paid = serializers.IntegerField()
    amount_remaining = serializers.IntegerField()
    balance_before = serializers.IntegerField(source="starting_balance", help_text="Below zero: credit.")
    balance_after = serializers.IntegerField(source="ending_balance")
    hosted_url = serializers.CharField(allow_blank=True, help_text="Stripe's page, where it is paid.")
    pdf_url = serializers.CharField(allow_blank=True)
    issued_at = Moment()
    due_at = Moment(allow_null=True)
    paid_at = Moment(allow_null=True)


class WholeInvoiceSerializer(InvoiceSerializer):
    """One invoice with its lines."""

    lines = InvoiceLineSerializer(many=True)


class Invoices(ApiView):
    """GET /api/v1/invoices"""

    required_capability = "billing.view"
    page_order = "-issued_at"

    @operation(
        "listInvoices",
        tag="buying",
        summary="Invoices",
        query=InvoiceQuery,
        answers={200: InvoiceSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """All but drafts, the newest first. Days are the account's."""
        asked = checked(InvoiceQuery, request.query_params.dict())
        found = invoices_with_orders(
            self.account, status=asked.get("status", ""), since=asked.get("from"), until=asked.get("to")
        )
        return self.pages(found, InvoiceSerializer)


class OneInvoice(ApiView):
    """GET /api/v1/invoices/{invoice_id}"""

    required_capability = "billing.view"

    @operation("getInvoice", tag="buying", summary="One invoice", answers={200: WholeInvoiceSerializer})
    def get(self, request: Request, invoice_id: str) -> Response:
        """With its lines."""
        found: Invoice = get_object_or_404(
            invoices_with_orders(self.account).prefetch_related("lines"), public_id=invoice_id
        )
        return Response(WholeInvoiceSerializer(found).data)
