"""The grid: fault × card × order of webhooks, and which of it has no meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Card(StrEnum):
    """What becomes of the charge."""

    OK = "ok"
    DECLINED = "declined"
    PAID_LATER = "declined-then-paid"
    CONFIRMED = "3ds-paid"
    UNCONFIRMED = "3ds-abandoned"


class Order(StrEnum):
    """How webhooks come. EARLY: handled before the answer of the very call that caused them."""

    EARLY = "early"
    LATE = "late"
    TWICE = "duplicated"
    REVERSED = "reversed"
    LOST = "lost"


PAYS = (Card.OK, Card.PAID_LATER, Card.CONFIRMED)
WAITS = (Card.DECLINED, Card.PAID_LATER, Card.CONFIRMED, Card.UNCONFIRMED)
NEVER_PAID = (Card.DECLINED, Card.UNCONFIRMED)
CARDS = tuple(Card)
ORDERS = tuple(Order)
TOKENS = {
    Card.OK: "pm_card_visa",
    Card.DECLINED: "pm_card_chargeCustomerFail",
    Card.PAID_LATER: "pm_card_chargeCustomerFail",
    Card.CONFIRMED: "pm_card_authenticationRequired",
    Card.UNCONFIRMED: "pm_card_authenticationRequired",
}


@dataclass(frozen=True)
class Scenario:
    """One cell of the grid. `fault` is F1 to F37, with a variant behind a dot where there are several."""

    fault: str
    card: Card
    order: Order

    def __str__(self) -> str:
        return f"{self.fault}/{self.card}/{self.order}"

    @property
    def number(self) -> str:
        """The row of payments.md §11.1."""
        return self.fault.partition(".")[0]


def scenario(text: str) -> Scenario:
    """Read one back from its text."""
    fault, card, order = text.split("/")
    return Scenario(fault, Card(card), Order(order))


def grid(fault: str, cards: tuple[Card, ...] = CARDS, orders: tuple[Order, ...] = ORDERS) -> Iterator[Scenario]:
    """Every cell of one fault."""
    return (Scenario(fault, card, order) for card in cards for order in orders)
