"""One simulator process for these tests, driven over HTTP by the official library."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stripe

ROOT = Path(__file__).parents[3]
HOUR, DAY = 3600, 86_400


def start_process(*options: str) -> tuple[subprocess.Popen[str], str]:
    """A simulator of its own on a free port: the process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "billing.simulator", "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("Stripe simulator ready at http://127.0.0.1:")
    return process, line.rpartition(" ")[2]


def client_of(url: str, *, retries: int = 0, timeout: float = 20) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_simulator",
        base_addresses={"api": url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


@dataclass
class Control:
    """The control API."""

    url: str

    def __call__(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/_control/{path}", method=method, data=json.dumps(body).encode() if body else None
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            read: dict[str, Any] = json.load(answer)
            return read


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    process, url = start_process("--verify")
    yield url
    process.terminate()
    process.wait(timeout=15)
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture(scope="session")
def _client(simulator_url: str) -> stripe.StripeClient:
    return client_of(simulator_url)


@pytest.fixture
def client(_client: stripe.StripeClient, control: Control) -> Iterator[stripe.StripeClient]:
    """An empty Stripe. Every answer that it gives during a test must have the shape that Stripe describes."""
    control("POST", "reset")
    yield _client
    found = control("GET", "deviations")["deviations"]
    assert found == [], "\n".join(f"{row['path']}: {row['problems']}" for row in found)


@pytest.fixture
def control(simulator_url: str) -> Control:
    return Control(simulator_url)


@dataclass
class Shop:
    """Short names for what every test needs."""

    client: Any

    def price(self, unit_amount: int | None = 1000, *, name: str = "Seat", **fields: Any) -> Any:
        product = self.client.v1.products.create({"name": name})
        amounts: dict[str, Any] = {} if unit_amount is None else {"unit_amount": unit_amount}
        return self.client.v1.prices.create(
            {"currency": "usd", "recurring": {"interval": "month"}, "product": product.id} | amounts | fields
        )

    def customer(self, card: str | None = "pm_card_visa", *, clock: str | None = None, **fields: Any) -> Any:
        extra: dict[str, Any] = {"test_clock": clock} if clock else {}
        customer = self.client.v1.customers.create({"email": "buyer@example.com"} | extra | fields)
        if card is not None:
            self.card(customer.id, card)
        return customer

    def card(self, customer: str, card: str) -> str:
        method = self.client.v1.payment_methods.attach(card, {"customer": customer})
        self.client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return str(method.id)

    def clock(self, at: int) -> str:
        return str(self.client.v1.test_helpers.test_clocks.create({"frozen_time": at}).id)

    def advance(self, clock: str, to: int) -> None:
        assert self.client.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": to}).status == "ready"

    def subscribe(self, customer: str, price: str, quantity: int = 1, **fields: Any) -> Any:
        items = [{"price": price, "quantity": quantity}]
        return self.client.v1.subscriptions.create({"customer": customer, "items": items} | fields)

    def change(self, subscription: Any, quantity: int, **fields: Any) -> Any:
        """The portal's own call: a held change that is paid now."""
        return self.client.v1.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": item_of(subscription).id, "quantity": quantity}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "pending_if_incomplete",
                "expand": ["latest_invoice.payments", "latest_invoice.confirmation_secret"],
            }
            | fields,
        )

    def preview(self, subscription: Any, quantity: int, **fields: Any) -> Any:
        details = {"items": [{"id": item_of(subscription).id, "quantity": quantity}]} | fields
        return self.client.v1.invoices.create_preview(
            {"subscription": subscription.id, "subscription_details": details}
        )

    def types(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event.type for event in self.client.v1.events.list({"limit": 100}).data][::-1]


def item_of(subscription: Any) -> Any:
    return subscription["items"].data[0]


def at(text: str) -> int:
    """Seconds UTC of an ISO date or time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def started(shop: Shop, moment: str, quantity: int = 2, *, price: dict[str, Any] | None = None, **fields: Any) -> Any:
    """A subscription on a test clock that stands at that moment."""
    clock = shop.clock(at(moment))
    return shop.subscribe(shop.customer(clock=clock).id, shop.price(**(price or {})).id, quantity, **fields)


def fresh(shop: Shop, subscription: Any) -> Any:
    """The subscription as it is now, with its latest invoice."""
    return shop.client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


@pytest.fixture
def shop(client: stripe.StripeClient) -> Shop:
    return Shop(client)


@pytest.fixture
def new_process() -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start simulators of one's own; they are ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        process, url = start_process(*options)
        started.append(process)
        return process, url

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=15)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def at_half(shop: Shop) -> Any:
    """Eight seats at 50.00, half of April 2026 gone; the customer's card pays."""
    clock = shop.clock(1_775_001_600)
    customer = shop.customer(clock=clock)
    subscription = shop.subscribe(customer.id, shop.price(5000).id, 8)
    shop.advance(clock, 1_776_297_600)
    return subscription
