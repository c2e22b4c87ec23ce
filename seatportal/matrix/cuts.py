"""Where a process can be cut: kill points and hooks, made by patching names, so the product carries no switch."""

import os
import time
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection

from seatportal.matrix.processes import Cut, Notes, die

GATEWAY = "billing.gateway.stripe_api:StripeGateway"
UNREACHABLE = "http://127.0.0.1:9"

# Where it can be killed: point -> (place, name, before or after that call, which call of it).
KILL_POINTS: dict[str, tuple[str, str, str, int]] = {
    "after the row is stored": ("billing.changes.buy_quote", "finish_change", "before", 1),
    "before the call is sent": (GATEWAY, "update_subscription", "before", 1),
    "after Stripe executed it": (GATEWAY, "update_subscription", "after", 1),
    "after the call is marked": ("billing.changes.finish_change", "_read", "before", 2),
    "inside the transaction that settles": ("billing.mirror.settle", "record_audit", "before", 1),
    "after it is settled": ("billing.changes.finish_change", "_read", "after", 2),
    "after the sweep's read": ("billing.changes.finish_change", "_read", "after", 1),
    "after the event is claimed": ("billing.inbox.handle_event", "_handle", "before", 1),
    "before the event is done": ("billing.inbox.read_again:Reading", "follow", "after", 1),
    "before the event is stored": ("billing.views.stripe_webhook", "receive_event", "before", 1),
    "before the delivery is answered": ("billing.views.stripe_webhook", "receive_event", "after", 1),
    "before the schedule is sent": (GATEWAY, "create_schedule", "before", 1),
    "between the schedule's two calls": (GATEWAY, "create_schedule", "after", 1),
    "after the schedule is sent": (GATEWAY, "update_schedule", "after", 1),
    "before the card is charged again": (GATEWAY, "pay_invoice", "before", 1),
    "after the card was charged again": (GATEWAY, "pay_invoice", "after", 1),
    "before the invoice is voided": (GATEWAY, "void_invoice", "before", 1),
    "after Stripe voided the invoice": (GATEWAY, "void_invoice", "after", 1),
    # Undo and refund
    "after the undo is stored": ("billing.changes.undo_change", "finish_change", "before", 1),
    "before the refund is claimed": ("billing.changes.undo_change", "give_back", "before", 1),
    "after the refund is claimed": ("billing.changes.give_back", "_read_amounts", "before", 1),
    "before the refund is sent": (GATEWAY, "refund", "before", 1),
    "after Stripe refunded": (GATEWAY, "refund", "after", 1),
    "after the refund is kept": ("billing.changes.give_back", "_keep", "after", 2),
    "after Stripe took the credit": (GATEWAY, "adjust_balance", "after", 1),
    "after the taken credit is kept": ("billing.changes.give_back", "_keep", "after", 3),
    "inside the transaction that ends the refund": ("billing.changes.give_back", "_audit", "before", 1),
    "after the refund is done": ("billing.changes.give_back", "_send_to_card", "after", 1),
    "before the credit is given again": (GATEWAY, "adjust_balance", "before", 1),
    "after Stripe gave the credit again": (GATEWAY, "adjust_balance", "after", 1),
    # True-up
    "inside the transaction that counts": ("seats.true_up.count_true_up", "tell", "before", 1),
    "after the true-up is decided": ("seats.true_up.run_true_ups", "decide_by_default", "after", 1),
    "after the true-up's charge is stored": ("seats.true_up.settle_true_up", "finish_change", "before", 1),
    "before the true-up's failure is kept": ("seats.true_up.settle_true_up", "_fail", "before", 1),
    "before idle seats are released": ("seats.true_up.settle_true_up", "_release", "before", 1),
    "inside the transaction that releases": ("seats.true_up.settle_true_up", "release_seats", "after", 1),
    "before the reduction is planned": ("seats.true_up.settle_true_up", "plan_decrease", "before", 1),
    "after the reduction is planned": ("seats.true_up.settle_true_up", "plan_decrease", "after", 1),
    "inside the transaction that seals": ("seats.true_up.settle_true_up", "tell", "before", 1),
    # Credit notes
    "after the credit note is stored": ("billing.reconcile.issue_credit_note", "finish_credit_note", "before", 1),
    "before the credit note is sent": (GATEWAY, "create_credit_note", "before", 1),
    "after Stripe issued the credit note": (GATEWAY, "create_credit_note", "after", 1),
    "inside the transaction that closes the incident": ("billing.reconcile.issue_credit_note", "_keep", "after", 1),
    "after the incident is closed": ("billing.reconcile.issue_credit_note", "_settle", "after", 1),
    # Idle credits
    "after idle seats are counted": ("seats.true_up.count_idle_credits", "finish_idle_credit", "before", 1),
    "after the idle credit is priced": ("billing.changes.credit_idle", "_send", "before", 1),
    "before the idle credit is sent": (GATEWAY, "create_invoice_item", "before", 1),
    "after Stripe took the idle credit": (GATEWAY, "create_invoice_item", "after", 1),
    "inside the transaction that ends the idle credit": ("billing.changes.credit_idle", "record_audit", "before", 1),
    "after the idle credit is done": ("billing.changes.credit_idle", "_end", "after", 1),
}
# What writes to Stripe and makes events: with early webhooks they are handled before the answer of such a call.
WRITES = (
    "update_subscription",
    "pay_invoice",
    "void_invoice",
    "refund",
    "adjust_balance",
    "create_credit_note",
    "create_invoice_item",
)
# The rows whose keys Stripe hears: the key's first word -> where a key of that kind is stored.
_KEPT = {
    "seatchg": "SELECT 1 FROM billing_quantitychange WHERE idempotency_key = %s",
    "trueup": "SELECT 1 FROM billing_quantitychange WHERE idempotency_key = %s",
    "credit": "SELECT 1 FROM billing_creditnote WHERE idempotency_key = %s",
    "idlecredit": "SELECT 1 FROM billing_idlecredit WHERE idempotency_key = %s",
    "refund": "SELECT 1 FROM billing_refund WHERE public_id = split_part(%s, ':', 2)",
}


