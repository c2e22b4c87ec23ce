"""Who approves purchases above the allowance."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.members.queries import members_of
from accounts.models import Membership
from billing.errors import BuyingPolicyWrong
from billing.mirror.queries import currency_of
from billing.models import ApprovalStep
from billing.terms.approvers import Step, chain_of
from billing.terms.set_buying_policy import MOST_STEPS, lock_chain, set_chain
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Text, WholeNumber, checked
from seatportal.api.headers import etag_of
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.errors import NotAMember

ROLES = [str(role) for role in ApprovalStep.Role.values]


class ApproverSerializer(serializers.Serializer[Membership]):
    """Somebody who is named."""

    member_id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="user.get_full_name")
    email = serializers.EmailField(source="user.email")


class ChainStepSerializer(serializers.Serializer[Any]):
    """One step, in order."""

    position = serializers.IntegerField()
    role = serializers.ChoiceField(choices=ROLES)
    from_amount = serializers.IntegerField(help_text="Needed for prices of at least so much; minor units.")
    people = ApproverSerializer(
        many=True, help_text="Only these, while one of them is here; empty: everybody of the role."
    )


class ChainSerializer(serializers.Serializer[Any]):
    """The chain; without a step, one admin or owner approves."""

    currency = serializers.CharField(allow_null=True, help_text="Of the amounts: the subscription's.")
    steps = ChainStepSerializer(many=True)


class NewStepSerializer(Input):
    """Whose word it takes, and from which price on."""

    role = serializers.ChoiceField(choices=ROLES)
    from_amount = WholeNumber(required=False, default=0, min_value=0, max_value=10**14, help_text="0: for all prices.")
    member_ids = serializers.ListField(
        child=Text(), required=False, default=list, max_length=50, help_text="Only these people; empty: the role."
    )


class NewChainSerializer(Input):
    """The whole chain, in order."""

    steps = serializers.ListField(child=NewStepSerializer(), max_length=MOST_STEPS)


class Approvers(ApiView):
    """GET and PUT /api/v1/policy/approvers"""

    required_capability = "policy.manage"

    @operation("getApprovers", tag="buying", summary="Who approves purchases", answers={200: ChainSerializer})
    def get(self, request: Request) -> Response:
        """Step by step. Nobody approves what they asked for themselves."""
        return self._answer()

    @operation(
        "replaceApprovers",
        tag="buying",
        summary="Set who approves purchases",
        body=NewChainSerializer,
        answers={200: ChainSerializer},
        problems=[BuyingPolicyWrong, NotAMember],
        examples={
            "An admin, above 500.00 an owner too": {
                "steps": [{"role": "admin"}, {"role": "owner", "from_amount": 50000}]
            }
        },
        if_match="required",
    )
    def put(self, request: Request) -> Response:
        """At least one step has to be for all prices. Requests that are open keep the chain that they began with."""
        wanted = self._steps(checked(NewChainSerializer, request.data)["steps"])
        with unchanged(request, lock=lambda: lock_chain(self.account), read=self._read, required=True):
            set_chain(account=self.account, steps=wanted, actor=self.actor, at=now())
        return self._answer()

    def _steps(self, typed: list[dict[str, Any]]) -> list[Step]:
        """Ids into members, each that is not there by its place. Raises NotAMember, BuyingPolicyWrong."""
        named = {name for step in typed for name in step["member_ids"]}
        keys = dict(members_of(self.account).filter(public_id__in=named).values_list("public_id", "pk"))
        priced = bool(currency_of(self.account))
        found = []
        for n, step in enumerate(typed):
            if step["from_amount"] and not priced:
                raise BuyingPolicyWrong(
                    _("An amount needs a currency. Choose a plan first."), field=f"steps.{n}.from_amount"
                )
            if unknown := [name for name in step["member_ids"] if name not in keys]:
                raise NotAMember(
                    _("There is no member with the id %(id)s.") % {"id": unknown[0]}, field=f"steps.{n}.member_ids"
                )
            people = frozenset(keys[name] for name in step["member_ids"])
            found.append(Step(n + 1, step["role"], people, step["from_amount"]))
        return found

    def _read(self) -> dict[str, Any]:
        steps = chain_of(self.account)
        here = members_of(self.account).filter(pk__in={pk for step in steps for pk in step.people}).order_by("pk")
        rows = [{**vars(step), "people": [one for one in here if one.pk in step.people]} for step in steps]
        return dict(ChainSerializer({"currency": currency_of(self.account) or None, "steps": rows}).data)

    def _answer(self) -> Response:
        shown = self._read()
        return Response(shown, headers={"ETag": etag_of(shown)})
