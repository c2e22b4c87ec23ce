"""While a purchase waits for its payment: where to pay, try again, stop."""

from datetime import datetime

from django.db.models import F, Q

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.finish_change import finish_change
from billing.changes.rules import FRESH, LOOK_AGAIN
from billing.errors import NotCancellable, PaymentDeclined, ProviderUnavailable
from billing.gateway.contract import Declined, GatewayError, Refused
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.queries import customer_of
from billing.models import Invoice, QuantityChange

State = QuantityChange.State


def payment_link(change: QuantityChange) -> str:
    """Stripe's page where the bank's confirmation or another card finishes this purchase; empty when there is none."""
    if change.state != State.AWAITING_PAYMENT or not change.invoice_stripe_id:
        return ""
    invoice = Invoice.objects.filter(account=change.account, stripe_id=change.invoice_stripe_id).first()
    return invoice.hosted_url if invoice else ""


def follow_payment(*, change: QuantityChange, at: datetime) -> QuantityChange:
    """Look at Stripe for a purchase whose payment is awaited, since people come back from its page before any webhook.

    At most one look every few seconds, however many pages are open; other states are the sweep's to follow.
    """
    due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=at + LOOK_AGAIN - FRESH)
    mine = QuantityChange.objects.filter(due, pk=change.pk, state=State.AWAITING_PAYMENT).update(
        next_try_at=at + LOOK_AGAIN
    )
    return finish_change(change_id=change.pk, at=at) if mine else change


def retry_payment(*, account: Account, change_id: str, actor: Actor, at: datetime) -> QuantityChange:
    """Try the waiting invoice again with the card now on file. Raises PaymentDeclined, ProviderUnavailable."""
    change = _change(account, change_id)
    if change.state != State.AWAITING_PAYMENT:
        return finish_change(change_id=change.pk, at=at)
    customer = customer_of(account)
    QuantityChange.objects.filter(pk=change.pk).update(payment_tries=F("payment_tries") + 1)
    change.refresh_from_db()
    try:
        if customer is not None:
            refresh_customer(stripe_id=customer.stripe_id, at=at)
        gateway().pay_invoice(change.invoice_stripe_id, key=f"pay:{change.public_id}:{change.payment_tries}")
    except Declined as error:
        finish_change(change_id=change.pk, at=at)
        raise PaymentDeclined(decline_code=error.decline_code) from error
    except GatewayError as error:
        finish_change(change_id=change.pk, at=at)
        raise ProviderUnavailable from error
    record_audit(account=account, actor=actor, action="purchase.paid_again", target=change.public_id)
    return finish_change(change_id=change.pk, at=at)


def cancel_change(*, account: Account, change_id: str, actor: Actor, at: datetime) -> QuantityChange:
    """Stop a purchase: one that was never sent, or one whose payment is awaited (its invoice is voided).

    Raises NotCancellable, ProviderUnavailable.
    """
    change = _change(account, change_id)
    stopped = QuantityChange.objects.filter(
        pk=change.pk, state=State.CONFIRMED, in_doubt=False, lease_until__isnull=True, calls=change.calls
    ).update(state=State.REJECTED, error_code="cancelled", settled_at=at, next_try_at=None)
    if not stopped:
        if change.state != State.AWAITING_PAYMENT or not change.invoice_stripe_id:
            raise NotCancellable
        try:
            gateway().void_invoice(change.invoice_stripe_id, key=f"void:{change.public_id}")
        except Refused:
            pass  # Paid or void already; the read below says which.
        except GatewayError as error:
            raise ProviderUnavailable from error
    record_audit(account=account, actor=actor, action="purchase.stopped", target=change.public_id)
    return finish_change(change_id=change.pk, at=at)


def _change(account: Account, public_id: str) -> QuantityChange:
    change = QuantityChange.objects.filter(account=account, public_id=public_id).select_related("subscription").first()
    if change is None:
        raise NotCancellable
    return change
