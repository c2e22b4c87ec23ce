"""The check itself: an answer that departs from Stripe's description is found, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import billing.simulator.api  # noqa: F401  (registers the routes)
from billing.simulator import conformity
from billing.simulator.routes import resolve, served
from billing.simulator.shapes import described

from .conftest import Control, Shop, client_of

RETRIEVE = "GET /v1/customers/{customer}/balance_transactions/{transaction}"


def transaction() -> dict[str, Any]:
    return {
        "id": "cbtxn_1", "object": "customer_balance_transaction", "amount": -5, "checkout_session": None,
        "created": 1, "credit_note": None, "currency": "usd", "customer": "cus_1", "customer_account": None,
        "description": None, "ending_balance": -5, "invoice": None, "livemode": False, "metadata": {"a": "b"},
        "type": "adjustment",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda row: row.pop("amount"), "amount: is missing"),
        (lambda row: row.update(amount="5"), "amount: is a str, not a integer"),
        (lambda row: row.update(amount=True), "amount: is a bool, not a integer"),
        (lambda row: row.update(amount=None), "amount: is null"),
        (lambda row: row.update(colour="red"), "colour: is unknown"),
        (lambda row: row.update(metadata={"a": 1}), "metadata.a: is a int, not a string"),
        (lambda row: row.update(customer=5), "customer: is a int, not a string"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(change: Callable[[dict[str, Any]], Any], problem: str) -> None:
    row = transaction()
    assert conformity.of_answer(RETRIEVE, row) == []

    change(row)

    assert conformity.of_answer(RETRIEVE, row) == [problem]


def test_a_value_that_an_enum_does_not_have() -> None:
    row = transaction() | {"type": "gift"}

    [problem] = conformity.of_answer(RETRIEVE, row)

    assert problem.startswith("type: 'gift' is none of ")


def test_rows_of_a_list_are_checked_too() -> None:
    page = {
        "object": "list",
        "data": [transaction(), transaction() | {"amount": None}],
        "has_more": False,
        "url": "/v1",
    }

    assert conformity.of_answer("GET /v1/customers/{customer}/balance_transactions", page) == [
        "data[1].amount: is null"
    ]


def test_every_served_path_is_one_of_stripes() -> None:
    assert resolve("GET", "/v1/events")[0] == "GET /v1/events"
    first_version = {operation for operation in served() if "/v1/" in operation}
    assert first_version <= described()["requests"].keys()
    assert first_version <= described()["responses"].keys()


def test_the_endpoints_not_served_are_listed(shop: Shop, control: Control) -> None:
    endpoints = control("GET", "endpoints")

    assert "GET /v1/invoices/{invoice}" in endpoints["served"]
    assert "POST /v1/billing/meter_events" in endpoints["not_served"]
    assert set(endpoints["served"]) & set(endpoints["not_served"]) == set()


def test_nothing_is_checked_unless_it_was_asked_for(new_process: Any) -> None:
    _, url = new_process()
    client_of(url).v1.customers.create({})

    assert Control(url)("GET", "deviations")["deviations"] == []
