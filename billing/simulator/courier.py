"""The thread that delivers events: signed, retried for three days, and out of order or lost on demand."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from . import thin
from .errors import Obj
from .world import World

MODES = ("normal", "hold", "lose", "duplicate", "reverse")
HOUR = 3600
_WAITS = (1, 2, 5, 15, 60, 300, 1800, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR)
_GIVEN_UP_AFTER = 72 * HOUR
_TIMEOUT = 10
_KEPT = 1_000


def signature(payload: str, secrets: list[str], at: int) -> str:
    """The Stripe-Signature header: one v1 for every secret in force."""
    parts = [f"t={at}"]
    for secret in secrets:
        digest = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
        parts.append(f"v1={digest}")
    return ",".join(parts)


@dataclass
class Courier:
    """Delivers what `events` left in the store. Each delivery is a row that says when it is due, in the account's time:
    three days of retries pass with `/_control/advance`.
    """

    world: World
    mode: str = "normal"
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
            self.world.wake_webhooks.wait(timeout=0.5)
            self.world.wake_webhooks.clear()
            if self.mode == "hold" or self._stopping.is_set():
                continue
            if self.mode == "reverse":
                time.sleep(0.3)  # Let a few gather, so that there is an order to turn round.
            with self.world.store.lock:
                now = self.world.now()
                waiting = [row["id"] for row in self.world.store.all("_delivery") if row["next_at"] <= now]
            for id in reversed(waiting) if self.mode == "reverse" else waiting:
                if self._stopping.is_set() or self.mode == "hold":
                    break
                with self._sending:  # A flush may be under way; nothing is sent twice by accident.
                    self._deliver(id)

    def _deliver(self, id: str) -> None:
        """One try: a delivery is over when the endpoint says 2xx, when it is lost, or after three days."""
        store = self.world.store
        with store.lock:
            row = store.find("_delivery", id)
            if row is None:
                return
            target = store.find("webhook_endpoint", row["endpoint"])
            target = target or store.find("v2.core.event_destination", row["endpoint"])
            payload = self._payload(row, target) if target else None
        if target is None or payload is None or target["status"] != "enabled" or self.mode == "lose":
            self._finish(id, "lost", delivered=False)
            return
        copies = 2 if self.mode == "duplicate" else 1
        answered = [self._send(target, payload) for _ in range(copies)][-1]
        delivered = answered.startswith("2")
        with store.transaction():
            row = store.find("_delivery", id)
            if row is None:
                return
            now, tries = self.world.now(), row["tries"] + 1
            if not delivered and now - row["first_at"] < _GIVEN_UP_AFTER and tries <= len(_WAITS):
                store.change("_delivery", id).update(tries=tries, next_at=now + _WAITS[tries - 1], answered=answered)
                return
            self._finish(id, answered, delivered=delivered)

    def _payload(self, row: Obj, target: Obj) -> str | None:
        """What the target is sent of the event: all of it in its own version, or only the name of its object."""
        store = self.world.store
        if (ping := store.find("_ping", row["event"])) is not None:
            return json.dumps({key: value for key, value in ping.items() if key[0] != "_"})
        event = store.find("event", row["event"])
        if event is None:
            return None
        if row.get("thin") is not None:
            return json.dumps(next((made for made in thin.of(event) if made["id"] == row["thin"]), None))
        version = target.get("api_version") or target.get("snapshot_api_version") or event["api_version"]
        shown = {key: value for key, value in event.items() if key[0] != "_"} | {"api_version": version}
        return json.dumps(shown, indent=2)

    def _send(self, target: Obj, payload: str) -> str:
        """Answers the status, or what went wrong."""
        address = target.get("url") or target["webhook_endpoint"]["url"]
        url = urlsplit(address)
        # The receiver compares the signature's time with its own clock, which is the real one.
        header = signature(payload, target["_secrets"], int(time.time()))
        factory = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = factory(url.hostname or "", url.port, timeout=_TIMEOUT)
        try:
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request(
                "POST", path, payload.encode(),
                {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header},
            )  # fmt: skip
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def _finish(self, id: str, answered: str, *, delivered: bool) -> None:
        store = self.world.store
        with store.transaction():
            row = store.find("_delivery", id)
            if row is None:
                return
            store.remove("_delivery", id)
            store.add("_delivered", row | {
                "tries": row["tries"] + (answered != "lost"), "answered": answered, "delivered": delivered,
                "at": self.world.now(),
            })  # fmt: skip
            for old in store.all("_delivered")[:-_KEPT]:
                store.remove("_delivered", old["id"])
            if store.find("event", row["event"]) is not None and row.get("thin") is None:
                event = store.change("event", row["event"])
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - delivered)
                event["_failed"] = event["_failed"] or not delivered
