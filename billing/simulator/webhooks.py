"""Webhook endpoints, and the thread that delivers: signed, retried, and out of order or lost on demand."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import Obj, StripeError
from .fields import assign, merged
from .lists import page
from .routes import route
from .world import Request, World

MODES = ("normal", "hold", "lose", "duplicate", "reverse")
_WAITS = (0.5, 1, 2, 5, 10, 30, 60, 300)
_TIMEOUT = 10


def signature(payload: str, secrets: list[str], at: int) -> str:
    """The Stripe-Signature header: one v1 for every secret in force."""
    parts = [f"t={at}"]
    for secret in secrets:
        digest = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
        parts.append(f"v1={digest}")
    return ",".join(parts)


@dataclass
class Courier:
    """Delivers what `events.emit` left in the store. Waits between tries are real seconds, whatever the clock says."""

    world: World
    mode: str = "normal"
    _due: dict[str, float] = field(default_factory=dict)
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.world.wake_webhooks.set()
        if self._thread is not None:
            self._thread.join(timeout=_TIMEOUT + 1)

    def set_mode(self, mode: str) -> None:
        """Raises ValueError for an unknown mode."""
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        self.mode = mode
        self.world.wake_webhooks.set()

    def flush(self) -> int:
        """Deliver everything that waits, now, in order (backwards in the mode `reverse`); answers how many tries."""
        waiting = [row["id"] for row in self.world.store.all("_delivery")]
        if self.mode == "reverse":
            waiting.reverse()
        for id in waiting:
            with self._sending:
                self._deliver(id)
        return len(waiting)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.world.wake_webhooks.wait(timeout=self._pause())
            self.world.wake_webhooks.clear()
            if self.mode == "hold" or self._stopping.is_set():
                continue
            if self.mode == "reverse":
                time.sleep(0.3)  # Let a few gather, so that there is an order to turn round.
            with self.world.store.lock:
                waiting = [row["id"] for row in self.world.store.all("_delivery")]
            now = time.monotonic()
            waiting = [id for id in waiting if self._due.get(id, 0) <= now]
            for id in reversed(waiting) if self.mode == "reverse" else waiting:
                if self._stopping.is_set() or self.mode == "hold":
                    break
                with self._sending:  # A flush may be under way; nothing is sent twice by accident.
                    self._deliver(id)

    def _pause(self) -> float:
        if self.mode == "hold" or not self._due:
            return 0.5
        return max(0.01, min(0.5, min(self._due.values()) - time.monotonic()))

    def _deliver(self, id: str) -> None:
        """One try: the delivery is done with when the endpoint says 2xx, when it is lost, or after the last try."""
        store = self.world.store
        with store.lock:
            row = store.find("_delivery", id)
            event = row and store.find("event", row["event"])
            endpoint = row and store.find("webhook_endpoint", row["endpoint"])
            payload = json.dumps({k: v for k, v in event.items() if k[0] != "_"}, indent=2) if event else ""
        if row is None:
            return
        if event is None or endpoint is None or self.mode == "lose":
            self._finish(id, delivered=False)
            return
        copies = 2 if self.mode == "duplicate" else 1
        delivered = [self._send(endpoint, payload) for _ in range(copies)][-1]
        if delivered or row["tries"] + 1 >= len(_WAITS):
            self._finish(id, delivered=delivered)
            return
        self._due[id] = time.monotonic() + _WAITS[row["tries"]]
        with store.transaction():
            if store.find("_delivery", id) is not None:
                store.change("_delivery", id)["tries"] += 1

    def _send(self, endpoint: Obj, payload: str) -> bool:
        url = urlsplit(endpoint["url"])
        # The receiver compares the signature's time with its own clock, which is the real one.
        header = signature(payload, endpoint["_secrets"], int(time.time()))
        factory = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = factory(url.hostname or "", url.port, timeout=_TIMEOUT)
        try:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request(
                "POST", target, payload.encode(),
                {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header},
            )  # fmt: skip
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _finish(self, id: str, *, delivered: bool) -> None:
        self._due.pop(id, None)
        store = self.world.store
        with store.transaction():
            row = store.find("_delivery", id)
            if row is None:
                return
            store.remove("_delivery", id)
            if store.find("event", row["event"]) is not None:
                event = store.change("event", row["event"])
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - delivered)
                event["_failed"] = event["_failed"] or not delivered


@route("POST", "/v1/webhook_endpoints")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if urlsplit(params["url"]).scheme not in ("http", "https"):
        raise StripeError("Invalid URL: URL must begin with http or https.", code="url_invalid", param="url")
    secret = "whsec_" + world.new_id("s", 32)[2:]
    endpoint = world.create(
        "webhook_endpoint",
        "we",
        api_version=params.get("api_version"),
        created=world.now(),
        description=params.get("description"),
        enabled_events=params["enabled_events"],
        metadata=merged(None, params.get("metadata")),
        status="enabled",
        url=params["url"],
        _secrets=[secret],
    )
    # The secret is told once, in the answer to its creation.
    return endpoint | {"secret": secret}


@route("GET", "/v1/webhook_endpoints")
def list_endpoints(request: Request) -> Obj:
    return page(request, request.world.store.all("webhook_endpoint"), "webhook_endpoint")


@route("GET", "/v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("webhook_endpoint", request.id, "webhook_endpoint")


@route("POST", "/v1/webhook_endpoints/{webhook_endpoint}")
def update(request: Request) -> Obj:
    endpoint = request.world.store.change("webhook_endpoint", request.id, "webhook_endpoint")
    assign(endpoint, request.params, "description", "enabled_events", "url")
    if "disabled" in request.params:
        endpoint["status"] = "disabled" if request.params["disabled"] else "enabled"
    endpoint["metadata"] = merged(endpoint["metadata"], request.params.get("metadata"))
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}")
def delete(request: Request) -> Obj:
    request.world.store.get("webhook_endpoint", request.id, "webhook_endpoint")
    request.world.store.remove("webhook_endpoint", request.id)
    return {"id": request.id, "object": "webhook_endpoint", "deleted": True}
