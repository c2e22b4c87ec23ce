"""Where an account stands with its payments, from the mirror alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Account
from billing.dunning.rules import SETTLES_WITHIN, Dunning, dunning_at
from billing.mirror.queries import live_subscription, seat_item
from billing.models import Invoice, Subscription
from billing.models.subscription import ENDED
from billing.terms.queries import terms_of


@dataclass(frozen=True)
class Late:
    """A subscription's dunning with the invoice it is about; no invoice where only the status tells."""

    subscription: Subscription
    dunning: Dunning
    invoice: Invoice | None


def overdue_at(subscription: Subscription, at: datetime) -> Invoice | None:
    """The oldest invoice that should have been paid; one that a waiting purchase made is not late.

    Nor is what an earlier subscription left: its seats are off by its own end (ADR 24).
    """
    unpaid = Invoice.objects.filter(account=subscription.account, status="open", amount_remaining__gt=0)
    return (
        unpaid.filter(Q(due_at__isnull=True) | Q(due_at__lte=at))
        .exclude(billing_reason="subscription_update", due_at__isnull=True)
        .exclude(subscription__status__in=ENDED)
        .order_by("issued_at")
        .first()
    )


def late_of(account: Account, at: datetime) -> Late | None:
    """The account's dunning at a moment; None without a live subscription."""
    subscription = live_subscription(account)
    if subscription is None:
        return None
    invoice = overdue_at(subscription, at)
    since = (invoice.due_at or invoice.issued_at) if invoice else None
    if since is None and subscription.status == "past_due":
        # The status was read before its invoice: the renewal that failed began the period.
        item = seat_item(subscription)
        since = item.period_start if item else at
    terms = terms_of(account)
    dunning = dunning_at(
        status=subscription.status,
        overdue_since=since,
        sent=subscription.collection_method == "send_invoice",
        grace_until=terms.grace_until if terms else None,
        at=at,
    )
    return Late(subscription, dunning, invoice)


def subscriptions_in_trouble(at: datetime) -> QuerySet[Subscription]:
    """Live subscriptions whose stage may move by time alone."""
    unpaid = Invoice.objects.filter(status="open", amount_remaining__gt=0).values("account_id")
    return (
        Subscription.objects.exclude(status__in=ENDED)
        .filter(Q(status__in=("past_due", "unpaid")) | Q(account_id__in=unpaid))
        .select_related("account", "customer")
        .order_by("pk")
    )


def late_accounts(at: datetime, accounts: Collection[int] | None = None) -> set[int]:
    """Accounts (of those given, or all) whose payment is late: by status, or by an invoice past its day.

    An invoice that a card is charged for is given SETTLES_WITHIN, as in `dunning_at`. Two statements.
    """
    live = Subscription.objects.filter(status__in=("past_due", "unpaid"))
    unpaid = (
        Invoice.objects.filter(status="open", amount_remaining__gt=0)
        .filter(Q(due_at__lte=at) | Q(due_at__isnull=True, issued_at__lte=at - SETTLES_WITHIN))
        .exclude(billing_reason="subscription_update", due_at__isnull=True)
        .exclude(subscription__status__in=ENDED)
    )
    if accounts is not None:
        live, unpaid = live.filter(account_id__in=accounts), unpaid.filter(account_id__in=accounts)
    return {*live.values_list("account_id", flat=True), *unpaid.values_list("account_id", flat=True)}
