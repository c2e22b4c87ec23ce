"""Who is let in. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from billing.models.subscription import ENDED
from seats.pool.rules import seats_off


class State(StrEnum):
    """Where one person stands. Only `active` is let in."""

    ACTIVE = "active"  # Holds a seat that works.
    INVITED = "invited"  # Has an invitation that is still open, and is not in the account yet.
    WAITING = "waiting_for_seat"  # A member in the queue.
    PAUSED = "paused"  # A member whose access rests; the seat is free for others meanwhile.
    SUSPENDED = "suspended"  # Holds a seat that does not work at present.
    NO_SEAT = "no_seat"  # A member without a seat.
    UNKNOWN = "unknown"  # Nobody of that name is in the account now.


class Reason(StrEnum):
    """Why somebody is not let in."""

    INVITATION_OPEN = "invitation_open"
    SEAT_LIMIT_REACHED = "seat_limit_reached"
    REGION_FULL = "region_full"  # The same in the person's region, though others may have free seats.
    ACCOUNT_SUSPENDED = "account_suspended"
    SUBSCRIPTION_ENDED = "subscription_ended"
    SIGN_IN_BLOCKED = "sign_in_blocked"
    PAUSED = "paused"
    NO_SEAT = "no_seat"
    NOT_A_MEMBER = "not_a_member"


class Standing(StrEnum):
    """What the account itself may do."""

    GOOD = "good"
    PAST_DUE = "past_due"  # Seats work, none can be given until an invoice is paid.
    PAUSED = "paused"  # Seats work, none can be given.
    SUSPENDED = "suspended"  # Seats are off; who holds them is kept.
    ENDED = "ended"  # The same, because there is no subscription any more.


@dataclass(frozen=True)
class Facts:
    """What is known of one name in one account. None where there is no such thing."""

    name: str
    member_id: str | None
    email: str | None
    external_id: str | None
    may_sign_in: bool
    seat_id: str | None
    seat_since: datetime | None
    waits: bool
    region_full: bool
    paused: bool
    invitation_ends: datetime | None


@dataclass(frozen=True)
class Seats:
    """The pool's numbers, and what stops it (SeatPool.frozen)."""

    purchased: int
    comped: int
    allowance: int
    assigned: int
    mode: str
    frozen: str


def standing_of(frozen: str) -> Standing:
    """The word for what stops the pool."""
    if not frozen:
        return Standing.GOOD
    if frozen in ENDED:
        return Standing.ENDED
    if seats_off(frozen):
        return Standing.SUSPENDED
    return Standing.PAST_DUE if frozen == "past_due" else Standing.PAUSED


def judge(facts: Facts, frozen: str) -> tuple[State, Reason | None]:
    """The state, and why it is not `active`."""
    if facts.member_id is None:
        if facts.invitation_ends is not None:
            return State.INVITED, Reason.INVITATION_OPEN
        return State.UNKNOWN, Reason.NOT_A_MEMBER
    if facts.seat_id is None:
        if facts.paused:
            return State.PAUSED, Reason.PAUSED
        if not facts.waits:
            return State.NO_SEAT, Reason.NO_SEAT
        return State.WAITING, Reason.REGION_FULL if facts.region_full else Reason.SEAT_LIMIT_REACHED
    if frozen in ENDED:
        return State.SUSPENDED, Reason.SUBSCRIPTION_ENDED
    if seats_off(frozen):
        return State.SUSPENDED, Reason.ACCOUNT_SUSPENDED
    return (State.ACTIVE, None) if facts.may_sign_in else (State.SUSPENDED, Reason.SIGN_IN_BLOCKED)


def answer_of(facts: Facts, seats: Seats) -> dict[str, Any]:
    """The public answer, of plain values."""
    state, reason = judge(facts, seats.frozen)
    limit = seats.purchased + seats.comped + seats.allowance
    return {
        "user": facts.name,
        "allowed": state == State.ACTIVE,
        "state": str(state),
        "reason": str(reason) if reason else None,
        "member": {"id": facts.member_id, "email": facts.email, "external_id": facts.external_id or None}
        if facts.member_id
        else None,
        "seat": {"id": facts.seat_id, "since": facts.seat_since} if facts.seat_id else None,
        "limit": {
            "purchased": seats.purchased,
            "limit": limit,
            "assigned": seats.assigned,
            "free": max(limit - seats.assigned, 0),
            "mode": seats.mode,
        },
        "account": {"standing": str(standing_of(seats.frozen)), "seats_work": not seats_off(seats.frozen)},
    }


def ends_at(facts: Facts) -> datetime | None:
    """When the answer changes by time alone. Everything else that ends (grace, a stage of dunning, a pause) is written
    to a row when it does, and that row raises the revision."""
    return facts.invitation_ends if facts.member_id is None else None
