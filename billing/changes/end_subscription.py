"""Let a subscription end with its period, and take that back until then. Sent twice, such a wish does no harm."""

from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.decreases import release_placed, withdraw_planned
from billing.changes.rules import NOT_SENT_LIFE, backoff
from billing.errors import ChangeInProgress, CommitmentInForce, NoSubscription, NotEnding, NotSelfService
from billing.gateway.contract import GatewayError, Refused, RemoteSubscription
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import live_subscription, open_change, open_decrease, seat_item
from billing.mirror.refresh import refresh_until_written
from billing.models import Ending, Subscription
from billing.models.subscription import ENDED
from billing.terms.queries import terms_in_force
from seatportal.kit.ids import public_id
from seatportal.templatetags.portal import day

log = structlog.get_logger(__name__)
State, Kind = Ending.State, Ending.Kind

BATCH = 50


def end_subscription(*, account: Account, actor: Actor, at: datetime, reason: str = "") -> Ending:
    """End with the running period; nothing is refunded and everything works until then.

    A planned reduction is withdrawn once Stripe has accepted that: all seats end. A refusal leaves it. Returns the
    wish, which may still be open. Raises NoSubscription, ChangeInProgress, CommitmentInForce, NotSelfService.
    """
    subscription = _live(account)
    check_may_end(subscription, at=at)
    params: dict[str, Any] = {"cancel_at_period_end": True}
    ending = _accept(subscription, Kind.CANCEL, params, actor=actor, at=at, reason=reason)
    return carry_ending(ending_id=ending.pk, at=at)


def resume_subscription(*, account: Account, actor: Actor, at: datetime) -> Ending:
    """Take the end back. Raises NoSubscription, NotEnding, ChangeInProgress."""
    subscription = _live(account)
    if subscription.cancel_at is None:
        raise NotEnding
    item = seat_item(subscription)
    at_period_end = item is not None and subscription.cancel_at == item.period_end
    # An end on another day was set by Stripe's own pages or by staff.
    params: dict[str, Any] = {"cancel_at_period_end": False} if at_period_end else {"cancel_at": ""}
    ending = _accept(subscription, Kind.RESUME, params, actor=actor, at=at)
    return carry_ending(ending_id=ending.pk, at=at)


def check_may_end(subscription: Subscription, *, at: datetime) -> None:
    """Raise ChangeInProgress, CommitmentInForce or NotSelfService unless it may be set to end with its period."""
    item = seat_item(subscription)
    if item is None or subscription.status not in ("active", "trialing", "past_due"):
        raise NotSelfService(_("This subscription is ended by your account team. Talk to them."))
    if open_change(subscription.account) is not None:
        raise ChangeInProgress
    until = terms_in_force(subscription.account, item.price.plan, at).committed_until
    if until is not None and item.period_end < until:
        raise CommitmentInForce(
            _("The subscription is committed until %(day)s. It can be ended in the period in which that day lies.")
            % {"day": day(until)},
            until=until.isoformat(),
        )


def carry_ending(*, ending_id: int, at: datetime) -> Ending:
    """Read; send with the stored key unless the wish is fulfilled; read again. Never raises for Stripe."""
    ending = Ending.objects.select_related("subscription", "account").get(pk=ending_id)
    if ending.state != State.CONFIRMED or not _claim(ending, at):
        return ending
    try:
        if not _settled(ending, at):
            if at - ending.confirmed_at >= NOT_SENT_LIFE:
                _close(ending, State.FAILED, at, error="provider_unavailable")
                return ending
            _make_way(ending)
            if _send(ending, at):
                _settled(ending, at)
    except GatewayError as error:
        log.warning("ending_not_finished", ending=ending.public_id, error=type(error).__name__)
        Ending.objects.filter(pk=ending.pk, state=State.CONFIRMED).update(next_try_at=at + backoff(ending.calls))
    ending.refresh_from_db()
    return ending


