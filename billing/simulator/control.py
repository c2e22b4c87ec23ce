"""The control API under /_control: faults on order, time, webhooks, the log, 3-D Secure, and a page to look."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from . import due, refunds, settings, taxes
from .api import Api
from .clocks import move
from .control_page import ControlPage
from .courier import Courier
from .errors import Obj, StripeError
from .events import emit_to
from .invoices import challenge_answered
from .pages import Page, data, redirect
from .redemptions import give_customer
from .render import render
from .routes import served
from .setup_intents import setup_answered
from .shapes import described
from .world import World

_DAY = 86_400


class Control:
    """Answers tests and the demo. No key is needed; the server is bound to loopback."""

    def __init__(self, api: Api, courier: Courier) -> None:
        self._api = api
        self._courier = courier
        self._world: World = api.world
        self._page = ControlPage(api, courier)

    def answer(self, method: str, path: str, query: str, body: str) -> Page:
        """The answer as JSON; a form on the page at /_control leads back to it."""
        form = method == "POST" and bool(body) and not body.lstrip().startswith("{")
        try:
            wanted = _wanted(query if method in ("GET", "DELETE") else body)
            result = self._act(method, path.removeprefix("/_control").strip("/"), wanted)
        except StripeError as error:
            return self._page.front(error.message) if form else data(error.body(), status=error.status)
        except (ValueError, KeyError, TypeError) as error:
            return self._page.front(str(error)) if form else data({"error": {"message": str(error)}}, status=400)
        return redirect("/_control") if form else result

    def _act(self, method: str, what: str, wanted: Obj) -> Page:
        match method, what:
            case "GET", "":
                return self._page.front()
            case "GET", "state":
                return data(self._state())
            case "GET", "requests":
                since = int(wanted.get("since", 0))
                return data({"requests": [entry for entry in list(self._api.log) if entry["seq"] > since]})
            case "GET", "deviations":
                return data({"deviations": self._api.departures()})
            case "GET", "endpoints":
                known, answered = described()["requests"].keys(), served()
                return data({"served": sorted(answered & known), "not_served": sorted(known - answered)})
            case "GET", "settings":
                return data(self._world.settings)
            case "POST", "settings":
                return data(self._set(wanted))
            case "POST", "faults":
                return data(self._api.faults.order(wanted))
            case ("DELETE", "faults") | ("POST", "faults/clear"):
                self._api.faults.clear()
                return data({"faults": 0})
            case "POST", "webhooks":
                self._courier.set_mode(str(wanted["mode"]))
                return data({"mode": self._courier.mode})
            case "POST", "webhooks/resend":
                return data(self._resend(wanted))
            case "GET", "deliveries":
                return data(self._deliveries())
            case "POST", "webhooks/flush":
                return data({"tried": self._courier.flush()})
            case "POST", "advance":
                return data(self._advance(int(wanted["seconds"])))
            case "POST", "begin":
                return data(self._begin(int(wanted["seconds_ago"])))
            case "POST", "tax":
                with self._world.store.transaction():
                    return data(taxes.order(self._world, wanted))
            case "POST", "discounts":
                return data(self._discount(wanted))
            case "POST", "disputes":
                return data(self._dispute(wanted))
            case "POST", "refunds":
                return data(self._fail_refund(wanted))
            case "POST", "reset":
                return data(self._reset())
            case "POST", "3ds":
                return data(self._challenge(wanted))
            case "GET", _ if what.startswith("objects/"):
                kind, _, id = what.removeprefix("objects/").partition("/")
                return self._page.one(kind, id) if id else self._page.kind(kind)
            case "POST", _ if what.startswith("clocks/"):
                return data(self._advance_clock(what.removeprefix("clocks/"), int(wanted["seconds"])))
            case _:
                return data({"error": {"message": f"Nothing at {method} /_control/{what}"}}, status=404)

    def _state(self) -> Obj:
        world = self._world
        with world.store.lock:
            waiting = len(world.store.all("_delivery"))
            return {
                "now": world.now(), "counts": world.store.counts(), "webhooks": self._courier.mode,
                "webhooks_waiting": waiting, "faults": len(self._api.faults.ordered), "requests": len(self._api.log),
            }  # fmt: skip

    def _deliveries(self) -> Obj:
        """What was sent to whom: what still waits, and the latest that are over."""
        store = self._world.store
        with store.lock:
            return {"waiting": store.all("_delivery"), "over": store.all("_delivered")[::-1]}

    def _resend(self, wanted: Obj) -> Obj:
        """Deliver an event once more, to all that were sent it, or to one endpoint."""
        world = self._world
        with world.store.transaction():
            event = world.store.get("event", str(wanted["event"]), "event")
            rows = [
                row
                for row in [*world.store.all("_delivered"), *world.store.all("_delivery")]
                if row["event"] == event["id"] and wanted.get("endpoint") in (None, row["endpoint"])
            ]
            targets = {(row["endpoint"], row["thin"]) for row in rows}
            if not targets and "endpoint" in wanted:
                targets = {(str(wanted["endpoint"]), None)}
            for endpoint, thin_id in sorted(targets, key=str):
                emit_to(world, event, endpoint, thin_id=thin_id)
        return {"deliveries": len(targets)}

    def _set(self, wanted: Obj) -> Obj:
        """Change the account's settings; they hold until the reset."""
        world = self._world
        with world.store.transaction():
            after = settings.changed(world.settings, wanted)
            if world.store.find("_meta", "settings") is None:
                world.store.add("_meta", {"id": "settings", "set": {}})
            world.store.change("_meta", "settings")["set"] = after
        world.plan_anew()
        return after

    def _advance(self, seconds: int) -> Obj:
        """Move real time on for everything without a test clock; what falls due happens before the answer."""
        if seconds <= 0:
            raise ValueError("seconds must be positive: time only goes forward")
        world = self._world
        with world.store.transaction():
            if world.store.find("_meta", "clock") is None:
                world.store.add("_meta", {"id": "clock", "offset": 0})
            world.store.change("_meta", "clock")["offset"] += seconds
        return {"done": due.run(world, None), "now": world.now()}

    def _advance_clock(self, id: str, seconds: int) -> Obj:
        """Move one test clock on."""
        if seconds <= 0:
            raise ValueError("seconds must be positive: time only goes forward")
        world = self._world
        with world.store.transaction():
            clock = world.store.get("test_helpers.test_clock", id)
            move(world, id, clock["frozen_time"] + seconds)
        return {"now": world.now(id)}

    def _begin(self, seconds_ago: int) -> Obj:
        """Let an empty world begin in the past, so that its history can be lived through and end now."""
        if seconds_ago < 0:
            raise ValueError("seconds_ago must not be negative")
        world = self._world
        with world.store.transaction():
            if world.store.counts():
                raise ValueError("time only goes forward: only a world without objects can begin in the past")
            if world.store.find("_meta", "clock") is None:
                world.store.add("_meta", {"id": "clock", "offset": 0})
            world.store.change("_meta", "clock")["offset"] = -seconds_ago
            world.reached.clear()
        return {"now": world.now()}

    def _reset(self) -> Obj:
        with self._world.store.lock:
            self._world.store.clear()
            self._world.agenda.clear()
            self._world.reached.clear()
            self._api.faults.clear()
            self._api.log.clear()
            self._api.deviations.clear()
            self._courier.set_mode("normal")
        return {"reset": True}

    def _discount(self, wanted: Obj) -> Obj:
        """Give a customer a coupon, as the dashboard does; the API has no parameter for it."""
        world = self._world
        with world.store.transaction():
            coupon = world.store.get("coupon", wanted["coupon"], "coupon")
            customer = world.store.change("customer", wanted["customer"], "customer")
            return render(world, give_customer(world, customer, coupon))

    def _dispute(self, wanted: Obj) -> Obj:
        """Let a card's holder dispute a charge, or their bank decide."""
        world = self._world
        with world.store.transaction():
            if "dispute" in wanted:
                return render(world, refunds.close(world, wanted["dispute"], str(wanted["outcome"])))
            return render(world, refunds.dispute(world, wanted["charge"], str(wanted.get("reason", "general"))))

    def _fail_refund(self, wanted: Obj) -> Obj:
        """Let the bank send a refund back that it had accepted."""
        world = self._world
        with world.store.transaction():
            made = world.store.change("refund", wanted["refund"], "refund")
            reason = str(wanted.get("failure_reason", "expired_or_canceled_card"))
            return render(world, refunds.fail(world, made, reason))

    def _challenge(self, wanted: Obj) -> Obj:
        if wanted.get("outcome") not in ("succeed", "fail"):
            raise ValueError("outcome must be succeed or fail")
        world = self._world
        with world.store.transaction():
            if (setup := wanted.get("setup_intent")) is not None:
                status = setup_answered(world, str(setup), succeeded=wanted["outcome"] == "succeed")
                return {"setup_intent": setup, "status": status}
            intent = wanted.get("payment_intent")
            if intent is None:
                intent = world.store.get("invoice", wanted["invoice"], "invoice")["_payment_intent"]
            status = challenge_answered(world, intent, succeeded=wanted["outcome"] == "succeed")
        return {"payment_intent": intent, "status": status}


def _wanted(text: str) -> Obj:
    """The body as JSON, or the fields of a form; those of a fault make its `match`."""
    if text.lstrip().startswith("{"):
        read: Obj = json.loads(text)
        return read
    fields: Obj = {key: values[-1] for key, values in parse_qs(text).items()}
    match = {key: fields.pop(key) for key in ("method", "path_regex") if key in fields}
    return fields | ({"match": match} if match else {})
