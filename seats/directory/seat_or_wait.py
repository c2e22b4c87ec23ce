"""Whoever joins by themselves, from a directory, gets a seat or waits for one; nobody is turned away."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.access.roles import needs_seat
from accounts.models import Account, Membership
from billing.models import BuyingPolicy
from billing.terms.set_buying_policy import buying_policy_of
from seats.directory.buy_for_joiners import want_seats
from seats.errors import (
    AlreadyRequested,
    AlreadySeated,
    AlreadyWaiting,
    BudgetExceeded,
    SeatLimitReached,
    SeatsFrozen,
)
from seats.holders.claim import claim
from seats.holders.queries import somebody_is_before
from seats.holders.wait import wait_for_seat
from seats.pool.regions import has_pool
from seats.requests.request_seat import request_seat


@transaction.atomic
def seat_or_wait(*, account: Account, membership: Membership, reason: str, actor: Actor, at: datetime) -> None:
    """Claim a seat; at the limit wait for one, and ask for it or have it bought, by the account's policy; while seats
    are frozen or the department's budget is used up, wait.

    Who has a free role, as an invitation gave it, gets none by this. Who waits already, for a seat from the same pool,
    is served first. An invited person has the reserved seat by now.
    """
    if not needs_seat(membership.role):
        return
    full = somebody_is_before(account=account, region=membership.region_id, at=at)
    if not full:
        try:
            claim(account=account, members=[membership], actor=actor, at=at, reason=reason)
        except SeatLimitReached:
            full = True
        except AlreadySeated:
            return
        except (SeatsFrozen, BudgetExceeded):
            pass
        else:
            return
    with suppress(AlreadySeated, AlreadyWaiting):
        place = wait_for_seat(account=account, membership=membership, actor=actor, at=at)
        # More seats of the account do not help where a region has its own.
        bought = buying_policy_of(account).joiners != BuyingPolicy.Joiners.WAIT and not has_pool(membership)
        if full and place.served_at is None and bought:
            want_seats(account=account, at=at)
        elif full and place.served_at is None:
            # Nobody in person asks: the request stands in the name of the person whom it is for.
            with suppress(AlreadyRequested, AlreadySeated):
                request_seat(
                    account=account,
                    membership=membership,
                    asked_by=membership.user,
                    reason=reason,
                    actor=actor,
                    at=at,
                )
