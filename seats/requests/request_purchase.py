"""Somebody sends a price for approval."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Department, Membership
from accounts.webhooks.emit_events import emit_event
from billing.catalog.pricing import a_month, amount
from billing.catalog.queries import scheme_of
from billing.errors import QuoteUnknown
from billing.models import Price, Quote
from billing.quotes.queries import quote_of
from billing.terms.approvers import USUAL, chain_of
from seats.holders.wishes import request_data
from seats.models import RequestStep, SeatRequest
from seats.requests.rules import check_reason
from seats.requests.steps import turn_of
from seats.requests.tell_approvers import tell_approvers


def request_purchase(
    *,
    account: Account,
    membership: Membership,
    quote_id: str,
    reason: str,
    actor: Actor,
    at: datetime,
    members: Sequence[Membership] = (),
    emails: Sequence[str] = (),
    department: Department | None = None,
    po_number: str = "",
) -> SeatRequest:
    """Ask for what a quote names. Its price is kept as what it cost when asked; it is bought at a fresh one.

    membership: who asks, and does not approve. members, emails: whom the seats are for. A quote asked for twice is one
    request. Raises QuoteUnknown, ReasonMissing.
    """
    quote = quote_of(account, quote_id)
    if quote.consumed_at is not None or quote.kind == Quote.Kind.TRUE_UP:
        raise QuoteUnknown
    text = check_reason(reason)
    try:
        return _write(
            quote=quote,
            membership=membership,
            reason=text,
            actor=actor,
            at=at,
            members=members,
            emails=emails,
            department=department,
            po_number=po_number,
        )
    except IntegrityError as error:
        if "request_once_per_quote" in str(error):
            return SeatRequest.objects.get(account=account, quote_id=quote_id)
        raise


@transaction.atomic
def _write(
    *,
    quote: Quote,
    membership: Membership,
    reason: str,
    actor: Actor,
    at: datetime,
    members: Sequence[Membership],
    emails: Sequence[str],
    department: Department | None,
    po_number: str,
) -> SeatRequest:
    account = membership.account
    target = Price.objects.filter(stripe_id=quote.target_price_stripe_id).first()
    asked = SeatRequest.objects.create(
        account=account,
        kind=SeatRequest.Kind.PURCHASE,
        membership=membership,
        asked_by=membership.user,
        reason=reason,
        quantity=quote.added,
        department=department,
        emails=list(emails),
        po_number=po_number.strip()[:60],
        price_id=target.public_id if target else "",
        quote_id=quote.public_id,
        currency=quote.currency,
        asked_total=quote.weight,
        asked_due=quote.amount_due,
        asked_monthly=monthly_of(quote, target),
    )
    asked.people.set(members)
    for step in chain_of(account) or [USUAL]:
        row = RequestStep.objects.create(
            request=asked, position=step.position, role=step.role, from_amount=step.from_amount
        )
        row.people.set(step.people)
    emit_event(account=account, kind="request.made", data=request_data(asked), at=at)
    record_audit(
        account=account,
        actor=actor,
        action="purchase_request.made",
        target=asked.public_id,
        summary=f"{quote.base_quantity} → {quote.target_quantity}",
        reason=reason,
        total=quote.total,
        currency=quote.currency,
    )
    turn = turn_of(asked)
    if turn is not None:
        tell_approvers(asked, turn, at=at, why="asked")
    return asked


def monthly_of(quote: Quote, target: Price | None) -> int:
    """What every month costs more from then on, by the price list: a hint, since Stripe prices periods only."""
    before = Price.objects.get(stripe_id=quote.price_stripe_id)
    after = target or before
    every = [
        a_month(amount(scheme_of(price), seats), interval=price.interval, count=price.interval_count)
        for price, seats in ((before, quote.base_quantity), (after, quote.target_quantity))
    ]
    return every[1] - every[0]
