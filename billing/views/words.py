"""Billing's facts in words for pages. No query."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import Invoice, PaymentMethod, Subscription

_REASONS: dict[str, str | Promise] = {
    "subscription_create": gettext_lazy("First purchase"),
    "subscription_cycle": gettext_lazy("Renewal"),
    "subscription_update": gettext_lazy("Seats changed"),
    "subscription_threshold": gettext_lazy("Usage threshold"),
    "manual": gettext_lazy("By agreement"),
}


@dataclass(frozen=True)
class Badge:
    """A state as colour, icon and word (see components/badge.html)."""

    kind: str
    icon: str
    text: str | Promise


_INVOICE = {
    "paid": Badge("good", "circle-check", gettext_lazy("Paid")),
    "open": Badge("warn", "clock", gettext_lazy("Open")),
    "void": Badge("", "ban", gettext_lazy("Void")),
    "uncollectible": Badge("bad", "circle-x", gettext_lazy("Not collected")),
    "draft": Badge("", "circle-dashed", gettext_lazy("Draft")),
}
_SUBSCRIPTION = {
    "active": Badge("good", "circle-check", gettext_lazy("Active")),
    "trialing": Badge("info", "clock", gettext_lazy("Trial")),
    "past_due": Badge("bad", "triangle-alert", gettext_lazy("Past due")),
    "unpaid": Badge("bad", "triangle-alert", gettext_lazy("Unpaid")),
    "paused": Badge("warn", "circle-pause", gettext_lazy("Paused")),
    "incomplete": Badge("warn", "circle-dashed", gettext_lazy("Payment not finished")),
}


def card_name(card: PaymentMethod) -> str:
    """ "Visa •••• 4242"."""
    return card.title


def interval_words(interval: str, count: int = 1) -> str:
    """A price's interval as it follows an amount: "month", "year", "3 months"."""
    if interval == "year":
        text = ngettext("year", "%(count)d years", count)
    elif interval == "week":
        text = ngettext("week", "%(count)d weeks", count)
    elif interval == "day":
        text = ngettext("day", "%(count)d days", count)
    else:
        text = ngettext("month", "%(count)d months", count)
    return text % {"count": count}


def reason_of(invoice: Invoice) -> str:
    """Why there is this invoice."""
    return str(_REASONS.get(invoice.billing_reason, _("Invoice")))


def invoice_badge(invoice: Invoice) -> Badge:
    """Where an invoice stands."""
    return _INVOICE.get(invoice.status, Badge("", "circle", invoice.status))


def status_badge(subscription: Subscription) -> Badge:
    """Where a subscription stands."""
    if subscription.status == "active" and subscription.cancel_at is not None:
        return Badge("warn", "clock", _("Ends soon"))
    return _SUBSCRIPTION.get(subscription.status, Badge("", "circle", subscription.status))
