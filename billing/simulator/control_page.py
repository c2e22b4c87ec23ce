"""The pages of /_control for people: what there is, what was asked and sent, and buttons that move time."""

from __future__ import annotations

import json
from html import escape

from .api import Api
from .courier import MODES, Courier
from .errors import Obj
from .faults import KINDS
from .invoices import date_of
from .pages import Page, alert, buttons, html, not_found, table
from .pricing import money
from .render import render
from .world import World

_DAY = 86_400
_STEPS = (("1 hour", 3600), ("1 day", _DAY), ("7 days", 7 * _DAY), ("31 days", 31 * _DAY), ("90 days", 90 * _DAY))
_MOST = 50


class ControlPage:
    """Shows; what the buttons ask for is done by `control`."""

    def __init__(self, api: Api, courier: Courier) -> None:
        self._api = api
        self._courier = courier
        self._world: World = api.world

    def front(self, message: str | None = None) -> Page:
        with self._world.store.lock:
            parts = [
                f"<h1>Local Stripe simulator</h1>{alert(message)}",
                f"<p>Time here: {date_of(self._world.now())}. Webhooks: {self._courier.mode}.</p>",
                f'<div class="row">{self._moves("/_control/advance")}</div>',
                self._clocks(), self._subscriptions(), self._invoices(), self._webhooks(), self._faults(),
                self._requests(), self._settings(), self._counts(),
            ]  # fmt: skip
        return html("Control", "".join(parts), wide=True, status=400 if message else 200)

    def kind(self, kind: str) -> Page:
        """All objects of a kind, newest first."""
        rows = list(self._world.store.newest_first(kind))[:500]
        if not rows or kind.startswith("_"):
            return not_found()
        listed = [[_link(kind, row["id"]), escape(str(row.get("status") or row.get("type") or ""))] for row in rows]
        back = '<p><a href="/_control">Back to control</a></p>'
        return html(kind, f"<h1>{escape(kind)}</h1>{back}{table(['Id', 'Status or type'], listed)}", wide=True)

    def one(self, kind: str, id: str) -> Page:
        """An object as the API shows it."""
        found = self._world.store.find(kind, id)
        if found is None or kind.startswith("_"):
            return not_found()
        shown = json.dumps(render(self._world, found), indent=2, ensure_ascii=False)
        again = ""
        if kind == "event":
            again = buttons("/_control/webhooks/resend", ("event", id, "Send this event again"))
        back = f'<p><a href="/_control/objects/{escape(kind)}">All of this kind</a></p>'
        return html(id, f'<h1>{escape(id)}</h1>{back}{again}<pre tabindex="0">{escape(shown)}</pre>', wide=True)

    def _moves(self, action: str) -> str:
        return buttons(action, *[("seconds", str(s), f"Advance {name}") for name, s in _STEPS], second=False)

    def _clocks(self) -> str:
        made = []
        for clock in self._world.store.newest_first("test_helpers.test_clock"):
            name = f"{_link('test_helpers.test_clock', clock['id'])} {escape(clock['name'] or '')}"
            moves = self._moves(f"/_control/clocks/{clock['id']}")
            made.append(f'<p>{name} stands at {date_of(clock["frozen_time"])}.</p><div class="row">{moves}</div>')
        return f"<h2>Test clocks</h2>{''.join(made[:10])}" if made else ""

    def _subscriptions(self) -> str:
        rows = [self._subscription_row(sub) for sub in list(self._world.store.newest_first("subscription"))[:_MOST]]
        return f"<h2>Subscriptions</h2>{table(['Subscription', 'Customer', 'Status', 'Items', 'Until'], rows)}"

    def _invoices(self) -> str:
        rows = [self._invoice_row(invoice) for invoice in list(self._world.store.newest_first("invoice"))[:_MOST]]
        return f"<h2>Invoices</h2>{table(['Invoice', 'Reason', 'Status', 'Total', 'Due'], rows, numbers=(3, 4))}"

    def _webhooks(self) -> str:
        store = self._world.store
        modes = buttons("/_control/webhooks", *[("mode", mode, f"Mode: {mode}") for mode in MODES], second=False)
        flush = buttons("/_control/webhooks/flush", ("flush", "1", "Deliver what waits"))
        rows = []
        for row in [*store.all("_delivery")[::-1], *store.all("_delivered")[::-1]][:_MOST]:
            event = store.find("event", row["event"]) or {"type": "ping"}
            state = "waits" if "delivered" not in row else ("delivered" if row["delivered"] else "given up")
            again = buttons("/_control/webhooks/resend", ("event", row["event"], "Send again"))
            rows.append([
                _link("event", row["event"]), escape(event["type"]), "thin" if row["thin"] else "snapshot",
                escape(row["endpoint"]), state, str(row["tries"]), escape(row["answered"] or ""), again,
            ])  # fmt: skip
        heads = ["Event", "Type", "Payload", "Endpoint", "State", "Tries", "Answer", "Action"]
        return f'<h2>Webhooks</h2><div class="row">{modes}{flush}</div>{table(heads, rows)}'

    def _faults(self) -> str:
        choices = "".join(f"<option>{kind}</option>" for kind in KINDS)
        ordered = [
            [fault.kind, escape(fault.method or "any"), escape(fault.path_regex), str(fault.times)]
            for fault in self._api.faults.ordered
        ]
        listed = table(["Kind", "Method", "Path", "Times"], ordered) if ordered else "<p>No fault is on order.</p>"
        clear = buttons("/_control/faults/clear", ("clear", "1", "Take all faults back")) if ordered else ""
        return (
            f'<h2>Faults</h2>{listed}{clear}<form method="post" action="/_control/faults">'
            f'<label for="kind">Kind</label><select id="kind" name="kind">{choices}</select>'
            '<label for="method">Method</label><select id="method" name="method"><option value="">any</option>'
            "<option>POST</option><option>GET</option><option>DELETE</option></select>"
            '<label for="path_regex">Path (pattern)</label>'
            '<input id="path_regex" name="path_regex" placeholder="^/v1/subscriptions/">'
            '<label for="times">Times</label><input id="times" name="times" inputmode="numeric" value="1">'
            '<button type="submit">Order fault</button></form>'
        )

    def _requests(self) -> str:
        rows = [
            [str(e["seq"]), e["method"], escape(e["path"]), str(e["status"]), escape(str(e["fault"] or ""))]
            for e in reversed(list(self._api.log)[-_MOST:])
        ]
        return f"<h2>Requests</h2>{table(['No.', 'Method', 'Path', 'Status', 'Fault'], rows)}"

    def _settings(self) -> str:
        rows = [[name, escape(json.dumps(value))] for name, value in self._world.settings.items()]
        return f"<h2>Settings</h2>{table(['Setting', 'Value'], rows)}"

    def _counts(self) -> str:
        rows = [
            [f'<a href="/_control/objects/{escape(kind)}">{escape(kind)}</a>', str(number)]
            for kind, number in self._world.store.counts().items()
        ]
        return f"<h2>Objects</h2>{table(['Kind', 'Count'], rows, numbers=(1,))}"

    def _subscription_row(self, subscription: Obj) -> list[str]:
        store = self._world.store
        customer = store.find("customer", subscription["customer"]) or {"email": None}
        items = ", ".join(
            f"{item['quantity']} × {store.get('product', store.get('price', item['price'])['product'])['name']}"
            for item in subscription["items"]
        )
        end = min(item["current_period_end"] for item in subscription["items"])
        held = " (update pending)" if subscription["pending_update"] else ""
        return [
            _link("subscription", subscription["id"]), escape(customer["email"] or subscription["customer"]),
            subscription["status"] + held, escape(items), date_of(end),
        ]  # fmt: skip

    def _invoice_row(self, invoice: Obj) -> list[str]:
        number = escape(invoice["number"] or invoice["id"])
        name = f'<a href="/invoice/{invoice["id"]}">{number}</a>' if invoice["number"] else number
        currency = invoice["currency"]
        return [
            name, invoice["billing_reason"] or "", invoice["status"], money(invoice["total"], currency),
            money(invoice["amount_due"], currency),
        ]  # fmt: skip


def _link(kind: str, id: str) -> str:
    return f'<a href="/_control/objects/{escape(kind)}/{escape(id)}">{escape(id)}</a>'
