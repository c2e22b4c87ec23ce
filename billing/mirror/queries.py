"""Reading the mirror. Every query starts from an account."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Now

from accounts.models import Account
from billing.models import (
    Customer,
    Invoice,
    PaymentMethod,
    QuantityChange,
    ScheduledDecrease,
    Subscription,
    SubscriptionItem,
)
from billing.models.subscription import ENDED

# In these states the quantity counts as purchased; in the others nothing was ever paid, or all is over.
COUNTING = ("active", "trialing", "past_due", "unpaid", "paused")


# Kinds that only take back; people see them at what they take back.
BACKWARDS = (QuantityChange.Kind.UNDO, QuantityChange.Kind.REDUCE)


def live_subscription(account: Account) -> Subscription | None:
    """The account's subscription that has not ended, if any."""
    return Subscription.objects.filter(account=account).exclude(status__in=ENDED).select_related("customer").first()


def currency_of(account: Account) -> str:
    """The currency that the account pays in, in lower case; empty before its first subscription."""
    subscription = live_subscription(account)
    return subscription.currency if subscription else ""


def seat_item(subscription: Subscription) -> SubscriptionItem | None:
    """The line that sells seats: the first one; of those that the caller has read already, if it has."""
    if "items" in getattr(subscription, "_prefetched_objects_cache", {}):
        return min(subscription.items.all(), key=lambda item: item.pk, default=None)
    return subscription.items.select_related("price__plan").order_by("id").first()


def card_of(account: Account) -> PaymentMethod | None:
    """The card that is charged."""
    return PaymentMethod.objects.filter(customer__account=account).first()


def customer_of(account: Account) -> Customer | None:
    """The account at Stripe."""
    return Customer.objects.filter(account=account).first()


def open_change(account: Account) -> QuantityChange | None:
    """The purchase whose end is not known yet."""
    return QuantityChange.objects.filter(account=account, state__in=QuantityChange.OPEN).select_related("user").first()


def purchase_under_way(account: Account) -> QuantityChange | None:
    """The open change, where it is one with a page of its own."""
    change = open_change(account)
    return change if change is not None and change.kind not in BACKWARDS else None


def changes_of(account: Account) -> QuerySet[QuantityChange]:
    """All purchases, newest first. What undid one is found at the purchase itself (`undo_of`)."""
    every = QuantityChange.objects.filter(account=account).exclude(kind__in=BACKWARDS)
    return every.select_related("user", "quote")


def undo_of(change: QuantityChange) -> QuantityChange | None:
    """What undoes a purchase, the newest attempt."""
    return max(change.undone_by.all(), key=lambda row: row.pk, default=None)


def open_decrease(account: Account) -> ScheduledDecrease | None:
    """The planned reduction."""
    return ScheduledDecrease.objects.filter(account=account, state__in=ScheduledDecrease.OPEN).first()


def invoices_of(account: Account) -> QuerySet[Invoice]:
    """All invoices, newest first, without drafts."""
    return Invoice.objects.filter(account=account).exclude(status="draft")


def invoices_with_orders(
    account: Account, *, status: str = "", since: date | None = None, until: date | None = None
) -> QuerySet[Invoice]:
    """Invoices with `order_id`, the public id of the purchase that each is of, or None.

    since, until: whole days of issue in the account's time zone.
    """
    orders = changes_of(account).filter(invoice_stripe_id=OuterRef("stripe_id")).order_by("-pk")
    found = invoices_of(account).annotate(order_id=Subquery(orders.values("public_id")[:1]))
    zone = ZoneInfo(account.time_zone)
    if status:
        found = found.filter(status=status)
    if since:
        found = found.filter(issued_at__gte=datetime.combine(since, time.min, zone))
    if until:
        found = found.filter(issued_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone))
    return found


def open_on_credit(account: Account) -> int:
    """What is not paid yet on the account's invoices, in minor units; drafts are on their way out."""
    found = Invoice.objects.filter(account=account, status__in=("open", "draft")).aggregate(n=Sum("amount_remaining"))
    return found["n"] or 0


def overdue_invoice(account: Account) -> Invoice | None:
    """The oldest invoice that is open although its day has come; a purchase awaiting payment is not one.

    What a subscription left that has ended is not among them (`old_debt`).
    """
    return overdue_invoices(account).first()


def overdue_invoices(account: Account) -> QuerySet[Invoice]:
    """All such invoices, the oldest first."""
    return _overdue(account).exclude(subscription__status__in=ENDED)


def old_debt(account: Account) -> Invoice | None:
    """The oldest such invoice of a subscription that has ended: owed, and no reason to stop another one (ADR 24)."""
    return _overdue(account).filter(subscription__status__in=ENDED).first()


def _overdue(account: Account) -> QuerySet[Invoice]:
    return (
        Invoice.objects.filter(account=account, status="open", amount_remaining__gt=0)
        .filter(Q(due_at__isnull=True) | Q(due_at__lte=Now()))
        .exclude(billing_reason="subscription_update", due_at__isnull=True)
        .order_by("issued_at")
    )
