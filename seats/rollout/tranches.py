"""Tranches: scheduled for at most an amount, changed, cancelled."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Department, Membership
from billing.quotes.estimate import Estimate, estimate_growth
from seatportal.kit.clock import start_of_day
from seatportal.kit.queue import ring
from seats.errors import RolloutRefused, TrancheClosed
from seats.insight.activity import today_in
from seats.models import Tranche
from seats.rollout.ask_approval import drop_request
from seats.rollout.plans import close, lock_plan
from seats.rollout.rules import FARTHEST
from seats.rollout.tell import emit

# Open tranches of one plan.
MOST = 100


@dataclass(frozen=True)
class Wish:
    """What a tranche is to be. ceiling: the most that may be due at once, in minor units of the subscription's
    currency; whoever sends it agrees to it. gate_percent None: the day alone decides."""

    quantity: int
    due_on: date
    owner: Membership
    ceiling: int
    department: Department | None = None
    gate_percent: int | None = None
    po_number: str = ""


def schedule_tranche(*, account: Account, plan_id: str, wish: Wish, actor: Actor, at: datetime) -> Tranche:
    """Add a tranche to an open plan, with Stripe's estimate of today.

    Raises RolloutPlan.DoesNotExist, RolloutEnded, RolloutRefused, NoSubscription, QuantityWrong, TooManySeats,
    QuoteUnavailable.
    """
    _check(account, wish, at)
    estimate = _estimate(account, wish, at)
    with transaction.atomic():
        plan = lock_plan(account, plan_id)
        if plan.tranches.filter(state__in=Tranche.OPEN).count() >= MOST:
            raise RolloutRefused(_("The plan has %(most)d open tranches. Begin another plan.") % {"most": MOST})
        tranche = Tranche(account=account, plan=plan)
        _fill(tranche, wish, estimate, actor, at)
        tranche.save()
        emit(tranche, "tranche.scheduled", at)
        record_audit(
            account=account,
            actor=actor,
            action="tranche.scheduled",
            target=tranche.public_id,
            summary=plan.name,
            **_told(tranche),
        )
        ring("seats.carry_tranche", tranche_id=tranche.pk)
    return tranche


def change_tranche(*, account: Account, tranche_id: str, wish: Wish, actor: Actor, at: datetime) -> Tranche:
    """Change what is not bought yet; the amount is agreed to anew, and what held it is judged anew.

    Raises as schedule_tranche, Tranche.DoesNotExist and TrancheClosed.
    """
    old = Tranche.objects.get(account=account, public_id=tranche_id)
    if not old.is_open:
        raise TrancheClosed
    _check(account, wish, at, due_on=old.due_on)
    estimate = _estimate(account, wish, at)
    with transaction.atomic():
        tranche = lock_tranche(account, tranche_id)
        if not tranche.is_open:
            raise TrancheClosed
        before = _told(tranche)
        drop_request(tranche, actor, at)
        _fill(tranche, wish, estimate, actor, at)
        tranche.save()
        emit(tranche, "tranche.scheduled", at)
        record_audit(
            account=account,
            actor=actor,
            action="tranche.changed",
            target=tranche.public_id,
            summary=tranche.plan.name,
            old=before,
            new=_told(tranche),
        )
        ring("seats.carry_tranche", tranche_id=tranche.pk)
    return tranche


@transaction.atomic
def cancel_tranche(*, account: Account, tranche_id: str, actor: Actor, at: datetime) -> Tranche:
    """Take it off the plan. Raises Tranche.DoesNotExist, TrancheClosed."""
    tranche = lock_tranche(account, tranche_id)
    if not tranche.is_open:
        raise TrancheClosed
    drop_request(tranche, actor, at)
    close(tranche, Tranche.State.CANCELLED, at)
    emit(tranche, "tranche.cancelled", at)
    record_audit(
        account=account,
        actor=actor,
        action="tranche.cancelled",
        target=tranche.public_id,
        summary=tranche.plan.name,
    )
    return tranche


def lock_tranche(account: Account, tranche_id: str) -> Tranche:
    """One tranche until the transaction ends. Raises Tranche.DoesNotExist."""
    return _locked().get(account=account, public_id=tranche_id)


def lock_row(tranche: int) -> Tranche:
    """As lock_tranche, for jobs, which know the row."""
    return _locked().get(pk=tranche)


def _locked() -> QuerySet[Tranche]:
    rows = Tranche.objects.select_for_update(of=("self",), no_key=True)
    related = ("account", "plan", "owner__user", "agreed_by", "agreed_key", "department", "change", "request")
    return rows.select_related(*related)


def _estimate(account: Account, wish: Wish, at: datetime) -> Estimate:
    return estimate_growth(account=account, add=wish.quantity, on=start_of_day(wish.due_on, account.time_zone), at=at)


def _check(account: Account, wish: Wish, at: datetime, *, due_on: date | None = None) -> None:
    """due_on: the day that it has already, which may have passed."""
    today = today_in(account, at)
    if wish.due_on != due_on and not today <= wish.due_on <= today + FARTHEST:
        raise RolloutRefused(_("Choose a day from today on, within three years."), field="due_on")
    if wish.owner.account_id != account.pk or wish.owner.left_at is not None:
        raise RolloutRefused(_("Choose somebody of this account."), field="owner")
    if wish.department is not None and wish.department.account_id != account.pk:
        raise RolloutRefused(_("Choose a department of this account."), field="department")
    if wish.gate_percent is not None and not 1 <= wish.gate_percent <= 100:
        raise RolloutRefused(_("Enter a percentage from 1 to 100."), field="gate_percent")
    if not 0 <= wish.ceiling < 10**15:
        raise RolloutRefused(_("Enter an amount of zero or more."), field="ceiling")


def _fill(tranche: Tranche, wish: Wish, estimate: Estimate, actor: Actor, at: datetime) -> None:
    tranche.quantity, tranche.due_on, tranche.owner = wish.quantity, wish.due_on, wish.owner
    tranche.department, tranche.gate_percent = wish.department, wish.gate_percent
    tranche.po_number = wish.po_number.strip()[:60]
    tranche.currency, tranche.ceiling = estimate.currency, wish.ceiling
    tranche.agreed_at, tranche.agreed_by, tranche.agreed_key = at, actor.user, actor.api_key
    tranche.estimate, tranche.estimate_of = estimate.amount_due, estimate.moment
    tranche.state, tranche.held_code, tranche.held_at, tranche.asked = Tranche.State.PLANNED, "", None, None
    tranche.released_at, tranche.released_by, tranche.released_reason = None, None, ""
    tranche.tried_since, tranche.change = None, None
    tranche.next_look_at = start_of_day(wish.due_on, tranche.account.time_zone)


def _told(tranche: Tranche) -> dict[str, object]:
    """For the trail."""
    return {
        "seats": tranche.quantity,
        "due_on": tranche.due_on.isoformat(),
        "owner": tranche.owner.user.email,
        "department": tranche.department.name if tranche.department else "",
        "gate_percent": tranche.gate_percent,
        "ceiling": tranche.ceiling,
        "currency": tranche.currency,
        "po_number": tranche.po_number,
    }
