"""Let a paused subscription go on, once its first period is paid for: priced, agreed, stored, sent, read.

Stripe is asked with `resume_on_payment_success`, so that it stays paused until the payment came, and begins a new
period at that moment (`now`, with which it makes no prorations: none are asked for). It takes no metadata there; the
resumption's invoice is known as the one that was not there before.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.rules import (
    FRESH,
    KEY_LIFE,
    LOOK_AGAIN,
    NOT_SENT_LIFE,
    SERVER_ERROR_LIFE,
    SERVER_ERROR_READS,
    backoff,
)
from billing.errors import (
    NoCard,
    NoSubscription,
    NotCancellable,
    NotPaused,
    NotSelfService,
    PastDue,
    PaymentDeclined,
    ProviderUnavailable,
    QuoteChanged,
    SelfServiceFrozen,
)
from billing.gateway.contract import (
    Declined,
    GatewayError,
    NotExecuted,
    Refused,
    RemoteInvoice,
    RemoteSubscription,
    ServerError,
)
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.queries import card_of, live_subscription, overdue_invoice
from billing.mirror.refresh import refresh_until_written
from billing.mirror.settle_resumption import settle_resumption, tell_of
from billing.models import Resumption, Subscription
from seatportal.kit.ids import public_id

log = structlog.get_logger(__name__)
State = Resumption.State

BATCH = 50
# The pause that a card ends; the others were somebody's decision, or wait for an invoice to be paid.
BY_TRIAL = "trial_end_without_payment_method"
PARAMS: dict[str, Any] = {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"}


def open_resumption(account: Account) -> Resumption | None:
    """The wish whose end is not known yet."""
    wishes = Resumption.objects.filter(account=account, state__in=Resumption.OPEN)
    return wishes.select_related("subscription", "user").first()


def check_may_resume(subscription: Subscription | None, *, staff: bool = False) -> Subscription:
    """Raise NoSubscription, NotPaused, NotSelfService, SelfServiceFrozen, PastDue or NoCard; else return it.

    staff: any pause, not only that of a trial that ended without a card.
    """
    if subscription is None:
        raise NoSubscription
    if subscription.status != "paused":
        raise NotPaused
    if not staff and subscription.pause_cause != BY_TRIAL:
        raise NotSelfService
    if subscription.frozen:
        raise SelfServiceFrozen
    if overdue_invoice(subscription.account) is not None:
        raise PastDue
    if card_of(subscription.account) is None:
        raise NoCard
    return subscription


def price_resumption(*, account: Account, staff: bool = False) -> RemoteInvoice:
    """The invoice that going on now would make, as Stripe previews it. Must be called outside a transaction.

    Raises what check_may_resume raises, and ProviderUnavailable.
    """
    subscription = check_may_resume(live_subscription(account), staff=staff)
    details = {"resume_at": "now", "billing_cycle_anchor": PARAMS["billing_cycle_anchor"]}
    params = {
        "customer": subscription.customer.stripe_id,
        "subscription": subscription.stripe_id,
        "subscription_details": details,
    }
    try:
        return gateway().preview(params)
    except GatewayError as error:
        raise ProviderUnavailable from error


def resume_paused(
    *, account: Account, actor: Actor, at: datetime, agreed: int | None, reason: str = "", staff: bool = False
) -> Resumption:
    """Accept the price that was shown and go on as far as Stripe answers now; the wish may still be open.

    agreed: what was said to be due, minor units; another price now is QuoteChanged, None takes the present one. A
    second click returns the first one's wish. Raises what check_may_resume raises, QuoteChanged, ProviderUnavailable.
    """
    known = open_resumption(account)
    if known is None:
        price = price_resumption(account=account, staff=staff)
        if agreed is not None and price.amount_due != agreed:
            raise QuoteChanged
        known = _accept(account, price, actor=actor, at=at, reason=reason, staff=staff)
    return carry_resumption(resumption_id=known.pk, at=at)


@transaction.atomic
def _accept(
    account: Account, price: RemoteInvoice, *, actor: Actor, at: datetime, reason: str, staff: bool
) -> Resumption:
    """The wish with its key and price. Nothing is sent yet."""
    live = check_may_resume(live_subscription(account), staff=staff)
    subscription = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=live.pk)
    check_may_resume(subscription, staff=staff)
    wish_id = public_id("rsm")
    try:
        with transaction.atomic():
            wish = Resumption.objects.create(
                public_id=wish_id,
                account=account,
                subscription=subscription,
                user=actor.user,
                api_key=actor.api_key,
                reason=reason[:200],
                currency=price.currency,
                quoted_total=price.total,
                quoted_due=price.amount_due,
                params=PARAMS,
                idempotency_key=f"resume:{wish_id}:1",
                confirmed_at=at,
                next_try_at=at,
            )
    except IntegrityError as error:
        if "resumption_one_open_per_subscription" in str(error):
            return Resumption.objects.get(subscription=subscription, state__in=Resumption.OPEN)
        raise
    record_audit(
        account=account,
        actor=actor,
        action="resumption.confirmed",
        target=wish_id,
        summary=reason,
        total=price.total,
        amount_due=price.amount_due,
        currency=price.currency,
    )
    return wish


def carry_resumption(*, resumption_id: int, at: datetime) -> Resumption:
    """Read; send with the stored key if nothing came of it yet; read again. Never raises for Stripe."""
    wish = Resumption.objects.select_related("subscription", "account").get(pk=resumption_id)
    if not wish.is_open or not _claim(wish, at):
        return wish
    try:
        remote = _read(wish, at)
        if wish.state == State.CONFIRMED and remote is not None and _may_send(wish, at):
            _note_first_call(wish, remote, at)
            _send(wish, at)
            _read(wish, at)
    except GatewayError as error:
        log.warning("resumption_not_finished", resumption=wish.public_id, error=type(error).__name__)
        Resumption.objects.filter(pk=wish.pk, state__in=Resumption.OPEN).update(next_try_at=at + backoff(wish.reads))
    wish.refresh_from_db()
    return wish


def carry_due_resumptions(*, at: datetime) -> int:
    """Carry on what a crash, a lost answer or an unpaid invoice left; returns how many were looked at."""
    due = Resumption.objects.filter(state__in=Resumption.OPEN, next_try_at__lte=at).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        try:
            carry_resumption(resumption_id=pk, at=at)
        except Exception:
            log.exception("resumption_not_carried_on", resumption_id=pk)
    return len(ids)


def follow_resumption(*, wish: Resumption, at: datetime) -> Resumption:
    """Look at Stripe for one whose payment is awaited; people come back from its page before any event does."""
    stale = Resumption.objects.filter(
        pk=wish.pk, state=State.AWAITING_PAYMENT, next_try_at__lte=at + LOOK_AGAIN - FRESH
    ).update(next_try_at=at)
    return carry_resumption(resumption_id=wish.pk, at=at) if stale else wish


def pay_resumption(*, account: Account, actor: Actor, at: datetime) -> Resumption:
    """Try the waiting invoice again with the card now on file.

    Raises NotPaused, PaymentDeclined, ProviderUnavailable.
    """
    wish = _awaiting(account)
    Resumption.objects.filter(pk=wish.pk).update(payment_tries=F("payment_tries") + 1, next_try_at=at)
    wish.refresh_from_db()
    try:
        refresh_customer(stripe_id=wish.subscription.customer.stripe_id, at=at)
        gateway().pay_invoice(wish.invoice_stripe_id, key=f"pay:{wish.public_id}:{wish.payment_tries}")
    except Declined as error:
        carry_resumption(resumption_id=wish.pk, at=at)
        raise PaymentDeclined(decline_code=error.decline_code) from error
    except GatewayError as error:
        raise ProviderUnavailable from error
    record_audit(account=account, actor=actor, action="resumption.paid_again", target=wish.public_id)
    return carry_resumption(resumption_id=wish.pk, at=at)


def stop_resumption(*, account: Account, actor: Actor, at: datetime) -> Resumption:
    """Void the waiting invoice: it stays paused. Raises NotCancellable, ProviderUnavailable."""
    wish = open_resumption(account)
    if wish is None or wish.state != State.AWAITING_PAYMENT:
        raise NotCancellable
    try:
        gateway().void_invoice(wish.invoice_stripe_id, key=f"void:{wish.public_id}")
    except Refused:
        pass  # Paid or void already; the read below says which.
    except GatewayError as error:
        raise ProviderUnavailable from error
    record_audit(account=account, actor=actor, action="resumption.stopped", target=wish.public_id)
    Resumption.objects.filter(pk=wish.pk).update(next_try_at=at)
    return carry_resumption(resumption_id=wish.pk, at=at)


def _awaiting(account: Account) -> Resumption:
    wish = open_resumption(account)
    if wish is None or wish.state != State.AWAITING_PAYMENT:
        raise NotPaused
    return wish


def _claim(wish: Resumption, at: datetime) -> bool:
    """One process at a time; whoever dies leaves it to the sweep. Waiting for a payment is looked at seldom."""
    due = Resumption.objects.filter(pk=wish.pk, state=wish.state, reads=wish.reads, next_try_at__lte=at)
    wish.reads += 1
    wait = LOOK_AGAIN if wish.state == State.AWAITING_PAYMENT else backoff(wish.reads + 2)
    return bool(due.update(reads=wish.reads, next_try_at=at + wait))


def _read(wish: Resumption, at: datetime) -> RemoteSubscription | None:
    """Read first, always: the read settles what it can, also where it was somebody else who resumed it."""
    found = refresh_until_written(stripe_id=wish.subscription.stripe_id, at=at)
    if found is None:
        return None
    if found.remote.status != "paused":
        with transaction.atomic():
            settle_resumption(subscription=wish.subscription, remote=found.remote, at=at)
    wish.refresh_from_db()
    if wish.state == State.AWAITING_PAYMENT:
        payment = gateway().payment_of(wish.invoice_stripe_id)
        needs, code = (payment.needs, payment.decline_code[:64]) if payment else ("", "")
        row = Resumption.objects.filter(pk=wish.pk, state=State.AWAITING_PAYMENT)
        row.update(payment_needs=needs, decline_code=code, next_try_at=at + LOOK_AGAIN)
    return found.remote


def _may_send(wish: Resumption, at: datetime) -> bool:
    """Only with a key that Stripe still knows, and not after an answered 5xx; past that it ends by what was read."""
    if wish.first_call_at is None:
        over, error = at - wish.confirmed_at >= NOT_SENT_LIFE, "provider_unavailable"
    else:
        age = at - wish.first_call_at
        heard = wish.got_server_error and age >= SERVER_ERROR_LIFE and wish.reads >= SERVER_ERROR_READS
        over, error = age >= KEY_LIFE or heard, "not_executed"
    if over:
        _fail(wish, error, at)
    return not over and not wish.got_server_error


def _note_first_call(wish: Resumption, remote: RemoteSubscription, at: datetime) -> None:
    """Committed before the first byte goes out: what was there before, and since when the key is in use."""
    if wish.first_call_at is None:
        wish.first_call_at = at
        wish.seen_invoice_stripe_id = remote.latest_invoice.id if remote.latest_invoice else ""
    wish.calls += 1
    wish.save(update_fields=["first_call_at", "seen_invoice_stripe_id", "calls"])


def _send(wish: Resumption, at: datetime) -> None:
    """Only what this very call answers says something about it; a read that fails says nothing."""
    try:
        gateway().resume_subscription(wish.subscription.stripe_id, wish.params, key=wish.idempotency_key)
    except Refused as error:
        _refused(wish, error, at)
    except ServerError:
        Resumption.objects.filter(pk=wish.pk).update(got_server_error=True)
        raise
    except NotExecuted:
        if wish.calls == 1:
            # Certainly not executed, and none was before: there is still nothing in doubt.
            Resumption.objects.filter(pk=wish.pk).update(calls=0, first_call_at=None)
        raise


def _refused(wish: Resumption, error: Refused, at: datetime) -> None:
    """A definite no to the first call ends it, unless somebody else has resumed it; a later one proves nothing."""
    with suppress(GatewayError):
        _read(wish, at)
    if wish.calls <= 1:
        _fail(wish, str(error)[:300], at)
    else:
        Resumption.objects.filter(pk=wish.pk, state=State.CONFIRMED).update(next_try_at=at + backoff(wish.reads))


@transaction.atomic
def _fail(wish: Resumption, error: str, at: datetime) -> None:
    """Nothing was charged and nothing changed; conditional, as a newer read may have settled it."""
    moved = Resumption.objects.filter(pk=wish.pk, state=State.CONFIRMED).update(
        state=State.FAILED, error=error, settled_at=at, next_try_at=None
    )
    wish.refresh_from_db()
    if moved:
        tell_of(wish, at)
