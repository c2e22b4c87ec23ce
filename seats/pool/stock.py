"""Seats counted forward: what is left for whom after each of several acts, in memory. Pure but for `stock_of`.

The queue chooses by it under the pool's lock, and a preview plays a whole file with it, so the two cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from seats.models import SeatPool
from seats.pool.rules import Room


@dataclass
class Stock:
    """One account. limit: as many as may be taken, the soft allowance included; frozen: what stops new holders.

    free: seats left in each room, by the region's key; None: of everybody else, the allowance included, and only where
    some region has a pool. seats: how many each of those regions has. purse: for how many more seats departments with
    budgets can pay, by key.
    """

    limit: int
    assigned: int
    allowance: int
    frozen: str
    free: dict[int | None, int]
    purse: dict[int, int]

    @property
    def open(self) -> int:
        """Seats for the queue, which never gets the allowance."""
        return max(self.limit - self.allowance - self.assigned, 0)

    def key(self, region: int | None, department: int | None) -> tuple[int | None, int | None]:
        """Whoever has the same one finds the same seats: the room, and the department if it has a budget."""
        return region if region in self.free else None, department if department in self.purse else None

    def pays(self, department: int | None) -> bool:
        """Whether the department's budget has one more seat."""
        return department is None or self.purse.get(department, 1) > 0

    def has_room(self, region: int | None) -> bool:
        """Whether the person's room has one more seat."""
        room = self.free.get(region, self.free.get(None))
        return room is None or room > 0

    def gives(self, region: int | None, department: int | None) -> bool:
        """Whether a claim for one person is taken now."""
        return not self.frozen and self.assigned < self.limit and self.has_room(region) and self.pays(department)

    def serves(self, region: int | None, department: int | None) -> bool:
        """Whether the queue would seat such a person now."""
        if self.frozen or not self.open or not self.pays(department):
            return False
        if region is not None and region in self.free:
            return self.free[region] > 0
        return self.free.get(None, self.limit) > self.allowance

    def why_not(self, region: int | None, department: int | None) -> str:
        """What somebody waits for who was given none: frozen, budget, region, or a seat, which can be bought."""
        if self.frozen:
            return "frozen"
        if not self.pays(department):
            return "budget"
        return "region" if region in self.free and region is not None and not self.has_room(region) else "seat"

    def take(self, region: int | None, department: int | None, count: int = 1) -> None:
        """One seat more in use; -1: one less."""
        room, budget = self.key(region, department)
        self.assigned += count
        if room in self.free:
            self.free[room] -= count
        if budget is not None:
            self.purse[budget] -= count


def stock_of(pool: SeatPool, rooms: Mapping[int | None, Room], purse: Mapping[int, int]) -> Stock:
    """What an account has now. Room numbers below zero are rooms over their number."""
    split = len(rooms) > 1
    return Stock(
        limit=pool.limit,
        assigned=pool.assigned,
        allowance=pool.allowance,
        frozen=pool.frozen,
        free={region: room.seats - room.assigned for region, room in rooms.items()} if split else {},
        purse=dict(purse),
    )
