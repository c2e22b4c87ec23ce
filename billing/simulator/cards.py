"""Stripe's test cards and what each of them does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Decline:
    """The reason for which a bank says no."""

    code: str
    decline_code: str | None
    message: str


_GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
_LOST = Decline("card_declined", "lost_card", "Your card was declined.")
_STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.")
_EXPIRED = Decline("expired_card", None, "Your card has expired.")
_CVC = Decline("incorrect_cvc", None, "Your card's security code is incorrect.")
_PROCESSING = Decline(
    "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
)


@dataclass(frozen=True)
class Card:
    """`challenge` says when the holder must prove themselves (3-D Secure); `once` means until they have done it.

    `refund` says what becomes of a refund that was accepted: `late` is pending for an hour, `failed` comes back after
    one.
    """

    number: str
    brand: str = "visa"
    funding: str = "credit"
    decline: Decline | None = None
    challenge: Literal["never", "once", "always"] = "never"
    refused_on_attach: bool = False
    refund: Literal["at_once", "late", "failed"] = "at_once"


_ALL = (
    Card("4242424242424242"),
    Card("4000056655665556", funding="debit"),
    Card("5555555555554444", "mastercard"),
    Card("2223003122003222", "mastercard"),
    Card("5200828282828210", "mastercard", funding="debit"),
    Card("378282246310005", "amex"),
    Card("6011111111111117", "discover"),
    Card("4000002760000016"),
    Card("4000000000007726", refund="late"),
    Card("4000000000005126", refund="failed"),
    Card("4000000000000341", decline=_GENERIC),
    Card("4000000000000002", decline=_GENERIC, refused_on_attach=True),
    Card("4000000000009995", decline=_FUNDS, refused_on_attach=True),
    Card("4000000000009987", decline=_LOST, refused_on_attach=True),
    Card("4000000000009979", decline=_STOLEN, refused_on_attach=True),
    Card("4000000000000069", decline=_EXPIRED, refused_on_attach=True),
    Card("4000000000000127", decline=_CVC, refused_on_attach=True),
    Card("4000000000000119", decline=_PROCESSING, refused_on_attach=True),
    Card("4000002500003155", challenge="once"),
    Card("4000002760003184", challenge="always"),
    Card("4000000000003220", challenge="always"),
    Card("4000000000003063", challenge="always"),
    Card("4000008260003178", challenge="always", decline=_FUNDS),
    Card("4000008400001629", challenge="always", decline=_GENERIC),
)
CARDS = {card.number: card for card in _ALL}

# The names under which tests pass a card without its number.
SHORTCUTS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_mastercard_debit": "5200828282828210",
    "pm_card_amex": "378282246310005",
    "pm_card_discover": "6011111111111117",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredSetupForOffSession": "4000002500003155",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureRequired": "4000000000003063",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
}


def known(number: str) -> Card | None:
    """The test card with that number; None for every other number, as real cards do not work in test mode."""
    return CARDS.get(number.replace(" ", "").replace("-", ""))
