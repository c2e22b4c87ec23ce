"""Give a free seat to a member."""

from datetime import datetime

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from seats.holders.claim import claim
from seats.models import Assignment


def assign_seat(
    *, account: Account, membership: Membership, actor: Actor, at: datetime, reason: str = "", over_budget: bool = False
) -> Assignment:
    """Give one seat. Raises what claim raises."""
    return claim(account=account, members=[membership], actor=actor, at=at, reason=reason, over_budget=over_budget)[0]
