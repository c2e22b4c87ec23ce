"""Faults on order: what can go wrong between a program and Stripe."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

from .errors import Obj, StripeError

KINDS = (
    "reset_before", "reset_after", "hang_before", "hang_after", "error500_no_effect", "error500_with_effect",
    "rate_limit", "lock_timeout", "key_in_use", "no_permission", "slow",
)  # fmt: skip


@dataclass
class Fault:
    """One kind of fault for the next `times` requests that match."""

    kind: str
    method: str | None = None
    path_regex: str = ""
    times: int = 1
    seconds: float = 30.0

    def hits(self, method: str, path: str) -> bool:
        return self.method in (None, method) and re.search(self.path_regex, path) is not None


@dataclass
class Faults:
    """The faults on order, oldest first."""

    ordered: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, wanted: Obj) -> Obj:
        """Take an order of the control API. Raises ValueError for an unknown kind or a broken pattern."""
        kind = wanted.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        match = wanted.get("match") or {}
        method = match.get("method")
        fault = Fault(
            kind=kind,
            method=method and str(method).upper(),
            path_regex=str(match.get("path_regex", "")),
            times=int(wanted.get("times", 1)),
            seconds=float(wanted.get("seconds", 0.5 if kind == "slow" else 30)),
        )
        try:
            re.compile(fault.path_regex)
        except re.error as error:
            raise ValueError(f"path_regex: {error}") from error
        with self.lock:
            self.ordered.append(fault)
        return {"faults": len(self.ordered)}

    def take(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.ordered:
                if fault.hits(method, path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.ordered.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        with self.lock:
            self.ordered.clear()


def refusal(kind: str) -> StripeError | None:
    """The faults that Stripe answers before it begins; an idempotency key does not remember them."""
    match kind:
        case "rate_limit":
            return StripeError(
                "Request rate limit exceeded. Wait before you try again.", status=429, code="rate_limit",
                executed=False, headers={"Stripe-Rate-Limited-Reason": "global-rate"},
            )  # fmt: skip
        case "lock_timeout":
            return StripeError(
                "This object cannot be accessed right now because another API request or Stripe process is currently "
                "accessing it.",
                status=429, code="lock_timeout", executed=False, headers={"Stripe-Should-Retry": "true"},
            )  # fmt: skip
        case "key_in_use":
            return key_in_use()
        case "no_permission":
            return StripeError(
                "The provided key does not have the required permissions for this endpoint. Having more permissions "
                "would allow this request to continue.",
                status=403, executed=False,
            )  # fmt: skip
        case _:
            return None


def key_in_use() -> StripeError:
    return StripeError(
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        "twice, and the other request is still going through).",
        status=409, kind="idempotency_error", code="idempotency_key_in_use", executed=False,
    )  # fmt: skip


def server_error() -> StripeError:
    return StripeError("An unknown error occurred.", status=500, kind="api_error")
