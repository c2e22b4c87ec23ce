"""What reclaiming idle seats does to the numbers. Pure.

Utilization is active ÷ purchased everywhere (product.md G1). Freeing a seat changes who holds one, not how many are
paid for: it rises only when the freed seats also leave at the period's end, or when somebody works with them.
"""

from dataclasses import dataclass


def percent(part: int, whole: int) -> int | None:
    """In whole percent, rounded down; None without a whole."""
    return part * 100 // whole if whole > 0 else None


@dataclass(frozen=True)
class AfterReclaim:
    """One account's seats before and after `freed` idle ones are taken back.

    renewing: seats of the next period, which a planned reduction makes fewer than `purchased`. waiting: people in the
    queue, who are served first and at once. seated: whether seats can be given at all.
    """

    purchased: int
    assigned: int
    active: int
    freed: int
    waiting: int
    renewing: int
    seated: bool = True

    @property
    def spare(self) -> int:
        """Purchased seats that nobody holds once the chosen ones are free."""
        return max(self.purchased - (self.assigned - self.freed), 0)

    @property
    def given(self) -> int:
        """Seats that go on to people who wait, the longest waiting first."""
        return min(self.waiting, self.spare) if self.seated else 0

    @property
    def left(self) -> int:
        """Free seats after that."""
        return self.spare - self.given

    @property
    def removable(self) -> int:
        """How many of the freed seats may leave at the period's end without anybody losing theirs."""
        return min(self.freed, self.left)

    @property
    def holding(self) -> int:
        """Seats assigned afterwards."""
        return self.assigned - self.freed + self.given

    @property
    def reduced_to(self) -> int:
        """Purchased seats of the next period if the removable ones leave."""
        return self.renewing - self.removable

    @property
    def today(self) -> int | None:
        """Active ÷ purchased today, in percent. Keeping the freed seats does not change it."""
        return percent(self.active, self.purchased)

    @property
    def reduced(self) -> int | None:
        """Active ÷ the purchased seats of the next period, in percent."""
        return percent(self.active, self.reduced_to)

    @property
    def of_assigned(self) -> int | None:
        """Active ÷ assigned today, in percent."""
        return percent(self.active, self.assigned)

    @property
    def of_holding(self) -> int | None:
        """Active ÷ assigned afterwards, in percent; those who get a seat only now count as not active yet."""
        return percent(self.active, self.holding)
