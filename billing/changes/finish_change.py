"""Carry one accepted change through: read, send with the stored key, read again. Safe to repeat at any point.

The network lies between transactions, never inside one (payments.md §4). A 200 goes through UNKNOWN and a read like
every doubt does, so the path that handles doubt runs on every purchase.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from billing import facts
from billing.changes.rules import (
    KEY_LIFE,
    NOT_SENT_LIFE,
    SERVER_ERROR_LIFE,
    SERVER_ERROR_READS,
    backoff,
)
from billing.gateway.contract import (
    TOO_MANY_CHANGES,
    Declined,
    GatewayError,
    InDoubt,
    NotExecuted,
    Refused,
    RemoteSubscription,
    ServerError,
)
from billing.gateway.stripe_api import gateway
from billing.mirror.refresh import refresh_until_written
from billing.mirror.settle import audit_change, intent_of
from billing.mirror.verdict import at_base
from billing.models import QuantityChange, ScheduledDecrease

log = structlog.get_logger(__name__)
State = QuantityChange.State

# What every step, and whoever asked for it, looks at.
_WITH_OTHERS = QuantityChange.objects.select_related("account", "subscription__account", "quote")
# Longer than one call can take: connect and read time-outs of the gateway.
LEASE = timedelta(seconds=60)


def finish_change(*, change_id: int, at: datetime) -> QuantityChange:
    """Bring a change as far as Stripe answers now and return it. Never raises for what Stripe says or fails to say."""
    change = _WITH_OTHERS.get(pk=change_id)
    if change.state == State.CALLING:
        QuantityChange.objects.filter(pk=change.pk, state=State.CALLING, lease_until__lte=at).update(
            state=State.UNKNOWN, in_doubt=True
        )
    remote = _read(change, at)
    change.refresh_from_db(from_queryset=_WITH_OTHERS)
    if remote is None or change.state not in (State.CONFIRMED, State.UNKNOWN):
        return change
    if not _may_send(change, remote, at):
        return _look_later_or_give_up(change, at)
    if not _release_own_schedule(change, remote):
        return change
    calls = _claim(change, remote, at)
    if calls is None:
        return change
    if _send(change, calls, at):
        _read(change, at)
    change.refresh_from_db(from_queryset=_WITH_OTHERS)
    return change


def _read(change: QuantityChange, at: datetime) -> RemoteSubscription | None:
    """Read first, always: the read settles what it can."""
    QuantityChange.objects.filter(pk=change.pk).update(reads=F("reads") + 1)
    try:
        found = refresh_until_written(stripe_id=change.subscription.stripe_id, at=at)
    except GatewayError as error:
        log.warning("change_not_read", change=change.public_id, error=type(error).__name__)
        _later(change, at)
        return None
    return found.remote if found else None


def _may_send(change: QuantityChange, remote: RemoteSubscription, at: datetime) -> bool:
    """Only from exactly the quoted state, with a key that Stripe still knows, and not after an answered 5xx."""
    if change.got_server_error:
        return False
    if change.first_call_at is not None and at - change.first_call_at >= KEY_LIFE:
        return False
    if change.first_call_at is None and at - change.confirmed_at >= NOT_SENT_LIFE:
        return False
    return at_base(intent_of(change), remote)


def _claim(change: QuantityChange, remote: RemoteSubscription, at: datetime) -> int | None:
    """Take the lease by a conditional update and note from what we send; None when another process has it."""
    seen = next((item.quantity for item in remote.items if item.id == change.item_stripe_id), None)
    if change.state == State.UNKNOWN:
        free = Q(state=State.UNKNOWN) & (Q(lease_until__isnull=True) | Q(lease_until__lte=at))
    else:
        free = Q(state=State.CONFIRMED)
    taken = QuantityChange.objects.filter(free, pk=change.pk, calls=change.calls).update(
        state=State.CALLING,
        calls=F("calls") + 1,
        first_call_at=Coalesce(F("first_call_at"), at),
        last_call_at=at,
        sent_from=seen,
        lease_until=at + LEASE,
        next_try_at=at + LEASE,
    )
    return change.calls + 1 if taken else None


def _send(change: QuantityChange, calls: int, at: datetime) -> bool:
    """Send the stored bytes with the stored key. Returns whether a read must now tell what happened."""
    next_state, values = State.UNKNOWN, dict[str, object]()
    try:
        gateway().update_subscription(change.subscription.stripe_id, change.params, key=change.idempotency_key)
    except NotExecuted as error:
        # Certainly not executed this time; but an earlier call of the same key may have been.
        next_state = State.UNKNOWN if change.in_doubt else State.CONFIRMED
        values = {"error_code": error.code[:64]}
        if change.state == State.CONFIRMED:
            values["first_call_at"] = None  # Nor was any before, so there is still nothing to wait for.
    except Refused as error:
        # A later call's refusal says nothing about the first one.
        next_state = State.UNKNOWN if change.in_doubt else State.REJECTED
        values = {
            "error_code": ("payment_declined" if isinstance(error, Declined) else error.code or "refused")[:64],
            "decline_code": error.decline_code[:64],
            "error_text": str(error)[:300],
        }
    except ServerError as error:
        values = {"in_doubt": True, "got_server_error": True, "error_code": error.code[:64]}
    except InDoubt as error:
        values = {"in_doubt": True, "error_code": error.code[:64]}
    if next_state == State.REJECTED:
        values |= {"settled_at": at, "lease_until": None, "next_try_at": None}
    elif next_state == State.CONFIRMED:
        values |= {"lease_until": None, "next_try_at": at + backoff(calls)}
    else:
        values |= {"lease_until": None, "next_try_at": at + backoff(calls)}
    _move(change, when={"state": State.CALLING, "calls": calls}, to={"state": next_state, **values}, at=at)
    log.info("change_sent", change=change.public_id, calls=calls, state=next_state, code=values.get("error_code", ""))
    return next_state == State.UNKNOWN


def _look_later_or_give_up(change: QuantityChange, at: datetime) -> QuantityChange:
    """Nothing may be sent: decide by reading alone, or look again later."""
    never_sent = change.first_call_at is None and change.calls == 0
    if never_sent or (change.state == State.CONFIRMED and not change.in_doubt):
        if at - change.confirmed_at >= NOT_SENT_LIFE:
            full = change.error_code == TOO_MANY_CHANGES
            return _end(change, State.REJECTED, TOO_MANY_CHANGES if full else "provider_unavailable", at)
    elif change.first_call_at is not None:
        age = at - change.first_call_at
        heard = change.got_server_error and age >= SERVER_ERROR_LIFE and change.reads >= SERVER_ERROR_READS
        if age >= KEY_LIFE or heard:
            return _end(change, State.FAILED, "not_executed", at)
    _later(change, at)
    change.refresh_from_db()
    return change


def _end(change: QuantityChange, state: str, code: str, at: datetime) -> QuantityChange:
    """End a change that the last read still showed at its base; conditional, as a newer read may have settled it."""
    values = {"state": state, "error_code": code, "settled_at": at, "lease_until": None, "next_try_at": None}
    _move(change, when={"state": change.state, "calls": change.calls}, to=values, at=at)
    change.refresh_from_db()
    return change


def _move(change: QuantityChange, *, when: Mapping[str, object], to: Mapping[str, object], at: datetime) -> None:
    """A conditional update; an end is told and audited in the same transaction."""
    if to["state"] in QuantityChange.OPEN:
        QuantityChange.objects.filter(pk=change.pk, **when).update(**to)
        return
    with transaction.atomic():
        moved = QuantityChange.objects.filter(pk=change.pk, **when).update(**to)
        if moved:
            ended = QuantityChange.objects.select_related("account", "subscription", "user").get(pk=change.pk)
            facts.change_moved.send(sender=QuantityChange, change=ended, at=at)
            audit_change(ended, code=ended.error_code)


def _later(change: QuantityChange, at: datetime) -> None:
    QuantityChange.objects.filter(pk=change.pk).update(next_try_at=at + backoff(change.reads))


def _release_own_schedule(change: QuantityChange, remote: RemoteSubscription) -> bool:
    """A planned reduction already at Stripe would fight the update; it is released and placed again afterwards."""
    if not remote.schedule_id:
        return True
    plan = ScheduledDecrease.objects.filter(
        subscription=change.subscription, schedule_stripe_id=remote.schedule_id
    ).first()
    if plan is None:
        return False
    try:
        gateway().release_schedule(remote.schedule_id, key=f"dec:{plan.public_id}:r{plan.tries}")
    except GatewayError as error:
        log.warning("schedule_not_released", reduction=plan.public_id, error=type(error).__name__)
        return False
    # Somebody may have withdrawn it meanwhile: only one that is still placed is planned again.
    rows = ScheduledDecrease.objects.filter(pk=plan.pk, schedule_stripe_id=remote.schedule_id)
    rows.filter(state=ScheduledDecrease.State.PLACED).update(state=ScheduledDecrease.State.PLANNED, next_try_at=None)
    rows.update(schedule_stripe_id="", tries=F("tries") + 1, first_call_at=None)
    return True
