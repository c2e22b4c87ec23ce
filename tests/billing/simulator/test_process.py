"""The simulator as a process: it starts alone, survives its end, and needs nothing of the portal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from .conftest import ROOT, Control, Shop, client_of, item_of

type Start = Callable[..., tuple[subprocess.Popen[str], str]]


def test_a_signal_ends_it_cleanly(new_process: Start) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        process, url = new_process()
        client_of(url).v1.customers.create({})

        process.send_signal(number)

        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_kill_9_loses_nothing_that_was_answered(new_process: Start, tmp_path: Path) -> None:
    data = tmp_path / "deep" / "journal"
    process, url = new_process("--data", str(data))
    shop = Shop(client_of(url))
    clock = shop.clock(1_775_001_600)
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail", clock=clock).id, shop.price(5000).id,
                                  payment_behavior="default_incomplete")  # fmt: skip
    shop.card(subscription.customer, "pm_card_visa")
    shop.client.v1.invoices.pay(subscription.latest_invoice)
    shop.client.v1.customers.create({"name": "Once"}, {"idempotency_key": "k"})
    Control(url)("POST", "advance", seconds=1000)
    before = shop.client.v1.subscriptions.retrieve(subscription.id).to_dict()
    events = [event.id for event in shop.client.v1.events.list({"limit": 100}).data]
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    with data.open("a") as journal:
        journal.write('[["customer","cus_torn",{"id":"cus_to')

    _, again = new_process("--data", str(data))

    shop = Shop(client_of(again))
    assert shop.client.v1.subscriptions.retrieve(subscription.id).to_dict() == before
    assert [event.id for event in shop.client.v1.events.list({"limit": 100}).data] == events
    replayed = shop.client.v1.customers.create({"name": "Once"}, {"idempotency_key": "k"})
    assert replayed.last_response.headers["Idempotent-Replayed"] == "true"
    assert [customer.name for customer in shop.client.v1.customers.list().data] == ["Once", None]
    assert Control(again)("GET", "state")["now"] >= int(time.time()) + 1000
    shop.advance(clock, 1_777_593_600 + 7200)
    renewed = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert item_of(renewed).current_period_start == 1_777_593_600


def test_the_journal_is_compacted_at_the_start(new_process: Start, tmp_path: Path) -> None:
    data = tmp_path / "journal"
    process, url = new_process("--data", str(data))
    client = client_of(url)
    customer = client.v1.customers.create({})
    for number in range(20):
        client.v1.customers.update(customer.id, {"name": str(number)})
    process.terminate()
    process.wait(timeout=10)
    long = len(data.read_text().splitlines())

    process, _ = new_process("--data", str(data))
    process.terminate()
    process.wait(timeout=10)

    rows: list[Any] = [json.loads(line) for line in data.read_text().splitlines()]
    assert long == 21
    assert [(row[0][0], row[0][2]["name"]) for row in rows if row[0][0] == "customer"] == [("customer", "19")]


def test_an_undelivered_event_is_delivered_after_a_restart(new_process: Start, tmp_path: Path) -> None:
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as hook:
        hook.timeout = 10
        data = tmp_path / "journal"
        process, url = new_process("--data", str(data))
        client = client_of(url)
        Control(url)("POST", "webhooks", mode="hold")
        client.v1.webhook_endpoints.create(
            {"url": f"http://127.0.0.1:{hook.server_address[1]}/", "enabled_events": ["*"]}
        )
        customer = client.v1.customers.create({})
        process.kill()
        process.wait(timeout=10)

        new_process("--data", str(data))
        hook.handle_request()

    [event] = [json.loads(body) for body in heard]
    assert (event["type"], event["data"]["object"]["id"]) == ("customer.created", customer.id)


def test_it_imports_nothing_of_the_portal() -> None:
    code = (
        "import sys, billing.simulator.server;"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'django', 'accounts', 'seats', 'seatportal', 'stripe', 'celery', 'psycopg'}),"
        " sorted(n for n in sys.modules if n.startswith('billing.') and not n.startswith('billing.simulator')))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[] []"


def test_a_taken_port_is_an_error(simulator_url: str) -> None:
    port = simulator_url.rpartition(":")[2]

    done = subprocess.run(
        [sys.executable, "-m", "billing.simulator", "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert done.returncode != 0
    assert "Address already in use" in done.stderr


def test_requests_are_logged_and_a_reset_forgets(shop: Shop, control: Control) -> None:
    shop.client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    [entry] = control("GET", "requests")["requests"]

    assert {name: entry[name] for name in ("method", "path", "idempotency_key", "params", "status", "replayed")} == {
        "method": "POST", "path": "/v1/customers", "idempotency_key": "k", "params": {"name": "A"}, "status": 200,
        "replayed": False,
    }  # fmt: skip
    assert control("GET", f"requests?since={entry['seq']}")["requests"] == []
    control("POST", "reset")
    assert control("GET", "requests")["requests"] == []
    assert control("GET", "state")["counts"] == {}


def test_a_crowd_is_served_one_after_the_other(shop: Shop, simulator_url: str) -> None:
    subscription = shop.subscribe(shop.customer().id, shop.price(5000).id, 1)

    def work(quantity: int) -> None:
        Shop(client_of(simulator_url)).change(subscription, quantity)

    threads = [threading.Thread(target=work, args=(2 + n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    paid = shop.client.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data
    assert len(paid) == 13
    assert {invoice.status for invoice in paid} == {"paid"}
    total = sum(invoice.total for invoice in paid)
    now = item_of(shop.client.v1.subscriptions.retrieve(subscription.id)).quantity
    balance = shop.client.v1.customers.retrieve(subscription.customer).balance
    # Whatever the order was: what was billed is what the last quantity costs, to a few rounded cents.
    assert abs(total - now * 5000) < 13 * 2 + 13 * now
    assert sum(invoice.amount_paid for invoice in paid) == total - balance
