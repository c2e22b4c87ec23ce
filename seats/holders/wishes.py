"""Who gets a seat, by whatever door, no longer waits and no longer asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.access.actor import Actor
from accounts.models import Account, Invitation, Membership
from accounts.webhooks.emit_events import Told, emit_events, member_data
from seats.models import SeatRequest, WaitingPerson


def wishes_of(
    *, account: Account, members: Sequence[Membership], invitations: Sequence[Invitation] = ()
) -> tuple[QuerySet[WaitingPerson], QuerySet[SeatRequest]]:
    """Their places in the queue, and the members' open requests."""
    waiting = WaitingPerson.objects.filter(
        Q(membership__in=members) | Q(invitation__in=invitations),
        account=account,
        served_at__isnull=True,
        withdrawn_at__isnull=True,
    )
    requests = SeatRequest.objects.filter(
        account=account, membership__in=members, state=SeatRequest.State.OPEN, kind=SeatRequest.Kind.SEAT
    )
    return waiting, requests


def settle_wishes(
    *,
    account: Account,
    members: Sequence[Membership],
    invitations: Sequence[Invitation] = (),
    actor: Actor,
    at: datetime,
) -> None:
    """Close their places in the queue and the members' open requests, in the transaction that seats them."""
    waiting, requests = wishes_of(account=account, members=members, invitations=invitations)
    waiting.update(served_at=at)
    locked = requests.select_for_update(no_key=True, of=("self",))
    asked = list(locked.select_related("membership__user").order_by("pk"))
    if asked:
        SeatRequest.objects.filter(pk__in=[one.pk for one in asked]).update(
            state=SeatRequest.State.APPROVED, decided_by=actor.user, decided_at=at
        )
        emit_events(account=account, events=[Told("request.approved", request_data(one)) for one in asked], at=at)


def request_data(request: SeatRequest) -> dict[str, Any]:
    """A request, as every event tells one."""
    return {
        "request": {"id": request.public_id},
        "member": member_data(request.membership),
        "reason": request.reason,
        "answer": request.answer,
        "kind": request.kind,
        "quantity": request.quantity,
    }
