"""Seats that are scheduled: the tranches of rollout plans."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.members.queries import members_of
from accounts.models import Department, Membership
from billing.api.quotes import GROWTH
from billing.errors import (
    ChangeInProgress,
    NoSubscription,
    ProviderUnavailable,
    QuantityWrong,
    QuoteChanged,
    QuoteUnavailable,
    RenewalSoon,
    TooManySeats,
)
from seatportal.api.fields import Day, Input, Moment, PageQuery, Text, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import NotAMember, RolloutEnded, RolloutRefused, TrancheClosed, TrancheNotHeld
from seats.models import Tranche
from seats.rollout.ask_approval import ask_for_tranche
from seats.rollout.queries import plans_of, tranches_of
from seats.rollout.run_tranches import release_tranche, retry_tranche
from seats.rollout.tranches import Wish, cancel_tranche, change_tranche, schedule_tranche

STATES = [str(state) for state in Tranche.State.values]
BUYS = "seats.buy"
SCHEDULING = (NoSubscription, QuantityWrong, TooManySeats, QuoteUnavailable, RolloutRefused, NotAMember)
GOING_ON = (RenewalSoon, ChangeInProgress, QuoteUnavailable, QuoteChanged, ProviderUnavailable)
EXAMPLE = {
    "quantity": 10,
    "due_on": "2027-01-11",
    "ceiling": 40000,
    "gate_percent": 80,
    "po_number": "PO 17",
}


class TrancheQuery(PageQuery):
    """Which tranches to list."""

    rollout_id = Text(required=False)
    state = serializers.ChoiceField(choices=STATES, required=False)


class TrancheWishSerializer(Input):
    """What is to be bought, when, and for at most how much."""

    quantity = WholeNumber(min_value=1, max_value=100_000)
    due_on = Day(help_text="By the account's calendar.")
    ceiling = WholeNumber(
        min_value=0,
        max_value=10**14,
        help_text="The most that may be due at once, in minor units of the subscription's currency. You agree to it.",
    )
    owner_id = Text(required=False, help_text="The member who is told; else the caller, or who made the key.")
    department_id = Text(required=False, allow_null=True, default=None)
    gate_percent = WholeNumber(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=100,
        help_text="Held until so many percent of the purchased seats are active; null: the day alone decides.",
    )
    po_number = Text(required=False, default="", allow_blank=True, max_length=60)


class NewTrancheSerializer(TrancheWishSerializer):
    """A tranche of a plan."""

    rollout_id = Text()


class ReleaseSerializer(Input):
    """Why the gate is overridden."""

    reason = Text(max_length=200)


class TrancheSerializer(serializers.Serializer[Tranche]):
    """One tranche. Amounts are whole minor units of `currency`."""

    id = serializers.CharField(source="public_id")
    rollout_id = serializers.CharField(source="plan.public_id")
    state = serializers.ChoiceField(choices=STATES)
    held_code = serializers.CharField(allow_blank=True, help_text="Why it is held: adoption_low, price_above_ceiling …")
    held_at = Moment(allow_null=True)
    quantity = serializers.IntegerField(help_text="Seats to add.")
    due_on = serializers.DateField()
    department_id = serializers.CharField(source="department.public_id", default=None, allow_null=True)
    owner_id = serializers.CharField(source="owner.public_id")
    gate_percent = serializers.IntegerField(allow_null=True)
    released_at = Moment(allow_null=True)
    released_reason = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    ceiling = serializers.IntegerField()
    estimate = serializers.IntegerField(allow_null=True, help_text="Due at once by prices of the day it was agreed to.")
    asked = serializers.IntegerField(allow_null=True, help_text="The price that was above the ceiling.")
    agreed_at = Moment()
    po_number = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(
        source="request.public_id", default=None, allow_null=True, help_text="The approval that was asked for."
    )
    order_id = serializers.CharField(source="change.public_id", default=None, allow_null=True)
    created_at = Moment()
    settled_at = Moment(allow_null=True)


class _TrancheView(ApiView):
    required_capability = BUYS

    def found(self, tranche_id: str) -> Tranche:
        """One of the account's."""
        return get_object_or_404(tranches_of(self.account), public_id=tranche_id)

    def shown(self, tranche: Tranche, status: int = 200) -> Response:
        """As it stands now."""
        return Response(TrancheSerializer(self.found(tranche.public_id)).data, status=status)

    def wish(self, values: dict[str, Any]) -> Wish:
        """The body for the verb. Raises NotAMember, RolloutRefused."""
        department = None
        if values["department_id"] is not None:
            department = Department.objects.filter(account=self.account, public_id=values["department_id"]).first()
            if department is None:
                raise RolloutRefused(field="department_id")
        return Wish(
            quantity=values["quantity"],
            due_on=values["due_on"],
            owner=self._owner(values.get("owner_id")),
            ceiling=values["ceiling"],
            department=department,
            gate_percent=values["gate_percent"],
            po_number=values["po_number"],
        )

    def _owner(self, member_id: str | None) -> Membership:
        found = members_of(self.account)
        mine = self.membership.pk if self.membership is not None else 0
        person = (found.filter(public_id=member_id) if member_id else found.filter(pk=mine)).first()
        if person is None:
            raise NotAMember(field="owner_id")
        return person


