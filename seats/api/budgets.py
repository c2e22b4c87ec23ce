"""What departments may spend on seats a month."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.members.queries import places_of
from accounts.models import Department
from billing.errors import BuyingPolicyWrong
from billing.mirror.queries import currency_of
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, PageQuery, WholeNumber, checked
from seatportal.api.headers import etag_of
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.pool.budgets import budget_of, budgets_of, lock_budget, seat_cost, set_budget


class BudgetSerializer(serializers.Serializer[Any]):
    """One department. Amounts a month, in whole minor units of `currency`, by list price: without discounts and tax."""

    department_id = serializers.CharField(source="department.public_id")
    department = serializers.CharField(source="department.name")
    seats = serializers.IntegerField(help_text="Held by its people, and reserved for those invited into it.")
    seat_cost = serializers.IntegerField(allow_null=True, help_text="One seat; null while nothing is subscribed.")
    currency = serializers.CharField(allow_null=True, help_text="The subscription's.")
    used = serializers.IntegerField()
    budget = serializers.IntegerField(
        allow_null=True,
        help_text="Null: none, or one in another currency than the subscription's, which stops nothing.",
    )
    left = serializers.IntegerField(allow_null=True, help_text="Below zero while the seats cost more than the budget.")


class NewBudgetSerializer(Input):
    """How much."""

    amount = WholeNumber(
        min_value=0, max_value=10**14, help_text="A month, in minor units of the subscription's currency."
    )


class _BudgetView(ApiView):
    required_capability = "policy.manage"

    def shown(self, places: list[Department]) -> list[dict[str, Any]]:
        """Departments with what is left."""
        cost = seat_cost(self.account)
        price = {"seat_cost": cost.amount if cost else None, "currency": cost.currency if cost else None}
        return [dict(BudgetSerializer(vars(use) | price).data) for use in budgets_of(self.account, places)]


class Budgets(_BudgetView):
    """GET /api/v1/budgets"""

    @operation(
        "listBudgets",
        tag="buying",
        summary="Departments' budgets for seats",
        query=PageQuery,
        answers={200: BudgetSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """All departments, the newest first, also those without a budget."""
        checked(PageQuery, request.query_params.dict())
        return self.get_paginated_response(self.shown(self.one_page(places_of(self.account, "department"))))


class DepartmentBudget(_BudgetView):
    """GET, PUT and DELETE /api/v1/departments/{department_id}/budget"""

    @operation("getBudget", tag="buying", summary="A department's budget", answers={200: BudgetSerializer})
    def get(self, request: Request, department_id: str) -> Response:
        """With what is left of it. The ETag is that of the budget alone, not of what its people use."""
        return self._answer(self._found(department_id))

    @operation(
        "setBudget",
        tag="buying",
        summary="Set a department's budget",
        body=NewBudgetSerializer,
        answers={200: BudgetSerializer},
        problems=[BuyingPolicyWrong],
        examples={"1,000.00 a month": {"amount": 100_000}},
        if_match="optional",
    )
    def put(self, request: Request, department_id: str) -> Response:
        """Nobody loses a seat by it; the next seat that costs more than what is left is refused."""
        place = self._found(department_id)
        amount = checked(NewBudgetSerializer, request.data)["amount"]
        self._set(request, place, amount)
        return self._answer(place)

    @operation(
        "removeBudget", tag="buying", summary="Remove a department's budget", answers={204: None}, if_match="optional"
    )
    def delete(self, request: Request, department_id: str) -> Response:
        """Its seats are limited by the account's alone."""
        self._set(request, self._found(department_id), None)
        return Response(status=204)

    def _set(self, request: Request, place: Department, amount: int | None) -> None:
        currency = currency_of(self.account)
        with unchanged(request, lock=lambda: lock_budget(self.account, place), read=lambda: self._read(place)):
            set_budget(
                account=self.account, department=place, amount=amount, currency=currency, actor=self.actor, at=now()
            )

    def _found(self, department_id: str) -> Department:
        return cast(Department, get_object_or_404(places_of(self.account, "department"), public_id=department_id))

    def _read(self, place: Department) -> list[Any]:
        row = budget_of(self.account, place)
        return [place.public_id, row.amount, row.currency] if row else [place.public_id]

    def _answer(self, place: Department) -> Response:
        [shown] = self.shown([place])
        return Response(shown, headers={"ETag": etag_of(self._read(place))})
