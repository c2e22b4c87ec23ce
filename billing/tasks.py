"""Celery's doors into billing: nothing in, one verb."""

from celery import shared_task

from billing.changes.credit_idle import finish_idle_credits as finish_credits
from billing.changes.decreases import let_go_of_schedules as let_go
from billing.changes.decreases import place_due_decreases as place_due
from billing.changes.end_subscription import carry_due_endings as carry_endings
from billing.changes.finish_open_changes import finish_open_changes as finish_open
from billing.changes.give_back import give_back_what_is_due as give_back_due
from billing.changes.repair_decreases import repair_missed_decreases as repair
from billing.changes.resume_paused import carry_due_resumptions as carry_resumptions
from billing.inbox.fetch_missed_events import fetch_missed_events as fetch_missed
from billing.inbox.handle_burst import handle_burst
from billing.inbox.handle_event import prune_events as prune
from billing.notices.tell_dunning import walk_dunning as walk
from billing.notices.tell_trial import walk_trials as walk_trials_now
from billing.reconcile.issue_credit_note import finish_credit_notes as finish_notes
from billing.reconcile.reconcile import continue_reconciliation as continue_run
from billing.reconcile.reconcile import start_reconciliation as start_run
from seatportal.kit.clock import now


@shared_task(name="billing.handle_waiting_events")
def handle_waiting_events() -> None:
    """Handle what waits in the inbox; rung by a delivery, and swept for bells that were lost."""
    handle_burst(at=now())


@shared_task(name="billing.finish_open_changes")
def finish_open_changes() -> None:
    """Carry on what a crash left."""
    finish_open(at=now())


@shared_task(name="billing.finish_idle_credits")
def finish_idle_credits() -> None:
    """Put credits for idle seats on the next invoice that a crash left behind."""
    finish_credits(at=now())


@shared_task(name="billing.give_back_what_is_due")
def give_back_what_is_due() -> None:
    """Carry on refunds of undone purchases."""
    give_back_due(at=now())


@shared_task(name="billing.carry_due_endings")
def carry_due_endings() -> None:
    """Carry on ends of subscriptions that were asked for, and taken back."""
    carry_endings(at=now())


@shared_task(name="billing.carry_due_resumptions")
def carry_due_resumptions() -> None:
    """Carry on resumptions of paused subscriptions."""
    carry_resumptions(at=now())


@shared_task(name="billing.walk_trials")
def walk_trials() -> None:
    """Tell whose trial ends soon."""
    walk_trials_now(at=now())


@shared_task(name="billing.walk_dunning")
def walk_dunning() -> None:
    """Tell who is late of the next step, and let seats follow."""
    walk(at=now())


@shared_task(name="billing.place_due_decreases")
def place_due_decreases() -> None:
    """Put reductions on Stripe that take effect within a day, let go of those that did, put right what was missed."""
    at = now()
    place_due(at=at)
    let_go(at=at)
    repair(at=at)


@shared_task(name="billing.fetch_missed_events")
def fetch_missed_events() -> None:
    """Ask for events that never came."""
    fetch_missed(at=now())


@shared_task(name="billing.prune_events")
def prune_events() -> None:
    """Forget old handled events."""
    prune(at=now())


@shared_task(name="billing.reconcile")
def reconcile() -> None:
    """Begin the nightly comparison with Stripe."""
    start_run(at=now())


@shared_task(name="billing.continue_reconciliation", time_limit=600, soft_time_limit=570)
def continue_reconciliation() -> None:
    """Carry the comparison on; it rings for itself until it is done, and the sweep finds one that was left."""
    continue_run(at=now())


@shared_task(name="billing.finish_credit_notes")
def finish_credit_notes() -> None:
    """Carry on credit notes that a crash or a lost answer left."""
    finish_notes(at=now())
