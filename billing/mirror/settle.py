"""Bring the open purchase and the planned reduction to what a fresh read proves. Only called by the mirror."""

from datetime import datetime

import structlog

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing import facts
from billing.gateway.contract import RemoteInvoice, RemotePayment, RemoteSubscription
from billing.mirror.verdict import Intent, Verdict, judge
from billing.mirror.verify_charge import verify_charge
from billing.models import QuantityChange, Refund, ScheduledDecrease, Subscription, SubscriptionItem
from billing.terms.commit import commit_added, commit_to_year, uncommit_added
from billing.terms.queries import terms_in_force
from billing.terms.rules import lowest_from

log = structlog.get_logger(__name__)
State = QuantityChange.State
# What the apps above are told; every other kind is a purchase.
FACT_OF: dict[str, str] = {
    QuantityChange.Kind.UNDO: "undone",
    QuantityChange.Kind.PLAN: "plan",
    QuantityChange.Kind.REDUCE: "reduced",
}


def intent_of(change: QuantityChange) -> Intent:
    """The part of a change that is judged."""
    return Intent(
        public_id=change.public_id,
        state=change.state,
        calls=change.calls,
        item_id=change.item_stripe_id,
        price_id=change.price_stripe_id,
        base_quantity=change.base_quantity,
        target_quantity=change.target_quantity,
        quoted_total=change.quoted_total,
        first_call_at=change.first_call_at,
        invoice_id=change.invoice_stripe_id,
        on_credit=change.on_credit,
    )


def settle_change(
    *,
    subscription: Subscription,
    remote: RemoteSubscription,
    invoice: RemoteInvoice | None,
    payment: RemotePayment | None,
    before: int,
    at: datetime,
) -> int:
    """Move the open change, if any, to its verdict. Returns the quantity that has been told upwards so far."""
    change = (
        QuantityChange.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "api_key", "quote")
        .filter(subscription=subscription, state__in=QuantityChange.OPEN)
        .first()
    )
    if change is None:
        return before
    # The locked row with its lines, so that whoever is told need not read them again.
    change.subscription, change.account = subscription, subscription.account
    verdict = judge(intent_of(change), remote, invoice)
    moved = verdict.state != change.state
    if not moved and not _tells_more(change, verdict, payment):
        return before
    change.state = verdict.state
    if verdict.invoice is not None:
        change.invoice_stripe_id = verdict.invoice.id
    if verdict.state == State.AWAITING_PAYMENT:
        change.pending_expires_at = remote.pending_expires_at
        change.payment_needs = payment.needs if payment else ""
        change.decline_code = payment.decline_code[:64] if payment else ""
    if verdict.code and moved:
        change.error_code = verdict.code
    if not change.is_open:
        change.settled_at = at
        change.lease_until = change.next_try_at = None
    if verdict.state == State.APPLIED:
        verify_charge(change=change, invoice=verdict.invoice)
    change.save()
    facts.change_moved.send(sender=QuantityChange, change=change, at=at)
    if not moved:
        return before
    log.info("change_settled", change=change.public_id, state=change.state, code=verdict.code)
    audit_change(change, code=verdict.code)
    if change.state != State.APPLIED:
        return before
    undone = change.kind == QuantityChange.Kind.UNDO
    if undone:
        after_undo(change, at)
    commit_terms(change, subscription, at)
    facts.quantity_changed.send(
        sender=Subscription,
        subscription=subscription,
        before=before,
        after=change.target_quantity,
        change=change,
        invoice_stripe_id=change.invoice_stripe_id,
        kind=FACT_OF.get(change.kind, "bought"),
        at=at,
    )
    return change.target_quantity


def audit_change(change: QuantityChange, *, code: str) -> None:
    """That a change reached another state by what Stripe said. In the caller's transaction."""
    record_audit(
        account=change.account,
        actor=Actor.system("stripe"),
        action=f"purchase.{change.state}",
        target=change.public_id,
        summary=f"{change.base_quantity} → {change.target_quantity}",
        quoted=change.quoted_total,
        charged=change.charged_total,
        currency=change.currency,
        code=code,
    )


def after_undo(change: QuantityChange, at: datetime) -> None:
    """The money is credit now: what the card paid has to go back to it. A plan that no longer reduces is over."""
    Refund.objects.get_or_create(
        change=change, defaults={"account": change.account, "currency": change.currency, "next_try_at": at}
    )
    ScheduledDecrease.objects.filter(
        subscription=change.subscription,
        state=ScheduledDecrease.State.PLANNED,
        renew_quantity__gte=change.target_quantity,
    ).update(state=ScheduledDecrease.State.WITHDRAWN, closed_at=at)


