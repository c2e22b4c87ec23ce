"""Why a card was declined, in words that help its holder. Pure.

Stripe asks not to tell a lost, stolen or suspected card apart from an ordinary refusal; so they all say the same.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WORDS: dict[str, str | Promise] = {
    "insufficient_funds": _("The bank says that there is not enough money on the card."),
    "expired_card": _("The card has expired."),
    "incorrect_cvc": _("The security code of the card is wrong."),
    "incorrect_number": _("The number of the card is wrong."),
    "processing_error": _("The bank could not process the payment. Try again in a moment."),
    "card_velocity_exceeded": _("The card has reached its limit for payments. Use another card or ask the bank."),
    "withdrawal_count_limit_exceeded": _(
        "The card has reached its limit for payments. Use another card or ask the bank."
    ),
    "currency_not_supported": _("The card cannot pay in this currency."),
    "card_not_supported": _("The card cannot be used for this kind of payment."),
    "authentication_required": _("The bank asks you to confirm this payment."),
    "payment_intent_authentication_failure": _("The confirmation with the bank did not succeed."),
}


def decline_words(code: str) -> str | Promise:
    """One sentence for a decline code of Stripe's."""
    return _WORDS.get(code, _("The bank gave no reason. It can tell its customer more."))
