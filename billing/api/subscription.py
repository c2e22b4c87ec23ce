"""What the account has: the subscription, its planned reduction, and its end."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.plans import PriceSerializer
from billing.changes.decreases import lock_reduction, plan_decrease, withdraw_decrease
from billing.changes.end_subscription import end_subscription, resume_subscription
from billing.errors import (
    ChangeInProgress,
    CommitmentInForce,
    MinimumSeats,
    NoSubscription,
    NotEnding,
    NotSelfService,
    ProviderUnavailable,
    ReductionRefused,
    SelfServiceFrozen,
)
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.models import Ending, ScheduledDecrease, Subscription
from billing.terms.queries import terms_of
from seatportal.api.conditions import HEADER as IF_MATCH
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Moment, Text, WholeNumber, checked
from seatportal.api.headers import etag_of, unless_same
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

ON_THE_WAY = Ending.State.CONFIRMED


class ReductionSerializer(serializers.Serializer[ScheduledDecrease]):
    """Fewer seats from the next period on; nothing changes before."""

    id = serializers.CharField(source="public_id")
    seats_now = serializers.IntegerField(source="base_quantity", help_text="When it was planned.")
    seats_then = serializers.IntegerField(source="renew_quantity")
    effective_at = Moment()
    state = serializers.ChoiceField(choices=[str(state) for state in ScheduledDecrease.State.values])
    reason = serializers.CharField(allow_blank=True)


class SubscriptionSerializer(serializers.Serializer[Subscription]):
    """The account's subscription as last read from Stripe."""

    id = serializers.CharField(source="public_id")
    status = serializers.CharField(help_text="In Stripe's words: active, trialing, past_due, unpaid, paused, …")
    currency = serializers.CharField(help_text="ISO 4217, lower case.")
    quantity = serializers.IntegerField(help_text="Purchased seats.")
    price = PriceSerializer()
    period_start = Moment()
    period_end = Moment()
    on_credit = serializers.SerializerMethodField()
    due_days = serializers.IntegerField(source="days_until_due", allow_null=True)
    trial_end = Moment(allow_null=True)
    cancel_at = Moment(allow_null=True, help_text="When it ends; null: it goes on.")
    collection_paused = serializers.BooleanField(source="paused")
    self_service_stopped = serializers.CharField(
        source="frozen", allow_blank=True, help_text="Why nothing can be bought here until somebody has looked."
    )
    planned_reduction = ReductionSerializer(allow_null=True)
    started_at = Moment(allow_null=True)

    @extend_schema_field({"type": "boolean", "description": "Invoices are sent; no card is charged."})
    def get_on_credit(self, subscription: Subscription) -> bool:
        """Paid by invoice."""
        return subscription.collection_method == "send_invoice"


class NewReductionSerializer(Input):
    """How many seats are left."""

    quantity = WholeNumber(min_value=1, max_value=100_000, help_text="Seats from the next period on, in all.")
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class EndSerializer(Input):
    """Why."""

    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class EndingSerializer(serializers.Serializer[Ending]):
    """The wish to end, or to go on."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=[str(kind) for kind in Ending.Kind.values])
    state = serializers.ChoiceField(
        choices=[str(state) for state in Ending.State.values], help_text="`confirmed`: on its way to Stripe."
    )
    reason = serializers.CharField(allow_blank=True)
    confirmed_at = Moment()
    settled_at = Moment(allow_null=True)


class CurrentSubscription(ApiView):
    """GET /api/v1/subscription"""

    required_capability = "billing.view"

    @operation(
        "getSubscription", tag="buying", summary="The subscription", answers={200: SubscriptionSerializer, 304: None}
    )
    def get(self, request: Request) -> Response:
        """The one that has not ended; 404 before the first purchase and after the end."""
        return unless_same(request, _shown(self))


class Reduction(ApiView):
    """PUT and DELETE /api/v1/subscription/reduction"""

    required_capability = "seats.buy"

    @operation(
        "planReduction",
        tag="buying",
        summary="Reduce the seats from the next period on",
        body=NewReductionSerializer,
        answers={200: SubscriptionSerializer},
        problems=[
            NoSubscription,
            ReductionRefused,
            MinimumSeats,
            CommitmentInForce,
            ChangeInProgress,
            SelfServiceFrozen,
            ProviderUnavailable,
        ],
        examples={"Eight from then on": {"quantity": 8, "reason": "Team got smaller"}},
        if_match="optional",
    )
    def put(self, request: Request) -> Response:
        """Nothing is refunded and all seats work until then. The present number withdraws the plan. If-Match takes the
        ETag of the subscription."""
        values = checked(NewReductionSerializer, request.data)
        self._unless_changed(lambda: plan_decrease(account=self.account, actor=self.actor, at=now(), **values))
        shown = _shown(self)
        return Response(shown, headers={"ETag": etag_of(shown)})

    @operation(
        "withdrawReduction",
        tag="buying",
        summary="Keep all seats",
        answers={204: None},
        problems=[ProviderUnavailable],
        if_match="optional",
    )
    def delete(self, request: Request) -> Response:
        """Take the planned reduction back; without one nothing happens."""
        self._unless_changed(lambda: withdraw_decrease(account=self.account, actor=self.actor, at=now()))
        return Response(status=204)

    def _unless_changed(self, act: Callable[[], object]) -> None:
        """In the last day of a period Stripe holds the plan and has to be asked, which no transaction may wait for; so
        there the look comes just before the act, else both are one."""
        if IF_MATCH not in self.request.headers:
            act()
            return
        held = []
        with unchanged(self.request, lock=lambda: held.append(lock_reduction(self.account)), read=lambda: _shown(self)):
            if not held[0]:
                act()
        if held[0]:
            act()


class End(ApiView):
    """POST /api/v1/subscription/end"""

    required_capability = "billing.manage"

    @operation(
        "endSubscription",
        tag="buying",
        summary="End the subscription with its period",
        body=EndSerializer,
        answers={200: EndingSerializer, 202: EndingSerializer},
        problems=[NoSubscription, ChangeInProgress, CommitmentInForce, NotSelfService],
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Nothing is refunded and everything works until then. `202`: it is on its way to Stripe."""
        values = checked(EndSerializer, request.data)
        return _answer(end_subscription(account=self.account, actor=self.actor, at=now(), **values))


class GoOn(ApiView):
    """POST /api/v1/subscription/resume"""

    required_capability = "billing.manage"

    @operation(
        "resumeSubscription",
        tag="buying",
        summary="Let the subscription go on",
        answers={200: EndingSerializer, 202: EndingSerializer},
        problems=[NoSubscription, NotEnding, ChangeInProgress],
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Take the end back, until its day. `202`: it is on its way to Stripe."""
        return _answer(resume_subscription(account=self.account, actor=self.actor, at=now()))


def _answer(ending: Ending) -> Response:
    return Response(EndingSerializer(ending).data, status=202 if ending.state == ON_THE_WAY else 200)


def _shown(view: ApiView) -> dict[str, Any]:
    """Raises Http404 where nothing is subscribed."""
    subscription: Any = live_subscription(view.account)
    item = seat_item(subscription) if subscription else None
    if item is None:
        raise Http404
    subscription.price, subscription.quantity = item.price, item.quantity
    subscription.period_start, subscription.period_end = item.period_start, item.period_end
    subscription.planned_reduction = open_decrease(view.account)
    context = {"terms": terms_of(view.account), "at": now()}
    return dict(SubscriptionSerializer(subscription, context=context).data)