def commit_terms(change: QuantityChange, subscription: Subscription, at: datetime) -> None:
    """What a purchase commits to stands or falls with it."""
    if change.kind == QuantityChange.Kind.ADD:
        raised = commit_added(
            account=change.account,
            before=change.base_quantity,
            quantity=change.target_quantity,
            at=at,
            change_id=change.public_id,
        )
        if raised is not None:
            change.committed_from, change.committed_to = raised
            change.save(update_fields=["committed_from", "committed_to"])
        return
    bought = change.undoes
    if bought is not None and bought.committed_from is not None and bought.committed_to is not None:
        committed = (bought.committed_from, bought.committed_to)
        uncommit_added(account=change.account, committed=committed, change_id=change.public_id)
    item = subscription.items.select_related("price").filter(stripe_id=change.item_stripe_id).first()
    if change.kind == QuantityChange.Kind.PLAN and item is not None and item.price.interval == "year":
        commit_to_year(
            account=change.account, quantity=change.target_quantity, until=item.period_end, change_id=change.public_id
        )


def _tells_more(change: QuantityChange, verdict: Verdict, payment: RemotePayment | None) -> bool:
    """Whether a read that leaves the state as it is still has something to keep: the invoice, or why it is unpaid."""
    if change.state not in (State.AWAITING_PAYMENT, State.CONFLICT):
        return False
    if verdict.invoice is not None and not change.invoice_stripe_id:
        return True
    return payment is not None and (payment.needs, payment.decline_code) != (
        change.payment_needs,
        change.decline_code,
    )


def _follow_period(plan: ScheduledDecrease, subscription: Subscription, item: SubscriptionItem, at: datetime) -> None:
    """Before its day: placed without a schedule, it is planned again; and its day is where the period ends now.

    The first is what a process leaves that dies after a release; the second comes with a change of plan, or of the
    period at Stripe. One that the new plan's bounds forbid, or that reduces nothing any more, is over.
    """
    if plan.state == ScheduledDecrease.State.PLACED and not subscription.schedule_stripe_id:
        log.warning("schedule_was_released", reduction=plan.public_id, subscription=subscription.stripe_id)
        plan.state, plan.schedule_stripe_id = ScheduledDecrease.State.PLANNED, ""
        plan.tries += 1
        plan.first_call_at = plan.next_try_at = None
        plan.save()
    if plan.state != ScheduledDecrease.State.PLANNED or plan.effective_at == item.period_end:
        return
    lowest = lowest_from(terms_in_force(plan.account, item.price.plan, at), item.period_end)
    if not lowest <= plan.renew_quantity < item.quantity:
        plan.state, plan.closed_at = ScheduledDecrease.State.WITHDRAWN, at
    plan.effective_at = item.period_end
    plan.save()
    withdrawn = plan.state == ScheduledDecrease.State.WITHDRAWN
    record_audit(
        account=plan.account,
        actor=Actor.system("stripe"),
        action="reduction.withdrawn" if withdrawn else "reduction.moved",
        target=plan.public_id,
        summary=f"{plan.base_quantity} → {plan.renew_quantity}",
        effective_at=plan.effective_at.isoformat(),
    )
    if not withdrawn:
        facts.reduction_planned.send(sender=ScheduledDecrease, plan=plan, at=at)


def settle_decrease(*, subscription: Subscription, quantity: int, reduced: bool, at: datetime) -> bool:
    """Close the planned reduction once its period began. Returns whether it is what lowered the quantity."""
    plan = (
        ScheduledDecrease.objects.select_for_update(no_key=True, of=("self",))
        .filter(subscription=subscription, state__in=ScheduledDecrease.OPEN)
        .first()
    )
    if plan is None:
        return False
    if not quantity:
        plan.state, plan.closed_at = ScheduledDecrease.State.WITHDRAWN, at
        plan.save()
        return False
    item = subscription.items.select_related("price__plan").order_by("id").first()
    if item is None:
        return False
    if item.period_start < plan.effective_at:
        _follow_period(plan, subscription, item, at)
        return False
    if quantity == plan.renew_quantity:
        plan.state, plan.closed_at = ScheduledDecrease.State.DONE, at
        plan.save()
        return reduced
    if plan.state != ScheduledDecrease.State.MISSED:
        # The period began without it (no worker ran for a day): changes/repair_decreases.py puts it right.
        log.error("reduction_missed", reduction=plan.public_id, subscription=subscription.stripe_id)
        plan.state, plan.missed_quantity, plan.next_try_at = ScheduledDecrease.State.MISSED, quantity, at
        plan.tries = 0
        plan.save()
    return False
