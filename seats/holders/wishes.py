"""Who gets a seat, by whatever door, no longer waits and no longer asks."""

from collections.abc import Sequence
from datetime import datetime

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from seats.models import SeatRequest, WaitingPerson


def settle_wishes(*, account: Account, members: Sequence[Membership], actor: Actor, at: datetime) -> None:
    """Close the members' places in the queue and their open requests, in the transaction that seats them."""
    WaitingPerson.objects.filter(
        account=account, membership__in=members, served_at__isnull=True, withdrawn_at__isnull=True
    ).update(served_at=at)
    SeatRequest.objects.filter(account=account, membership__in=members, state=SeatRequest.State.OPEN).update(
        state=SeatRequest.State.APPROVED, decided_by=actor.user, decided_at=at
    )
