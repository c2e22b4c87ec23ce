"""`pending_invoice_item_interval`: what waits for a subscription's invoice is billed more often than it renews."""

from __future__ import annotations

from . import invoices
from .agenda import HOUR
from .errors import Obj
from .fields import assign
from .lines import waiting
from .periods import Grid
from .world import World


def plan(subscription: Obj, params: Obj, now: int) -> None:
    """Take the interval of the parameters, and say when its next sweep is."""
    if "pending_invoice_item_interval" not in params:
        return
    assign(subscription, params, "pending_invoice_item_interval")
    if subscription["pending_invoice_item_interval"] is not None:
        subscription["pending_invoice_item_interval"].setdefault("interval_count", 1)
    subscription["next_pending_invoice_item_invoice"] = _next(subscription, now)


def _next(subscription: Obj, now: int) -> int | None:
    interval = subscription["pending_invoice_item_interval"]
    if interval is None:
        return None
    anchor, day = subscription["billing_cycle_anchor"], subscription["_anchor_day"]
    return Grid(anchor, interval["interval"], interval["interval_count"], day).around(now)[1]


def invoice(world: World, subscription: Obj, at: int) -> None:
    """Invoice the pending items, if there are any; the draft is finalized after an hour, as at a renewal."""
    begun = subscription["next_pending_invoice_item_invoice"]
    subscription["next_pending_invoice_item_invoice"] = _next(subscription, at)
    swept = waiting(world, subscription["customer"], subscription["id"])
    if not swept:
        return
    customer = world.store.change("customer", subscription["customer"])
    made = invoices.create(
        world, customer, [], reason="automatic_pending_invoice_item_invoice", currency=subscription["currency"],
        subscription=subscription, period=(begun, at), swept=swept,
    )  # fmt: skip
    made |= {"auto_advance": True, "automatically_finalizes_at": at + HOUR}
