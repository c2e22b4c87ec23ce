"""Billing's places in the rail and the settings, its banner, and its words in the audit trail."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.frame import BANNERS, NAV, SETTINGS, Banner, NavEntry
from accounts.access.pages import AccountRequest
from accounts.audit.labels import LABELS
from billing.mirror.queries import overdue_invoice
from seatportal.templatetags.portal import day, money


def past_due(request: AccountRequest) -> Banner | None:
    """An invoice is unpaid: amount, day, and where to pay it."""
    if "billing.view" not in request.capabilities:
        return None
    invoice = overdue_invoice(request.account)
    if invoice is None:
        return None
    amount = money(invoice.amount_remaining, invoice.currency)
    return Banner(
        kind="bad",
        title=_("An invoice over %(amount)s is not paid") % {"amount": amount},
        text=_("It was issued on %(day)s. Seats keep working; new ones can be added as soon as it is paid.")
        % {"day": day(invoice.due_at or invoice.issued_at)},
        action_label=_("Pay now") if invoice.hosted_url else "",
        action_url=invoice.hosted_url,
        gravity=80,
    )


def register() -> None:
    """Called once, when the app is ready."""
    NAV.append(NavEntry(gettext_lazy("Invoices"), "receipt", "billing:invoices", "billing.view", 50))
    SETTINGS.append(NavEntry(gettext_lazy("Plan and card"), "credit-card", "billing:plan", "billing.view", 50))
    BANNERS.append(past_due)
    LABELS.update(
        {
            "checkout.opened": gettext_lazy("Checkout opened"),
            "purchase.confirmed": gettext_lazy("Purchase ordered"),
            "purchase.applied": gettext_lazy("Seats bought"),
            "purchase.awaiting_payment": gettext_lazy("Purchase waits for its payment"),
            "purchase.abandoned": gettext_lazy("Purchase not paid"),
            "purchase.rejected": gettext_lazy("Purchase refused"),
            "purchase.superseded": gettext_lazy("Purchase replaced"),
            "purchase.failed": gettext_lazy("Purchase failed"),
            "purchase.conflict": gettext_lazy("Purchase needs a person"),
            "purchase.unknown": gettext_lazy("Purchase being checked"),
            "purchase.paid_again": gettext_lazy("Payment tried again"),
            "purchase.stopped": gettext_lazy("Purchase stopped"),
            "incident.acknowledged": gettext_lazy("Incident taken on"),
            "incident.resolved": gettext_lazy("Incident resolved"),
            "terms.set": gettext_lazy("Terms agreed"),
            "offer.asked": gettext_lazy("Offer asked for"),
            "offer.withdrawn": gettext_lazy("Request for an offer withdrawn"),
            "offer.offered": gettext_lazy("Offer made"),
            "offer.accepted": gettext_lazy("Offer agreed"),
            "offer.declined": gettext_lazy("Offer refused"),
            "purchase.undo": gettext_lazy("Purchase being undone"),
            "reduction.planned": gettext_lazy("Reduction planned"),
            "reduction.withdrawn": gettext_lazy("Reduction undone"),
        }
    )
