"""One payment page per account: a new one closes the one before, so that two cannot both be paid."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.rules import KEY_LIFE
from billing.errors import ChangeInProgress, ProviderUnavailable
from billing.gateway.contract import GatewayError, Refused
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import live_subscription
from billing.mirror.refresh import refresh_until_written
from billing.models import CheckoutSession, Customer, Price
from seatportal.kit.clock import to_unix
from seatportal.kit.ids import public_id

State = CheckoutSession.State

# A repeated click within this long opens the same page.
SAME_PAGE = timedelta(minutes=10)
# Stripe closes a page that nobody pays after this long; half an hour is the least that it takes.
SESSION_LIFE = timedelta(hours=2)


def open_page(
    *, account: Account, price: Price, quantity: int, params: dict[str, Any], actor: Actor, at: datetime
) -> str:
    """Close the account's open page, if it is for something else, and open one; returns its address.

    Raises ChangeInProgress when the open one was paid meanwhile, or another is just being opened; ProviderUnavailable.
    """
    try:
        before = _standing(account, at)
        if before is not None:
            if (before.price_id, before.quantity) == (price.pk, quantity) and at - before.opened_at < SAME_PAGE:
                return before.url
            _expire(before, at)
        row = _accept(account, price, quantity, params, actor, at)
        return _open(row, at).url
    except GatewayError as error:
        raise ProviderUnavailable from error


def close_paid_page(*, account: Account, at: datetime) -> None:
    """Write down that the open page was paid or has expired, where it was. Raises GatewayError."""
    row = _pending(account)
    if row is not None and row.state == State.OPEN:
        _read(row, at)


def _pending(account: Account) -> CheckoutSession | None:
    return CheckoutSession.objects.filter(account=account, state__in=CheckoutSession.PENDING).first()


def _standing(account: Account, at: datetime) -> CheckoutSession | None:
    """The page that can still be paid, read now; one whose answer was lost is asked for again with its own key."""
    row = _pending(account)
    if row is None:
        return None
    if row.state == State.CONFIRMED:
        if at - row.opened_at >= KEY_LIFE:
            _close(row, State.EXPIRED, at)  # Nobody ever saw its address, and its time is over.
            return None
        row = _open(row, at)
    return row if _read(row, at) else None


def _read(row: CheckoutSession, at: datetime) -> bool:
    """Whether it is open. What was paid on it is read at once; with that subscription live, nothing more is bought."""
    remote = gateway().checkout(row.stripe_id)
    if remote.status == "open":
        return True
    if remote.subscription_id:
        # Before the row is closed: as long as what was paid is not read, no other page may open.
        refresh_until_written(stripe_id=remote.subscription_id, at=at)
    _close(row, State.COMPLETE if remote.status == "complete" else State.EXPIRED, at)
    return False


def _expire(row: CheckoutSession, at: datetime) -> None:
    try:
        gateway().expire_checkout(row.stripe_id, key=f"checkout-expire:{row.public_id}")
    except Refused:
        if _read(row, at):
            raise
        return
    _close(row, State.EXPIRED, at)


@transaction.atomic
def _accept(
    account: Account, price: Price, quantity: int, params: dict[str, Any], actor: Actor, at: datetime
) -> CheckoutSession:
    """The row with its key. Nothing is sent yet."""
    Customer.objects.select_for_update(no_key=True).get(account=account)
    if live_subscription(account) is not None:
        raise ChangeInProgress(_("This account has a subscription already. Add seats to it instead."))
    session_id = public_id("chk")
    try:
        with transaction.atomic():
            row = CheckoutSession.objects.create(
                public_id=session_id,
                account=account,
                user=actor.user,
                price=price,
                quantity=quantity,
                params=params | {"expires_at": to_unix(at + SESSION_LIFE)},
                idempotency_key=f"checkout:{session_id}:1",
                opened_at=at,
            )
    except IntegrityError as error:
        if "checkout_one_open_per_account" in str(error):
            raise ChangeInProgress(_("Another payment page is just being opened. Try again in a moment.")) from error
        raise
    row.refresh_from_db()  # The parameters in the order in which they will be sent again.
    record_audit(
        account=account,
        actor=actor,
        action="checkout.opened",
        target=session_id,
        summary=f"{quantity}",
        price=price.public_id,
    )
    return row


def _open(row: CheckoutSession, at: datetime) -> CheckoutSession:
    """Send the stored parameters with the stored key."""
    try:
        remote = gateway().open_checkout(row.params, key=row.idempotency_key)
    except Refused:
        _close(row, State.FAILED, at)
        raise
    values = {"state": State.OPEN, "stripe_id": remote.id, "url": remote.url}
    CheckoutSession.objects.filter(pk=row.pk, state=State.CONFIRMED).update(**values)
    row.refresh_from_db()
    return row


def _close(row: CheckoutSession, state: str, at: datetime) -> None:
    CheckoutSession.objects.filter(pk=row.pk, state__in=CheckoutSession.PENDING).update(state=state, closed_at=at)
