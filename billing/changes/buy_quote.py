"""One click: accept a quote, then charge it. The row exists before the first byte goes to Stripe."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.finish_change import finish_change
from billing.errors import ChangeInProgress, QuoteChanged, QuoteExpired
from billing.models import QuantityChange, Quote, Subscription
from billing.quotes.params import params_hash, update_params
from billing.quotes.queries import quote_of
from billing.quotes.rules import check_may_grow
from billing.quotes.standing import standing_of
from seatportal.kit.ids import public_id

# If this process dies right after accepting, the sweep takes over after this long.
HAND_OVER = timedelta(seconds=20)


def buy_quote(*, account: Account, quote_id: str, actor: Actor, at: datetime, reason: str = "") -> QuantityChange:
    """Accept a quote and see it through as far as Stripe answers now.

    The change that comes back may still be open (awaiting payment, being checked); it settles by itself. A second
    click on the same quote returns the first click's change. Raises QuoteUnknown, QuoteExpired, QuoteChanged, a
    GrowthRefused, ChangeInProgress.
    """
    quote = quote_of(account, quote_id)
    change = accept_quote(quote=quote, actor=actor, at=at, reason=reason)
    return finish_change(change_id=change.pk, at=at)


@transaction.atomic
def accept_quote(*, quote: Quote, actor: Actor, at: datetime, reason: str = "") -> QuantityChange:
    """Turn a promise into an intent with its key and every parameter. Nothing is sent yet."""
    # Serializes two clicks, and a click against a refresh that writes the same subscription (mirror/refresh.py).
    subscription = Subscription.objects.select_for_update(no_key=True).get(pk=quote.subscription_id)
    quote = Quote.objects.select_for_update(no_key=True).get(pk=quote.pk)
    if quote.consumed_at is not None:
        return QuantityChange.objects.get(quote=quote)
    if at >= quote.expires_at:
        raise QuoteExpired
    standing, item = standing_of(subscription, at)
    if standing.open_change or standing.pending:
        raise ChangeInProgress
    if subscription.version != quote.base_version or item.stripe_id != quote.item_stripe_id:
        raise QuoteChanged
    check_may_grow(standing, target=quote.target_quantity, at=at)
    change_id = public_id("chg")
    params = update_params(
        change_id=change_id,
        item_id=quote.item_stripe_id,
        quantity=quote.target_quantity,
        proration_date=quote.proration_date,
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
                idempotency_key=f"seatchg:{change_id}:1",
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
