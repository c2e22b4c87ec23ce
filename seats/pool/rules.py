"""When a seat may be taken. Pure (payments.md §8)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from seats.errors import RegionFull, SeatLimitReached, SeatsFrozen

UNPAID = _("An invoice is overdue. Pay it first; then seats can be given again.")

# Subscription states in which owned seats may be given; past_due until its grace is over.
OPEN_STATES = frozenset({"active", "trialing", "past_due"})
# Pauses that came from an unpaid invoice or a missing card, in Stripe's words.
UNPAID_PAUSES = frozenset({"final_payment_failure", "first_payment_failure", "trial_end_without_payment_method"})
# With these the seats themselves are off; who holds them is kept.
OFF = frozenset({"suspended", "unpaid", "paused_unpaid", "incomplete", "incomplete_expired", "canceled"})


@dataclass(frozen=True)
class Room:
    """Where somebody's seat comes from: a region's pool, or what no pool has claimed.

    region: its name, empty for the common room. split: whether others have pools.
    """

    seats: int
    assigned: int
    region: str = ""
    split: bool = True

    @property
    def free(self) -> int:
        """Seats that may still be taken in it."""
        return max(self.seats - self.assigned, 0)


def frozen_by(status: str, *, stage: str = "none", pause_cause: str = "", collection_paused: bool = False) -> str:
    """What stops new holders, or empty: the status, the stage of an unpaid invoice, or a pause.

    stage: billing.dunning's Stage. pause_cause: why a paused subscription is paused. collection_paused: invoices are
    not collected at present.
    """
    if status not in OPEN_STATES:
        return "paused_unpaid" if status == "paused" and pause_cause in UNPAID_PAUSES else status
    if stage == "suspended":
        return "suspended"
    if stage == "frozen":
        return "past_due"
    return "collection_paused" if collection_paused else ""


def seats_off(frozen: str) -> bool:
    """Whether the seats do not work at present."""
    return frozen in OFF


def check_may_claim(*, frozen: str, assigned: int, limit: int, wanted: int) -> None:
    """Raise SeatsFrozen or SeatLimitReached unless `wanted` more seats may be taken."""
    if frozen:
        raise SeatsFrozen(UNPAID if frozen in ("past_due", "suspended", "unpaid") else None, state=frozen)
    if assigned + wanted > limit:
        raise SeatLimitReached(limit=limit, assigned=assigned, missing=assigned + wanted - limit)


def check_room(room: Room, wanted: int) -> None:
    """Raise RegionFull unless `wanted` more people find room; the common room of an account without pools never does,
    since the account's own limit speaks for it."""
    if not room.split or wanted <= room.free:
        return
    if room.region:
        text = ngettext(
            "The seat of the region %(region)s is in use. Move a seat within the region, or raise its number.",
            "All %(count)d seats of the region %(region)s are in use. "
            "Move a seat within the region, or raise its number.",
            room.seats,
        ) % {"count": room.seats, "region": room.region}
    else:
        text = _now("All seats that no region has claimed are in use. Lower a region’s number, or add a seat.")
    raise RegionFull(
        text,
        region=room.region or None,
        seats=room.seats,
        assigned=room.assigned,
        missing=room.assigned + wanted - room.seats,
    )
