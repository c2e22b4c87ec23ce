"""One request of the API from its bytes to its answer: key, faults, idempotency, parameters, endpoint, expansion."""

from __future__ import annotations

import base64
import itertools
import json
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, Protocol

from . import (  # noqa: F401  (importing an endpoint's module registers its routes)
    billing_portal,
    catalog,
    checkout,
    clocks,
    conformity,
    coupons,
    credit_notes,
    customers,
    destinations,
    drafts,
    due,
    events,
    forms,
    idempotency,
    invoice_api,
    item_api,
    leaving,
    pauses,
    payment_methods,
    payments,
    portal_configurations,
    previews,
    redemptions,
    refunds,
    schedules,
    search,
    setup_intents,
    shapes,
    subscriptions,
    tax_api,
    updates,
    webhooks,
)
from .errors import Obj, StripeError
from .faults import Fault, Faults, refusal, server_error
from .render import render
from .routes import resolve
from .world import API_VERSION, Request, World


class Headers(Protocol):
    """What a request's headers are read with; names are matched whatever their case."""

    def get(self, name: str, /) -> str | None: ...


@dataclass
class Answer:
    """What goes back. `lost` says that the connection breaks instead, after `seconds`."""

    status: int
    body: Obj
    headers: dict[str, str] = field(default_factory=dict)
    lost: Literal["reset", "hang"] | None = None
    seconds: float = 0.0


