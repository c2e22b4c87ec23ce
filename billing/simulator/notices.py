"""Events that only announce: a trial ends soon, an invoice is coming, a schedule expires."""

from __future__ import annotations

from . import agenda
from .errors import Obj, StripeError
from .events import emit
from .previews import upcoming
from .world import World


def of_subscription(world: World, subscription: Obj, at: int) -> bool:
    """Give the notice that is due at `at` on a subscription taken by `change`; False when there is none."""
    told = subscription.setdefault("_told", {})
    trial = agenda.trial_notice(subscription)
    if trial is not None and trial <= at:
        told["trial"] = subscription["trial_end"]
        emit(world, "customer.subscription.trial_will_end", subscription)
        return True
    invoice = agenda.upcoming_notice(subscription, world.settings)
    if invoice is not None and invoice <= at:
        told["upcoming"] = agenda.period_end(subscription)
        _upcoming(world, subscription)
        return True
    return False


def _upcoming(world: World, subscription: Obj) -> None:
    try:
        invoice = upcoming(world, subscription)
    except StripeError:
        return  # Nothing is to be billed.
    emit(world, "invoice.upcoming", invoice)


def of_schedule(world: World, schedule: Obj, at: int) -> bool:
    """The same for a schedule."""
    due = agenda.expiry_notice(schedule)
    if due is None or due > at:
        return False
    schedule["_told"] = schedule["phases"][-1]["end_date"]
    emit(world, "subscription_schedule.expiring", schedule)
    return True
