"""One click: accept a quote, then charge it. The row exists before the first byte goes to Stripe."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.finish_change import finish_change
from billing.errors import ApprovalOutrun, ChangeInProgress, QuoteChanged, QuoteExpired, QuoteUnknown
from billing.mirror.queries import open_on_credit
from billing.models import Price, QuantityChange, Quote, Subscription, SubscriptionItem
from billing.quotes.approval import check_quote
from billing.quotes.params import params_hash, update_params
from billing.quotes.queries import quote_of
from billing.quotes.quote_plan import check_may_switch, check_sells
from billing.quotes.rules import Standing, check_credit, check_may_grow, without_bounds
from billing.quotes.standing import standing_of
from billing.terms.queries import terms_in_force
from billing.terms.rules import InForce
from seatportal.kit.ids import public_id

# If this process dies right after accepting, the sweep takes over after this long.
HAND_OVER = timedelta(seconds=20)


@dataclass(frozen=True)
class Approval:
    """What somebody approved. request_id: the request's public id. most: minor units of the quote's currency."""

    request_id: str
    most: int


def buy_quote(
    *, account: Account, quote_id: str, actor: Actor, at: datetime, reason: str = "", po_number: str = ""
) -> QuantityChange:
    """Accept a quote and see it through as far as Stripe answers now.

    The change that comes back may still be open (awaiting payment, being checked); it settles by itself. A second
    click on the same quote returns the first click's change. Raises QuoteUnknown, QuoteExpired, QuoteChanged, a
    GrowthRefused, ChangeInProgress, ApprovalRequired.
    """
    quote = quote_of(account, quote_id)
    change = accept_quote(quote=quote, actor=actor, at=at, reason=reason, po_number=po_number)
    return finish_change(change_id=change.pk, at=at)


@transaction.atomic
def accept_quote(
    *,
    quote: Quote,
    actor: Actor,
    at: datetime,
    reason: str = "",
    po_number: str = "",
    true_up_key: str = "",
    present: bool = True,
    approval: Approval | None = None,
) -> QuantityChange:
    """Turn a promise into an intent with its key and every parameter. Nothing is sent yet.

    po_number: empty: the one agreed in their terms. It stands on the order's document, and where an invoice is sent,
    on that; Stripe takes none along with a charge of a card. true_up_key: the key of a
    true-up, whose price nothing else may accept. present: see update_params. approval: where it was approved; then the
    month's allowance is not asked, and never more is charged than was approved.

    Raises what buy_quote raises, ApprovalOutrun.
    """
    # Serializes two clicks, and a click against a refresh that writes the same subscription (mirror/refresh.py).
    locked = Subscription.objects.select_for_update(no_key=True, of=("self",)).select_related("account")
    subscription = locked.get(pk=quote.subscription_id)
    quote = Quote.objects.select_for_update(no_key=True).get(pk=quote.pk)
    quote.account = subscription.account
    if quote.consumed_at is not None:
        return QuantityChange.objects.get(quote=quote)
    if bool(true_up_key) != (quote.kind == Quote.Kind.TRUE_UP):
        raise QuoteUnknown
    if at >= quote.expires_at:
        raise QuoteExpired
    standing, item = standing_of(subscription, at)
    if standing.open_change or standing.pending:
        raise ChangeInProgress
    if subscription.version != quote.base_version or item.stripe_id != quote.item_stripe_id:
        raise QuoteChanged
    held = terms_in_force(quote.account, item.price.plan, at)
    _check_again(quote, standing, item, held, at)
    _check_approved(quote, approval, actor, at)
    change_id = public_id("chg")
    po_number = (po_number.strip() or held.po_number)[:60]
    params = update_params(
        change_id=change_id,
        item_id=quote.item_stripe_id,
        quantity=quote.target_quantity,
        proration_date=quote.proration_date,
        price_id=quote.target_price_stripe_id,
        new_cycle=quote.new_cycle,
        on_credit=quote.on_credit,
        po_number=po_number,
        present=present,
    )
    try:
        with transaction.atomic():
            change = QuantityChange.objects.create(
                public_id=change_id,
                account=quote.account,
                subscription=subscription,
                quote=quote,
                user=actor.user,
                api_key=actor.api_key,
                reason=reason[:200],
                kind=quote.kind,
                target_price_stripe_id=quote.target_price_stripe_id,
                on_credit=quote.on_credit,
                po_number=po_number,
                approval_id=approval.request_id if approval else "",
                base_quantity=quote.base_quantity,
                target_quantity=quote.target_quantity,
                base_version=quote.base_version,
                item_stripe_id=quote.item_stripe_id,
                price_stripe_id=quote.price_stripe_id,
                currency=quote.currency,
                quoted_total=quote.total,
                quoted_due=quote.amount_due,
                params=params,
                params_sha256=params_hash(params),
                idempotency_key=true_up_key or f"seatchg:{change_id}:1",
                confirmed_at=at,
                next_try_at=at + HAND_OVER,
            )
    except IntegrityError as error:
        if "change_one_open_per_subscription" in str(error):
            raise ChangeInProgress from error
        raise
    quote.consumed_at = at
    quote.save(update_fields=["consumed_at"])
    record_audit(
        account=quote.account,
        actor=actor,
        action="purchase.confirmed",
        target=change_id,
        summary=f"{quote.base_quantity} → {quote.target_quantity}",
        total=quote.total,
        amount_due=quote.amount_due,
        currency=quote.currency,
    )
    return change


def _check_again(quote: Quote, standing: Standing, item: SubscriptionItem, held: InForce, at: datetime) -> None:
    """What was allowed when the price was asked for must still be."""
    if quote.kind == Quote.Kind.PLAN:
        price = Price.objects.select_related("plan").get(stripe_id=quote.target_price_stripe_id)
        check_may_switch(standing, item, price, quantity=quote.target_quantity, held=held, at=at)
        check_sells(terms_in_force(quote.account, price.plan, at), quantity=quote.target_quantity)
    else:
        if quote.kind == Quote.Kind.TRUE_UP:
            standing = without_bounds(standing, target=quote.target_quantity)
        check_may_grow(standing, target=quote.target_quantity, at=at)
    if quote.on_credit != standing.on_credit:
        raise QuoteChanged
    if quote.on_credit:
        check_credit(
            limit=held.credit_limit,
            open_amount=open_on_credit(quote.account),
            amount_due=quote.amount_due,
            currency=quote.currency,
        )


def _check_approved(quote: Quote, approval: Approval | None, actor: Actor, at: datetime) -> None:
    """Within the month's allowance, or approved at this price or above. A true-up is agreed by contract."""
    if approval is not None:
        if quote.total > approval.most:
            raise ApprovalOutrun(total=quote.total, approved=approval.most, currency=quote.currency)
    else:
        check_quote(quote, user_id=actor.user.pk if actor.user else None, at=at)
