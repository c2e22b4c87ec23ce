"""`simulator`: updates a second, each with proration, invoice, payment and events. A figure without a goal."""

from urllib.parse import urlencode, urlsplit

from seatportal.bench.post import post_all, request_bytes
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import Stage
from seatportal.bench.world import make_stranger, open_shop
from seatportal.demo.webhook import KEY


def bench(stage: Stage) -> Result:
    """Raise the seats of several subscriptions, over four connections."""
    subscriptions, raises, repetitions = (2, 5, 1) if stage.quick else (20, 10, 3)
    shop = open_shop(stage.stripe)
    items = [make_stranger(shop) for _ in range(subscriptions)]
    port = urlsplit(stage.stripe).port or 0
    quantity = 10

    def measure() -> float:
        nonlocal quantity
        requests = []
        for _ in range(raises):
            quantity += 1
            requests += [_update(subscription, item, quantity) for subscription, item in items]
        return post_all(requests, port=port, connections=4)

    (took,) = Series.by_turns(repetitions, measure, warm_up=True)
    number = subscriptions * raises
    return Result(
        bench="simulator",
        ours=number / took.median,
        against={},
        ratio={},
        goal={},
        unit="subscription updates/s, each charged at once",
        spread={"ours": took.rates(number)},
        notes=(f"{number} updates of {subscriptions} subscriptions over 4 connections, {repetitions} repetitions",),
    )


def _update(subscription: str, item: str, quantity: int) -> bytes:
    form = {"items[0][id]": item, "items[0][quantity]": quantity, "proration_behavior": "always_invoice"}
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
    return request_bytes(path=f"/v1/subscriptions/{subscription}", body=urlencode(form).encode(), headers=headers)
