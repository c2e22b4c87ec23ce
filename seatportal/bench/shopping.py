"""`quote` and `purchase`: what the portal adds to the provider's own time, over HTTP with an API key.

The provider's part is the same calls alone: same library, same simulator, same parameters, no database and no page.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from accounts.keys.issue_api_key import issue_api_key
from accounts.models import Membership
from billing.gateway.stripe_api import gateway
from billing.quotes.params import preview_params, update_params
from seatportal.bench.post import Line, call_api
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import Stage
from seatportal.bench.world import Payer, end_faults, make_payer, make_stranger, open_shop, order_faults
from seatportal.demo.ports import any_free
from seatportal.demo.programs import answers
from seatportal.kit.clock import now, to_unix

# Seconds; the provider's own answer comes on top.
DELAY = 0.15


def bench_quote(stage: Stage) -> Result:
    """One quote, beside its three calls alone: what waits for the next invoice, and two previews."""
    number, repetitions = (3, 1) if stage.quick else (20, 5)
    shop = open_shop(stage.stripe)
    payer = make_payer(shop, 1)
    customer, start = _period(payer.subscription)
    with _portal(stage, payer) as ask:
        ours, provider = Series.by_turns(
            repetitions,
            lambda: _each(number, lambda: ask("quotes", {"add": 2})),
            lambda: _each(number, lambda: _previews(customer, payer.subscription, payer.item, start)),
            warm_up=True,
        )
        with _as_far_as_stripe(stage.stripe):
            far = _far(
                lambda: _each(number, lambda: ask("quotes", {"add": 2})),
                lambda: _each(number, lambda: _previews(customer, payer.subscription, payer.item, start)),
            )
    own = (ours.median - provider.median) / provider.median
    return Result(
        bench="quote",
        ours=ours.median * 1000,
        against={"the provider's answers": provider.median * 1000},
        ratio={"own time to the provider's": own},
        goal={"own time to the provider's": "<= 0.25"},
        unit="ms for a quote",
        spread={"ours": ours.milliseconds, "the provider's answers": provider.milliseconds},
        notes=(
            f"{number} quotes, {repetitions} repetitions by turns; POST /api/v1/quotes against its three calls alone",
            f"with {DELAY * 1000:.0f} ms before each of the provider's answers: {far[0] * 1000:.0f} ms against "
            f"{far[1] * 1000:.0f} ms, own time {far[0] / far[1] - 1:.2f} of the provider's",
        ),
    )


def bench_purchase(stage: Stage) -> Result:
    """From the order to the seats, beside the calls that an order needs: a read, the update, a read."""
    number, repetitions = (2, 1) if stage.quick else (8, 5)
    shop = open_shop(stage.stripe)
    payer = make_payer(shop, 1)
    stranger, item = make_stranger(shop)
    start = _period(stranger)[1]
    quantity = iter(range(11, 100_000))
    with _portal(stage, payer) as ask:

        def buy() -> float:
            took = 0.0
            for _ in range(number):
                quote = ask("quotes", {"add": 1})["id"]
                began = time.perf_counter()
                order = ask("orders", {"quote_id": quote})
                took += time.perf_counter() - began
                if order["state"] != "applied":
                    raise RuntimeError(f"The order is {order['state']}.")
            return took / number

        ours, provider = Series.by_turns(
            repetitions,
            buy,
            lambda: _each(number, lambda: _calls(stranger, item, next(quantity), start)),
            warm_up=True,
        )
        with _as_far_as_stripe(stage.stripe):
            far = _far(buy, lambda: _each(number, lambda: _calls(stranger, item, next(quantity), start)))
    return Result(
        bench="purchase",
        ours=ours.median * 1000,
        against={"the provider's calls": provider.median * 1000},
        ratio={"the provider's calls": ours.median / provider.median},
        goal={"the provider's calls": "<= 2"},
        unit="ms from the order to the seats",
        spread={"ours": ours.milliseconds, "the provider's calls": provider.milliseconds},
        notes=(
            f"{number} orders, {repetitions} repetitions by turns; POST /api/v1/orders against read, update, read",
            f"with {DELAY * 1000:.0f} ms before each of the provider's answers: {far[0] * 1000:.0f} ms against "
            f"{far[1] * 1000:.0f} ms, {far[0] / far[1]:.2f} times the provider's",
        ),
    )


@contextmanager
def _portal(stage: Stage, payer: Payer) -> Iterator[Callable[[str, dict[str, Any]], dict[str, Any]]]:
    """The portal's web server, and how to ask its API as this account."""
    port = any_free()
    web = stage.programs.web(port)
    membership = Membership.objects.get(account=payer.account, user=payer.user)
    _, key = issue_api_key(
        account=payer.account,
        name="bench",
        scopes=["seats.view", "seats.buy"],
        expires_at=None,
        membership=membership,
        actor=payer.actor,
        at=now(),
    )
    web.start()
    try:
        web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        with Line(port) as line:
            yield lambda path, body: call_api(line, path, body, key=key, **{"Idempotency-Key": str(uuid4())})
    finally:
        web.stop()


@contextmanager
def _as_far_as_stripe(stripe: str) -> Iterator[None]:
    """Let every answer take as long as a provider's over the Internet. A further figure, never the one that counts."""
    order_faults(stripe, {"kind": "slow", "seconds": DELAY, "times": 1_000_000, "match": {"path_regex": "^/v1/"}})
    try:
        yield
    finally:
        end_faults(stripe)


def _far(ours: Callable[[], float], provider: Callable[[], float]) -> tuple[float, float]:
    """Seconds of both, once and by turns."""
    return ours(), provider()


def _each(number: int, work: Callable[[], object]) -> float:
    """Seconds for one, over `number` of them."""
    began = time.perf_counter()
    for _ in range(number):
        work()
    return (time.perf_counter() - began) / number


def _period(subscription: str) -> tuple[str, int]:
    remote = gateway().subscription(subscription)
    return remote.customer_id, to_unix(remote.items[0].period_start)


def _previews(customer: str, subscription: str, item: str, start: int) -> None:
    list(gateway().invoice_items_of(customer, pending=True))
    for proration_date in (start, None):
        gateway().preview(
            preview_params(
                customer_id=customer,
                subscription_id=subscription,
                item_id=item,
                quantity=12,
                proration_date=proration_date,
            )
        )


def _calls(subscription: str, item: str, quantity: int, start: int) -> None:
    gateway().subscription(subscription)
    params = update_params(change_id="bench", item_id=item, quantity=quantity, proration_date=start)
    gateway().update_subscription(subscription, params, key=str(uuid4()))
    gateway().subscription(subscription)
