"""What an account assumes about its return, saved as versions, with what the seats cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet, Sum

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.catalog.pricing import a_year, amount
from billing.catalog.queries import scheme_of
from billing.mirror.queries import customer_of, invoices_of, live_subscription, seat_item
from billing.models import InvoiceLine, Subscription, SubscriptionItem
from seats.holders.queries import seat_counts
from seats.models import RoiVersion
from seats.value.roi_rules import Assumptions, Outcome, hours_of, outcome

SHOWN = 20
PERIODS = ("subscription_create", "subscription_cycle")


@dataclass(frozen=True)
class Cost:
    """Minor units a year before tax; None where the account pays nothing.

    source: "invoice", as Stripe charged the running period; or "list", by the price list, where the number of seats
    has changed since.
    """

    currency: str
    amount: int | None = None
    source: str = ""


def cost_of(account: Account) -> Cost:
    """What the seats cost, from the mirror of Stripe's invoices where that says it."""
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    if subscription is None or item is None:
        customer = customer_of(account)
        # Nothing is sold yet: the currency in which a first plan would be offered.
        usual = "eur" if account.locale[:2] in ("de", "es") else "usd"
        return Cost((customer.currency if customer else "") or usual)
    charged = _charged(account, subscription, item)
    paid = amount(scheme_of(item.price), item.quantity) if charged is None else charged
    every = a_year(paid, interval=item.price.interval, count=item.price.interval_count)
    return Cost(subscription.currency, every, "list" if charged is None else "invoice")


def _charged(account: Account, subscription: Subscription, item: SubscriptionItem) -> int | None:
    """Total less tax of the invoice of the running period; None where it was for other seats or for more than them."""
    invoice = (
        invoices_of(account)
        .filter(subscription=subscription, billing_reason__in=PERIODS, status__in=("paid", "open"))
        .order_by("-issued_at")
        .first()
    )
    if invoice is None:
        return None
    lines = InvoiceLine.objects.filter(invoice=invoice)
    own = lines.filter(proration=False, period_start=item.period_start, period_end=item.period_end)
    if own.count() != lines.count() or own.aggregate(n=Sum("quantity"))["n"] != item.quantity:
        return None
    return invoice.total - invoice.tax


@dataclass(frozen=True)
class Saved:
    """A version with its result. priced: whether its reader may see what the seats cost."""

    row: RoiVersion
    priced: bool = True

    @property
    def given(self) -> Assumptions:
        """What was assumed."""
        return Assumptions(self.row.hours, self.row.hour_cost, self.row.share)

    @property
    def hours(self) -> Decimal:
        """For people."""
        return hours_of(self.row.hours)

    @property
    def result(self) -> Outcome:
        """What followed from it on that day."""
        return outcome(self.given, active=self.row.active, cost=self.row.cost if self.priced else None)


def versions_of(account: Account, *, priced: bool) -> list[Saved]:
    """The newest first. priced: with what the seats cost."""
    return [Saved(row, priced) for row in versions_in(account)[:SHOWN]]


def versions_in(account: Account) -> QuerySet[RoiVersion]:
    """All of an account, the newest first."""
    return RoiVersion.objects.filter(account=account).select_related("saved_by").order_by("-pk")


@transaction.atomic
def save_roi(*, account: Account, given: Assumptions, actor: Actor, at: datetime) -> RoiVersion:
    """Keep assumptions with the figures of today. Saving the newest version again changes nothing."""
    # One after the other, so that two clicks make one version.
    Account.objects.select_for_update().get(pk=account.pk)
    cost, active = cost_of(account), seat_counts(account, at).active
    row = RoiVersion(
        account=account,
        saved_by=actor.user,
        hours=given.hours,
        hour_cost=given.hour_cost,
        currency=cost.currency,
        share=given.share,
        active=active,
        cost=cost.amount,
        cost_source=cost.source,
    )
    newest = RoiVersion.objects.filter(account=account).order_by("-pk").first()
    if newest is not None and _figures(newest) == _figures(row):
        return newest
    row.save()
    record_audit(
        account=account,
        actor=actor,
        action="roi.saved",
        target=row.public_id,
        hours=given.hours,
        hour_cost=given.hour_cost,
        currency=cost.currency,
        share=given.share,
        active=active,
        cost=cost.amount,
    )
    return row


def _figures(row: RoiVersion) -> tuple[object, ...]:
    names = ("hours", "hour_cost", "currency", "share", "active", "cost", "cost_source")
    return tuple(getattr(row, name) for name in names)
