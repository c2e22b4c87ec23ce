"""`webhooks`: events a second from the first delivery until the last is applied, beside dj-stripe on the same events.

The events are the simulator's own, of purchases that happened there, in their order: each account buys several times,
so that a subscription has as many events as in a busy hour. Both sites run the same gunicorn with the same number of
workers and threads, on the same PostgreSQL, and read the same simulator. dj-stripe applies inside the request; ours
acknowledges, and a Celery worker applies.
"""

import hmac
import json
import time
from hashlib import sha256
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.gateway.events import EVENT_KINDS
from billing.models import StripeEvent
from seatportal.bench.peers.djstripe_peer import PATH as PEER_PATH
from seatportal.bench.peers.djstripe_peer import forget, peer_site
from seatportal.bench.peers.environment import Peer
from seatportal.bench.post import post_all, request_bytes
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import SECRET, Stage
from seatportal.bench.world import events, last_request, make_payer, open_shop
from seatportal.demo.ports import any_free
from seatportal.demo.processes import ServiceFailed
from seatportal.demo.programs import answers

PATH = "/billing/webhooks/stripe/"
# Not those of customers: dj-stripe reads a customer with `sources`, which the simulator refuses.
KINDS = tuple(kind for kind in EVENT_KINDS if kind.startswith(("customer.subscription.", "invoice.")))
WAIT_SECONDS = 300.0
State = StripeEvent.State


def bench(stage: Stage) -> Result:
    """Measure both, by turns."""
    accounts, purchases, repetitions = (3, 2, 1) if stage.quick else (40, 6, 3)
    shop = open_shop(stage.stripe)
    payers = [make_payer(shop, number) for number in range(accounts)]
    for bought in range(purchases):
        for payer in payers:
            shop.set_quantity(payer.subscription, payer.item, 11 + bought)
    happened = events(stage.stripe, KINDS)
    port = any_free()
    web, worker = stage.programs.web(port), stage.programs.worker()
    with peer_site(stage) as peer:
        web.start()
        worker.start()
        try:
            web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
            worker.wait_for_output(r"celery@\S+ ready")
            first = _ours(happened, port)
            alone = median(_ours(happened[-1:], port) for _ in range(5))
            ours, theirs = Series.by_turns(
                repetitions, lambda: _ours(happened, port), lambda: _theirs(happened, peer), warm_up=True
            )

            before = last_request(stage.stripe)
            _ours(happened, port)
            between = last_request(stage.stripe, before)
            _theirs(happened, peer)
            after = last_request(stage.stripe, between)
        finally:
            worker.stop()
            web.stop()
    statements, calls = _one_acknowledgement(happened[0], stage.stripe)
    rate, peer_rate = len(happened) / ours.median, len(happened) / theirs.median
    return Result(
        bench="webhooks",
        ours=rate,
        against={"dj-stripe 2.11": peer_rate},
        ratio={"dj-stripe 2.11": rate / peer_rate, "statements per ack": statements, "Stripe calls per ack": calls},
        goal={"dj-stripe 2.11": ">= 12", "statements per ack": "<= 3", "Stripe calls per ack": "<= 0"},
        unit="events/s acknowledged and applied",
        spread={
            "ours": ours.rates(len(happened)),
            "dj-stripe 2.11": theirs.rates(len(happened)),
        },
        notes=(
            f"{len(happened)} events of {accounts} subscriptions, {repetitions} repetitions by turns",
            f"our first round, in which every subscription had moved since: {len(happened) / first:.0f} events/s",
            f"one event alone is applied {alone * 1000:.0f} ms after it was sent: a burst is waited for",
            f"Stripe was read {between - before} times by ours and {after - between} times by dj-stripe",
            "dj-stripe runs apart with stripe 15, which it demands; Django, PostgreSQL and gunicorn are the same",
        ),
    )


def _requests(happened: list[dict[str, Any]], path: str) -> list[bytes]:
    """Each event as Stripe sends it, signed now."""
    stamp = int(time.time())
    found = []
    for event in happened:
        body = json.dumps(event, indent=2).encode()
        digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
        found.append(request_bytes(path=path, body=body, headers={"Stripe-Signature": f"t={stamp},v1={digest}"}))
    return found


def _ours(happened: list[dict[str, Any]], port: int) -> float:
    """Seconds until every event is applied."""
    StripeEvent.objects.all().delete()
    requests = _requests(happened, PATH)
    began = time.perf_counter()
    post_all(requests, port=port)
    while StripeEvent.objects.filter(state=State.DONE).count() < len(happened):
        if time.perf_counter() - began > WAIT_SECONDS:
            raise ServiceFailed(f"{StripeEvent.objects.exclude(state=State.DONE).count()} events were not applied.")
        time.sleep(0.01)
    return time.perf_counter() - began


def _theirs(happened: list[dict[str, Any]], peer: Peer) -> float:
    """Seconds until dj-stripe has answered all; it has applied them then."""
    requests = _requests(happened, PEER_PATH)
    took = post_all(requests, port=peer.port)
    forget(peer, expected=len(happened))
    return took


def _one_acknowledgement(event: dict[str, Any], stripe: str) -> tuple[int, int]:
    """SQL statements and calls to Stripe of one delivery's answer."""
    StripeEvent.objects.all().delete()
    head, _, body = _requests([event], PATH)[0].partition(b"\r\n\r\n")
    signature = head.decode().rpartition("Stripe-Signature: ")[2]
    before = last_request(stripe)
    with CaptureQueriesContext(connection) as queries:
        answer = Client().post(PATH, body, content_type="application/json", headers={"Stripe-Signature": signature})
    if answer.status_code != 200:
        raise ServiceFailed(f"The delivery was answered with {answer.status_code}.")
    return len(queries), last_request(stripe, before) - before
