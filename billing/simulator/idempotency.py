"""Idempotency keys: the first answer is kept for a day and given again."""

from __future__ import annotations

import hashlib
import threading

from .errors import Obj, StripeError
from .faults import key_in_use
from .world import World

_KEPT = 24 * 3600


class Keys:
    """The keys whose request is under way; the answers themselves are in the store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def begin(self, key: str) -> None:
        """Raises Stripe's 409 while another request with this key is under way."""
        with self._lock:
            if key in self._under_way:
                raise key_in_use()
            self._under_way.add(key)

    def end(self, key: str) -> None:
        with self._lock:
            self._under_way.discard(key)


def fingerprint(method: str, path: str, body: str) -> str:
    return hashlib.sha256(f"{method} {path}\n{body}".encode()).hexdigest()


def recall(world: World, key: str, method: str, path: str, body: str) -> Obj | None:
    """The kept answer `{status, body}`; None for a new or forgotten key. Raises the 400 for other parameters."""
    kept = world.store.find("_idempotency", key)
    if kept is None or world.now() - kept["at"] >= _KEPT:
        return None
    if kept["path"] != path:
        raise StripeError(
            f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{kept['path']}'). Try using a key other than '{key}' if you meant to execute a different "
            "request.",
            kind="idempotency_error",
            executed=False,
        )
    if kept["fingerprint"] != fingerprint(method, path, body):
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
            executed=False,
        )
    return kept


def keep(world: World, key: str, method: str, path: str, body: str, status: int, answer: Obj) -> None:
    row = {
        "id": key, "at": world.now(), "path": path, "fingerprint": fingerprint(method, path, body), "status": status,
        "body": answer,
    }  # fmt: skip
    if world.store.find("_idempotency", key) is not None:
        world.store.remove("_idempotency", key)
    world.store.add("_idempotency", row)
