"""What happens by itself when its hour has come: renewals, retries, expiries, phases; each at its own time."""

from __future__ import annotations

import heapq
import sys
import traceback

from . import agenda, invoices, lifecycle, schedules
from .changes import debit
from .errors import Obj
from .events import emit
from .lines import grid, period_line, waiting
from .render import render
from .subscriptions import cancel_now, last_invoice
from .world import World

_DRAFT_FOR = 3600
_MOST_AT_ONCE = 100_000


def run(world: World, clock: str | None) -> int:
    """Do everything that is due on a clock (None: real time); answers how much that was."""
    heap = world.agenda.get(clock)
    if not heap or heap[0][0] > world.now(clock):
        return 0
    done = 0
    with world.store.lock:
        world.store.checkpoint()
        until = world.now(clock)
        while heap and heap[0][0] <= until and done < _MOST_AT_ONCE:
            at, kind, id = heapq.heappop(heap)
            obj = world.store.find(kind, id)
            if obj is None or agenda.time_of(obj) != at:
                continue  # It has been settled since, or has a newer entry.
            before, world.origin = world.origin, None
            world.standing = (clock, at)
            try:
                with world.store.transaction():
                    _ACTS[kind](world, world.store.change(kind, id), at)
                world.store.checkpoint()  # Each of them stays by itself, also while a test clock's request runs.
                done += 1
            except Exception:  # One object that cannot go on must not stop the clock for the others.
                world.store.undo()
                traceback.print_exc(file=sys.stderr)
            finally:
                world.standing, world.origin = None, before
    return done


def _subscription(world: World, subscription: Obj, at: int) -> None:
    pending = subscription["pending_update"]
    if subscription["status"] == "incomplete":
        _give_up(world, subscription)
    elif pending is not None and pending["expires_at"] <= at:
        invoice = world.store.change("invoice", subscription["_pending"]["invoice"])
        lifecycle.drop_pending(world, subscription, expired=True)
        invoices.void(world, invoice)
    elif subscription["cancel_at"] is not None and subscription["cancel_at"] <= at:
        last_invoice(world, subscription)
        cancel_now(world, subscription)
    else:
        _renew(world, subscription, at)


def _give_up(world: World, subscription: Obj) -> None:
    invoice = world.store.change("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoices.void(world, invoice)
    before = subscription["status"]
    subscription |= {"status": "incomplete_expired", "ended_at": world.now_of(subscription)}
    emit(world, "customer.subscription.updated", subscription, {"status": before})


def _renew(world: World, subscription: Obj, at: int) -> None:
    """The next period of the items whose period is over, and its draft invoice."""
    before = render(world, subscription)
    if subscription["schedule"] is not None:
        schedules.step(world, world.store.change("subscription_schedule", subscription["schedule"]), at)
        if subscription["status"] == "canceled":
            return
    if subscription["status"] == "trialing" and subscription["trial_end"] <= at:
        subscription["status"] = "active"
    lines, start = [], at
    for item in subscription["items"]:
        if item["current_period_end"] > at:
            continue
        start = min(start, item["current_period_start"])
        begin = item["current_period_end"]
        _, end = grid(subscription, world.store.get("price", item["price"])).around(begin)
        charge = period_line(world, subscription, item, begin, end)
        item |= {"current_period_start": begin, "current_period_end": end, "_debits": [debit(charge)]}
        lines.append(charge)
    _draft(world, subscription, lines, (start, at))
    lifecycle.updated(world, subscription, before)


def _draft(world: World, subscription: Obj, lines: list[Obj], period: tuple[int, int]) -> None:
    customer = world.store.change("customer", subscription["customer"])
    invoice = invoices.create(
        world, customer, lines, reason="subscription_cycle", currency=subscription["currency"],
        subscription=subscription, period=period, swept=waiting(world, customer["id"], subscription["id"]),
    )  # fmt: skip
    invoice["_days_until_due"] = subscription["days_until_due"]
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if behavior == "void":
        invoices.finalize(world, invoice)
        if invoice["status"] == "open":
            invoices.void(world, invoice)
    elif behavior == "mark_uncollectible":
        invoices.finalize(world, invoice)
        if invoice["status"] == "open":
            invoice["status"] = "uncollectible"
            emit(world, "invoice.marked_uncollectible", invoice)
    elif behavior is None:
        invoice |= {"auto_advance": True, "automatically_finalizes_at": period[1] + _DRAFT_FOR}


def _invoice(world: World, invoice: Obj, at: int) -> None:
    """A draft is finalized and collected after its hour; an open invoice is tried again."""
    if invoice["status"] == "draft":
        invoices.finalize_by_itself(world, invoice, at)
        if invoice["collection_method"] == "send_invoice" and invoice["status"] == "open":
            emit(world, "invoice.sent", invoice)
    if invoice["status"] != "open" or invoice["collection_method"] == "send_invoice":
        return
    invoice["next_payment_attempt"] = None
    if invoices.collect(world, invoice, invoices.method_for(world, invoice)) != "paid":
        invoices.plan_retry(world, invoice)


def _schedule(world: World, schedule: Obj, at: int) -> None:
    schedules.step(world, schedule, at)


def _checkout(world: World, session: Obj, at: int) -> None:
    session |= {"status": "expired", "url": None}
    emit(world, "checkout.session.expired", session)


_ACTS = {
    "subscription": _subscription,
    "invoice": _invoice,
    "subscription_schedule": _schedule,
    "checkout.session": _checkout,
}
