"""Fifty programs send one order with one key at the same moment, over real HTTP."""

import json
import threading
import urllib.error
import urllib.request
from datetime import datetime

import pytest
from pytest_django.live_server_helper import LiveServer

from billing.models import QuantityChange
from seats.models import SeatPool
from tests.conftest import Funded
from tests.integrator import integrator_of
from tests.invariants import broken_invariants

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
CLIENTS = 50


def test_fifty_clients_with_one_key_are_one_order(funded: Funded, now: datetime, live_server: LiveServer) -> None:
    acme = integrator_of(funded.owner, now)
    quote = acme.post("quotes", {"add": 2}).json()
    gate, lock = threading.Barrier(CLIENTS), threading.Lock()
    answers: list[tuple[int, bytes, str | None]] = []

    def buy() -> None:
        """As a program should: whoever hears nothing, or that the first is still at work, asks again."""
        request = urllib.request.Request(
            f"{live_server.url}/api/v1/orders",
            data=json.dumps({"quote_id": quote["id"]}).encode(),
            headers={
                "Authorization": f"Bearer {acme.secret}",
                "Content-Type": "application/json",
                "Idempotency-Key": "order-7",
            },
        )
        gate.wait()
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    heard = answer.status, answer.read(), answer.headers["Idempotent-Replayed"]
            except urllib.error.HTTPError as refusal:
                with refusal:
                    heard = refusal.status, refusal.read(), None
                if json.loads(heard[1])["code"] == "idempotency_key_in_use":
                    continue
            except OSError:  # the server takes only so many connections at the same moment
                continue
            with lock:
                answers.append(heard)
            return

    threads = [threading.Thread(target=buy) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    order = QuantityChange.objects.get()
    assert len(answers) == CLIENTS
    assert {(status, body) for status, body, _replayed in answers} == {(201, answers[0][1])}
    assert json.loads(answers[0][1])["id"] == order.public_id
    assert sorted(replayed or "" for *_, replayed in answers) == ["", *["true"] * (CLIENTS - 1)]
    sent = [
        request["idempotency_key"]
        for request in funded.desk.simulator.get("/_control/requests")["requests"]
        if (request["idempotency_key"] or "").startswith("seatchg:")
    ]
    assert sent == [order.idempotency_key]
    invoices = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")
    assert [invoice["amount_paid"] for invoice in invoices] == [8000]
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert broken_invariants(funded.desk) == []
