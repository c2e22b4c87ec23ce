"""What becomes of a refund after Stripe accepted it: a bank may send it back after days (ADR 22)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.changes.give_back import give_back, mark_returned
from billing.errors import NotOpen, ProviderUnavailable
from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway
from billing.models import Refund

State = Refund.State


class RefundUnderWay(Exception):
    """Its two calls are not both answered yet; whoever wants to follow it comes again."""


def follow_refund(*, stripe_id: str, at: datetime) -> bool:
    """Read one refund; returns whether it is news that it came back. One that is none of our rows concerns nobody.

    Nothing is sent: the credit is given again by the sweep, which is rung. Raises GatewayError, RefundUnderWay.
    """
    refund = Refund.objects.select_related("account", "change").filter(refund_stripe_id=stripe_id).first()
    if refund is None:
        return False
    remote = gateway().read_refund(stripe_id)
    if not remote.came_back or refund.state in (State.RETURNED, State.LEFT):
        return False
    if refund.state == State.DUE:
        raise RefundUnderWay(refund.public_id)
    return mark_returned(refund=refund, remote=remote, at=at)


def may_try_again(refund: Refund) -> bool:
    """Whether staff may: nothing of it is under way, and its money is credit."""
    returned = refund.state == State.RETURNED and refund.next_try_at is None
    return (returned and not owes_credit(refund)) or refund.state == State.REFUSED


def may_leave(refund: Refund) -> bool:
    """Whether it may stay credit: nothing is under way, and credit it is."""
    return refund.state in Refund.STUCK and refund.next_try_at is None and not owes_credit(refund)


def owes_credit(refund: Refund) -> bool:
    """Whether the bank sent it back and Stripe refused to make it credit again: the customer has neither."""
    stuck = refund.state == State.RETURNED and refund.next_try_at is None
    return stuck and bool(refund.balance_stripe_id) and not refund.credit_stripe_id


def retry_refund(*, refund: Refund, actor: Actor, at: datetime, reason: str) -> Refund:
    """Staff: send the card's part once more, with keys of a new attempt; what is at Stripe already is found first.

    The same amount leaves the credit, so it must still be there. Raises NotOpen, ProviderUnavailable (nothing moved).
    """
    if refund.balance_amount and (refund.state == State.RETURNED or not refund.refund_stripe_id):
        _check_credit(refund)
    with transaction.atomic():
        locked = Refund.objects.select_for_update(no_key=True, of=("self",)).get(pk=refund.pk)
        if not may_try_again(locked):
            raise NotOpen(_("This refund is under way, or settled already."))
        if locked.state == State.RETURNED:
            locked.refund_stripe_id = locked.balance_stripe_id = locked.credit_stripe_id = locked.failure_reason = ""
            locked.returned_at = locked.done_at = None
        locked.state, locked.attempt, locked.error = State.DUE, locked.attempt + 1, ""
        locked.calls, locked.first_call_at, locked.next_try_at = 0, None, at
        locked.save()
        _audit(locked, "again", actor, reason)
    return give_back(refund_id=refund.pk, at=at)


def give_credit_again(*, refund: Refund, actor: Actor, at: datetime, reason: str) -> Refund:
    """Staff: make it credit again after Stripe refused that, with keys of a new attempt. Raises NotOpen."""
    with transaction.atomic():
        locked = Refund.objects.select_for_update(no_key=True, of=("self",)).get(pk=refund.pk)
        if not owes_credit(locked):
            raise NotOpen(_("This refund is under way, or settled already."))
        locked.attempt, locked.error = locked.attempt + 1, ""
        locked.calls, locked.first_call_at, locked.next_try_at = 0, None, at
        locked.save()
        _audit(locked, "again", actor, reason)
    return give_back(refund_id=refund.pk, at=at)


@transaction.atomic
def leave_as_credit(*, refund: Refund, actor: Actor, at: datetime, reason: str) -> Refund:
    """Staff: nothing more is to be done, the customer keeps the credit. Raises NotOpen while something is under way."""
    locked = Refund.objects.select_for_update(no_key=True, of=("self",)).get(pk=refund.pk)
    if not may_leave(locked):
        raise NotOpen(_("This refund is under way, or settled already."))
    locked.state = State.LEFT
    locked.save(update_fields=["state"])
    _audit(locked, "left", actor, reason)
    return locked


def _check_credit(refund: Refund) -> None:
    try:
        balance = gateway().customer(refund.change.subscription.customer.stripe_id).balance
    except GatewayError as error:
        raise ProviderUnavailable from error
    if -balance < (refund.balance_amount or 0):
        raise NotOpen(
            _("The customer has used this credit since, so it cannot go to the card as well. Leave it as credit.")
        )


def _audit(refund: Refund, what: str, actor: Actor, reason: str) -> None:
    record_audit(
        account=refund.account,
        actor=actor,
        action=f"refund.{what}",
        target=refund.public_id,
        summary=reason,
        attempt=refund.attempt,
        amount=refund.amount,
        currency=refund.currency,
    )
