"""The 18 invariants of the payment design, checked on PostgreSQL and at Stripe once a story has come to rest."""

from datetime import datetime

from seatportal.kit.clock import now
from seatportal.matrix.truth import find_untrue
from seats.invariants.check_invariants import check_invariants
from tests.desk import Desk


def broken_invariants(desk: Desk, at: datetime | None = None) -> list[str]:
    """Every invariant that does not hold, in words; empty is what a test wants."""
    return [str(broken) for broken in (*check_invariants(at=at or now()), *find_untrue(stripe=desk))]
