"""POST /api/v1/orders: what was quoted is charged once, and the seats go where they were meant to."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import AuditEntry, IdempotentAnswer, Invitation, Membership
from billing.changes.rules import UNDO_WITHIN
from billing.models import QuantityChange, Quote
from seatportal.api.idempotency import forget_old_answers
from seats.models import Assignment, LedgerEntry, PlannedHolder, SeatPool
from tests.conftest import Funded, FundMaker
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(funded: Funded, now: datetime) -> Integrator:
    """A key of the paying account with every scope."""
    return integrator_of(funded.owner, now)


def quote(acme: Integrator, add: int = 2) -> str:
    answer = acme.post("quotes", {"add": add})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def charges(funded: Funded) -> list[int]:
    """What Stripe took for purchases."""
    rows = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update", status="paid")
    return [row["amount_paid"] for row in rows]


def test_buy(acme: Integrator, funded: Funded) -> None:
    quote_id = quote(acme)

    answer = acme.post("orders", {"quote_id": quote_id, "reason": "Two hires"}, idempotency_key="a")

    change = QuantityChange.objects.get()
    assert answer.status_code == 201
    assert (settled := change.settled_at) is not None
    assert answer.json() == {
        "id": change.public_id,
        "quote_id": quote_id,
        "kind": "add",
        "state": "applied",
        "add": 2,
        "seats_before": 10,
        "seats_after": 12,
        "currency": "usd",
        "quoted_total": 8000,
        "quoted_due": 8000,
        "tax": 0,
        "discount": 0,
        "on_credit": False,
        "po_number": "",
        "charged_total": 8000,
        "charged_due": 8000,
        "waiting_for": None,
        "payment_url": None,
        "pay_until": None,
        "error_code": "",
        "decline_code": "",
        "undo": None,
        "undo_until": (settled + UNDO_WITHIN).isoformat().replace("+00:00", "Z"),
        "reason": "Two hires",
        "created_at": change.created_at.isoformat().replace("+00:00", "Z"),
        "settled_at": settled.isoformat().replace("+00:00", "Z"),
    }
    assert charges(funded) == [8000]
    assert acme.get("seats").json()["purchased"] == 12
    assert acme.get(f"orders/{change.public_id}").json() == answer.json()
    assert acme.get("orders").json()["results"] == [answer.json()]
    assert change.api_key == acme.key


def test_buy_and_assign_is_one_act(acme: Integrator, funded: Funded, member: Membership) -> None:
    body = {"quote_id": quote(acme), "assign_to": [member.public_id, "Lena@Example.com"]}

    assert acme.post("orders", body, idempotency_key="a").status_code == 201

    rows = acme.get("assignments").json()["results"]
    assert {(row["state"], (row["member"] or row["invitation"])["email"]) for row in rows} == {
        ("held", "mia@acme.example"),
        ("reserved", "lena@example.com"),
    }
    assert {row["door"] for row in rows} == {"api"}
    given = AuditEntry.objects.filter(action__in=["seat.assigned", "seat.reserved"])
    assert [entry.api_key for entry in given] == [acme.key, acme.key]
    assert Invitation.objects.get().invited_by == funded.owner


def test_without_a_key_nothing_is_bought(acme: Integrator, funded: Funded) -> None:
    answer = acme.post("orders", {"quote_id": quote(acme)})

    assert (answer.status_code, problem(answer)["code"]) == (400, "idempotency_key_missing")
    assert not QuantityChange.objects.exists()


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (["mem_nobody"], "not_a_member"),
        (["lena@"], "bad_address"),
        (["owner"], "already_seated"),
        ([f"p{n}@example.com" for n in range(13)], "too_many_people"),
        ([7], "validation_failed"),
        ("lena@example.com", "validation_failed"),
    ],
)
def test_a_wrong_person_stops_the_purchase(acme: Integrator, funded: Funded, people: Any, code: str) -> None:
    seated = acme.post("assignments", {"member_id": funded.owner.public_id}).json()["member"]["id"]
    named = [seated] if people == ["owner"] else people

    answer = acme.post("orders", {"quote_id": quote(acme), "assign_to": named}, idempotency_key="a")

    assert answer.status_code in (400, 409, 422)
    assert problem(answer)["code"] == code
    assert problem(answer)["errors"][0]["field"].startswith("assign_to")
    assert not QuantityChange.objects.exists()
    assert not PlannedHolder.objects.exists()
    assert not Invitation.objects.exists()
    assert charges(funded) == []


def test_a_buying_key_may_not_assign(funded: Funded, now: datetime) -> None:
    buyer = integrator_of(funded.owner, now, "seats.buy")
    quote_id = quote(buyer)

    refused = buyer.post("orders", {"quote_id": quote_id, "assign_to": ["a@example.com"]}, idempotency_key="a")
    bought = buyer.post("orders", {"quote_id": quote_id}, idempotency_key="b")

    assert (refused.status_code, problem(refused)["capability"]) == (403, "seats.assign")
    assert bought.status_code == 201
    assert not Invitation.objects.exists()


def test_a_price_that_is_over_charges_nothing(acme: Integrator, funded: Funded, now: datetime) -> None:
    quote_id = quote(acme)
    Quote.objects.update(expires_at=now - timedelta(minutes=1))

    answer = acme.post("orders", {"quote_id": quote_id}, idempotency_key="a")

    assert (answer.status_code, problem(answer)["code"]) == (409, "quote_expired")
    assert charges(funded) == []


def test_a_price_that_moved_charges_nothing(acme: Integrator, funded: Funded) -> None:
    old, other = quote(acme), quote(acme, 3)
    assert acme.post("orders", {"quote_id": other}, idempotency_key="a").status_code == 201

    answer = acme.post("orders", {"quote_id": old}, idempotency_key="b")

    assert (answer.status_code, problem(answer)["code"]) == (409, "quote_changed")
    assert SeatPool.objects.get(account=funded.account).purchased == 13


def test_a_declined_card_waits_for_another_and_can_be_stopped(
    owner: Membership, fund: FundMaker, now: datetime
) -> None:
    funded = fund(owner, card="pm_card_chargeCustomerFail")
    acme = integrator_of(owner, now)
    body = {"quote_id": quote(acme), "assign_to": ["lena@example.com"]}

    answer = acme.post("orders", body, idempotency_key="a")
    order = answer.json()

    assert (answer.status_code, order["state"], order["waiting_for"]) == (202, "awaiting_payment", "payment_declined")
    assert order["payment_url"].startswith("http")
    assert order["pay_until"]
    assert (order["charged_total"], order["settled_at"]) == (None, None)
    assert acme.get("seats").json()["purchased"] == 10
    assert not Assignment.objects.exists()
    busy = acme.post("quotes", {"add": 1})
    assert (busy.status_code, problem(busy)["code"]) == (409, "change_in_progress")

    stopped = acme.post(f"orders/{order['id']}/cancel")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "abandoned")
    again = acme.post(f"orders/{order['id']}/cancel")
    assert (again.status_code, problem(again)["code"]) == (409, "not_cancellable")
    assert charges(funded) == []
    repeat = acme.post("orders", body, idempotency_key="b")
    assert (repeat.status_code, problem(repeat)["code"]) == (409, "order_not_completed")
    assert (problem(repeat)["order_id"], problem(repeat)["state"]) == (order["id"], "abandoned")


def test_a_bank_that_asks_gets_its_answer(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner, card="pm_card_authenticationRequired")
    acme = integrator_of(owner, now)

    order = acme.post("orders", {"quote_id": quote(acme)}, idempotency_key="a").json()

    assert (order["state"], order["waiting_for"]) == ("awaiting_payment", "authentication_required")
    assert charges(funded) == []


def test_a_lost_answer_is_looked_up(acme: Integrator, funded: Funded) -> None:
    quote_id = quote(acme)
    funded.desk.fault("reset_after", path="/v1/subscriptions/sub_")

    answer = acme.post("orders", {"quote_id": quote_id}, idempotency_key="a")

    assert answer.status_code in (201, 202)
    assert answer.json()["state"] in ("applied", "processing")
    assert charges(funded) == [8000]


# Idempotency-Key


def test_a_repeat_gets_the_first_answer(acme: Integrator, funded: Funded) -> None:
    body = {"quote_id": quote(acme), "reason": "Two hires"}

    first = acme.post("orders", body, idempotency_key="a")
    second = acme.post("orders", dict(reversed(body.items())), idempotency_key="a")

    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second["Content-Type"] == first["Content-Type"]
    assert charges(funded) == [8000]


def test_a_refusal_is_repeated_too(acme: Integrator, funded: Funded) -> None:
    body = {"quote_id": "qte_unknown"}

    first = acme.post("orders", body, idempotency_key="a")
    second = acme.post("orders", body, idempotency_key="a")

    assert (first.status_code, problem(first)["code"]) == (404, "quote_unknown")
    assert (second.status_code, second.content) == (404, first.content)
    assert problem(second)
    assert second["Idempotent-Replayed"] == "true"


def test_another_body_is_422(acme: Integrator, funded: Funded) -> None:
    body = {"quote_id": quote(acme)}
    acme.post("orders", body, idempotency_key="a")

    for other in (
        acme.post("orders", body | {"reason": "x"}, idempotency_key="a"),
        acme.post("quotes", {"add": 1}, idempotency_key="a"),
    ):
        assert (other.status_code, problem(other)["code"]) == (422, "idempotency_key_reused")
    assert charges(funded) == [8000]
    assert Quote.objects.count() == 1


def test_a_mended_body_may_keep_its_key(acme: Integrator, funded: Funded) -> None:
    assert acme.post("quotes", {"add": "2"}, idempotency_key="a").status_code == 422
    assert acme.post("quotes", {"add": 2}, idempotency_key="a").status_code == 201


def test_a_failure_of_stripe_is_not_remembered(acme: Integrator, funded: Funded) -> None:
    funded.desk.fault("error500_no_effect", path="/v1/invoices/create_preview", times=10)
    assert acme.post("quotes", {"add": 2}, idempotency_key="a").status_code == 503

    assert not IdempotentAnswer.objects.exists()


def test_a_bug_frees_the_key(acme: Integrator, funded: Funded, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("broken")

    body = {"quote_id": quote(acme)}
    with monkeypatch.context() as patch:
        patch.setattr("seats.api.orders.buy_and_assign", broken)
        assert acme.post("orders", body, idempotency_key="a").status_code == 500

    assert acme.post("orders", body, idempotency_key="a").status_code == 201


def test_keys_of_tenants_do_not_meet(acme: Integrator, outsider: Membership, now: datetime) -> None:
    stranger = integrator_of(outsider, now)
    acme.post("orders", {"quote_id": quote(acme)}, idempotency_key="a")

    answer = stranger.post("orders", {"quote_id": "qte_x"}, idempotency_key="a")

    assert (answer.status_code, problem(answer)["code"]) == (404, "quote_unknown")


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é"])
def test_a_key_that_is_none_is_400(acme: Integrator, key: str) -> None:
    answer = acme.post("orders", {"quote_id": "qte_x"}, idempotency_key=key)

    assert (answer.status_code, problem(answer)["code"]) == (400, "idempotency_key_invalid")


def test_a_running_request_is_waited_for_then_409(
    acme: Integrator, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr("seatportal.api.idempotency.PATIENCE_SECONDS", 0.3)
    body = {"quote_id": quote(acme)}
    acme.post("orders", body, idempotency_key="a")
    IdempotentAnswer.objects.update(status=None, body=None)

    answer = acme.post("orders", body, idempotency_key="a")

    assert (answer.status_code, problem(answer)["code"]) == (409, "idempotency_key_in_use")
    assert answer["Retry-After"] == "2"


def test_the_lock_of_a_dead_process_is_taken_over(acme: Integrator, funded: Funded, now: datetime) -> None:
    """Killed after the charge and before the answer was kept: the repeat returns that very order."""
    body = {"quote_id": quote(acme)}
    first = acme.post("orders", body, idempotency_key="a")
    IdempotentAnswer.objects.update(status=None, body=None, locked_until=now - timedelta(seconds=1))

    second = acme.post("orders", body, idempotency_key="a")

    assert (second.status_code, second.json()) == (201, first.json())
    assert charges(funded) == [8000]
    assert IdempotentAnswer.objects.get().status == 201


def all_at_once(acme: Integrator, body: dict[str, Any]) -> list[tuple[int, bytes]]:
    """24 clients, each with a connection of its own, send one key at the same moment."""
    gate = threading.Barrier(24)
    answers: list[tuple[int, bytes]] = []

    def send() -> None:
        client = replace(acme, client=Client(raise_request_exception=False))
        try:
            gate.wait()
            answer = client.post("orders", body, idempotency_key="one")
            answers.append((answer.status_code, answer.content))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_old_answers_are_forgotten(acme: Integrator, now: datetime) -> None:
    acme.post("orders", {"quote_id": "qte_x"}, idempotency_key="old")
    acme.post("orders", {"quote_id": "qte_x"}, idempotency_key="new")
    IdempotentAnswer.objects.update(locked_until=now - timedelta(minutes=1))
    IdempotentAnswer.objects.filter(key="old").update(created_at=now - timedelta(days=2, seconds=1))

    assert forget_old_answers(at=now) == 1
    assert IdempotentAnswer.objects.get().key == "new"


@pytest.mark.race
def test_24_clients_with_one_key_buy_once(acme: Integrator, funded: Funded, member: Membership) -> None:
    body = {"quote_id": quote(acme), "assign_to": [member.public_id]}

    answers = all_at_once(acme, body)

    assert len(answers) == 24
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert charges(funded) == [8000]
    assert QuantityChange.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="bought").count() == 1
    assert Assignment.objects.get().membership == member


@pytest.mark.race
def test_24_clients_take_over_a_dead_lock_once(acme: Integrator, funded: Funded, now: datetime) -> None:
    body = {"quote_id": quote(acme)}
    first = acme.post("orders", body, idempotency_key="one")
    IdempotentAnswer.objects.update(status=None, body=None, locked_until=now - timedelta(seconds=1))

    answers = all_at_once(acme, body)

    assert len(answers) == 24
    assert set(answers) == {(201, first.content)}
    assert charges(funded) == [8000]


def test_another_tenant_finds_no_order(acme: Integrator, outsider: Membership, now: datetime) -> None:
    quote_id = quote(acme)
    order_id = acme.post("orders", {"quote_id": quote_id}, idempotency_key="a").json()["id"]
    fresh = quote(acme)
    stranger = integrator_of(outsider, now)

    assert stranger.get(f"orders/{order_id}").status_code == 404
    assert stranger.post(f"orders/{order_id}/cancel").status_code == 404
    assert problem(stranger.post("orders", {"quote_id": fresh}, idempotency_key="s"))["code"] == "quote_unknown"
    assert stranger.get("orders").json()["results"] == []
    assert Quote.objects.get(public_id=fresh).consumed_at is None
