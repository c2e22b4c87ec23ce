"""The other side: a shop at the simulator with its dashboard, its customers' hands and its webhooks."""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pkgutil import resolve_name
from typing import Any

from seatportal.demo.vendor import Vendor
from seatportal.demo.webhook import KEY, PATH

TIERS = (5000, 4000)
# Where quantities and prices are changed, and so charged.
CHARGING = "/v1/subscriptions/sub_"


class Shop(Vendor):
    """A vendor's staff and its customers at the simulator; also the neutral witness of what Stripe holds.

    Its own writes carry no idempotency key, which tells them apart from the portal's in the log.
    """

    def __init__(self, url: str, web_port: int) -> None:
        super().__init__(url)
        self.web = f"http://127.0.0.1:{web_port}{PATH}"
        self.secret = ""
        self.moved = timedelta()

    @property
    def now(self) -> datetime:
        """The moment at Stripe and, in a scenario, everywhere."""
        return datetime.now(UTC) + self.moved

    def empty(self) -> None:
        """A new, empty world with one price and our webhook endpoint; nothing is delivered until it is ordered."""
        self._control("reset", {})
        self.moved = timedelta()
        self._control("webhooks", {"mode": "hold"})
        kinds = resolve_name("billing.gateway.events:EVENT_KINDS")
        made = self._post("webhook_endpoints", {"url": self.web, "enabled_events": list(kinds)})
        self.secret = made["secret"]
        self.prices = {}
        self.price(
            "team", self.offer("Team", "Seats", position=1), "usd", nickname="monthly", amounts=TIERS, mode="graduated"
        )

    def wait(self, **span: float) -> None:
        """Let time pass, here and at Stripe."""
        span_of = timedelta(**span)
        self._control("advance", {"seconds": int(span_of.total_seconds())})
        self.moved += span_of

    # What Stripe holds (the protocol of truth.Stripe)

    def quantity(self, subscription: str) -> int:
        """Seats of the first item."""
        return int(self.subscription(subscription)["items"]["data"][0]["quantity"])

    def status(self, subscription: str) -> str:
        """The subscription's status."""
        return str(self.subscription(subscription)["status"])

    def invoices(self, subscription: str) -> list[dict[str, Any]]:
        """Every invoice, newest first."""
        rows: list[dict[str, Any]] = self._get(f"/v1/invoices?subscription={subscription}&limit=100")["data"]
        return rows

    def requests(self) -> list[dict[str, Any]]:
        """The log of this world."""
        rows: list[dict[str, Any]] = self._get("/_control/requests")["requests"]
        return rows

    def subscription(self, id: str) -> dict[str, Any]:
        """One subscription as Stripe shows it."""
        found: dict[str, Any] = self._get(f"/v1/subscriptions/{id}")
        return found

    def price_of(self, subscription: str) -> str:
        """The price of the first item."""
        return str(self.subscription(subscription)["items"]["data"][0]["price"]["id"])

    def charges(self, subscription: str) -> list[int]:
        """Totals of the paid invoices that changes made, newest first."""
        ours = (row for row in self.invoices(subscription) if row["billing_reason"] == "subscription_update")
        return [row["total"] for row in ours if row["status"] == "paid"]

    def paid(self, invoice: str) -> int:
        """What a card paid of an invoice, in minor units."""
        return int(self._get(f"/v1/invoices/{invoice}")["amount_paid"])

    def credit_of(self, customer: str) -> int:
        """Credit on the customer's balance in minor units."""
        return -int(self._get(f"/v1/customers/{customer}")["balance"])

    def refunds(self) -> list[int]:
        """Every refund of this world that is with its card, in minor units, newest first."""
        return [row["amount"] for row in self._get("/v1/refunds?limit=100")["data"] if row["status"] == "succeeded"]

    def balance_moves(self, customer: str) -> list[int]:
        """Every move of the customer's balance that no invoice made; above zero takes credit away. Newest first."""
        rows = self._get(f"/v1/customers/{customer}/balance_transactions?limit=100")["data"]
        return [row["amount"] for row in rows if row["type"] == "adjustment"]

    def credit_notes(self) -> list[dict[str, Any]]:
        """Every credit note of this world, newest first."""
        rows: list[dict[str, Any]] = self._get("/v1/credit_notes?limit=100")["data"]
        return rows

    def invoice_items(self, customer: str) -> list[dict[str, Any]]:
        """What was put on the customer's invoices by hand, newest first."""
        rows: list[dict[str, Any]] = self._get(f"/v1/invoiceitems?customer={customer}&limit=100")["data"]
        return rows

    def ordered_faults(self) -> int:
        """Faults that nobody has met yet."""
        return int(self._get("/_control/state")["faults"])

    # What people do there

    def fault(self, kind: str, *, path: str = CHARGING, seconds: float = 1.0) -> None:
        """The next call that writes at such a path meets this; the charging call if nothing is said."""
        match = {"method": "POST", "path_regex": f"^{path}"}
        self._control("faults", {"kind": kind, "match": match, "times": 1, "seconds": seconds})

    def use_up_the_day(self, customer: str, subscription: str) -> None:
        """Somebody makes drafts by hand until the subscription has its 20 invoices of a day; the limit holds."""
        for _ in range(20 - len(self.invoices(subscription))):
            whose = {"customer": customer, "subscription": subscription}
            self._post("invoiceitems", {**whose, "amount": 100, "currency": "usd"})
            self._post("invoices", {**whose, "auto_advance": "false"})
        self._control("settings", {"rate_limits": True})

    def execute_late(self, subscription: str, params: dict[str, Any]) -> None:
        """Stripe carries out by itself what it answered with a 500."""
        self._post(f"subscriptions/{subscription}", params)

    def clear_faults(self) -> None:
        """Take back what nobody has met."""
        request = urllib.request.Request(f"{self.url}/_control/faults", method="DELETE")  # noqa: S310
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310

    def edit(self, subscription: str, quantity: int) -> None:
        """Somebody sets the number in the dashboard, without proration."""
        item = self.subscription(subscription)["items"]["data"][0]["id"]
        self._post(
            f"subscriptions/{subscription}",
            {"items": [{"id": item, "quantity": quantity}], "proration_behavior": "none"},
        )

    def tax(self, subscription: str) -> None:
        """From now on 19 % come on top."""
        rate = self._post("tax_rates", {"display_name": "VAT", "percentage": 19, "inclusive": "false"})
        self._post(f"subscriptions/{subscription}", {"default_tax_rates": [rate["id"]]})

    def discount(self, subscription: str) -> None:
        """From now on 10 % are taken off."""
        coupon = self._post("coupons", {"percent_off": 10, "duration": "forever"})
        self._post(f"subscriptions/{subscription}", {"discounts": [{"coupon": coupon["id"]}]})

    def plan_phase(self, subscription: str, *, until: datetime) -> None:
        """Somebody puts a schedule on it in the dashboard whose phase changes soon."""
        made = self._post("subscription_schedules", {"from_subscription": subscription})
        phase = made["phases"][0]
        items = [{"price": i["price"], "quantity": i["quantity"]} for i in phase["items"]]
        phases = [
            {"items": items, "start_date": phase["start_date"], "end_date": int(until.timestamp())},
            {"items": items, "proration_behavior": "none", "duration": {"interval": "month", "interval_count": 1}},
        ]
        self._post(f"subscription_schedules/{made['id']}", {"phases": phases, "end_behavior": "release"})

    def send_back(self, refund: str) -> None:
        """The bank does not take a refund that Stripe sent."""
        self._control("refunds", {"refund": refund})

    def answer_bank(self, invoice: str) -> None:
        """The cardholder confirms."""
        self._control("3ds", {"invoice": invoice, "outcome": "succeed"})

    def use_key(self, key: str, customer: str) -> None:
        """Spend an idempotency key on something else, as an older release might have."""
        self._send(f"{self.url}/v1/customers/{customer}", b"description=x", key=key)

    def spend_credit(self, customer: str, amount: int) -> None:
        """Take credit in minor units away again."""
        self.credit(customer, -amount, "usd", "used elsewhere")

    # Webhooks

    def deliver(self, mode: str) -> int:
        """Deliver everything that waits in a mode of the simulator's; then hold again. Returns how many tries."""
        self._control("webhooks", {"mode": mode})
        try:
            return int(self._control("webhooks/flush", {})["tried"])
        finally:
            self._control("webhooks", {"mode": "hold"})

    def waiting(self) -> int:
        """Deliveries that are not done."""
        return int(self._get("/_control/state")["webhooks_waiting"])

    def resend_everything(self) -> list[int]:
        """Send every event once more, signed; returns the answers' statuses."""
        return [self.post_event(json.dumps(event).encode()) for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        """The newest events, newest first."""
        rows: list[dict[str, Any]] = self._get("/v1/events?limit=100")["data"]
        return rows

    def post_event(self, body: bytes) -> int:
        """One signed delivery by hand; returns the status of the answer."""
        stamp = int(time.time())
        digest = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(  # noqa: S310  our own address
            self.web,
            data=body,
            headers={"Stripe-Signature": f"t={stamp},v1={digest}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def _send(self, url: str, body: bytes, *, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {KEY}"} | ({"Idempotency-Key": key} if key else {})
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  our own simulator
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ValueError(f"{url} answers {refused.code}: {refused.read()[:500]!r}") from refused
