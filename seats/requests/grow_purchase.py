"""More is wanted than a purchase was asked for, and nobody has answered yet."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.models import Price, Quote
from seats.models import SeatRequest
from seats.requests.lock import lock_open_request
from seats.requests.request_purchase import monthly_of
from seats.requests.steps import turn_of
from seats.requests.tell_approvers import tell_approvers


@transaction.atomic
def grow_purchase(*, account: Account, request: SeatRequest, quote: Quote, actor: Actor, at: datetime) -> SeatRequest:
    """Put the larger number and its price into an open request; a smaller one, or another plan, changes nothing.

    Who agreed to less is asked again, by the rule of every price that rose; a click on the former number finds that it
    is another one now. Raises RequestGone.
    """
    locked = lock_open_request(account, request)
    before = locked.quantity or 0
    if not locked.is_purchase or locked.price_id or quote.added <= before or quote.currency != locked.currency:
        return locked
    agreed = locked.steps.filter(approved__isnull=False).exists()
    target = Price.objects.filter(stripe_id=quote.target_price_stripe_id).first()
    locked.quantity, locked.quote_id = quote.added, quote.public_id
    locked.asked_total, locked.asked_due = quote.weight, quote.amount_due
    locked.asked_monthly = monthly_of(quote, target)
    locked.save(update_fields=["quantity", "quote_id", "asked_total", "asked_due", "asked_monthly"])
    # A yes was to fewer seats, at whatever price.
    locked.steps.update(approved=None, decided_by=None, decided_at=None)
    record_audit(
        account=account,
        actor=actor,
        action="purchase_request.grown",
        target=locked.public_id,
        summary=f"{before} → {locked.quantity}",
        total=quote.total,
        currency=quote.currency,
    )
    turn = turn_of(locked)
    if agreed and turn is not None:
        # Whoever has not looked yet sees the new number when they do; who said yes has to hear of it.
        tell_approvers(locked, turn, at=at, why="price")
    return locked
