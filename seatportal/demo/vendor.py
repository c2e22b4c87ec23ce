"""The vendor's own hands at Stripe: what staff do in its dashboard, done at the local simulator over HTTP.

The portal itself never does these things, so they are no verbs; it reads their results as it would after a colleague
worked in the dashboard.
"""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from seatportal.demo.webhook import KEY


class Vendor:
    """A client of the simulator at `url`, and of its clock."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.prices: dict[str, str] = {}
        self.clock = datetime.min.replace(tzinfo=UTC)

    # The clock

    def begin(self, *, ago: timedelta, now: datetime) -> None:
        """Empty the simulator and let its time begin in the past. Raises OSError when it does not answer."""
        self._control("reset", {})
        self._control("begin", {"seconds_ago": int(ago.total_seconds())})
        self.clock = now - timedelta(seconds=int(ago.total_seconds()))

    def advance_to(self, moment: datetime) -> None:
        """Let time pass; renewals and retries that fall due on the way happen, each at its own hour."""
        seconds = int((moment - self.clock).total_seconds())
        if seconds > 0:
            self._control("advance", {"seconds": seconds})
            self.clock += timedelta(seconds=seconds)

    # The catalogue

    def offer(self, name: str, description: str, *, position: int, minimum: int = 1) -> str:
        """A product sold by the seat, in self-service up to 50; returns its id."""
        metadata = {
            "seat_portal_minimum": minimum,
            "seat_portal_self_service_max": 50,
            "seat_portal_position": position,
        }
        made = self._post("products", {"name": name, "description": description, "metadata": metadata})
        return str(made["id"])

    def price(
        self,
        name: str,
        product: str,
        currency: str,
        *,
        nickname: str,
        amounts: tuple[int, ...],
        mode: str = "",
        interval: str = "month",
        interval_count: int = 1,
    ) -> None:
        """A recurring price, known here by `name`. amounts: minor units; with a mode, for seats 1 to 10 and above."""
        terms: dict[str, Any] = {"unit_amount": amounts[0]}
        if mode:
            first, rest = amounts
            tiers = [{"up_to": 10, "unit_amount": first}, {"up_to": "inf", "unit_amount": rest}]
            terms = {"billing_scheme": "tiered", "tiers_mode": mode, "tiers": tiers}
        recurring = {"interval": interval, "interval_count": interval_count}
        made = self._post(
            "prices",
            {"product": product, "currency": currency, "nickname": nickname, "recurring": recurring, **terms},
        )
        self.prices[name] = made["id"]

    # Customers

    def put_card(self, customer: str, card: str) -> None:
        """Make one of Stripe's test cards, such as pm_card_visa, the one that is charged."""
        method = self._post(f"payment_methods/{card}/attach", {"customer": customer})
        self._post(f"customers/{customer}", {"invoice_settings": {"default_payment_method": method["id"]}})

    def subscribe(self, customer: str, price: str, quantity: int) -> str:
        """Start a subscription and charge its first period; returns its id."""
        made = self._post(
            "subscriptions",
            {
                "customer": customer,
                "items": [{"price": self.prices[price], "quantity": quantity}],
                "billing_mode": {"type": "flexible"},
                "payment_behavior": "error_if_incomplete",
            },
        )
        return str(made["id"])

    def subscribe_by_invoice(self, customer: str, price: str, quantity: int, *, due_days: int) -> str:
        """Start a subscription that is paid by invoice; returns its id."""
        made = self._post(
            "subscriptions",
            {
                "customer": customer,
                "items": [{"price": self.prices[price], "quantity": quantity}],
                "billing_mode": {"type": "flexible"},
                "collection_method": "send_invoice",
                "days_until_due": due_days,
            },
        )
        return str(made["id"])

    def note_transfer(self, invoice: str) -> None:
        """The customer has paid an invoice by bank transfer."""
        self._post(f"invoices/{invoice}/pay", {"paid_out_of_band": "true"})

    def set_quantity(self, subscription: str, item: str, quantity: int) -> None:
        """Raise a customer's seats by hand, charged at once; for numbers beyond self-service."""
        self._post(
            f"subscriptions/{subscription}",
            {"items": [{"id": item, "quantity": quantity}], "proration_behavior": "always_invoice"},
        )

    def credit(self, customer: str, amount: int, currency: str, why: str) -> None:
        """Give a customer credit in minor units, used up by the next invoices."""
        self._post(
            f"customers/{customer}/balance_transactions",
            {"amount": -amount, "currency": currency, "description": why},
        )

    def _post(self, path: str, params: dict[str, Any]) -> Any:
        return self._send(f"{self.url}/v1/{path}", urllib.parse.urlencode(list(_flat(params))).encode())

    def _control(self, path: str, body: dict[str, Any]) -> Any:
        return self._send(f"{self.url}/_control/{path}", json.dumps(body).encode())

    def _send(self, url: str, body: bytes) -> Any:
        request = urllib.request.Request(url, data=body, headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310  the address is our own
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as Stripe's form fields: `items[0][price]`."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _flat(inner, f"{name}[{key}]" if name else key)
        case list():
            for number, inner in enumerate(value):
                yield from _flat(inner, f"{name}[{number}]")
        case _:
            yield name, str(value)
