"""Approvers decide a purchase, step by step; the last word buys it at the price that was on the page.

The row of the request is locked for every word, so two approvers at once are one after the other, and there is one
purchase. It goes through the ordinary state machine; what becomes of it is followed in follow_purchase.py.
"""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.members.queries import members_of
from accounts.models import Account
from accounts.webhooks.emit_events import emit_event
from billing.changes.buy_quote import Approval, accept_quote
from billing.changes.finish_change import finish_change
from billing.errors import QuoteExpired
from billing.mirror.queries import live_subscription, seat_item
from billing.models import Price, Quote
from billing.quotes.queries import quote_of
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import NotAnApprover, PriceNeeded, RequestGone
from seats.holders.planned import plan_holders
from seats.holders.wishes import request_data
from seats.models import RequestStep, SeatRequest
from seats.requests.approved_tranche import check_waits, follow_approval, hold_tranche_of
from seats.requests.lock import lock_open_request
from seats.requests.steps import approvers_of, open_steps, steps_of, turn_of, turns
from seats.requests.tell_approvers import tell_approvers, tell_asker


def price_request(*, account: Account, request: SeatRequest, actor: Actor, at: datetime) -> Quote:
    """What the purchase costs now, from Stripe, held for ten minutes. Raises what quote_quantity and quote_plan do."""
    if not request.price_id:
        return quote_quantity(account=account, actor=actor, add=request.quantity or 0, at=at)
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    seats = item.quantity + (request.quantity or 0) if item else None
    return quote_plan(account=account, actor=actor, price_id=request.price_id, quantity=seats, at=at)


def approve_purchase(
    *, account: Account, request: SeatRequest, quote_id: str, answer: str, actor: Actor, at: datetime
) -> SeatRequest:
    """Agree to the price of a quote; the last step that it takes buys it, charged at that very price.

    Steps that agreed to less are asked again. A second click changes nothing. Raises RequestGone, NotAnApprover,
    PriceNeeded, QuoteUnknown, QuoteExpired, QuoteChanged, a GrowthRefused, ChangeInProgress, TrancheClosed: then
    nothing is approved.
    """
    quote = quote_of(account, quote_id)
    _check_priced(request, quote, at)
    # Noted before the purchase, as in buy_and_assign; without one the note means nothing.
    present = members_of(account).filter(pk__in=request.people.values("pk"))
    plan_holders(
        account=account,
        quote_id=quote_id,
        members=list(present),
        emails=request.emails,
        department=request.department,
        actor=actor,
    )
    decided = _approve(account, request, quote, answer, actor, at)
    if decided.state == SeatRequest.State.BUYING and decided.change_id is not None:
        finish_change(change_id=decided.change_id, at=at)
    decided.refresh_from_db()
    return decided


@transaction.atomic
def refuse_purchase(*, account: Account, request: SeatRequest, answer: str, actor: Actor, at: datetime) -> SeatRequest:
    """Whose turn it is says no: that ends the request. Raises RequestGone, NotAnApprover."""
    locked = lock_open_request(account, request)
    turn = turn_of(locked)
    _step_for(locked, [turn] if turn else [], actor)
    locked.state, locked.answer = SeatRequest.State.REFUSED, answer.strip()[:300]
    locked.decided_by, locked.decided_at = actor.user, at
    locked.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    emit_event(account=account, kind="request.refused", data=request_data(locked), at=at)
    record_audit(
        account=account,
        actor=actor,
        action="purchase_request.refused",
        target=locked.public_id,
        summary=str(locked.quantity),
        answer=locked.answer,
    )
    tell_asker(locked, outcome="refused", who=actor.user, at=at)
    return locked


@transaction.atomic
def _approve(
    account: Account, request: SeatRequest, quote: Quote, answer: str, actor: Actor, at: datetime
) -> SeatRequest:
    tranche = hold_tranche_of(request)
    try:
        locked = lock_open_request(account, request)
    except RequestGone:
        mine = RequestStep.objects.filter(request=request, decided_by=actor.user, approved__isnull=False)
        if actor.user is None or not mine.exists():
            raise
        return SeatRequest.objects.get(account=account, pk=request.pk)  # The second click of one who approved.
    check_waits(tranche, locked)
    # It may have grown since it was looked at (grow_purchase.py).
    _check_priced(locked, quote, at)
    steps = steps_of(locked)
    step: RequestStep | None = _step_for(locked, turns(steps, total=quote.weight), actor)
    locked.answer = answer.strip()[:300]
    # Whoever stands behind the next step as well has said yes to it: a second click of theirs decides nothing more.
    while step is not None:
        step.decided_by, step.decided_at, step.approved = actor.user, at, max(quote.weight, 0)
        step.save(update_fields=["decided_by", "decided_at", "approved"])
        record_audit(
            account=account,
            actor=actor,
            action="purchase_request.approved",
            target=locked.public_id,
            summary=f"{step.position}/{len(steps)}",
            total=quote.total,
            currency=quote.currency,
            answer=locked.answer,
        )
        waiting = open_steps(steps, total=quote.weight)
        step = next((one for one in turns(waiting, total=quote.weight) if _may_decide(locked, one, actor)), None)
    left = open_steps(steps, total=quote.weight)
    if left:
        # A step before this one had agreed to less: it looks again.
        tell_approvers(locked, left[0], at=at, why="price" if left[0].approved is not None else "next")
    else:
        change = accept_quote(
            quote=quote,
            actor=actor,
            at=at,
            reason=locked.reason,
            po_number=locked.po_number,
            approval=Approval(request_id=locked.public_id, most=quote.total),
        )
        if change.approval_id != locked.public_id or change.pk == locked.change_id:
            # The price was used already, by somebody's own purchase or by a try of this one that failed.
            raise PriceNeeded(field="quote_id")
        locked.change = change
        locked.state, locked.problem = SeatRequest.State.BUYING, ""
        locked.decided_by, locked.decided_at = actor.user, at
        if tranche is not None:
            follow_approval(tranche, change, at)
    locked.save(update_fields=["state", "answer", "change", "problem", "decided_by", "decided_at"])
    return locked


def _step_for(request: SeatRequest, steps: list[RequestStep], actor: Actor) -> RequestStep:
    """The first of these steps that a person may decide; a key is nobody in person. Raises NotAnApprover."""
    for step in steps:
        if _may_decide(request, step, actor):
            return step
    names = [one.user.get_full_name() for one in approvers_of(request, steps[0])] if steps else []
    raise NotAnApprover(approvers=names)


def _may_decide(request: SeatRequest, step: RequestStep, actor: Actor) -> bool:
    return actor.user is not None and actor.user.pk in {one.user_id for one in approvers_of(request, step)}


def _check_priced(request: SeatRequest, quote: Quote, at: datetime) -> None:
    """The quote is one of this very purchase, and its price is held. Raises PriceNeeded, QuoteExpired."""
    if quote.consumed_at is not None:
        return  # Decided with it already; a second click says what became of it.
    target = Price.objects.filter(stripe_id=quote.target_price_stripe_id).first()
    same = (target.public_id if target else "") == request.price_id and quote.added == request.quantity
    # What earlier steps agreed to says nothing in another currency, which a new subscription may have.
    same = same and quote.currency == request.currency
    if not request.is_purchase or not same or quote.kind == Quote.Kind.TRUE_UP:
        raise PriceNeeded(field="quote_id")
    if at >= quote.expires_at:
        raise QuoteExpired
