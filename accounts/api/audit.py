"""Who did what, when."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit.queries import trail_of
from accounts.models import AuditEntry
from seatportal.api.fields import DaysQuery, Moment, checked
from seatportal.api.schema import operation
from seatportal.api.view import ApiView


class AuditQuery(DaysQuery):
    """Which entries: of which action, of whom, from when to when."""

    action = serializers.CharField(
        required=False, max_length=48, help_text="The start of an action, such as `seat` or `seat.assigned`."
    )
    person = serializers.CharField(
        required=False, max_length=150, help_text="A part of the name or address of who did it or to whom."
    )


class AuditSerializer(serializers.Serializer[AuditEntry]):
    """One act. It never changes."""

    id = serializers.CharField(source="public_id")
    at = Moment()
    action = serializers.CharField()
    target = serializers.CharField(allow_blank=True, help_text="The id of the thing.")
    summary = serializers.CharField(allow_blank=True)
    door = serializers.CharField(help_text="By which way: page, api, invitation, …")
    person = serializers.EmailField(source="user.email", default=None, allow_null=True)
    api_key_id = serializers.CharField(source="api_key.public_id", default=None, allow_null=True)
    staff = serializers.EmailField(
        source="impersonator.email", default=None, allow_null=True, help_text="The vendor's person who acted as them."
    )
    ip = serializers.CharField(allow_null=True)
    request_id = serializers.CharField(allow_blank=True)
    details = serializers.DictField(source="data", help_text="Values before and after.")


class Audit(ApiView):
    """GET /api/v1/audit"""

    required_capability = "audit.view"

    @operation(
        "listAuditEntries",
        tag="audit",
        summary="The audit trail",
        query=AuditQuery,
        answers={200: AuditSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Every act in the account, the newest first. Days are the account's."""
        asked: dict[str, Any] = checked(AuditQuery, request.query_params.dict())
        entries = trail_of(
            self.account,
            action=asked.get("action", ""),
            person=asked.get("person", ""),
            since=asked.get("from"),
            until=asked.get("to"),
        )
        return self.pages(entries, AuditSerializer)
