"""Keep a delivery once and ring; the answer to Stripe waits for nothing else."""

import json
import re
from datetime import datetime
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from billing.gateway.client import API_VERSION
from billing.gateway.contract import RemoteEvent
from billing.models import StripeEvent
from seatportal.kit.clock import now
from seatportal.kit.queue import ring_once

log = structlog.get_logger(__name__)

# One statement, and so one journey to the database and no transaction of our own: the door's whole work (ADR 20).
_KEEP = """
INSERT INTO billing_stripeevent (
    event_id, kind, object_id, subscription_stripe_id, customer_stripe_id, livemode, api_version, stripe_created,
    request_idempotency_key, payload, state, tries, next_try_at, last_error, received_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 0, %s, %s, %s)
ON CONFLICT (event_id) DO NOTHING
"""

type Row = list[str | bool | datetime]


# A NUL, or one half of a surrogate pair: valid JSON, and refused by PostgreSQL in text and in jsonb.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def receive_event(*, event: RemoteEvent) -> bool:
    """Store an event and ring for its handling. Returns False for one that was there already.

    One of the other mode (test events at a live site, or the reverse) is kept as refused and never acted on.
    """
    at = now()
    text = _as_json(event.payload)
    refused = event.livemode != live_key()
    new = _keep(
        [
            _line(event.id, 80),
            _line(event.kind, 80),
            _line(event.object_id, 80),
            _line(event.subscription_id, 64),
            _line(event.customer_id, 64),
            event.livemode,
            _line(event.api_version, 40),
            event.created,
            _line(event.request_key, 255),
            text,
            StripeEvent.State.REFUSED if refused else StripeEvent.State.WAITING,
            at,
            "live and test mode mixed" if refused else "",
            at,
        ]
    )
    if new and refused:
        log.error("event_of_other_mode", event_id=event.id, kind=event.kind, livemode=event.livemode)
    elif new:
        ring_once("billing.handle_waiting_events")
    if new and event.api_version not in ("", API_VERSION):
        # Only ids are read from it, so it is handled; but the endpoint should speak the library's version.
        log.warning("event_of_other_version", event_id=event.id, theirs=event.api_version, ours=API_VERSION)
    return new


def _as_json(payload: Any) -> str:
    """Text that the database can hold; an event is kept whatever it says."""
    try:
        text = msgspec.json.encode(payload).decode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(_storable(payload))
    return json.dumps(_storable(payload)) if "\\u0000" in text else text


def _keep(values: Row) -> bool:
    """Whether it is a new row.

    The connection is not asked first whether it still lives, as Django would with a statement of its own for each
    request: one that has died is found by ours, which may be repeated.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs have forgotten it
    try:
        return _insert(values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _insert(values)


def _insert(values: Row) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        return bool(cursor.rowcount == 1)


def _line(text: str, most: int) -> str:
    return _UNSTORABLE.sub(_visible, text)[:most]


def _storable(value: Any) -> Any:
    """The same with signs in place of what no text of the database can hold; an event is kept whatever it says."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(_visible, value)
    if isinstance(value, dict):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value


def _visible(found: re.Match[str]) -> str:
    return "\N{SYMBOL FOR NULL}" if found[0] == "\0" else "\N{REPLACEMENT CHARACTER}"


def live_key() -> bool:
    """Whether our key is for real money."""
    return str(settings.STRIPE_API_KEY).startswith(("sk_live_", "rk_live_"))
