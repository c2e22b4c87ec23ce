"""Carry out a decided true-up: charge first, then release, then reduce, then seal. Each step may be repeated.

A charge that fails ends the run for that day: nobody loses a seat and nothing is reduced (payments.md §3).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.changes.buy_quote import accept_quote
from billing.changes.decreases import plan_decrease
from billing.changes.finish_change import finish_change
from billing.changes.rules import UNDO_WITHIN
from billing.changes.undo_change import may_still_be_undone
from billing.errors import (
    ChangeInProgress,
    ProviderUnavailable,
    QuoteChanged,
    QuoteUnavailable,
    RenewalSoon,
    SelfServiceFrozen,
)
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.models import QuantityChange, Quote
from billing.quotes.quote_quantity import quote_true_up
from seatportal.kit.errors import PortalError
from seats.holders.release_seat import release_seats
from seats.models import Assignment, DailyUsage, SeatPool, TrueUp, TrueUpPerson
from seats.pool.pools import lock_pool
from seats.true_up.agreed import floor_of
from seats.true_up.evidence import seal_evidence
from seats.true_up.rules import RETRY_AFTER, renewal
from seats.true_up.tell import reason_of, tell

log = structlog.get_logger(__name__)
State = TrueUp.State
Outcome = TrueUpPerson.Outcome

# What only time cures: look again, and nothing has failed.
LATER = (RenewalSoon, ChangeInProgress, QuoteUnavailable, QuoteChanged, ProviderUnavailable)
NOT_CHARGED = frozenset({"provider_unavailable", "too_many_changes", "quote_changed", "not_executed"})
LOOK_AGAIN = timedelta(minutes=10)


def key_of(run: TrueUp) -> str:
    """The idempotency key of an attempt to charge one account for one quarter (payments.md §3)."""
    return f"trueup:{run.account.public_id}:{run.first_day}:{run.attempts}"


def outcomes_of(run: TrueUp, people: Sequence[TrueUpPerson]) -> dict[int, str]:
    """What becomes of each idle person now, by the row's key; two queries, however many there are.

    Who works again keeps the seat without anybody's word, and who lost it meanwhile has none to lose.
    """
    ids = [person.membership_id for person in people]
    seats = Assignment.objects.filter(account=run.account, membership_id__in=ids, ended_at__isnull=True)
    held = set(seats.values_list("membership_id", "started_at"))
    used = DailyUsage.objects.filter(account=run.account, membership_id__in=ids, day__gt=run.last_day)
    active = set(used.values_list("membership_id", flat=True))
    found = {}
    for person in people:
        if person.outcome:
            found[person.pk] = person.outcome
        elif (person.membership_id, person.seated_at) not in held:
            found[person.pk] = Outcome.GONE
        elif person.membership_id in active:
            found[person.pk] = Outcome.ACTIVE
        else:
            keep = person.choice == TrueUpPerson.Choice.KEEP
            found[person.pk] = Outcome.KEPT if keep else Outcome.RELEASED
    return found


def settle_true_up(*, true_up_id: int, at: datetime) -> TrueUp:
    """Bring a decided true-up as far as it goes now. Never raises for what Stripe says or fails to say."""
    run = _run(true_up_id)
    if run.state != State.CONFIRMED or not _charged(run, at):
        return _run(true_up_id)
    if not _reduce(_release(run, at), at):
        return _run(true_up_id)
    with transaction.atomic():
        locked = _locked(true_up_id)
        return settle(locked, at) if locked.state == State.CONFIRMED else locked


def settle(run: TrueUp, at: datetime) -> TrueUp:
    """Seal it, in the caller's transaction."""
    run.state, run.settled_at, run.next_try_at = State.SETTLED, at, None
    seal_evidence(run)
    run.save()
    released = run.people.filter(outcome=Outcome.RELEASED).count()
    record_audit(
        account=run.account,
        actor=Actor.system("task"),
        action="true_up.settled",
        target=run.public_id,
        summary=f"{run.first_day} – {run.last_day}",
        seal=run.seal,
        released=released,
        renew=run.renew_quantity,
    )
    change = run.change
    if run.decision != TrueUp.Decision.NOTHING:
        tell(
            run,
            "settled",
            at,
            added=change.added if change else 0,
            amount=(change.charged_due or 0) if change else 0,
            currency=change.currency if change else "",
            released=released,
            renew=run.renew_quantity,
            by_default=run.decision == TrueUp.Decision.DEFAULT,
        )
    return run


