"""When a seat may be taken. Pure (payments.md §8)."""

from seats.errors import SeatLimitReached, SeatsFrozen

# Subscription states in which owned seats may still be given; past_due is within its grace.
OPEN_STATES = frozenset({"active", "trialing", "past_due"})


def frozen_by(status: str) -> str:
    """The state that stops new holders, or empty."""
    return "" if status in OPEN_STATES else status


def check_may_claim(*, frozen: str, assigned: int, limit: int, wanted: int) -> None:
    """Raise SeatsFrozen or SeatLimitReached unless `wanted` more seats may be taken."""
    if frozen:
        raise SeatsFrozen(state=frozen)
    if assigned + wanted > limit:
        raise SeatLimitReached(limit=limit, assigned=assigned, missing=assigned + wanted - limit)
