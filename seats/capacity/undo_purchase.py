"""Undo a purchase: the money goes back, and with the seats go those who got them by it."""

from datetime import datetime

from django.utils.translation import ngettext

from accounts.access.actor import Actor
from accounts.models import Account
from billing.changes.undo_change import check_may_undo, undo_change
from billing.errors import NotUndoable
from billing.mirror.queries import changes_of, undo_of
from billing.models import QuantityChange
from seats.errors import SeatsInUse
from seats.holders.planned import given_with
from seats.models import SeatPool


def undo_purchase(*, account: Account, change_id: str, actor: Actor, at: datetime) -> QuantityChange:
    """Take a purchase back whole; returns the undo, which may still be open. A second click returns the first one's.

    Whoever was named while buying loses the seat again, unless an invitation was accepted meanwhile.
    Raises SeatsInUse, NotUndoable, UndoTooLate, ChangeInProgress, ProviderUnavailable: then nothing has changed.
    """
    purchase = changes_of(account).filter(public_id=change_id).select_related("subscription").first()
    if purchase is None:
        raise NotUndoable
    running = undo_of(purchase)
    if running is None or not (running.is_open or running.state == QuantityChange.State.APPLIED):
        check_may_undo(purchase, at=at)
        check_seats_free(purchase)
    return undo_change(account=account, change_id=change_id, actor=actor, at=at)


def check_seats_free(purchase: QuantityChange) -> None:
    """Raise SeatsInUse while more people sit than there will be seats, those who go with the purchase not counted."""
    pool = SeatPool.objects.get(account=purchase.account)
    given = given_with(account=purchase.account, quote_id=purchase.quote.public_id).count() if purchase.quote else 0
    beyond = pool.assigned - given - purchase.base_quantity - pool.comped - pool.allowance
    if beyond > 0:
        raise SeatsInUse(
            ngettext(
                "%(count)d of these seats is in use. Release %(count)d seat first, then undo the purchase.",
                "%(count)d of these seats are in use. Release %(count)d seats first, then undo the purchase.",
                beyond,
            )
            % {"count": beyond},
            count=beyond,
        )
