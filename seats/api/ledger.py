"""Every change of what was bought and of who sits."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import ApiRequest
from seatportal.api.fields import DaysQuery, Moment, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.insight.lines import invoices_behind, ledger_of
from seats.models import LedgerEntry

KINDS = [str(kind) for kind in LedgerEntry.Kind.values]


class LedgerQuery(DaysQuery):
    """Which lines to list."""

    kind = serializers.ChoiceField(
        choices=["purchases", *KINDS], required=False, help_text="`purchases`: all that moved the purchased number."
    )


class LedgerSerializer(serializers.Serializer[Any]):
    """One line. It never changes; the sum of purchased_after − purchased_before is the purchased number."""

    id = serializers.CharField(source="public_id")
    at = Moment()
    kind = serializers.ChoiceField(choices=KINDS)
    purchased_before = serializers.IntegerField()
    purchased_after = serializers.IntegerField()
    assigned_before = serializers.IntegerField()
    assigned_after = serializers.IntegerField()
    person = serializers.EmailField(source="actor.email", default=None, allow_null=True, help_text="Who did it.")
    from_member_id = serializers.CharField(source="from_member.public_id", default=None, allow_null=True)
    to_member_id = serializers.CharField(source="to_member.public_id", default=None, allow_null=True)
    to_email = serializers.CharField(allow_blank=True, help_text="An invited address.")
    reason = serializers.CharField(allow_blank=True)
    order_id = serializers.CharField(source="change_id", allow_blank=True)
    invoice_id = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"], "description": "For those who may see invoices."})
    def get_invoice_id(self, line: LedgerEntry) -> str | None:
        """In our words, not Stripe's."""
        found = self.context["invoices"].get(line.invoice_stripe_id)
        return str(found.public_id) if found else None


class Ledger(ApiView):
    """GET /api/v1/ledger"""

    required_capability = "seats.view"

    @operation(
        "listLedger", tag="seats", summary="The ledger", query=LedgerQuery, answers={200: LedgerSerializer(many=True)}
    )
    def get(self, request: Request) -> Response:
        """As it was written, the newest line first. Days are the account's."""
        asked: dict[str, Any] = checked(LedgerQuery, request.query_params.dict())
        lines = ledger_of(self.account, asked.get("kind", ""), since=asked.get("from"), until=asked.get("to"))
        rows: list[LedgerEntry] = self.one_page(lines)
        caller: ApiRequest = request  # type: ignore[assignment]
        invoices = invoices_behind(self.account, rows) if "billing.view" in caller.capabilities else {}
        return self.get_paginated_response(LedgerSerializer(rows, many=True, context={"invoices": invoices}).data)
