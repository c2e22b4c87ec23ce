"""When signals about seats open and end. Pure (product.md C3, E4, H4)."""

from dataclasses import dataclass

from seats.growth.found import Found
from seats.growth.picture import Picture
from seats.insight.bands import READY, REARMED, few_left, reaches, seats_to_rearm
from seats.models import Signal

Kind = Signal.Kind


@dataclass(frozen=True)
class Verdict:
    """Signals that open, and kinds of which the open one ends."""

    opens: tuple[Found, ...]
    ends: frozenset[str]


def judge(picture: Picture) -> Verdict:
    """Compare what holds with what is open.

    80 % opens and only less than 75 % ends, so a number that trembles around 80 is told once; the others have one
    edge, and a cool-down keeps them quiet.
    """
    seats, known = picture.seats, picture.open_kinds
    edge = REARMED if Kind.CROSSED in known else READY
    holds = {
        Kind.CROSSED: reaches(seats.used, seats.purchased, edge),
        Kind.FEW_LEFT: few_left(seats.purchased, seats.purchased - seats.assigned),
        Kind.FULL: seats.purchased > 0 and seats.assigned >= seats.purchased,
        Kind.LOW_ADOPTION: seats.low,
    }
    more = seats_to_rearm(seats.purchased, seats.used)
    evidence = {"purchased": seats.purchased, "assigned": seats.assigned, "active": seats.active}
    opens = (
        Found(picture.account_id, kind, evidence=evidence, seats=None if kind == Kind.LOW_ADOPTION else more)
        for kind, held in holds.items()
        if held and kind not in known
    )
    return Verdict(tuple(opens), frozenset(kind for kind, held in holds.items() if not held and kind in known))