def _charged(run: TrueUp, at: datetime) -> bool:
    """Whether nothing is left to charge; otherwise charge, wait or fail."""
    change = run.change
    if change is None:
        subscription = live_subscription(run.account)
        item = seat_item(subscription) if subscription is not None else None
        if item is None or run.target <= item.quantity:
            if not may_still_be_undone(run.account, at=at):
                return True
            # Bought meanwhile, and perhaps taken back in a moment: then they are to be charged after all.
            TrueUp.objects.filter(pk=run.pk).update(next_try_at=at + UNDO_WITHIN)
            return False
        try:
            quote = quote_true_up(
                account=run.account, actor=Actor.system("task"), add=run.target - item.quantity, at=at, present=False
            )
            change = _accept(run.pk, quote, at)
        except LATER as error:
            _wait(run, at, error)
            return False
        except PortalError as error:
            _fail(run.pk, error.code, at)
            return False
        if change is None:
            return False
    change = finish_change(change_id=change.pk, at=at)
    if change.is_open:
        TrueUp.objects.filter(pk=run.pk).update(next_try_at=at + LOOK_AGAIN)
        return False
    if change.error_code in NOT_CHARGED and change.state != QuantityChange.State.APPLIED:
        # It never happened, so it is no failed payment: the next round asks for the price again.
        TrueUp.objects.filter(pk=run.pk, change=change).update(change=None, next_try_at=at + LOOK_AGAIN)
        return False
    if change.state != QuantityChange.State.APPLIED:
        _fail(run.pk, change.error_code or change.state, at)
        return False
    return True


@transaction.atomic
def _accept(true_up_id: int, quote: Quote, at: datetime) -> QuantityChange | None:
    """The intent with its key, once: nobody is present, so an incomplete payment is an error. None: not ours to do."""
    run = _locked(true_up_id)
    if run.state != State.CONFIRMED:
        return None
    if run.change is not None:
        return run.change
    run.attempts += 1
    run.quote = quote
    run.change = accept_quote(
        quote=quote,
        actor=Actor.system("task"),
        at=at,
        reason=reason_of(run),
        true_up_key=key_of(run),
        present=False,
    )
    run.save()
    return run.change


@transaction.atomic
def _fail(true_up_id: int, code: str, at: datetime) -> None:
    """Told at once and tried again later; not one seat is taken."""
    run = _locked(true_up_id)
    if run.state != State.CONFIRMED:
        return
    if run.change is None:
        run.attempts += 1
    wait = RETRY_AFTER[run.attempts - 1] if run.attempts <= len(RETRY_AFTER) else None
    run.state, run.error_code = State.FAILED, code[:64]
    run.next_try_at = at + wait if wait is not None else None
    run.save()
    record_audit(
        account=run.account,
        actor=Actor.system("task"),
        action="true_up.failed",
        target=run.public_id,
        summary=code,
        attempt=run.attempts,
    )
    log.warning("true_up_failed", true_up=run.public_id, code=code, attempt=run.attempts)
    quote = run.quote
    tell(
        run,
        "failed",
        at,
        about=str(run.attempts),
        amount=quote.amount_due if quote else 0,
        currency=quote.currency if quote else "",
        again_at=run.next_try_at,
    )


