"""What an approved purchase does to the tranche that it was asked for (rollout/ask_approval.py)."""

from datetime import datetime

from billing.models import QuantityChange
from seatportal.kit.queue import ring
from seats.errors import TrancheClosed
from seats.models import SeatRequest, Tranche


def hold_tranche_of(request: SeatRequest) -> Tranche | None:
    """The tranche that a request is for, locked, before the request is."""
    rows = Tranche.objects.select_for_update(no_key=True, of=("self",))
    return rows.filter(account=request.account_id, request=request).first()


def check_waits(tranche: Tranche | None, request: SeatRequest) -> None:
    """Raise TrancheClosed for one whose former purchase is not at its end: nobody buys it twice.

    request: open. Then its own last purchase ended without seats, and only the job has not looked at the tranche since.
    """
    if tranche is None or tranche.is_open:
        return
    if tranche.state != Tranche.State.BUYING or tranche.change_id != request.change_id:
        raise TrancheClosed


def follow_approval(tranche: Tranche, change: QuantityChange, at: datetime) -> None:
    """The approved purchase is the tranche's own, in the transaction that accepts it; the job sees it through."""
    tranche.state, tranche.change, tranche.held_code, tranche.asked = Tranche.State.BUYING, change, "", None
    tranche.next_look_at, tranche.tried_since = at, None
    tranche.save()
    ring("seats.carry_tranche", tranche_id=tranche.pk)
