"""One line of the seats table: a person with seat, state and use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.members.queries import members_of, open_invitations_of
from accounts.models import Account, Invitation, Membership
from seats.insight.activity import NOTHING, Activity, activity_of
from seats.insight.states import Standing, State, state_of_member
from seats.models import Assignment, Pause, SeatRequest, WaitingPerson
from seats.usage.settings import groups_only

# "m" for a member or "i" for an invitation, its pk, the value that is sorted by, and its public id.
type Key = tuple[str, int, Any, str]


@dataclass(frozen=True)
class Row:
    """One line of the table: a member or an open invitation. private: nothing of the person's use may be shown.

    waits: an invitation's place in the queue; a member's is its state.
    """

    state: State
    activity: Activity
    membership: Membership | None = None
    invitation: Invitation | None = None
    seat: Assignment | None = None
    asks: bool = False
    waits: bool = False
    private: bool = False

    @property
    def name(self) -> str:
        """As written by the person or the inviter; may be empty."""
        return self.membership.user.name if self.membership else self.invitation.name if self.invitation else ""

    @property
    def email(self) -> str:
        """The address."""
        return self.membership.user.email if self.membership else self.invitation.email if self.invitation else ""

    @property
    def public_id(self) -> str:
        """Of the membership or the invitation."""
        owner = self.membership or self.invitation
        return owner.public_id if owner else ""


def row_of(account: Account, membership: Membership, at: datetime, *, own: bool = False) -> Row:
    """The row of one member. own: for the person's own eyes, who may always see it."""
    return fill_rows(account, [("m", membership.pk, "", membership.public_id)], at, own=own)[0]


def fill_rows(account: Account, keys: Sequence[Key], at: datetime, *, own: bool = False) -> list[Row]:
    """The rows behind the keys, in their order; six statements at most. In privacy mode they say nothing of use."""
    member_ids = [pk for kind, pk, _k, _id in keys if kind == "m"]
    invitation_ids = [pk for kind, pk, _k, _id in keys if kind == "i"]
    found = (
        members_of(account)
        .select_related("manager__user")
        .annotate(waits=Exists(places_of_outer()), asks=Exists(wishes_of_outer()), paused=Exists(pauses_of_outer()))
    )
    members = found.in_bulk(member_ids) if member_ids else {}
    invited = open_invitations_of(account).annotate(waits=Exists(places_of_invitation()))
    invitations = invited.in_bulk(invitation_ids) if invitation_ids else {}
    held, reserved = _seats_of(account, member_ids, invitation_ids)
    private = not own and groups_only(account)
    activity = activity_of(account, member_ids, at) if member_ids and not private else {}
    rows = []
    for kind, pk, _k, _id in keys:
        if kind == "m" and pk in members:
            member, seat = members[pk], held.get(pk)
            state = state_of_member(
                seated_at=seat.started_at if seat is not None else None,
                last_active_at=member.last_active_at,
                waiting=member.waits,
                paused=member.paused,
                at=at,
            )
            if private:
                member.last_active_at = None
                state = State(Standing.SEATED) if seat is not None else state
            use = activity.get(pk, NOTHING)
            rows.append(Row(state=state, activity=use, membership=member, seat=seat, asks=member.asks, private=private))
        elif kind == "i" and pk in invitations:
            one, state = invitations[pk], State(Standing.INVITED)
            rows.append(Row(state=state, activity=NOTHING, invitation=one, seat=reserved.get(pk), waits=one.waits))
    return rows


def places_of_outer() -> QuerySet[WaitingPerson]:
    """The outer member's place in the queue."""
    return WaitingPerson.objects.filter(membership=OuterRef("pk"), served_at__isnull=True, withdrawn_at__isnull=True)


def places_of_invitation() -> QuerySet[WaitingPerson]:
    """The outer invitation's place in the queue."""
    return WaitingPerson.objects.filter(invitation=OuterRef("pk"), served_at__isnull=True, withdrawn_at__isnull=True)


def pauses_of_outer() -> QuerySet[Pause]:
    """The outer member's pause."""
    return Pause.objects.filter(membership=OuterRef("pk"), ended_at__isnull=True)


def wishes_of_outer() -> QuerySet[SeatRequest]:
    """The outer member's open request."""
    return SeatRequest.objects.filter(
        membership=OuterRef("pk"), state=SeatRequest.State.OPEN, kind=SeatRequest.Kind.SEAT
    )


def _seats_of(
    account: Account, members: Sequence[int], invitations: Sequence[int]
) -> tuple[dict[int, Assignment], dict[int, Assignment]]:
    """Open seats by membership, and reserved ones by invitation."""
    held: dict[int, Assignment] = {}
    reserved: dict[int, Assignment] = {}
    for seat in Assignment.objects.filter(
        Q(membership_id__in=members) | Q(invitation_id__in=invitations, state=Assignment.State.RESERVED),
        account=account,
        ended_at__isnull=True,
    ).select_related("started_by"):
        if seat.membership_id is not None:
            held[seat.membership_id] = seat
        elif seat.invitation_id is not None:
            reserved[seat.invitation_id] = seat
    return held, reserved
