"""A row of the matrix: one fault, its story, and the cells of the grid that mean something."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from seatportal.matrix.scenarios import CARDS, ORDERS, Card, Order, Scenario, grid
from seatportal.matrix.stage import Stage

HEARD: Final = tuple(order for order in ORDERS if order != Order.LOST)
ONE_CARD: Final = (Card.OK,)
ONE_ORDER: Final = (Order.LATE,)


@dataclass(frozen=True)
class Fault:
    """One fault or a variant of it. `skips` says why cells outside `cards` × `orders` mean nothing.

    fast: whether a cell of it is in the fast slice.
    """

    name: str
    title: str
    story: Callable[[Stage], None]
    cards: tuple[Card, ...] = CARDS
    orders: tuple[Order, ...] = ORDERS
    skips: str = ""
    fast: bool = True

    def scenarios(self) -> Iterator[Scenario]:
        """Its cells."""
        return grid(self.name, self.cards, self.orders)

    @property
    def skipped(self) -> int:
        """Cells of the full grid that mean nothing here."""
        return len(CARDS) * len(ORDERS) - len(self.cards) * len(self.orders)
