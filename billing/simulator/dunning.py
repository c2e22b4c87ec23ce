"""What follows a payment that does not come: the last retry, the due date of a sent invoice, a new card."""

from __future__ import annotations

from . import agenda, invoices, lifecycle
from .errors import Obj
from .events import emit
from .subscriptions import cancel_now
from .world import World


def after_last_retry(world: World, invoice: Obj) -> None:
    """The automatic charges of an invoice (taken by `change`) are used up: the account's settings say what follows."""
    settings = world.settings
    _end(world, invoice, settings["after_last_retry"])
    if settings["invoice_after_last_retry"] == "uncollectible" and invoice["status"] == "open":
        invoices.write_off(world, invoice, "max_payment_attempts")


def sent_step(world: World, invoice: Obj, at: int) -> None:
    """The first thing that is due with a sent invoice (taken by `change`) which nobody has paid yet."""
    steps = agenda.sent_steps(invoice, world.settings)
    step = min(steps, key=lambda name: steps[name])
    invoice["_told"] = [*invoice.get("_told", []), step]
    match step:
        case "will_be_due" | "overdue":
            emit(world, f"invoice.{step}", invoice)
        case "late":
            lifecycle.late(world, invoice)
        case "given_up":
            _end(world, invoice, world.settings["after_overdue_deadline"])


def _end(world: World, invoice: Obj, how: str) -> None:
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if not subscription or subscription["status"] != "past_due":
        return
    subscription = world.store.change("subscription", id)
    if how == "cancel":
        cancel_now(world, subscription, reason="payment_failed")
    elif how == "unpaid":
        lifecycle.set_status(world, subscription, "unpaid")


def retry_at_once(world: World, invoice: Obj) -> None:
    """A try outside the schedule, because there is a new card: it neither counts as a retry nor moves the next one."""
    invoice["_retry_now_at"] = None
    invoices.collect(world, invoice, invoices.method_for(world, invoice))