@dataclass
class Api:
    """The API of one world, with the faults on order and a log of what was asked."""

    world: World
    faults: Faults = field(default_factory=Faults)
    keys: idempotency.Keys = field(default_factory=idempotency.Keys)
    log: deque[Obj] = field(default_factory=lambda: deque(maxlen=10_000))
    verify: bool = False
    """Whether every answer is held against Stripe's description."""
    deviations: deque[Obj] = field(default_factory=lambda: deque(maxlen=1_000))
    _count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _log_lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, query: str, body: str, headers: Headers) -> Answer:
        """Answer a request; never raises."""
        request_id = self.world.new_id("req", 14)
        key = headers.get("Idempotency-Key") if method == "POST" else None
        entry: Obj = {
            "seq": 0, "at": self.world.now(), "method": method, "path": path, "idempotency_key": key, "params": {},
            "request_id": request_id, "replayed": False, "fault": None, "status": None,
        }  # fmt: skip
        fault = self.faults.take(method, path)
        try:
            _authenticate(headers)
            answer = self._with_fault(fault, method, path, query if method in ("GET", "DELETE") else body, key, entry)
        except StripeError as error:
            answer = Answer(error.status, error.body(), dict(error.headers))
            self._hold_against_description(method, path, answer)
        except Exception:  # A fault of the simulator itself: nothing was written, and its log says why.
            traceback.print_exc(file=sys.stderr)
            answer = Answer(500, server_error().body())
        answer.headers |= {"Request-Id": request_id, "Stripe-Version": headers.get("Stripe-Version") or API_VERSION}
        if key is not None:
            answer.headers["Idempotency-Key"] = key
        entry |= {"status": answer.lost or answer.status, "fault": fault and fault.kind}
        with self._log_lock:
            entry["seq"] = next(self._count)
            self.log.append(entry)
        return answer

    def _with_fault(
        self, fault: Fault | None, method: str, path: str, form: str, key: str | None, entry: Obj
    ) -> Answer:
        kind = fault.kind if fault else ""
        if fault and kind in ("reset_before", "hang_before"):
            return _lost(fault)
        if (error := refusal(kind)) is not None:
            raise error
        if key is not None:
            self.keys.begin(key)
        try:
            if fault and kind == "slow":
                time.sleep(fault.seconds)
            answer = self._once(kind, method, path, form, key, entry)
        finally:
            if key is not None:
                self.keys.end(key)
        return _lost(fault) if fault and kind in ("reset_after", "hang_after") else answer

    def _once(self, kind: str, method: str, path: str, form: str, key: str | None, entry: Obj) -> Answer:
        """Execute, or give the kept answer of this key again."""
        world = self.world
        with world.store.lock:
            if key is not None and (kept := idempotency.recall(world, key, method, path, form)) is not None:
                entry["replayed"] = True
                entry["params"] = forms.shown(forms.decode(form))
                return Answer(kept["status"], kept["body"], {"Idempotent-Replayed": "true"})
            try:
                status, body = 200, self._execute(kind, method, path, form, key, entry)
            except StripeError as error:
                if not error.executed:
                    raise
                status, body = error.status, error.body()
                if key is not None:
                    with world.store.transaction():
                        idempotency.keep(world, key, method, path, form, status, body)
                return Answer(status, body, dict(error.headers))
        answer = Answer(status, body)
        self._hold_against_description(method, path, answer)
        return answer

    def _hold_against_description(self, method: str, path: str, answer: Answer) -> None:
        if not self.verify:
            return
        if "error" in answer.body:
            found = conformity.of_error(answer.body)
        else:
            found = conformity.of_answer(resolve(method, path)[0], answer.body)
        if found:
            self.deviations.append({"method": method, "path": path, "problems": found})

    def departures(self) -> list[Obj]:
        """Where answers and events departed from Stripe's description; empty unless `verify` is on."""
        told = self.world.store.all("event") if self.verify else []
        shown = [{key: value for key, value in event.items() if key[0] != "_"} for event in told]
        found = [{"path": f"/v1/events/{event['id']}", "problems": conformity.of_event(event)} for event in shown]
        return [*self.deviations, *(row for row in found if row["problems"])]

    def _execute(self, kind: str, method: str, path: str, form: str, key: str | None, entry: Obj) -> Obj:
        """Run the endpoint: its writes and the kept answer are one transaction."""
        world = self.world
        operation, handler, ids = resolve(method, path)
        if path.startswith("/v2/"):
            entry["params"] = params = _json_of(form) if method == "POST" else forms.decode(form)
        else:
            raw = forms.decode(form)
            entry["params"] = forms.shown(raw)
            params = shapes.check(operation, raw)
        if kind == "error500_no_effect":
            raise server_error()
        due.run_all(world)
        expand = params.pop("expand", ())
        request = Request(world, method, path, params, ids, entry["request_id"], key)
        failure: StripeError | None = None
        world.origin = request
        try:
            with world.store.transaction():
                try:
                    body = render(world, handler(request), expand)
                except StripeError as error:
                    if error.missing is not None and error.missing not in ids:
                        error.status = 400
                    if not error.keep:
                        raise
                    failure, body = error, error.body()
                if kind == "error500_with_effect":
                    failure = server_error()
                if key is not None and failure is None:
                    idempotency.keep(world, key, method, path, form, 200, body)
        finally:
            world.origin = None
        if failure is not None:
            raise failure
        return body


def _json_of(body: str) -> Obj:
    """The parameters of the v2 API, which is spoken in JSON."""
    try:
        read = json.loads(body or "{}")
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise StripeError("The request body is not a JSON object.", code="invalid_json", executed=False)
    return read


def _lost(fault: Fault) -> Answer:
    how: Literal["reset", "hang"] = "reset" if fault.kind.startswith("reset") else "hang"
    return Answer(0, {}, lost=how, seconds=fault.seconds if how == "hang" else 0.0)


def _authenticate(headers: Headers) -> None:
    """Any test key will do. Raises Stripe's 401."""
    scheme, _, value = (headers.get("Authorization") or "").partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            key = ""
    if scheme.lower() not in ("bearer", "basic") or not key:
        raise StripeError(
            "You did not provide an API key. Provide it in the Authorization header, using Bearer auth "
            "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401, executed=False,
        )  # fmt: skip
    if not key.startswith(("sk_test_", "rk_test_")):
        shown = f"{key[:7]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * 8
        raise StripeError(f"Invalid API Key provided: {shown}", status=401, executed=False)
