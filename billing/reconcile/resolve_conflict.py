"""A purchase whose evidence disagrees is settled by a person, after a fresh look."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing import facts
from billing.errors import NotOpen, ProviderUnavailable
from billing.gateway.contract import GatewayError, RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import COUNTING, seat_item
from billing.mirror.refresh import refresh_until_written
from billing.mirror.settle import FACT_OF, after_undo, commit_terms
from billing.mirror.verdict import FINE, FINE_ON_CREDIT
from billing.mirror.verify_charge import verify_charge
from billing.models import QuantityChange, Subscription
from billing.reconcile.check_money import check_paid_invoice

State = QuantityChange.State


def resolve_conflict(
    *, change: QuantityChange, applied: bool, actor: Actor, at: datetime, reason: str
) -> QuantityChange:
    """End a conflict as applied or as failed; the person says why.

    As applied only with a paid invoice (or when nothing was to be paid), so that no seats come without money; what
    was bought on credit may have its invoice open, as it is paid by its day. The ledger then gives the purchase its
    seats instead of an edit elsewhere. As failed although its invoice is paid opens an incident. Raises NotOpen when a
    fresh look has settled it or contradicts, ProviderUnavailable.
    """
    try:
        refresh_until_written(stripe_id=change.subscription.stripe_id, at=at)
        change.refresh_from_db()
        bill = gateway().invoice(change.invoice_stripe_id) if change.invoice_stripe_id else None
    except GatewayError as error:
        raise ProviderUnavailable from error
    if change.state != State.CONFLICT:
        raise NotOpen(_("A fresh look has settled it: %(state)s.") % {"state": change.get_state_display()})
    if applied:
        fine = FINE_ON_CREDIT if change.on_credit else FINE
        if (bill is None and change.quoted_total) or (bill is not None and bill.status not in fine):
            raise NotOpen(_("Stripe shows no paid invoice for this purchase. Resolve it as failed."))
        _apply(change, bill, actor, at, reason)
    else:
        _end(change, State.FAILED, actor, at, reason)
        if bill is not None:
            check_paid_invoice(invoice=bill, at=at)
    return change


@transaction.atomic
def _apply(change: QuantityChange, bill: RemoteInvoice | None, actor: Actor, at: datetime, reason: str) -> None:
    subscription = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=change.subscription_id)
    item = seat_item(subscription)
    now = item.quantity if item is not None and subscription.status in COUNTING else 0
    if now - change.added < 0:
        raise NotOpen(_("The subscription holds fewer seats than were bought. Resolve it as failed."))
    verify_charge(change=change, invoice=bill)
    _end(change, State.APPLIED, actor, at, reason)
    # The number that Stripe holds was told already, as an edit elsewhere; history gets the purchase in its place.
    without = now - change.added
    if change.kind == QuantityChange.Kind.UNDO:
        after_undo(change, at)
    commit_terms(change, subscription, at)
    steps = ((now, without, None, "external"), (without, now, change, FACT_OF.get(change.kind, "bought")))
    for before, after, whose, kind in steps:
        facts.quantity_changed.send(
            sender=Subscription,
            subscription=subscription,
            before=before,
            after=after,
            change=whose,
            invoice_stripe_id=change.invoice_stripe_id if whose else "",
            kind=kind,
            at=at,
        )


@transaction.atomic
def _end(change: QuantityChange, state: State, actor: Actor, at: datetime, reason: str) -> None:
    locked = QuantityChange.objects.select_for_update(no_key=True, of=("self",)).get(pk=change.pk)
    if locked.state != State.CONFLICT:
        raise NotOpen
    change.state, change.settled_at = state, at
    change.error_code = "resolved_by_staff"
    change.lease_until = change.next_try_at = None
    change.save()
    facts.change_moved.send(sender=QuantityChange, change=change, at=at)
    record_audit(
        account=change.account,
        actor=actor,
        action="purchase.resolved",
        target=change.public_id,
        summary=reason,
        state=str(state),
    )
