"""The hosted pages: Checkout, the portal, an invoice, and 3-D Secure."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, quote

from . import billing_portal, checkout, pdf
from .errors import Obj, StripeError
from .invoices import challenge_answered, collect, date_of, refusal
from .pages import Page, alert, buttons, card_form, html, not_found, redirect, stylesheet, table
from .payment_methods import attach_to, from_number
from .portal_page import PortalPage
from .pricing import money
from .setup_intents import setup_answered
from .totals import steps
from .world import World


class Site:
    """Answers browsers. No login: whoever has the link may use it, as at Stripe."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, method: str, path: str, query: str, body: str) -> Page:
        """The page for a path; never raises a StripeError."""
        form = {key: values[-1] for key, values in parse_qs(body if method == "POST" else query).items()}
        parts = path.strip("/").split("/")
        with self._world.store.lock:
            match method, parts:
                case _, ["static", "simulator.css"]:
                    return stylesheet()
                case _, [""]:
                    return redirect("/_control")
                case _, ["checkout", id]:
                    return self._checkout(method, id, form)
                case _, ["portal", id, *what]:
                    return self._portal(method, id, what, form)
                case _, ["invoice", id]:
                    return self._invoice(method, id, form)
                case "GET", ["invoice", id, "pdf"]:
                    return self._pdf(id)
                case _, ["3ds", id]:
                    return self._challenge(method, id, form)
                case _:
                    return not_found()

    # Checkout

    def _checkout(self, method: str, id: str, form: dict[str, str]) -> Page:
        session = self._world.store.find("checkout.session", id)
        if session is None:
            return not_found()
        if session["status"] != "open":
            return html("Checkout", f"<h1>Checkout</h1><p>This session is {session['status']}.</p>")
        message = None
        if method == "POST":
            outcome = self._ask_or_do(
                form, f"/checkout/{id}",
                lambda number, proved: checkout.complete(
                    self._world, self._world.store.change("checkout.session", id), number,
                    email=form.get("email"), authenticated=proved,
                ),
            )  # fmt: skip
            if isinstance(outcome, Page):
                return outcome
            message = outcome
        return html("Checkout", self._checkout_page(session, message), status=402 if message else 200)

    def _checkout_page(self, session: Obj, message: str | None) -> str:
        email = session["customer"] is None and session["customer_email"] is None
        back = (
            f'<p><a href="{escape(session["cancel_url"])}">Go back without paying</a></p>'
            if session["cancel_url"]
            else ""
        )
        form = f"/checkout/{session['id']}"
        if session["mode"] == "setup":
            return f"<h1>Save a card</h1>{alert(message)}{card_form(form, 'Save card', email=email)}{back}"
        currency = session["currency"]
        rows = [
            [f"{item['quantity']} × {escape(item['description'])}", money(item["amount_total"], currency)]
            for item in session["_line_items"]
        ]
        title = "Pay" if session["mode"] == "payment" else "Subscribe"
        trial = session["_subscription_data"].get("trial_period_days")
        first = f'<p class="soft">The first {trial} days are free.</p>' if trial else ""
        total = money(session["amount_total"], currency)
        button = "Start trial" if trial else f"Pay {total}"
        return (
            f'<h1>{title}</h1><p class="sum">{total}</p>{first}{table(["Item", "Amount"], rows, numbers=(1,))}'
            f"{alert(message)}{card_form(form, button, email=email)}{back}"
        )

    # The portal

    def _portal(self, method: str, id: str, what: list[str], form: dict[str, str]) -> Page:
        session = self._world.store.find("billing_portal.session", id)
        if session is None:
            return not_found()
        with self._world.store.transaction():
            page = PortalPage(self._world, session)
        if what:
            return page.act(what, form) if method == "POST" else not_found()
        if method == "GET":
            return page.show()
        if not billing_portal.features(self._world, session)["payment_method_update"]["enabled"]:
            return not_found()
        outcome = self._ask_or_do(
            form, f"/portal/{id}",
            lambda number, proved: billing_portal.replace_card(self._world, session, number, authenticated=proved),
        )  # fmt: skip
        return outcome if isinstance(outcome, Page) else page.show(outcome)

    def _ask_or_do(self, form: dict[str, str], action: str, act: Callable[[str, bool], str]) -> Page | str:
        """Show the 3-D Secure step first where the card asks for it; else act. A text is a message for the page."""
        number = form.get("card_number", "")
        outcome = form.get("outcome")
        if outcome == "fail":
            return "We are unable to authenticate your payment method. Choose a different one and try again."
        if outcome is None and checkout.needs_challenge(number):
            hidden = "".join(
                f'<input type="hidden" name="{name}" value="{escape(form[name])}">'
                for name in ("card_number", "email")
                if name in form
            )
            return html("Authentication", _challenge_page(action, hidden))
        try:
            with self._world.store.transaction():
                return redirect(act(number, outcome == "succeed"))
        except StripeError as error:
            return error.message

    # Invoices

    def _invoice(self, method: str, id: str, form: dict[str, str]) -> Page:
        invoice = self._world.store.find("invoice", id)
        if invoice is None or invoice["status"] == "draft":
            return not_found()
        message = None
        if method == "POST" and invoice["status"] in ("open", "uncollectible"):
            outcome = self._pay(id, form)
            if isinstance(outcome, Page):
                return outcome
            message = outcome
        return html("Invoice", self._invoice_page(self._world.store.get("invoice", id), message))

    def _pay(self, id: str, form: dict[str, str]) -> Page | str | None:
        """Pay with a typed card. Answers the 3-D Secure page where it is needed, or what went wrong."""
        world = self._world
        try:
            with world.store.transaction():
                invoice = world.store.change("invoice", id)
                number = form.get("card_number", "")
                card = from_number(world, number)
                attach_to(world, card["id"], invoice["customer"])
                outcome = collect(world, invoice, card, return_url=f"{world.base_url}/invoice/{id}")
                if outcome == "requires_action":
                    return redirect(f"/3ds/{invoice['_payment_intent']}")
                return refusal(world, invoice, outcome, code="").message if outcome != "paid" else None
        except StripeError as error:
            return error.message

    def _invoice_page(self, invoice: Obj, message: str | None) -> str:
        currency = invoice["currency"]
        rows = [[escape(line["description"] or ""), money(line["amount"], currency)] for line in invoice["lines"]]
        rows += [[name, money(amount, currency)] for name, amount in steps(invoice)]
        rows.append(["<strong>Amount due</strong>", f"<strong>{money(invoice['amount_due'], currency)}</strong>"])
        head = (
            f'<h1>Invoice {escape(invoice["number"])}</h1><p class="sum">{money(invoice["amount_due"], currency)}</p>'
            f'<p class="soft">{escape(invoice["customer_email"] or "")} · {date_of(invoice["effective_at"])}</p>'
            f"{table(['Description', 'Amount'], rows, numbers=(1,))}"
        )
        pdf_link = f'<p><a href="/invoice/{invoice["id"]}/pdf">Download PDF</a></p>'
        if invoice["status"] == "paid":
            return f"{head}{alert('Paid', good=True)}{pdf_link}"
        if invoice["status"] == "void":
            return f"{head}{alert('This invoice is void; there is nothing to pay.')}{pdf_link}"
        intent = self._world.store.get("payment_intent", invoice["_payment_intent"])
        error = intent["last_payment_error"]
        waiting = (
            f"<p>The bank wants to know that it is you before it pays.</p>{_answers(f'/3ds/{intent["id"]}')}"
            "<h2>Pay with another card</h2>"
            if intent["status"] == "requires_action"
            else ""
        )
        button = f"Pay {money(invoice['amount_due'], currency)}"
        problem = message or (error and error["message"])
        return f"{head}{alert(problem)}{waiting}{card_form(f'/invoice/{invoice["id"]}', button)}{pdf_link}"

    def _pdf(self, id: str) -> Page:
        invoice = self._world.store.find("invoice", id)
        if invoice is None or invoice["number"] is None:
            return not_found()
        currency = invoice["currency"]
        lines = [(18, f"Invoice {invoice['number']}"), (10, "Local Stripe simulator - no real money"), (10, "")]
        lines += [
            (10, f"Date: {date_of(invoice['effective_at'])}"),
            (10, f"To: {invoice['customer_email'] or ''}"),
            (10, ""),
        ]
        lines += [
            (10, f"{line['description'] or ''}    {money(line['amount'], currency)}") for line in invoice["lines"]
        ]
        lines += [(10, ""), *((10, f"{name}: {money(amount, currency)}") for name, amount in steps(invoice))]
        lines += [(12, f"Total: {money(invoice['total'], currency)}")]
        lines += [(12, f"Amount due: {money(invoice['amount_due'], currency)}"), (12, f"Status: {invoice['status']}")]
        name = quote(f"Invoice-{invoice['number']}.pdf")
        return Page(
            pdf.document(lines),
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{name}"'},
        )

    # 3-D Secure of a payment that waits

    def _challenge(self, method: str, id: str, form: dict[str, str]) -> Page:
        world = self._world
        intent = world.store.find("payment_intent", id) or world.store.find("setup_intent", id)
        if intent is None:
            return not_found()
        target = intent.get("_return_url") or f"/invoice/{intent.get('_invoice', '')}"
        if intent["status"] != "requires_action":
            return redirect(target)
        if method == "POST":
            with world.store.transaction():
                answered = setup_answered if intent["object"] == "setup_intent" else challenge_answered
                answered(world, id, succeeded=form.get("outcome") == "succeed")
            return redirect(target)
        return html("Authentication", _challenge_page(f"/3ds/{id}", ""))


def _challenge_page(action: str, hidden: str) -> str:
    return f"<h1>3-D Secure</h1><p>The bank wants to know that it is you.</p>{_answers(action, hidden)}"


def _answers(action: str, hidden: str = "") -> str:
    """The two ways in which a card's holder can answer the bank."""
    made = buttons(
        action, ("outcome", "succeed", "Complete authentication"), ("outcome", "fail", "Fail authentication")
    )
    return made.replace("<button", f"{hidden}<button", 1)
