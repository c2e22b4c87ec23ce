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
        stored = "SELECT 1 FROM billing_quantitychange WHERE idempotency_key = %s"
        if key.startswith("seatchg:") and look(stored, key) is None:
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
