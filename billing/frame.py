"""Billing's places in the rail and the settings, its banner, and its words in the audit trail."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.frame import BANNERS, NAV, SETTINGS, Banner, NavEntry
from accounts.access.pages import AccountRequest
from accounts.audit.labels import LABELS
from billing.changes.resume_paused import BY_TRIAL
from billing.dunning.queries import late_of
from billing.dunning.rules import Dunning, Stage
from billing.mirror.queries import card_of, live_subscription, old_debt, overdue_invoice
from billing.models import Invoice
from billing.quotes.next_invoice import known_first_charge
from seatportal.kit.clock import now
from seatportal.templatetags.portal import day, money


def past_due(request: AccountRequest) -> Banner | None:
    """An invoice is unpaid: amount, day, what happens when, and where to pay it."""
    if "billing.view" not in request.capabilities:
        return None
    late = late_of(request.account, now())
    if late is not None and late.dunning.stage != Stage.NONE:
        return _unpaid(request, late.invoice, _words(late.dunning))
    invoice = old_debt(request.account) or (overdue_invoice(request.account) if late is None else None)
    if invoice is None:
        return None
    text = _("It is of a subscription that has ended. The seats of the present one are not affected.") if late else ""
    return _unpaid(request, invoice, text, kind="warn" if late else "bad")


def _unpaid(request: AccountRequest, invoice: Invoice | None, text: str, *, kind: str = "bad") -> Banner:
    if invoice is None:
        title = _("An invoice is not paid")
    else:
        amount = money(invoice.amount_remaining, invoice.currency)
        title = _("An invoice over %(amount)s is not paid") % {"amount": amount}
    return Banner(
        kind=kind,
        title=title,
        text=text,
        action_label=_("Pay now") if invoice and invoice.hosted_url else _("Open the invoices"),
        action_url=invoice.hosted_url
        if invoice and invoice.hosted_url
        else reverse("billing:invoices", args=[request.account.slug]),
        gravity=80 if kind == "bad" else 35,
    )


def _words(dunning: Dunning) -> str:
    """Since when, and what happens next."""
    if dunning.stage == Stage.SUSPENDED or dunning.since is None:
        return _("The seats are off until it is paid. Who holds them is kept.")
    dates = {"day": day(dunning.since), "freeze": day(dunning.freezes_at), "suspend": day(dunning.suspends_at)}
    if dunning.stage == Stage.FROZEN:
        return (
            _(
                "It has been due since %(day)s. Seats in use keep working and none can be given to anybody new; "
                "from %(suspend)s on the seats are off."
            )
            % dates
        )
    return (
        _(
            "It has been due since %(day)s. Everything keeps working; seats can be added again as soon as it is paid. "
            "From %(freeze)s on none can be given to anybody new, from %(suspend)s on the seats are off."
        )
        % dates
    )


def ending(request: AccountRequest) -> Banner | None:
    """The subscription will end: when, and the way back."""
    if "billing.view" not in request.capabilities:
        return None
    subscription = live_subscription(request.account)
    if subscription is None or subscription.cancel_at is None:
        return None
    may = "billing.manage" in request.capabilities
    return Banner(
        kind="warn",
        title=_("The subscription ends on %(day)s") % {"day": day(subscription.cancel_at)},
        text=_("Until then all seats work. Seats can be added again once it is resumed."),
        action_label=_("Resume it") if may else "",
        action_url=reverse("billing:plan", args=[request.account.slug]) if may else "",
        gravity=40,
    )


def trial(request: AccountRequest) -> Banner | None:
    """A running trial: when it ends, what is charged then, and that a card is needed for it."""
    if "billing.view" not in request.capabilities:
        return None
    subscription = live_subscription(request.account)
    if subscription is None or subscription.status != "trialing" or subscription.trial_end is None:
        return None
    amount, card = known_first_charge(subscription), card_of(request.account)
    words = {"amount": money(amount, subscription.currency) if amount is not None else "", "card": card or ""}
    if card is not None:
        text = _("Then %(amount)s is charged to %(card)s.") if words["amount"] else _("Then %(card)s is charged.")
    elif words["amount"]:
        text = _("Then %(amount)s is due, and there is no card. Add one before, so that the seats keep working.")
    else:
        text = _("There is no card. Add one before, so that the seats keep working.")
    needs_card = card is None and "billing.manage" in request.capabilities
    return Banner(
        kind="info" if card else "warn",
        title=_("The trial ends on %(day)s") % {"day": day(subscription.trial_end)},
        text=text % words,
        action_label=_("Add a card") if needs_card else "",
        action_url=reverse("billing:card", args=[request.account.slug]) if needs_card else "",
        gravity=45 if needs_card else 20,
    )


def paused(request: AccountRequest) -> Banner | None:
    """The trial ended without a card: the seats are off, and what brings them back."""
    if "billing.view" not in request.capabilities:
        return None
    subscription = live_subscription(request.account)
    if subscription is None or subscription.status != "paused" or subscription.pause_cause != BY_TRIAL:
        return None
    card, may = card_of(request.account), "billing.manage" in request.capabilities
    # Both pages have that very button.
    here = request.resolver_match is not None and request.resolver_match.view_name in (
        "billing:restart",
        "billing:plan",
    )
    label = "" if not may or here else _("Resume subscription") if card else _("Add a card")
    return Banner(
        kind="bad",
        title=_("The trial has ended without a card, and the subscription is paused"),
        text=_("The seats are off. Who holds them is kept, and nothing was charged.")
        if card
        else _("The seats are off. Who holds them is kept, and nothing was charged. Add a card to resume it."),
        action_label=label,
        action_url=reverse("billing:restart", args=[request.account.slug]) if label else "",
        gravity=70,
    )


def register() -> None:
    """Called once, when the app is ready."""
    NAV.append(NavEntry(gettext_lazy("Invoices"), "receipt", "billing:invoices", "billing.view", 50))
    SETTINGS.append(NavEntry(gettext_lazy("Plan and card"), "credit-card", "billing:plan", "billing.view", 50))
    BANNERS.extend([past_due, ending, trial, paused])
    LABELS.update(
        {
            "vendor.changed": gettext_lazy("Vendor data changed"),
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
            "credit_note.confirmed": gettext_lazy("Credit note ordered"),
            "credit_note.issued": gettext_lazy("Credit note issued"),
            "drift.accepted": gettext_lazy("Difference to Stripe accepted"),
            "drift.ignored": gettext_lazy("Difference to Stripe set aside"),
            "drift.repaired": gettext_lazy("Difference to Stripe repaired"),
            "purchase.resolved": gettext_lazy("Purchase settled by hand"),
            "subscription.unfrozen": gettext_lazy("Self-service allowed again"),
            "incident.acknowledged": gettext_lazy("Incident taken on"),
            "incident.resolved": gettext_lazy("Incident resolved"),
            "terms.set": gettext_lazy("Terms agreed"),
            "terms.committed": gettext_lazy("Commitment by a purchase"),
            "offer.asked": gettext_lazy("Offer asked for"),
            "offer.begun": gettext_lazy("Offer begun by the account team"),
            "offer.withdrawn": gettext_lazy("Request for an offer withdrawn"),
            "offer.offered": gettext_lazy("Offer made"),
            "offer.accepted": gettext_lazy("Offer agreed"),
            "offer.declined": gettext_lazy("Offer refused"),
            "subscription.second_ended": gettext_lazy("Second subscription ended and refunded"),
            "subscription.cancel": gettext_lazy("End of the subscription asked for"),
            "subscription.resume": gettext_lazy("End of the subscription taken back"),
            "resumption.confirmed": gettext_lazy("Resumption of the subscription ordered"),
            "resumption.awaiting_payment": gettext_lazy("Resumption waits for its payment"),
            "resumption.done": gettext_lazy("Subscription resumed"),
            "resumption.abandoned": gettext_lazy("Resumption not paid"),
            "resumption.failed": gettext_lazy("Resumption did not go through"),
            "resumption.paid_again": gettext_lazy("Payment of the resumption tried again"),
            "resumption.stopped": gettext_lazy("Resumption stopped"),
            "purchase.undo": gettext_lazy("Purchase being undone"),
            "reduction.planned": gettext_lazy("Reduction planned"),
            "reduction.withdrawn": gettext_lazy("Reduction undone"),
            "reduction.moved": gettext_lazy("Reduction moved to the new end of the period"),
            "reduction.repaired": gettext_lazy("Missed reduction put right"),
        }
    )
