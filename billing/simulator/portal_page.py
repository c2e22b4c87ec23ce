"""The billing portal as a page: card, subscriptions, invoices, details; or the one flow that its link leads to."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from . import billing_portal
from .errors import Obj, StripeError
from .invoices import date_of
from .pages import Page, alert, buttons, card_form, html, not_found, redirect, table
from .pricing import money
from .world import World

TAX_ID_TYPES = ("eu_vat", "gb_vat", "ch_vat", "us_ein", "au_abn", "in_gst")
_FEEDBACK = {
    "": "No reason", "too_expensive": "Too expensive", "missing_features": "Missing features",
    "switched_service": "Switched to another service", "unused": "Not used", "other": "Other",
}  # fmt: skip
_FIELDS = (
    ("email", "E-mail"), ("name", "Name"), ("phone", "Phone"), ("line1", "Address line 1"), ("line2", "Address line 2"),
    ("postal_code", "Postal code"), ("city", "City"), ("state", "State"), ("country", "Country (two letters)"),
)  # fmt: skip
_ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")


class PortalPage:
    """One session's pages. What a feature that is off would do is answered as not found."""

    def __init__(self, world: World, session: Obj) -> None:
        self._world = world
        self._session = session
        self._features = billing_portal.features(world, session)
        self._url = f"/portal/{session['id']}"
        self._flow: Obj = session["flow"] or {"type": ""}

    def show(self, message: str | None = None) -> Page:
        """The home page, or that of the flow."""
        match self._flow["type"]:
            case "":
                parts = [self._card(), self._subscriptions(), self._invoices(), self._details()]
            case "payment_method_update":
                parts = [self._card()]
            case "customer_update":
                parts = [self._details()]
            case "subscription_cancel":
                parts = [self._cancel_form(self._flow["subscription_cancel"]["subscription"])]
            case "subscription_update":
                parts = [self._quantity_form(self._flow["subscription_update"]["subscription"])]
            case _:
                parts = [self._confirmation()]
        back = self._session["return_url"]
        parts.append(f'<p><a href="{escape(back)}">Go back</a></p>' if back else "")
        title = "Payment card" if self._flow["type"] == "payment_method_update" else "Billing"
        heading = f"<h1>{title}</h1>{alert(message)}"
        return html(title, heading + "".join(parts), wide=not self._flow["type"], status=402 if message else 200)

    def act(self, what: list[str], form: dict[str, str]) -> Page:
        """What a form of the page asks for."""
        world, session = self._world, self._session
        match what:
            case ["cancel", id] if self._on("subscription_cancel"):
                reason = {"feedback": form.get("feedback"), "comment": form.get("comment")}
                return self._do(lambda: billing_portal.cancel(world, session, id, **reason))
            case ["keep", id] if self._on("subscription_cancel"):
                return self._do(lambda: billing_portal.keep(world, session, id))
            case ["quantity", id] if self._on("subscription_update"):
                items = self._items_of(id, form)
                return self._do(lambda: billing_portal.set_quantity(world, session, id, items))
            case ["details"] if self._on("customer_update"):
                if form.get("tax_id") and form.get("tax_id_type") not in TAX_ID_TYPES:
                    return self.show("Choose the kind of the tax id.")
                return self._do(lambda: billing_portal.set_details(world, session, form))
            case _:
                return not_found()

    def _on(self, feature: str) -> bool:
        return bool(self._features[feature]["enabled"])

    def _do(self, act: Callable[[], None]) -> Page:
        try:
            with self._world.store.transaction():
                act()
        except StripeError as error:
            return not_found() if error.status == 404 else self.show(error.message)
        return self.done()

    def done(self) -> Page:
        """Where a customer goes when they have done what the link was for."""
        after = self._flow.get("after_completion") or {"type": "portal_homepage"}
        if after["type"] == "redirect":
            return redirect(str(self._session["_done_url"]))
        if after["type"] == "hosted_confirmation":
            text = (after["hosted_confirmation"] or {}).get("custom_message") or "Your change is made."
            return html("Done", f"<h1>Done</h1>{alert(text, good=True)}")
        return redirect(self._url)

    def _items_of(self, id: str, form: dict[str, str]) -> list[Obj]:
        if self._flow["type"] == "subscription_update_confirm":
            wanted: list[Obj] = self._flow["subscription_update_confirm"]["items"]
            return [{k: v for k, v in item.items() if k in ("id", "price", "quantity") and v is not None}
                    for item in wanted]  # fmt: skip
        found = self._world.store.find("subscription", id)
        item = found["items"][0]["id"] if found else ""
        quantity = form.get("quantity", "")
        return [{"id": item, "quantity": int(quantity) if quantity.isdecimal() else 0}]

    # Parts

    def _card(self) -> str:
        if not self._on("payment_method_update"):
            return ""
        customer = self._world.store.get("customer", self._session["customer"])
        current = customer["invoice_settings"]["default_payment_method"]
        card = self._world.store.get("payment_method", current)["card"] if current else None
        now = f"{card['brand'].title()} ending in {card['last4']}" if card else "No card"
        return f'<h2>Payment card</h2><p class="soft">Now: {escape(now)}</p>{card_form(self._url, "Save card")}'

    def _subscriptions(self) -> str:
        rows = []
        for subscription in self._world.store.of_customer("subscription", self._session["customer"])[::-1]:
            if subscription["status"] in ("canceled", "incomplete_expired"):
                continue
            end = date_of(min(item["current_period_end"] for item in subscription["items"]))
            ends = subscription["cancel_at"] is not None
            act = ""
            if self._on("subscription_cancel"):
                act = (
                    buttons(f"{self._url}/keep/{subscription['id']}", ("keep", "1", "Keep subscription"))
                    if ends
                    else self._cancel_form(subscription["id"])
                )
            if self._on("subscription_update") and not ends:
                act += self._quantity_form(subscription["id"])
            state = f"ends on {end}" if ends else f"renews on {end}"
            rows.append([escape(self._named(subscription)), escape(subscription["status"]), state, act])
        return f"<h2>Subscriptions</h2>{table(['Subscription', 'Status', 'Period', 'Change'], rows)}" if rows else ""

    def _named(self, subscription: Obj) -> str:
        store = self._world.store
        return ", ".join(
            f"{item['quantity']} × {store.get('product', store.get('price', item['price'])['product'])['name']}"
            for item in subscription["items"]
        )

    def _invoices(self) -> str:
        if not self._on("invoice_history"):
            return ""
        rows = [
            [
                f'<a href="/invoice/{invoice["id"]}">{escape(invoice["number"])}</a>', date_of(invoice["created"]),
                escape(invoice["status"]), money(invoice["total"], invoice["currency"]),
            ]
            for invoice in self._world.store.of_customer("invoice", self._session["customer"])[::-1]
            if invoice["number"]
        ]  # fmt: skip
        return f"<h2>Invoices</h2>{table(['Invoice', 'Date', 'Status', 'Total'], rows, numbers=(3,))}"

    def _details(self) -> str:
        if not self._on("customer_update"):
            return ""
        allowed = self._features["customer_update"]["allowed_updates"]
        customer = self._world.store.get("customer", self._session["customer"])
        values = (customer["address"] or {}) | {name: customer[name] for name in ("email", "name", "phone")}
        inputs = "".join(
            f'<label for="{name}">{label}</label>'
            f'<input id="{name}" name="{name}" value="{escape(values.get(name) or "")}">'
            for name, label in _FIELDS
            if ("address" if name in _ADDRESS else name) in allowed
        )
        known = "".join(
            f"<li>{escape(row['type'])}: {escape(row['value'])}</li>"
            for row in self._world.store.of_customer("tax_id", customer["id"])
        )
        if "tax_id" in allowed:
            kinds = "".join(f"<option>{kind}</option>" for kind in TAX_ID_TYPES)
            inputs += (
                f'<label for="tax_id_type">Kind of tax id</label><select id="tax_id_type" name="tax_id_type">{kinds}'
                '</select><label for="tax_id">Tax id to add</label><input id="tax_id" name="tax_id">'
            )
        listed = f"<ul>{known}</ul>" if known else ""
        return (
            f'<h2>Billing details</h2>{listed}<form method="post" action="{self._url}/details">{inputs}'
            '<button type="submit">Save details</button></form>'
        )

    def _cancel_form(self, id: str) -> str:
        rules = self._features["subscription_cancel"]
        asks = ""
        if rules["cancellation_reason"]["enabled"]:
            offered = ("", *rules["cancellation_reason"]["options"])
            options = "".join(f'<option value="{key}">{_FEEDBACK.get(key, key)}</option>' for key in offered)
            asks = (
                f'<label for="feedback-{id}">Reason</label>'
                f'<select id="feedback-{id}" name="feedback">{options}</select>'
                f'<label for="comment-{id}">Comment</label><input id="comment-{id}" name="comment" maxlength="500">'
            )
        when = "at the end of the period" if rules["mode"] == "at_period_end" else "now"
        return (
            f'<form method="post" action="{self._url}/cancel/{id}">{asks}'
            f'<button class="second" type="submit" name="sure" value="1">Cancel subscription {when}</button></form>'
        )

    def _quantity_form(self, id: str) -> str:
        if "quantity" not in self._features["subscription_update"]["default_allowed_updates"]:
            return ""
        item = self._world.store.get("subscription", id)["items"][0]
        return (
            f'<form method="post" action="{self._url}/quantity/{id}"><label for="quantity-{id}">Quantity</label>'
            f'<input id="quantity-{id}" name="quantity" inputmode="numeric" value="{item["quantity"]}">'
            '<button type="submit">Change quantity</button></form>'
        )

    def _confirmation(self) -> str:
        flow = self._flow["subscription_update_confirm"]
        rows = [
            [escape(item.get("price") or item.get("id") or ""), str(item.get("quantity", ""))] for item in flow["items"]
        ]
        confirm = buttons(f"{self._url}/quantity/{flow['subscription']}", ("sure", "1", "Confirm change"))
        return f"<h2>Confirm your change</h2>{table(['Item', 'Quantity'], rows, numbers=(1,))}{confirm}"
