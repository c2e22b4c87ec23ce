"""How somebody stands to a seat. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from seats.holders.queries import ACTIVE_WITHIN


class Standing(StrEnum):
    """The states of a row in the seats table."""

    ACTIVE = "active"
    NEW = "new"
    IDLE = "idle"
    SEATED = "seated"
    INVITED = "invited"
    WAITING = "waiting"
    PAUSED = "paused"
    NO_SEAT = "none"


@dataclass(frozen=True)
class State:
    """A standing, and since how many days for the idle ones."""

    standing: Standing
    days: int = 0


def state_of_member(
    *,
    seated_at: datetime | None,
    last_active_at: datetime | None,
    waiting: bool,
    at: datetime,
    paused: bool = False,
) -> State:
    """Idle is who holds a seat for at least 30 days and did nothing in that time; before, a silent seat is new."""
    if seated_at is None:
        if paused:
            return State(Standing.PAUSED)
        return State(Standing.WAITING if waiting else Standing.NO_SEAT)
    if last_active_at is not None and last_active_at >= at - ACTIVE_WITHIN:
        return State(Standing.ACTIVE)
    # Nobody is blamed for the time before they had the seat.
    silent_since = max(seated_at, last_active_at) if last_active_at else seated_at
    if seated_at > at - ACTIVE_WITHIN:
        return State(Standing.NEW)
    return State(Standing.IDLE, days=(at - silent_since).days)
