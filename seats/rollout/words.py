"""Why a tranche is held, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_WORDS: dict[str, str | Promise] = {
    "adoption_low": gettext_lazy("Too few of the seats are active yet. It is looked at again every day."),
    "price_above_ceiling": gettext_lazy("The price is above the amount that was agreed to. Nothing was charged."),
    "buyer_gone": gettext_lazy("Who agreed to the amount may not buy seats any more. Somebody who may agrees anew."),
    "approval_required": gettext_lazy("This purchase needs an approval first. Ask for it, then try again."),
    "payment_declined": gettext_lazy("The card was declined. Nothing was charged."),
    "no_payment_method": gettext_lazy("There is no card on file. Nothing was charged."),
    "subscription_past_due": gettext_lazy("An earlier invoice is overdue. Pay it first, then try again."),
    "subscription_ending": gettext_lazy("The subscription is set to end. Resume it first, then try again."),
    "not_self_service": gettext_lazy("This subscription is changed by your account team. Talk to them."),
    "self_service_frozen": gettext_lazy("The subscription is being checked by our team. Try again after that."),
    "seats_exceed_self_service": gettext_lazy("So many seats are not sold here. Ask for an offer."),
    "credit_limit_reached": gettext_lazy("Your open invoices reach the credit limit. Pay one first, then try again."),
    "no_subscription": gettext_lazy("There is no subscription any more. Choose a plan first."),
    "cancelled": gettext_lazy("The payment was stopped. Nothing was charged."),
    "abandoned": gettext_lazy("The payment was not completed in time. Nothing was charged."),
}


def held_words(code: str) -> str | Promise:
    """One sentence; an unknown code is named."""
    return _WORDS.get(code) or _("It could not be bought: %(code)s. Nothing was charged.") % {"code": code}