def carry_due_endings(*, at: datetime) -> int:
    """Carry on what a crash or a lost answer left; returns how many were looked at."""
    due = Ending.objects.filter(state=State.CONFIRMED, next_try_at__lte=at).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        try:
            carry_ending(ending_id=pk, at=at)
        except Exception:
            log.exception("ending_not_carried_on", ending_id=pk)
    return len(ids)


def _live(account: Account) -> Subscription:
    subscription = live_subscription(account)
    if subscription is None:
        raise NoSubscription
    return subscription


@transaction.atomic
def _accept(
    subscription: Subscription, kind: str, params: dict[str, Any], *, actor: Actor, at: datetime, reason: str = ""
) -> Ending:
    """The wish with its key. Nothing is sent yet. The lock is the one under which a purchase is accepted."""
    subscription = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscription.pk)
    if open_change(subscription.account) is not None:
        raise ChangeInProgress
    open_already = Ending.objects.filter(subscription=subscription, state=State.CONFIRMED).first()
    if open_already is not None and open_already.kind == kind:
        return open_already
    ending_id = public_id("end")
    try:
        with transaction.atomic():
            ending = Ending.objects.create(
                public_id=ending_id,
                account=subscription.account,
                subscription=subscription,
                user=actor.user,
                api_key=actor.api_key,
                kind=kind,
                reason=reason[:200],
                params=params,
                idempotency_key=f"end:{ending_id}:1",
                confirmed_at=at,
                next_try_at=at,
            )
    except IntegrityError as error:
        if "ending_one_open_per_subscription" in str(error):
            raise ChangeInProgress from error
        raise
    record_audit(
        account=subscription.account,
        actor=actor,
        action=f"subscription.{kind}",
        target=subscription.public_id,
        summary=reason,
        ending=ending_id,
    )
    return ending


def _claim(ending: Ending, at: datetime) -> bool:
    """One process at a time; whoever dies leaves it to the sweep."""
    due = Ending.objects.filter(pk=ending.pk, state=State.CONFIRMED, calls=ending.calls, next_try_at__lte=at)
    ending.calls += 1
    return bool(due.update(calls=ending.calls, next_try_at=at + backoff(ending.calls + 2)))


def _make_way(ending: Ending) -> None:
    """A reduction that is placed at Stripe holds the subscription; it is planned again until the end is accepted."""
    plan = open_decrease(ending.account)
    if ending.kind == Kind.CANCEL and plan is not None and plan.on_stripe:
        release_placed(plan)


def _send(ending: Ending, at: datetime) -> bool:
    """Only a no to this very call ends the wish; a read that is refused says nothing. Returns whether it was sent."""
    try:
        gateway().update_subscription(ending.subscription.stripe_id, ending.params, key=ending.idempotency_key)
    except Refused as error:
        _close(ending, State.FAILED, at, error=str(error)[:300])
        return False
    return True


def _settled(ending: Ending, at: datetime) -> bool:
    """Whether a fresh read shows that nothing is left to do."""
    found = refresh_until_written(stripe_id=ending.subscription.stripe_id, at=at)
    if found is None or not _fulfilled(ending, found.remote):
        return False
    _close(ending, State.DONE, at)
    return True


def _fulfilled(ending: Ending, remote: RemoteSubscription) -> bool:
    if remote.status in ENDED:
        return True
    return (remote.cancel_at is not None) == (ending.kind == Kind.CANCEL)


@transaction.atomic
def _close(ending: Ending, state: str, at: datetime, error: str = "") -> None:
    moved = Ending.objects.filter(pk=ending.pk, state=State.CONFIRMED).update(
        state=state, settled_at=at, next_try_at=None, error=error
    )
    ending.refresh_from_db()
    if moved and state == State.DONE and ending.kind == Kind.CANCEL:
        withdraw_planned(
            account=ending.account, actor=Actor(user=ending.user, api_key=ending.api_key, door="task"), at=at
        )
