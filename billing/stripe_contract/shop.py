"""A vendor's shop of one contract run: products, prices, customers on test clocks; all tagged, all removed afterwards.

Money and time are Stripe's: amounts in minor units, moments in unix seconds of the test clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import stripe

TAG = "seat_portal_contract"
DAY = 86_400
TIERS = [{"up_to": 10, "unit_amount": 5000}, {"up_to": "inf", "unit_amount": 4000}]
YEN_TIERS = [{"up_to": 10, "unit_amount": 7500}, {"up_to": "inf", "unit_amount": 6000}]
CLOCK_SECONDS = 120.0


class CannotAsk(Exception):
    """This Stripe does not know what the question needs."""


@dataclass(frozen=True)
class Customer:
    """A customer on a test clock."""

    id: str
    clock: str


@dataclass(frozen=True)
class Seats:
    """A subscription with one seat item."""

    id: str
    item: str
    customer: Customer


@dataclass
class Shop:
    """`client`: the official library on a sandbox or on the simulator. `run` names this run in all metadata.

    process_clients: the same with each process's restricted key.
    """

    client: Any
    run: str
    process_clients: dict[str, Any] = field(default_factory=dict)
    _prices: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _undo: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)
    _keys: int = 0

    @property
    def tag(self) -> dict[str, str]:
        return {TAG: self.run}

    def key(self) -> dict[str, str]:
        """Request options with an idempotency key of this run."""
        self._keys += 1
        return {"idempotency_key": f"{self.run}-{self._keys}"}

    # Catalogue

    def price(
        self, scheme: str = "flat", interval: str = "month", currency: str = "usd", amount: int | None = None
    ) -> str:
        """A recurring price per seat: flat, graduated or volume. Made once for each shape."""
        shape = (scheme, interval, currency, amount)
        if shape in self._prices:
            return self._prices[shape]
        yen = currency == "jpy"
        terms: dict[str, Any] = {"unit_amount": amount or (7500 if yen else 5000)}
        if scheme != "flat":
            terms = {"billing_scheme": "tiered", "tiers_mode": scheme, "tiers": YEN_TIERS if yen else TIERS}
        made = self.client.v1.prices.create(
            {
                "product": self._product(),
                "currency": currency,
                "recurring": {"interval": interval},
                "metadata": self.tag,
                **terms,
            }
        )
        self._later(f"price {made.id}", lambda: self.client.v1.prices.update(made.id, {"active": False}))
        self._prices[shape] = made.id
        return str(made.id)

    def _product(self) -> str:
        if ("product",) not in self._prices:
            made = self.client.v1.products.create({"name": f"Contract {self.run}", "metadata": self.tag})
            self._later(f"product {made.id}", lambda: self.client.v1.products.update(made.id, {"active": False}))
            self._prices["product",] = made.id
        return self._prices["product",]

    def coupon(self) -> str:
        """A fifth off, for ever."""
        made = self.client.v1.coupons.create({"percent_off": 20, "duration": "forever", "metadata": self.tag})
        self._later(f"coupon {made.id}", lambda: self.client.v1.coupons.delete(made.id))
        return str(made.id)

    def tax_rate(self) -> str:
        """19 percent on top."""
        made = self.client.v1.tax_rates.create(
            {"display_name": "VAT", "percentage": 19, "inclusive": False, "metadata": self.tag}
        )
        self._later(f"tax rate {made.id}", lambda: self.client.v1.tax_rates.update(made.id, {"active": False}))
        return str(made.id)

    # Customers and time

    def clock(self) -> str:
        """A test clock that stands at today; with it go its customers and their subscriptions."""
        made = self.client.v1.test_helpers.test_clocks.create({"frozen_time": int(time.time()), "name": self.run})
        self._later(f"test clock {made.id}", lambda: self.client.v1.test_helpers.test_clocks.delete(made.id))
        return str(made.id)

    def customer(self, *, clock: str = "", card: str = "pm_card_visa") -> Customer:
        """A customer with a card. Stripe allows three on one clock."""
        clock = clock or self.clock()
        made = self.client.v1.customers.create({"name": "Contract", "test_clock": clock, "metadata": self.tag})
        customer = Customer(made.id, clock)
        self.card(customer, card)
        return customer

    def card(self, customer: Customer, card: str) -> str:
        """Make a test card the one that is charged."""
        method = self.client.v1.payment_methods.attach(card, {"customer": customer.id})
        self.client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
        return str(method.id)

    def subscribe(self, customer: Customer, price: str, quantity: int, *, mode: str = "flexible", **more: Any) -> Seats:
        """A paid subscription."""
        made = self.client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price, "quantity": quantity}],
                "billing_mode": {"type": mode},
                "metadata": self.tag,
                **more,
            }
        ).to_dict()
        return Seats(made["id"], made["items"]["data"][0]["id"], customer)

    def now(self, clock: str) -> int:
        """The clock's time."""
        return int(self.client.v1.test_helpers.test_clocks.retrieve(clock).frozen_time)

    def advance(self, clock: str, *, to: int) -> None:
        """Move a clock on, and wait until Stripe has done what fell due."""
        self.client.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": to})
        end = time.monotonic() + CLOCK_SECONDS
        while self.client.v1.test_helpers.test_clocks.retrieve(clock).status != "ready":
            if time.monotonic() > end:
                raise CannotAsk(f"the test clock was not ready after {CLOCK_SECONDS:.0f} seconds")
            time.sleep(1)

    # Reading

    def read(self, seats: Seats) -> dict[str, Any]:
        """The subscription now, with its latest invoice."""
        found: dict[str, Any] = self.client.v1.subscriptions.retrieve(seats.id, {"expand": ["latest_invoice"]}).to_dict(
            for_json=True
        )
        return found

    def invoice(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.v1.invoices.retrieve(id).to_dict(for_json=True)
        return found

    def update(self, seats: Seats, params: dict[str, Any], **options: Any) -> dict[str, Any]:
        """An update with a key, and its answer."""
        found: dict[str, Any] = self.client.v1.subscriptions.update(seats.id, params, options or self.key()).to_dict(
            for_json=True
        )
        return found

    def preview(self, params: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.client.v1.invoices.create_preview(params).to_dict(for_json=True)
        return found

    def kinds_of_events(self, about: str) -> list[str]:
        """Types of the newest events about one object, oldest first."""
        rows = self.client.v1.events.list({"limit": 100}).to_dict(for_json=True)["data"]
        return [row["type"] for row in reversed(rows) if row["data"]["object"].get("id") == about]

    # Afterwards

    def _later(self, what: str, undo: Callable[[], Any]) -> None:
        self._undo.append((what, undo))

    def clean_up(self) -> list[str]:
        """Remove or retire what was made, newest first; returns what could not be."""
        left = []
        for what, undo in reversed(self._undo):
            try:
                undo()
            except stripe.StripeError as error:
                left.append(f"{what}: {error.user_message or error}")
        self._undo.clear()
        return left


def quantity_of(subscription: dict[str, Any]) -> int:
    return int(subscription["items"]["data"][0]["quantity"])


def period_of(subscription: dict[str, Any]) -> tuple[int, int]:
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]
