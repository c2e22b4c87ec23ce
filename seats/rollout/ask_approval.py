"""A tranche that is above the month's allowance goes to those who approve purchases; once they say yes, it is bought.

Whoever holds more than one row locks the tranche first, then its request, then the subscription. What the approval does
to the tranche stands in requests/approved_tranche.py.
"""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import RequestGone, TrancheClosed, TrancheNotHeld
from seats.models import SeatRequest, Tranche
from seats.requests.request_purchase import request_purchase
from seats.requests.withdraw_request import withdraw_request
from seats.rollout.tell import reason_of

State = Tranche.State
NEEDS_APPROVAL = "approval_required"


def ask_for_tranche(
    *, account: Account, tranche_id: str, membership: Membership, actor: Actor, at: datetime
) -> SeatRequest:
    """Send a held tranche for approval, at today's price; one that is on its way already is returned.

    membership: who asks, and does not approve. Raises Tranche.DoesNotExist, TrancheClosed, TrancheNotHeld, and what
    quote_quantity raises: then nothing was asked.
    """
    seen = Tranche.objects.select_related("request").get(account=account, public_id=tranche_id)
    if seen.request is not None and seen.request.state in (SeatRequest.State.OPEN, SeatRequest.State.BUYING):
        return seen.request
    _check(seen)
    quote = quote_quantity(account=account, actor=actor, add=seen.quantity, at=at)
    with transaction.atomic():
        rows = Tranche.objects.select_for_update(no_key=True, of=("self",)).select_related("plan", "department")
        tranche = rows.get(pk=seen.pk)
        if tranche.request_id != seen.request_id and tranche.request is not None:
            return tranche.request  # Two clicks at once.
        _check(tranche)
        tranche.request = request_purchase(
            account=account,
            membership=membership,
            quote_id=quote.public_id,
            reason=reason_of(tranche),
            department=tranche.department,
            po_number=tranche.po_number,
            actor=actor,
            at=at,
        )
        tranche.save(update_fields=["request"])
    return tranche.request


def drop_request(tranche: Tranche, actor: Actor, at: datetime) -> None:
    """What was asked for is bought otherwise, cancelled or changed: nobody shall approve it. The tranche is locked."""
    if tranche.request is None or tranche.request.state != SeatRequest.State.OPEN:
        return
    with suppress(RequestGone):
        withdraw_request(account=tranche.account, request=tranche.request, actor=actor, at=at)


def _check(tranche: Tranche) -> None:
    if not tranche.is_open:
        raise TrancheClosed
    if tranche.state != State.HELD or tranche.held_code != NEEDS_APPROVAL:
        raise TrancheNotHeld
