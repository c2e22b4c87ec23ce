"""Undo a purchase within its window: the seats go, and every cent comes back the way it went (ADR 15).

The quantity goes back by the same state machine as a purchase, prorated by Stripe for the very instant of the purchase,
so that the credit is the charge with the other sign. What the card paid is then refunded (give_back.py).
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.buy_quote import HAND_OVER
from billing.changes.finish_change import finish_change
from billing.changes.give_back import give_back
from billing.changes.rules import UNDO_WITHIN
from billing.errors import ChangeInProgress, NotUndoable, ProviderUnavailable, UndoTooLate
from billing.gateway.contract import GatewayError, RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import changes_of, seat_item
from billing.models import CreditNote, QuantityChange, Refund, Subscription
from billing.quotes.params import params_hash, preview_params, update_params
from seatportal.kit.clock import to_unix
from seatportal.kit.ids import public_id

State, Kind = QuantityChange.State, QuantityChange.Kind


def undoable_until(change: QuantityChange, *, at: datetime) -> datetime | None:
    """Until when this purchase may be undone; None when it may not (any more)."""
    try:
        check_may_undo(change, at=at)
    except (NotUndoable, UndoTooLate, ChangeInProgress):
        return None
    return change.settled_at + UNDO_WITHIN if change.settled_at else None


def check_may_undo(change: QuantityChange, *, at: datetime) -> None:
    """Raise NotUndoable, UndoTooLate or ChangeInProgress unless nothing has moved since this finished purchase.

    Nor while somebody checks an edit made at Stripe, or while collection is paused: then the undo's invoice would stay
    a draft or be void, and the seats would go without their money (payments.md §8).
    """
    if change.kind != Kind.ADD or change.state != State.APPLIED or change.settled_at is None or change.quote is None:
        raise NotUndoable
    if at > change.settled_at + UNDO_WITHIN:
        raise UndoTooLate
    later = QuantityChange.objects.filter(subscription=change.subscription, pk__gt=change.pk)
    if later.filter(state__in=QuantityChange.OPEN).exists():
        raise ChangeInProgress
    subscription, item = change.subscription, seat_item(change.subscription)
    if subscription.frozen:
        raise NotUndoable(
            _(
                "This subscription was changed at the payment service, and our team checks it first. The purchase "
                "stays as it is; your account team can take it back for you."
            )
        )
    if subscription.paused:
        raise NotUndoable(
            _(
                "Payments of this subscription are paused, so nothing can be given back now. The purchase stays as it "
                "is; your account team can take it back for you."
            )
        )
    same = (
        item is not None
        and item.stripe_id == change.item_stripe_id
        and item.price.stripe_id == change.price_stripe_id
        and item.quantity == change.target_quantity
        and to_unix(item.period_start) <= change.quote.proration_date
        and subscription.stamp == change.public_id
        and subscription.status in ("active", "trialing")
        and subscription.cancel_at is None
        and subscription.collection_method == "charge_automatically"
    )
    if not same or later.filter(state=State.APPLIED).exists():
        raise NotUndoable
    # A part went back already; the undo would give it a second time.
    if CreditNote.objects.filter(incident__change=change).exclude(state=CreditNote.State.REFUSED).exists():
        raise NotUndoable


def may_still_be_undone(account: Account, *, at: datetime) -> bool:
    """Whether a purchase of this account is within its window, so that its seats may be gone again in a moment."""
    recent = QuantityChange.objects.filter(account=account, kind=Kind.ADD, state=State.APPLIED)
    return any(undoable_until(change, at=at) for change in recent.filter(settled_at__gte=at - UNDO_WITHIN))


def undo_change(*, account: Account, change_id: str, actor: Actor, at: datetime) -> QuantityChange:
    """Take a purchase back whole; returns the undo. A second click returns the first one's.

    Raises NotUndoable, UndoTooLate, ChangeInProgress, ProviderUnavailable.
    """
    purchase = changes_of(account).filter(public_id=change_id).select_related("subscription__customer").first()
    if purchase is None:
        raise NotUndoable
    undo = _running(purchase)
    if undo is None:
        check_may_undo(purchase, at=at)
        undo = _accept(purchase=purchase, price=_price_of(purchase), actor=actor, at=at)
    undo = finish_change(change_id=undo.pk, at=at)
    refund = Refund.objects.filter(change=undo).first()
    if refund is not None:
        give_back(refund_id=refund.pk, at=at)
    return undo


def _running(purchase: QuantityChange) -> QuantityChange | None:
    live = (*QuantityChange.OPEN, State.APPLIED)
    return QuantityChange.objects.filter(account=purchase.account, undoes=purchase, state__in=live).first()


def _price_of(purchase: QuantityChange) -> RemoteInvoice:
    """What Stripe gives back; an undo that would cost something is none."""
    if purchase.quote is None:
        raise NotUndoable
    try:
        price = gateway().preview(
            preview_params(
                customer_id=purchase.subscription.customer.stripe_id,
                subscription_id=purchase.subscription.stripe_id,
                item_id=purchase.item_stripe_id,
                quantity=purchase.base_quantity,
                proration_date=purchase.quote.proration_date,
            )
        )
    except GatewayError as error:
        raise ProviderUnavailable from error
    if price.amount_due > 0 or price.currency != purchase.currency:
        raise NotUndoable
    return price


@transaction.atomic
def _accept(*, purchase: QuantityChange, price: RemoteInvoice, actor: Actor, at: datetime) -> QuantityChange:
    """The intent with its key and every parameter. Nothing is sent yet."""
    subscription = Subscription.objects.select_for_update(no_key=True).get(pk=purchase.subscription_id)
    purchase = QuantityChange.objects.select_related("quote", "subscription").get(pk=purchase.pk)
    check_may_undo(purchase, at=at)
    if purchase.quote is None:
        raise NotUndoable
    change_id = public_id("chg")
    params = update_params(
        change_id=change_id,
        item_id=purchase.item_stripe_id,
        quantity=purchase.base_quantity,
        proration_date=purchase.quote.proration_date,
    )
    try:
        with transaction.atomic():
            undo = QuantityChange.objects.create(
                public_id=change_id,
                kind=Kind.UNDO,
                undoes=purchase,
                account=purchase.account,
                subscription=subscription,
                user=actor.user,
                api_key=actor.api_key,
                reason=purchase.reason,
                base_quantity=purchase.target_quantity,
                target_quantity=purchase.base_quantity,
                base_version=subscription.version,
                item_stripe_id=purchase.item_stripe_id,
                price_stripe_id=purchase.price_stripe_id,
                currency=purchase.currency,
                quoted_total=price.total,
                quoted_due=price.amount_due,
                params=params,
                params_sha256=params_hash(params),
                idempotency_key=f"seatchg:{change_id}:1",
                confirmed_at=at,
                next_try_at=at + HAND_OVER,
            )
    except IntegrityError as error:
        if "change_one_open_per_subscription" in str(error) or "change_undone_once" in str(error):
            raise ChangeInProgress from error
        raise
    record_audit(
        account=purchase.account,
        actor=actor,
        action="purchase.undo",
        target=purchase.public_id,
        summary=f"{undo.base_quantity} → {undo.target_quantity}",
        undo=change_id,
        total=price.total,
        currency=purchase.currency,
    )
    return undo
