"""Celery's doors into seats."""

from celery import shared_task

from seatportal.kit.clock import now
from seats.capacity.enforce_grace import enforce_grace as enforce
from seats.capacity.warn_of_reductions import warn_of_reductions as warn
from seats.holders.admit_waiting import admit_all_waiting
from seats.invariants.check_invariants import check_invariants as check
from seats.true_up.count_idle_credits import count_idle_credits as count_idle
from seats.true_up.record_marks import record_marks as record
from seats.true_up.run_true_ups import run_true_ups as run_all
from seats.usage.prune_events import prune_events as prune


@shared_task(name="seats.admit_waiting")
def admit_waiting() -> None:
    """Give free seats to those who wait."""
    admit_all_waiting(at=now())


@shared_task(name="seats.enforce_grace")
def enforce_grace() -> None:
    """End what is over the limit for too long."""
    enforce(at=now())


@shared_task(name="seats.warn_of_reductions")
def warn_of_reductions() -> None:
    """Tell where more people sit than there will be seats."""
    warn(at=now())


@shared_task(name="seats.check_invariants")
def check_invariants() -> None:
    """Look for what must never be; violations are logged as errors."""
    check(at=now())


@shared_task(name="seats.record_marks")
def record_marks() -> None:
    """Write how many seats each day used."""
    record(at=now())


@shared_task(name="seats.count_idle_credits")
def count_idle_credits() -> None:
    """Count idle seats of periods that end now."""
    count_idle(at=now())


@shared_task(name="seats.run_true_ups")
def run_true_ups() -> None:
    """Announce, count and settle quarterly true-ups."""
    run_all(at=now())


@shared_task(name="seats.prune_usage_events")
def prune_usage_events() -> None:
    """Forget single events whose time is over."""
    prune(at=now())
