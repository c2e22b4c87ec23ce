"""From an invoice line to the people behind it, and from a person to the lines that their seat belongs to."""

from typing import Any

from django.db.models import F
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.members.queries import members_of
from billing.api.invoices import InvoiceLineSerializer
from billing.mirror.queries import invoices_of
from billing.models import InvoiceLine
from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.api.assignments import STATES
from seats.insight.behind import (
    Purchase,
    cost_lines_of,
    holders_of,
    purchase_behind,
    tenures_in,
)


class AnsweredSerializer(serializers.Serializer[Any]):
    """The request that the seat answered."""

    id = serializers.CharField(source="public_id")
    asked_by = serializers.EmailField(source="asked_by.email")
    asked_at = Moment(source="created_at")
    approved_by = serializers.EmailField(source="decided_by.email", default=None, allow_null=True)
    approved_at = Moment(source="decided_at", allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class TenureSerializer(serializers.Serializer[Any]):
    """One person and the time in which they held a seat, or had one reserved."""

    member_id = serializers.CharField(source="tenure.membership.public_id", default=None, allow_null=True)
    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    seat_id = serializers.CharField(source="tenure.public_id")
    state = serializers.ChoiceField(source="tenure.state", choices=STATES)
    since = Moment(source="tenure.started_at")
    until = Moment(source="tenure.ended_at", allow_null=True)
    given_by = serializers.EmailField(source="tenure.started_by.email", default=None, allow_null=True)
    reason = serializers.CharField(source="tenure.reason", allow_blank=True)
    request = AnsweredSerializer(allow_null=True)


class BoughtForSerializer(serializers.Serializer[Any]):
    """Somebody whom the order named."""

    member_id = serializers.CharField(source="membership.public_id", default=None, allow_null=True)
    email = serializers.CharField(allow_blank=True)
    named_by = serializers.EmailField(source="planned_by.email", default=None, allow_null=True)
    seated_at = Moment(source="served_at", allow_null=True)


class BehindSerializer(serializers.Serializer[Any]):
    """One line, the order that it is of, and the terms. A renewal has no order."""

    line = InvoiceLineSerializer()
    order_id = serializers.CharField(source="purchase.change.public_id", default=None, allow_null=True)
    bought_by = serializers.EmailField(source="purchase.change.user.email", default=None, allow_null=True)
    bought_with_key_id = serializers.CharField(
        source="purchase.change.api_key.public_id", default=None, allow_null=True, help_text="The API key that bought."
    )
    bought_at = Moment(source="purchase.change.confirmed_at", default=None, allow_null=True)
    seats_before = serializers.IntegerField(source="purchase.change.base_quantity", default=None, allow_null=True)
    seats_after = serializers.IntegerField(source="purchase.change.target_quantity", default=None, allow_null=True)
    quoted_total = serializers.IntegerField(source="purchase.change.quoted_total", default=None, allow_null=True)
    charged_total = serializers.IntegerField(source="purchase.change.charged_total", default=None, allow_null=True)
    reason = serializers.CharField(source="purchase.change.reason", default=None, allow_null=True)
    po_number = serializers.CharField(source="purchase.change.po_number", default=None, allow_null=True)
    plan = serializers.CharField(source="purchase.price.plan.name", default=None, allow_null=True)
    price_scheme = serializers.CharField(source="purchase.price.scheme", default=None, allow_null=True)
    committed_seats = serializers.IntegerField(
        source="purchase.terms.committed_quantity", default=None, allow_null=True, help_text="By today's terms."
    )
    committed_until = Moment(source="purchase.terms.committed_until", default=None, allow_null=True)
    ledger_ids = serializers.ListField(child=serializers.CharField(), help_text="Of /ledger.")
    bought_for = BoughtForSerializer(many=True, source="purchase.planned")
    people = serializers.IntegerField(help_text="How many held a seat in the line's period; `/people` lists them.")


class CostLineSerializer(InvoiceLineSerializer):
    """A line that a person's seat belongs to. `amount` is the whole line's: seats are one pool, none is split."""

    invoice_id = serializers.CharField(source="invoice.public_id")
    invoice_number = serializers.CharField(source="invoice.number", allow_blank=True)
    issued_at = Moment()
    currency = serializers.CharField(source="invoice.currency")


class LineBehind(ApiView):
    """GET /api/v1/invoices/{invoice_id}/lines/{position}"""

    required_capability = "billing.view"

    @operation(
        "getInvoiceLine",
        tag="buying",
        summary="Who and what is behind an invoice line",
        answers={200: BehindSerializer},
    )
    def get(self, request: Request, invoice_id: str, position: int) -> Response:
        """Who bought, when, for whom and on which terms."""
        line = find_line(self, invoice_id, position)
        purchase: Purchase = purchase_behind(self.account, line.invoice)
        return Response(
            BehindSerializer(
                {
                    "line": line,
                    "purchase": purchase,
                    "ledger_ids": [entry.public_id for entry in purchase.entries],
                    "people": tenures_in(self.account, line.period_start, line.period_end).count(),
                }
            ).data
        )


class LinePeople(ApiView):
    """GET /api/v1/invoices/{invoice_id}/lines/{position}/people"""

    required_capability = "billing.view"
    page_order = "started_at"

    @operation(
        "listPeopleOfInvoiceLine",
        tag="buying",
        summary="The people behind an invoice line",
        query=PageQuery,
        answers={200: TenureSerializer(many=True)},
    )
    def get(self, request: Request, invoice_id: str, position: int) -> Response:
        """Everybody who held a seat in the line's period, the longest first, with who asked and who approved."""
        checked(PageQuery, request.query_params.dict())
        line = find_line(self, invoice_id, position)
        rows = self.one_page(tenures_in(self.account, line.period_start, line.period_end))
        return self.get_paginated_response(TenureSerializer(holders_of(self.account, rows), many=True).data)


class MemberCost(ApiView):
    """GET /api/v1/members/{member_id}/invoice-lines"""

    required_capability = "billing.view"
    page_order = "-issued_at"

    @operation(
        "listInvoiceLinesOfMember",
        tag="buying",
        summary="The invoice lines that a person's seat belongs to",
        query=PageQuery,
        answers={200: CostLineSerializer(many=True)},
    )
    def get(self, request: Request, member_id: str) -> Response:
        """Lines whose period holds a time in which they held a seat, the newest first, each as a whole."""
        checked(PageQuery, request.query_params.dict())
        member = get_object_or_404(members_of(self.account), public_id=member_id)
        return self.pages(cost_lines_of(member).annotate(issued_at=F("invoice__issued_at")), CostLineSerializer)


def find_line(view: ApiView, invoice_id: str, position: int) -> InvoiceLine:
    """A line of one of the caller's invoices, or 404."""
    invoice = get_object_or_404(invoices_of(view.account), public_id=invoice_id)
    return get_object_or_404(InvoiceLine.objects.select_related("invoice"), invoice=invoice, position=position)