@transaction.atomic
def charge_again(*, true_up_id: int, actor: Actor, at: datetime) -> bool:
    """Let a failed one be charged anew, with the next key. Returns whether it was failed."""
    run = _locked(true_up_id)
    if run.state != State.FAILED:
        return False
    run.state, run.change, run.next_try_at, run.error_code = State.CONFIRMED, None, None, ""
    run.save()
    record_audit(account=run.account, actor=actor, action="true_up.again", target=run.public_id)
    return True


def _wait(run: TrueUp, at: datetime, error: PortalError) -> None:
    log.info("true_up_waits", true_up=run.public_id, code=error.code)
    TrueUp.objects.filter(pk=run.pk).update(next_try_at=at + LOOK_AGAIN)


@transaction.atomic
def _release(run: TrueUp, at: datetime) -> TrueUp:
    """Every idle person gets an outcome, and those who leave lose their seats, all or none."""
    run = _locked(run.pk)
    people = list(run.people.filter(outcome=""))
    if run.state != State.CONFIRMED or not people:
        return run
    account, actor = run.account, Actor(user=run.decided_by, door="page" if run.decided_by else "task")
    lock_pool(account)
    outcomes = outcomes_of(run, people)
    for person in people:
        person.outcome = outcomes[person.pk]
    TrueUpPerson.objects.bulk_update(people, ["outcome"])
    leaving = [person.membership_id for person in people if person.outcome == Outcome.RELEASED]
    if leaving:
        seats = Assignment.objects.filter(account=account, membership_id__in=leaving, ended_at__isnull=True)
        release_seats(account=account, assignments=list(seats), actor=actor, at=at, reason=reason_of(run))
        run.renew_quantity = _renew_quantity(run, released=len(leaving))
        run.save(update_fields=["renew_quantity"])
    return run


def _renew_quantity(run: TrueUp, *, released: int) -> int | None:
    subscription = live_subscription(run.account)
    item = seat_item(subscription) if subscription is not None else None
    if item is None:
        return None
    pool, decrease = SeatPool.objects.get(account=run.account), open_decrease(run.account)
    return renewal(
        purchased=item.quantity,
        planned=decrease.renew_quantity if decrease is not None else None,
        released=released,
        assigned=pool.assigned,
        floor=floor_of(run.account, item.price.plan, item.period_end),
    )


def _reduce(run: TrueUp, at: datetime) -> bool:
    """From the next period on, never at once: the planned reduction's own verb. False: try again later."""
    subscription = live_subscription(run.account)
    item = seat_item(subscription) if subscription is not None else None
    if run.state != State.CONFIRMED:
        return False
    if run.decrease_id or run.renew_quantity is None or item is None or run.renew_quantity >= item.quantity:
        return True
    actor = Actor(user=run.decided_by, door="page" if run.decided_by else "task")
    standing = open_decrease(run.account)
    if standing is not None and standing.renew_quantity == run.renew_quantity:
        # This very number is planned: by whoever, or by a process of this run that died before it could note it.
        TrueUp.objects.filter(pk=run.pk).update(decrease_id=standing.public_id)
        return True
    try:
        plan = plan_decrease(
            account=run.account,
            quantity=run.renew_quantity,
            actor=actor,
            at=at,
            reason=reason_of(run),
        )
    except (ProviderUnavailable, SelfServiceFrozen) as error:
        _wait(run, at, error)
        return False
    except PortalError as error:
        # The subscription ends, or the number is bound meanwhile: the seats are free, and the number stays.
        log.warning("true_up_not_reduced", true_up=run.public_id, code=error.code)
        TrueUp.objects.filter(pk=run.pk).update(error_code=error.code[:64], renew_quantity=None)
        return True
    TrueUp.objects.filter(pk=run.pk).update(decrease_id=plan.public_id if plan is not None else "")
    return True


def _run(true_up_id: int) -> TrueUp:
    return TrueUp.objects.select_related("account", "change", "quote", "decided_by").get(pk=true_up_id)


def _locked(true_up_id: int) -> TrueUp:
    found = TrueUp.objects.select_for_update(of=("self",), no_key=True)
    return found.select_related("account", "change", "quote", "decided_by").get(pk=true_up_id)
