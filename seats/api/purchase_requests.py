"""Purchases that wait for approval, as the requests of the API show and make them."""

from typing import Any

from rest_framework import serializers

from accounts.access.api import require
from accounts.models import Membership
from billing.models import ApprovalStep, Quote
from billing.quotes.queries import quote_of
from billing.quotes.quote_quantity import quote_quantity
from seatportal.api.fields import Moment
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.api.named import department_of, named_people
from seats.holders.queries import seat_counts
from seats.models import RequestStep, SeatRequest
from seats.requests.request_purchase import request_purchase
from seats.requests.steps import approvers_of, steps_of, turn_of


class StepSerializer(serializers.Serializer[RequestStep]):
    """One step of the approval."""

    position = serializers.IntegerField()
    role = serializers.ChoiceField(choices=[str(role) for role in ApprovalStep.Role.values])
    from_amount = serializers.IntegerField(help_text="Needed for prices of at least so much; minor units.")
    approved_up_to = serializers.IntegerField(source="approved", allow_null=True)
    decided_by = serializers.EmailField(source="decided_by.email", default=None, allow_null=True)
    decided_at = Moment(allow_null=True)


class PurchaseSerializer(serializers.Serializer[SeatRequest]):
    """What is to be bought. Amounts are whole minor units of `currency`, as they were when it was asked."""

    add = serializers.IntegerField(source="quantity")
    price_id = serializers.CharField(allow_blank=True, help_text="Of a change of plan.")
    department = serializers.CharField(source="department.name", default=None, allow_null=True)
    assign_to = serializers.SerializerMethodField()
    po_number = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    total = serializers.IntegerField(source="asked_total")
    due = serializers.IntegerField(source="asked_due")
    monthly = serializers.IntegerField(source="asked_monthly", help_text="More a month from then on, by list price.")
    steps = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField()
    order_id = serializers.CharField(source="change.public_id", default=None, allow_null=True)
    problem = serializers.CharField(allow_blank=True, help_text="Why the last try ended without seats.")

    def get_assign_to(self, request: SeatRequest) -> list[str]:
        """Addresses of those who are to sit."""
        return [*(one.user.email for one in request.people.select_related("user").order_by("pk")), *request.emails]

    def get_steps(self, request: SeatRequest) -> list[dict[str, Any]]:
        """Those that the price takes, in order."""
        total = max(request.asked_total or 0, 0)
        return [dict(StepSerializer(step).data) for step in steps_of(request) if step.from_amount <= total]

    def get_waits_for(self, request: SeatRequest) -> list[str]:
        """Addresses of those whose word is waited for."""
        turn = turn_of(request) if request.state == SeatRequest.State.OPEN else None
        return [one.user.email for one in approvers_of(request, turn)] if turn else []


def ask_purchase(view: ApiView, asker: Membership, values: dict[str, Any]) -> SeatRequest:
    """Send a quote, or a number whose price is asked for now, for approval."""
    at = now()
    if "quote_id" in values:
        quote = quote_of(view.account, values["quote_id"])
    else:
        quote = quote_quantity(account=view.account, actor=view.actor, add=values["add"], at=at)
    if quote.kind == Quote.Kind.PLAN:
        require(view.request, "billing.manage")
    names: list[str] = values["assign_to"]
    if names:
        require(view.request, "seats.assign")
    room = quote.added + seat_counts(view.account, at).free
    members, emails = named_people(view.account, names, room=room, field="assign_to") if names else ([], [])
    return request_purchase(
        account=view.account,
        membership=asker,
        quote_id=quote.public_id,
        reason=values["reason"],
        department=department_of(view, values.get("department_id")),
        po_number=values["po_number"],
        members=members,
        emails=emails,
        actor=view.actor,
        at=at,
    )
