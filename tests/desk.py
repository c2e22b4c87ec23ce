"""A shop at the simulator, driven by the official library: what a vendor's staff would set up at Stripe."""

from dataclasses import dataclass, field
from typing import Any

import stripe

from tests.services import Simulator

TIERS = [{"up_to": 10, "unit_amount": 5000}, {"up_to": "inf", "unit_amount": 4000}]
YEN_TIERS = [{"up_to": 10, "unit_amount": 7500}, {"up_to": "inf", "unit_amount": 6000}]


@dataclass
class Desk:
    """Sets up prices, customers and subscriptions at the simulator."""

    simulator: Simulator
    client: stripe.StripeClient = field(init=False)
    prices: dict[tuple[str, str, str], str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = stripe.StripeClient("sk_test_simulator", base_addresses={"api": self.simulator.url})

    def price(
        self,
        scheme: str = "graduated",
        interval: str = "month",
        currency: str = "usd",
        *,
        unit: int = 0,
        minimum: int = 1,
    ) -> str:
        """A price, made once; the seed's amounts: 50 per seat for 1-10, 40 for 11-50.

        unit: another amount of a flat price. minimum: of a plan of its own, "Scale".
        """
        wanted = (scheme, interval, f"{currency}{unit or ''}{'-scale' if minimum > 1 else ''}")
        if wanted in self.prices:
            return self.prices[wanted]
        product = self._product(minimum)
        params: dict[str, Any] = {
            "product": product,
            "currency": currency,
            "recurring": {"interval": interval},
            "nickname": " ".join(wanted),
        }
        if scheme == "flat":
            params["unit_amount"] = unit or (7500 if currency == "jpy" else 5000)
        else:
            params |= {
                "billing_scheme": "tiered",
                "tiers_mode": scheme,
                "tiers": YEN_TIERS if currency == "jpy" else TIERS,
            }
        self.prices[wanted] = self.client.v1.prices.create(params).id  # type: ignore[arg-type]
        return self.prices[wanted]

    def _product(self, minimum: int) -> str:
        name = "Scale" if minimum > 1 else "Team"
        if name not in self.products:
            metadata = {"seat_portal_self_service_max": "50", "seat_portal_minimum": str(minimum)}
            made = self.client.v1.products.create({"id": f"prod_{name.lower()}", "name": name, "metadata": metadata})
            self.products[name] = made.id
        return self.products[name]

    def card(self, customer: str, token: str = "pm_card_visa") -> str:
        """Attach a test card and make it the one that is charged."""
        method = self.client.v1.payment_methods.attach(token, {"customer": customer})
        self.client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return method.id

    def subscribe(self, customer: str, price: str, quantity: int, **more: Any) -> str:
        """A paid subscription."""
        params: dict[str, Any] = {"customer": customer, "items": [{"price": price, "quantity": quantity}], **more}
        return self.client.v1.subscriptions.create(params).id  # type: ignore[arg-type]

    def quantity(self, subscription: str) -> int:
        """The quantity that Stripe has now."""
        items = self.client.v1.subscriptions.retrieve(subscription).to_dict()["items"]["data"]
        return int(items[0]["quantity"])

    def status(self, subscription: str) -> str:
        """The status that Stripe has now."""
        return str(self.client.v1.subscriptions.retrieve(subscription).status)

    def requests(self) -> list[dict[str, Any]]:
        """The simulator's log."""
        found: list[dict[str, Any]] = self.simulator.get("/_control/requests")["requests"]
        return found

    def invoices(self, subscription: str, **wanted: Any) -> list[dict[str, Any]]:
        """Invoices as Stripe has them, newest first, with the given values."""
        rows = self.client.v1.invoices.list({"subscription": subscription, "limit": 100}).to_dict()["data"]
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def advance(self, seconds: int) -> None:
        """Let simulated time pass for every object."""
        self.simulator.control("/_control/advance", {"seconds": seconds})

    def fault(
        self, kind: str, *, method: str = "POST", path: str = "/v1/subscriptions/", times: int = 1, **more: Any
    ) -> None:
        """Order a fault for the next matching requests."""
        self.simulator.control(
            "/_control/faults", {"kind": kind, "match": {"method": method, "path_regex": path}, "times": times, **more}
        )

    def clear_faults(self) -> None:
        """Take back the faults that were ordered."""
        self.simulator.control("/_control/faults", method="DELETE")
