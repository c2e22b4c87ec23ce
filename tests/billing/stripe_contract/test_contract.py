"""The simulator answers every question of the contract as the portal relies on it."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.stripe_contract.questions import QUESTIONS, Answer, Question
from billing.stripe_contract.run import Result, all_ids, run_contract
from seatportal.management.commands.stripe_contract import stripe_to_ask
from tests.desk import Desk

KEY = "sk_test_simulator"


def asked(desk: Desk, *only: str, **more: Any) -> list[Result]:
    """The contract, at this test's simulator."""
    return run_contract(api_key=KEY, api_base=desk.simulator.url, only=only, **more)


def test_every_question_is_answered_and_nothing_differs(desk: Desk) -> None:
    verdicts = {result.question.id: (result.answer.verdict, result.answer.seen) for result in asked(desk)}

    assert list(verdicts) == [f"S{number}" for number in range(1, 16)] == all_ids()
    assert {id: seen for id, (verdict, seen) in verdicts.items() if verdict == "differs"} == {}
    assert [id for id, (verdict, _) in verdicts.items() if verdict == "not answerable here"] == ["S9"]


def test_what_a_run_made_is_retired_again(desk: Desk) -> None:
    asked(desk, "S12")

    assert [price.active for price in desk.client.v1.prices.list().data] == [False]
    assert [product.active for product in desk.client.v1.products.list().data] == [False]


def test_restricted_keys_are_tried_call_by_call(desk: Desk) -> None:
    """The simulator lets every key do everything, so the calls that must be refused are named."""
    [result] = asked(desk, "S9", process_keys={"reconciler": "rk_test_reading"})

    assert result.answer.verdict == "differs"
    assert result.answer.seen == (
        "12 calls tried; reconciler may preview an invoice, reconciler may update a subscription, "
        "reconciler may write a product, reconciler may write an invoice item, reconciler may refund a payment"
    )


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x", "pk_test_x", ""])
def test_a_key_that_is_not_a_test_key_is_refused_before_anything_is_sent(desk: Desk, key: str) -> None:
    with pytest.raises(ValueError, match="never with a live one"):
        run_contract(api_key=key, api_base=desk.simulator.url)

    assert desk.simulator.get("/_control/requests?since=0")["requests"] == []


def test_an_unknown_question_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="Unknown question: S99"):
        asked(desk, "S99")


def test_an_answer_that_differs_ends_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Question("S12", "Is it so?", "Then we do otherwise.", lambda shop: Answer("it is not", "differs"))
    monkeypatch.setitem(QUESTIONS, "S12", bad)
    out = io.StringIO()

    with pytest.raises(CommandError, match="other answers than S12") as refused:
        call_command("stripe_contract", "--only", "S12", "--json", stdout=out, stderr=io.StringIO())

    assert refused.value.returncode == 1
    assert json.loads(out.getvalue()) == {
        "asked": "the simulator",
        "answers": [
            {
                "id": "S12",
                "question": "Is it so?",
                "seen": "it is not",
                "verdict": "differs",
                "if_bad": "Then we do otherwise.",
            }
        ],
        "differs": 1,
    }


def test_a_refusal_is_an_answer_that_differs_and_stops_no_other(desk: Desk) -> None:
    desk.fault("error500_no_effect", path="/v1/products", times=3)

    first, second = asked(desk, "S12", "S15")

    assert (first.answer.verdict, second.answer.verdict) == ("differs", "holds")
    assert first.answer.seen.startswith("APIError")


def test_the_table_says_what_was_seen_and_what_follows() -> None:
    out = io.StringIO()

    call_command("stripe_contract", "--only", "S12", stdout=out, stderr=io.StringIO())

    assert out.getvalue() == (
        "S12 HOLDS               Does a replayed key return the first answer although the subscription has moved on?\n"
        "    seen: the replay says 12 seats, a read 15\n"
        "    if bad: Nothing: the portal reads after every call, replayed or not.\n"
        "\n"
        "1 holds, 0 differs, 0 not answerable here\n"
    )


def values(**given: str) -> dict[str, str]:
    """The environment, with only these set."""
    names = ("CONTRACT_KEY", "CONTRACT_WEB_KEY", "CONTRACT_WORKER_KEY", "CONTRACT_RECONCILER_KEY", "API_BASE")
    return {f"STRIPE_{name}": "" for name in names} | {"STRIPE_API_KEY": KEY} | given


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"STRIPE_CONTRACT_KEY": "rk_test_a"}, "rk_test_a"),
        ({"STRIPE_API_KEY": "sk_test_b"}, "sk_test_b"),
        ({"STRIPE_CONTRACT_KEY": "rk_test_a", "STRIPE_API_KEY": "sk_live_b"}, "rk_test_a"),
    ],
)
def test_a_test_key_opens_the_sandbox(given: dict[str, str], expected: str) -> None:
    with stripe_to_ask(values(**given)) as (where, key, base, _):
        assert (where, key, base) == ("a Stripe sandbox", expected, "")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"STRIPE_API_KEY": "sk_live_b"},
        {"STRIPE_API_KEY": "sk_test_b", "STRIPE_API_BASE": "http://127.0.0.1:12111"},
    ],
)
def test_otherwise_a_simulator_is_started_and_ended(given: dict[str, str]) -> None:
    with stripe_to_ask(values(**given)) as (where, key, base, _):
        assert (where, key) == ("the simulator", KEY)
        assert base.startswith("http://127.0.0.1:")
        assert base != given.get("STRIPE_API_BASE")