class Tranches(_TrancheView):
    """GET and POST /api/v1/tranches"""

    @operation(
        "listTranches",
        tag="buying",
        summary="Scheduled seats",
        query=TrancheQuery,
        answers={200: TrancheSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Of all plans, or one; the newest first."""
        wanted = checked(TrancheQuery, request.query_params.dict())
        rows = tranches_of(self.account).order_by("-id")
        if "rollout_id" in wanted:
            rows = rows.filter(plan__public_id=wanted["rollout_id"])
        if "state" in wanted:
            rows = rows.filter(state=wanted["state"])
        return self.pages(rows, TrancheSerializer)

    @operation(
        "scheduleTranche",
        tag="buying",
        summary="Schedule seats for at most an amount",
        body=NewTrancheSerializer,
        answers={201: TrancheSerializer},
        problems=[*SCHEDULING, RolloutEnded],
        examples={"Ten in January, once 80 % are active": {"rollout_id": "rol_0v6c2k9x4h8r1d5t7w3z", **EXAMPLE}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Bought on its day at the price of that day, if that is within `ceiling`; otherwise held, and its owner told.

        `estimate` is what Stripe says today and no promise. The purchase is made in the name of who agreed: that person
        or key must still be allowed to buy then.
        """
        values = checked(NewTrancheSerializer, request.data)
        plan = get_object_or_404(plans_of(self.account), public_id=values["rollout_id"])
        made = schedule_tranche(
            account=self.account, plan_id=plan.public_id, wish=self.wish(values), actor=self.actor, at=now()
        )
        return self.shown(made, 201)


class OneTranche(_TrancheView):
    """GET and PUT /api/v1/tranches/{tranche_id}"""

    @operation("getTranche", tag="buying", summary="What became of scheduled seats", answers={200: TrancheSerializer})
    def get(self, request: Request, tranche_id: str) -> Response:
        """One tranche with its state."""
        return Response(TrancheSerializer(self.found(tranche_id)).data)

    @operation(
        "changeTranche",
        tag="buying",
        summary="Change scheduled seats",
        body=TrancheWishSerializer,
        answers={200: TrancheSerializer},
        problems=[*SCHEDULING, TrancheClosed],
        examples={"Another amount": EXAMPLE},
    )
    def put(self, request: Request, tranche_id: str) -> Response:
        """The whole tranche; the amount is agreed to anew, and what held it is judged anew."""
        row = self.found(tranche_id)
        wish = self.wish(checked(TrancheWishSerializer, request.data))
        return self.shown(
            change_tranche(account=self.account, tranche_id=row.public_id, wish=wish, actor=self.actor, at=now())
        )


class TrancheCancellation(_TrancheView):
    """POST /api/v1/tranches/{tranche_id}/cancel"""

    @operation(
        "cancelTranche",
        tag="buying",
        summary="Cancel scheduled seats",
        answers={200: TrancheSerializer},
        problems=[TrancheClosed],
    )
    @idempotent()
    def post(self, request: Request, tranche_id: str) -> Response:
        """Nothing is bought."""
        row = self.found(tranche_id)
        return self.shown(cancel_tranche(account=self.account, tranche_id=row.public_id, actor=self.actor, at=now()))


class TrancheRelease(_TrancheView):
    """POST /api/v1/tranches/{tranche_id}/release"""

    @operation(
        "releaseTranche",
        tag="buying",
        summary="Buy although too few seats are active",
        body=ReleaseSerializer,
        answers={200: TrancheSerializer},
        problems=[*GOING_ON, TrancheClosed, TrancheNotHeld, RolloutRefused],
        examples={"A reason": {"reason": "New office in May"}},
    )
    @idempotent()
    def post(self, request: Request, tranche_id: str) -> Response:
        """Within `ceiling`, as ever. `state` says whether it is bought, being bought, or held for another reason."""
        row = self.found(tranche_id)
        reason = checked(ReleaseSerializer, request.data)["reason"]
        return self.shown(
            release_tranche(account=self.account, tranche_id=row.public_id, reason=reason, actor=self.actor, at=now())
        )


class TrancheRetry(_TrancheView):
    """POST /api/v1/tranches/{tranche_id}/retry"""

    @operation(
        "retryTranche",
        tag="buying",
        summary="Try held seats again",
        answers={200: TrancheSerializer},
        problems=[*GOING_ON, TrancheClosed, TrancheNotHeld],
    )
    @idempotent()
    def post(self, request: Request, tranche_id: str) -> Response:
        """Within `ceiling`, as ever; the order at `order_id` says what a person has to do for the bank, if anything."""
        row = self.found(tranche_id)
        return self.shown(retry_tranche(account=self.account, tranche_id=row.public_id, actor=self.actor, at=now()))


class TrancheApproval(_TrancheView):
    """POST /api/v1/tranches/{tranche_id}/ask"""

    @operation(
        "askForTranche",
        tag="buying",
        summary="Ask for the approval of held seats",
        answers={200: TrancheSerializer},
        problems=[*GROWTH, QuoteUnavailable, TrancheClosed, TrancheNotHeld, NotAMember],
    )
    @idempotent()
    def post(self, request: Request, tranche_id: str) -> Response:
        """For one that is held for `approval_required`. Those who approve decide the request at `request_id`, at the
        price of that day; their yes buys the seats. Asked once more, it is the same request while that is open.

        A key asks in the name of who made it, or of the tranche's owner once they left.
        """
        row = self.found(tranche_id)
        ask_for_tranche(
            account=self.account,
            tranche_id=row.public_id,
            membership=self._asker(row),
            actor=self.actor,
            at=now(),
        )
        return self.shown(row)

    def _asker(self, row: Tranche) -> Membership:
        for person in (self.membership, row.owner):
            if person is not None and person.left_at is None:
                return person
        raise NotAMember