def around(
    place: str,
    name: str,
    *,
    before: Callable[[], Any] | None = None,
    after: Callable[[], Any] | None = None,
    nth: int = 0,
) -> Cut:
    """Call something before or after a function of ours, whatever it returns or raises; nth: only that call of it."""

    def cut() -> None:
        owner = resolve_name(place)
        real, calls = getattr(owner, name), iter(range(1, 1_000_000))

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            mine = next(calls) == nth or not nth
            if before is not None and mine:
                before()
            try:
                return real(*args, **kwargs)
            finally:
                if after is not None and mine:
                    after()

        setattr(owner, name, wrapped)

    return cut


def kill_at(point: str, notes: Notes) -> Cut:
    """Die at a named point, and leave a note that it was reached."""
    place, name, when, nth = KILL_POINTS[point]

    def end() -> None:
        notes.add("killed", point)
        die()

    return around(place, name, nth=nth, **{when: end})


def stripe_unreachable() -> Cut:
    """Nothing answers at Stripe's address."""
    return lambda: setattr(settings, "STRIPE_API_BASE", UNREACHABLE)


def send_by(*, api_key: str = "", api_base: str = "", timeout: float = 8.0) -> Cut:
    """The charging call goes out with another key, to another address or with less patience (seconds) than all else."""

    def cut() -> None:
        gateway = resolve_name(GATEWAY)
        other = gateway(
            api_key=api_key or settings.STRIPE_API_KEY, api_base=api_base or settings.STRIPE_API_BASE, timeout=timeout
        )
        real = gateway.update_subscription
        gateway.update_subscription = lambda _self, *args, **kwargs: real(other, *args, **kwargs)

    return cut


def wrong_parameters() -> Cut:
    """What is stored and sent is something that Stripe refuses."""

    def cut() -> None:
        owner = resolve_name("billing.changes.buy_quote")
        real = owner.update_params
        owner.update_params = lambda **values: real(**values) | {"payment_behavior": "charge_twice"}

    return cut


def broker_down() -> Cut:
    """Nobody listens where the bell is rung, and the cache beside it is gone too."""

    def cut() -> None:
        os.environ["CELERY_BROKER_URL"] = "redis://127.0.0.1:9/0"
        caches.settings["default"]["LOCATION"] = "redis://127.0.0.1:9/1"
        if hasattr(caches._connections, "default"):  # type: ignore[attr-defined]  # of BaseConnectionHandler
            del caches["default"]

    return cut


def clock_ahead(seconds: float) -> Cut:
    """This process's clock runs ahead."""

    def cut() -> None:
        real = time.time
        time.time = lambda: real() + seconds

    return cut


def lose_database() -> None:
    """The server ends this process's session, as in a failover."""
    session = connection.connection
    if session is None:
        return
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [session.info.backend_pid])
    other.close()


def witness(notes: Notes) -> Cut:
    """Watch every call to Stripe from a second session: the row is committed (8) and no transaction is open (15)."""
    eyes: list[Any] = []

    def look(sql: str, value: object) -> Any:
        if not eyes:
            eyes.append(connection.copy())
        with eyes[0].cursor() as cursor:
            cursor.execute(sql, [value])
            return cursor.fetchone()

    def no_transaction(*_: Any) -> None:
        session = connection.connection
        if session is None or session.closed:
            return
        state = look("SELECT state FROM pg_stat_activity WHERE pid = %s", session.info.backend_pid)
        if state and str(state[0]).startswith("idle in transaction"):
            notes.add("broken", "15: Stripe was called inside a transaction")

    def row_is_there(key: str) -> None:
        stored = _KEPT.get(key.partition(":")[0])
        if stored and look(stored, key) is None:
            notes.add("broken", f"8: {key} was sent before its row was committed")

    def cut() -> None:
        client = resolve_name("billing.gateway.client:Client")
        reads, writes = client._read, client._write

        def read(self: Any, call: Any) -> Any:
            no_transaction()
            return reads(self, call)

        def write(self: Any, key: str, call: Any) -> Any:
            no_transaction()
            row_is_there(key)
            return writes(self, key, call)

        client._read, client._write = read, write

    return cut
