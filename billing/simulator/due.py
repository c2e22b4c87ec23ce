"""What happens by itself when its hour has come: renewals, retries, expiries, phases; each at its own time."""

from __future__ import annotations

import heapq
import sys
import traceback

from . import agenda, dunning, invoices, lifecycle, notices, pauses, refunds, schedules, sweeps
from .changes import debit
from .errors import Obj
from .events import emit
from .lines import grid, period_line, waiting
from .render import render
from .subscriptions import cancel_now, last_invoice
from .world import World

_DRAFT_FOR = 3600
_MOST_AT_ONCE = 100_000


def run_all(world: World) -> None:
    """Do what is due on every clock; a test clock's customers may be given something that is due at once."""
    for clock in tuple(world.agenda):
        run(world, clock)


def run(world: World, clock: str | None) -> int:
    """Do everything that is due on a clock (None: real time); answers how much that was."""
    heap = world.agenda.get(clock)
    if not heap or heap[0][0] > world.now(clock):
        world.reached[clock] = world.now(clock)
        return 0
    if clock is not None and world.store.find("test_helpers.test_clock", clock) is None:
        del world.agenda[clock]  # It was deleted, and time with it.
        return 0
    done = 0
    with world.store.lock:
        world.store.checkpoint()
        until = world.now(clock)
        while heap and heap[0][0] <= until and done < _MOST_AT_ONCE:
            at, kind, id = heapq.heappop(heap)
            obj = world.store.find(kind, id)
            if obj is None or agenda.time_of(obj, world.settings) != at:
                continue  # It has been settled since, or has a newer entry.
            before, world.origin = world.origin, None
            world.standing = (clock, max(at, world.reached.get(clock, at)))
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
        world.reached[clock] = until
    return done


def _subscription(world: World, subscription: Obj, at: int) -> None:
    pending, pause = subscription["pending_update"], subscription["pause_collection"]
    if subscription["status"] == "incomplete":
        _give_up(world, subscription)
    elif subscription["status"] == "paused" and (subscription["cancel_at"] or at + 1) > at:
        pauses.give_up(world, subscription)
    elif notices.of_subscription(world, subscription, at):
        return
    elif pause is not None and (pause["resumes_at"] or at + 1) <= at:
        before = render(world, subscription)
        subscription["pause_collection"] = None
        lifecycle.updated(world, subscription, before)
    elif pending is not None and pending["expires_at"] <= at:
        invoice = world.store.change("invoice", subscription["_pending"]["invoice"])
        lifecycle.drop_pending(world, subscription, expired=True)
        invoices.void(world, invoice)
    elif subscription["cancel_at"] is not None and subscription["cancel_at"] <= at:
        last_invoice(world, subscription)
        cancel_now(world, subscription)
    elif (subscription["next_pending_invoice_item_invoice"] or at + 1) <= at:
        sweeps.invoice(world, subscription, at)
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
        if pauses.ends_with_trial(world, subscription):
            return
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
    if subscription["status"] == "unpaid":
        return  # It stays a draft that nothing advances.
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if behavior == "void":
        invoices.finalize(world, invoice)
        if invoice["status"] == "open":
            invoices.void(world, invoice)
    elif behavior == "mark_uncollectible":
        invoices.finalize(world, invoice)
        if invoice["status"] == "open":
            invoices.write_off(world, invoice, "subscription_paused")
    elif behavior is None:
        invoice |= {"auto_advance": True, "automatically_finalizes_at": period[1] + _DRAFT_FOR}


def _invoice(world: World, invoice: Obj, at: int) -> None:
    """A draft is finalized and collected after its hour; an open invoice is tried again."""
    if invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
        dunning.sent_step(world, invoice, at)
        return
    if invoice["status"] == "open" and (invoice.get("_retry_now_at") or at + 1) <= at:
        dunning.retry_at_once(world, invoice)
        return
    if invoice["status"] == "draft":
        invoices.finalize_by_itself(world, invoice, at)
        invoices.send(world, invoice)
    if invoice["status"] != "open" or invoice["collection_method"] == "send_invoice":
        return
    invoice["next_payment_attempt"] = None
    if invoices.collect(world, invoice, invoices.method_for(world, invoice), automatic=True) == "paid":
        return
    invoices.plan_retry(world, invoice)
    if invoice["next_payment_attempt"] is None:
        dunning.after_last_retry(world, invoice)


def _schedule(world: World, schedule: Obj, at: int) -> None:
    if notices.of_schedule(world, schedule, at):
        return
    schedules.step(world, schedule, at)


def _checkout(world: World, session: Obj, at: int) -> None:
    session |= {"status": "expired", "url": None}
    emit(world, "checkout.session.expired", session)


def _refund(world: World, made: Obj, at: int) -> None:
    refunds.turn(world, made)


_ACTS = {
    "subscription": _subscription,
    "invoice": _invoice,
    "subscription_schedule": _schedule,
    "checkout.session": _checkout,
    "refund": _refund,
}
