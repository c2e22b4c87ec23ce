"""What staff do with drift and with a frozen subscription: one click each, with a reason, in the audit trail."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing import facts
from billing.changes.finish_change import finish_change
from billing.errors import NotOpen, ProviderUnavailable
from billing.gateway.contract import GatewayError
from billing.mirror.freeze import thaw
from billing.mirror.refresh import refresh_until_written
from billing.models import Drift, QuantityChange, Subscription
from billing.models.drift import Kind
from billing.reconcile.end_second import is_second
from billing.reconcile.rules import REPAIRABLE
from billing.reconcile.snapshot import snapshot

State = Drift.State


def may_repair(drift: Drift) -> bool:
    """Whether a reread or a recount puts it right. What Stripe has and we do not is taken in for a known customer."""
    known = drift.kind == Kind.UNKNOWN and drift.account_id is not None and not is_second(drift)
    return drift.state in (State.FOUND, State.IGNORED) and (drift.kind in REPAIRABLE or known)


def repair_drift(*, drift: Drift, actor: Actor, at: datetime, reason: str) -> Drift:
    """Read Stripe again, or count the seats anew; nothing is written at Stripe.

    Raises NotOpen, ProviderUnavailable.
    """
    if not may_repair(drift):
        raise NotOpen
    try:
        if drift.kind in (Kind.POOL, Kind.COUNTER):
            _recount(drift)
        elif drift.kind == Kind.OLD_CHANGE:
            _judge(drift, at)
        elif refresh_until_written(stripe_id=drift.subject, at=at) is None:
            raise NotOpen(_("Its customer is not ours, so it stays outside."))
    except GatewayError as error:
        raise ProviderUnavailable from error
    return _close(drift, State.REPAIRED, actor, at, reason)


def accept_drift(*, drift: Drift, actor: Actor, at: datetime, reason: str) -> Drift:
    """Say that it is right as it is, or was put right by hand. It is found anew when it is there again."""
    return _close(drift, State.ACCEPTED, actor, at, reason)


def ignore_drift(*, drift: Drift, actor: Actor, at: datetime, reason: str) -> Drift:
    """Keep it off the list for as long as both sides stay as they are."""
    return _close(drift, State.IGNORED, actor, at, reason)


@transaction.atomic
def unfreeze_subscription(*, subscription: Subscription, actor: Actor, at: datetime, reason: str) -> Subscription:
    """Let the customer buy again; what was found about its shape is accepted with it. Raises NotOpen."""
    row = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscription.pk)
    why = row.frozen
    if not thaw(subscription=row):
        raise NotOpen(_("Self-service is not stopped here."))
    kinds = (Kind.SHAPE,) if why == Subscription.Frozen.SHAPE else (Kind.FOREIGN_PENDING,)
    Drift.objects.filter(subscription=row, kind__in=kinds, state=State.FOUND).update(
        state=State.ACCEPTED, closed_at=at, handled_by=actor.user, note=reason[:300]
    )
    record_audit(
        account=row.account,
        actor=actor,
        action="subscription.unfrozen",
        target=row.public_id,
        summary=reason,
        why=why,
    )
    return row


@transaction.atomic
def _close(drift: Drift, state: State, actor: Actor, at: datetime, reason: str) -> Drift:
    locked = Drift.objects.select_for_update(no_key=True, of=("self",)).get(pk=drift.pk)
    if locked.state not in (State.FOUND, State.IGNORED):
        raise NotOpen
    locked.state, locked.handled_by, locked.note = state, actor.user, reason.strip()[:300]
    locked.closed_at = at
    locked.save(update_fields=["state", "handled_by", "note", "closed_at"])
    record_audit(
        account=locked.account,
        actor=actor,
        action=f"drift.{state}",
        target=locked.public_id,
        summary=locked.note,
        kind=locked.kind,
        about=locked.subject,
    )
    return locked


@transaction.atomic
def _recount(drift: Drift) -> None:
    if drift.subscription_id is None:
        raise NotOpen
    ours, _books = snapshot(drift.subscription_id)
    facts.recount_wanted.send(sender=Drift, account=drift.account, purchased=ours.counted)


def _judge(drift: Drift, at: datetime) -> None:
    change = QuantityChange.objects.get(public_id=drift.subject)
    if finish_change(change_id=change.pk, at=at).is_open:
        raise NotOpen(_("It is still open after a fresh look. Settle the purchase itself."))
