"""Paying accounts for benches, made the same way each time: rows here, and what they stand for at the simulator."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from accounts.access.actor import Actor
from accounts.members.open_account import open_account
from accounts.models import Account, User
from billing.catalog.sync_catalog import sync_catalog
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import Customer
from seatportal.demo.vendor import Vendor
from seatportal.demo.webhook import KEY
from seatportal.kit.clock import now


@dataclass(frozen=True)
class Payer:
    """An account that pays, and its subscription at Stripe."""

    account: Account
    user: User
    subscription: str
    item: str

    @property
    def actor(self) -> Actor:
        return Actor(user=self.user)


def open_shop(stripe: str) -> Vendor:
    """One plan at 50.00 per seat and month, on sale in the portal too; what an earlier bench left is forgotten."""
    vendor = Vendor(stripe)
    vendor.begin(ago=timedelta(days=0), now=now())
    product = vendor.offer("Team", "Bench", position=1)
    # A bench buys more often than anybody would by himself.
    post(stripe, f"products/{product}", **{"metadata[seat_portal_self_service_max]": 100_000})
    vendor.price("team", product, "usd", nickname="team", amounts=(5000,))
    sync_catalog()
    return vendor


def make_payer(vendor: Vendor, number: int, *, seats: int = 10) -> Payer:
    """Account number `number` with its owner, customer, card and paid seats."""
    user = User.objects.create(email=f"owner{number}-{uuid4().hex[:8]}@bench.example", name=f"Owner {number}")
    account = open_account(name=f"Bench {number}", user=user, at=now(), actor=Actor(user=user, door="sign_up"))
    customer, subscription = _subscribed(vendor, account.name, seats)
    Customer.objects.create(account=account, stripe_id=customer, email=user.email)
    refresh_customer(stripe_id=customer, at=now())
    refresh_subscription(stripe_id=subscription, at=now())
    return Payer(account, user, subscription, _item(vendor, subscription))


def make_stranger(vendor: Vendor) -> tuple[str, str]:
    """A paying subscription that only Stripe knows, and its item."""
    _, subscription = _subscribed(vendor, "Stranger", 10)
    return subscription, _item(vendor, subscription)


def _subscribed(vendor: Vendor, name: str, seats: int) -> tuple[str, str]:
    """A customer with a card, and its paid subscription."""
    customer = post(vendor.url, "customers", name=name)["id"]
    vendor.put_card(customer, "pm_card_visa")
    return customer, vendor.subscribe(customer, "team", seats)


def _item(vendor: Vendor, subscription: str) -> str:
    return str(get(vendor.url, f"subscriptions/{subscription}")["items"]["data"][0]["id"])


def get(stripe: str, path: str, **params: Any) -> Any:
    """GET from the simulator."""
    query = urllib.parse.urlencode(params, doseq=True)
    request = urllib.request.Request(  # noqa: S310  our own simulator
        f"{stripe}/v1/{path}?{query}", headers={"Authorization": f"Bearer {KEY}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def post(stripe: str, path: str, **params: Any) -> Any:
    """POST to the simulator."""
    request = urllib.request.Request(  # noqa: S310  our own simulator
        f"{stripe}/v1/{path}",
        data=urllib.parse.urlencode(params, doseq=True).encode(),
        headers={"Authorization": f"Bearer {KEY}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def events(stripe: str, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Every event of these kinds that the simulator holds, in the order in which they happened."""
    found = list(_pages(stripe, kinds))
    return found[::-1]


def _pages(stripe: str, kinds: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"limit": 100, "types[]": kinds}
    while True:
        page = get(stripe, "events", **params)
        yield from page["data"]
        if not page["has_more"]:
            return
        params["starting_after"] = page["data"][-1]["id"]


def order_faults(stripe: str, order: dict[str, Any]) -> None:
    """Have the simulator behave worse than it does (docs/simulator.md), until `end_faults`."""
    _faults(stripe, "POST", json.dumps(order).encode())


def end_faults(stripe: str) -> None:
    """At its best again."""
    _faults(stripe, "DELETE", None)


def _faults(stripe: str, method: str, body: bytes | None) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{stripe}/_control/faults", data=body, method=method, headers=headers)  # noqa: S310
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310  our own simulator


def last_request(stripe: str, since: int = 0) -> int:
    """The running number of the newest request that the simulator has had."""
    with urllib.request.urlopen(f"{stripe}/_control/requests?since={since}", timeout=60) as answer:  # noqa: S310
        rows = json.load(answer)["requests"]
    return int(rows[-1]["seq"]) if rows else since
