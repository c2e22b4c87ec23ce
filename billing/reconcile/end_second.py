"""Staff end a second subscription and give its payment back: what was bought twice is paid once."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.notices.send_notice import send_notice
from billing.errors import NotOpen, ProviderUnavailable
from billing.gateway.contract import GatewayError, Refused
from billing.gateway.refunds import STAMP
from billing.gateway.stripe_api import gateway
from billing.mirror.refresh import refresh_until_written
from billing.models import Customer, Drift, Subscription
from billing.models.drift import Kind
from billing.models.subscription import ENDED

log = structlog.get_logger(__name__)
State = Drift.State


def is_second(drift: Drift) -> bool:
    """Whether it is of a subscription beside the one that the account has."""
    if drift.kind != Kind.UNKNOWN or drift.account_id is None or drift.state not in (State.FOUND, State.IGNORED):
        return False
    return _beside(drift.account_id, drift.subject).exists()


def _beside(account_id: int, stripe_id: str) -> QuerySet[Subscription]:
    live = Subscription.objects.filter(account_id=account_id).exclude(status__in=ENDED)
    return live.exclude(stripe_id=stripe_id)


def end_second_subscription(*, drift: Drift, actor: Actor, at: datetime, reason: str) -> int:
    """Cancel it at once, refund its last payment, tell the owners; returns the amount, minor units.

    Read first: nothing is cancelled or given back twice, however often it is done after a crash. The keys are the
    drift's, which was stored before; it stays on the list until all of it is done. Raises NotOpen, ProviderUnavailable.
    """
    account = drift.account
    if account is None or not is_second(drift):
        raise NotOpen
    try:
        remote = gateway().subscription(drift.subject)
        if not Customer.objects.filter(account=account, stripe_id=remote.customer_id).exists():
            raise NotOpen
        for other in _beside(account.pk, drift.subject):
            refresh_until_written(stripe_id=other.stripe_id, at=at)
        if not is_second(drift):
            raise NotOpen(_("The account's other subscription has ended meanwhile, so this is not a second one."))
        if not _begin(drift, actor, reason):
            raise NotOpen
        if remote.status not in ENDED:
            gateway().cancel_subscription(remote.id, key=f"second:{drift.public_id}:cancel")
        invoice = remote.latest_invoice
        amount = _give_back(drift, invoice.id) if invoice is not None and invoice.amount_paid else 0
    except Refused:
        log.exception("second_subscription_not_ended", drift=drift.public_id)
        raise NotOpen from None
    except GatewayError as error:
        raise ProviderUnavailable from error
    currency = remote.currency
    with transaction.atomic():
        Drift.objects.filter(pk=drift.pk).update(
            state=State.REPAIRED, closed_at=at, handled_by=actor.user, note=reason[:300]
        )
        record_audit(
            account=account,
            actor=actor,
            action="subscription.second_ended",
            target=drift.public_id,
            summary=reason,
            subscription=drift.subject,
            refunded=amount,
            currency=currency,
        )
        send_notice(
            account=account,
            kind="second_ended",
            key=f"second_ended:{drift.public_id}",
            context={
                "amount": amount,
                "currency": currency,
                "link": reverse("billing:plan", args=[account.slug]),
            },
            at=at,
        )
    return amount


def _begin(drift: Drift, actor: Actor, reason: str) -> bool:
    """Note who ends it, so that the event of the end does not close what is half done."""
    free = Drift.objects.filter(pk=drift.pk, state__in=(State.FOUND, State.IGNORED))
    return bool(free.update(state=State.FOUND, handled_by=actor.user, note=reason[:300]))


def _give_back(drift: Drift, invoice_id: str) -> int:
    """Refund what paid the invoice, unless that was done; returns the amount."""
    payment = gateway().paid_by(invoice_id)
    if not payment:
        return 0
    done = [refund for refund in gateway().refunds_of(payment) if refund.status not in ("failed", "canceled")]
    if done:
        return sum(refund.amount for refund in done)
    params = {"payment_intent": payment, "reason": "duplicate", "metadata": {STAMP: drift.public_id}}
    return gateway().refund(params, key=f"second:{drift.public_id}:refund").amount
