"""Celery's doors into seats."""

from celery import shared_task

from seatportal.kit.clock import now
from seats.capacity.enforce_grace import enforce_grace as enforce
from seats.holders.admit_waiting import admit_all_waiting
from seats.invariants.check_invariants import check_invariants as check


@shared_task(name="seats.admit_waiting")
def admit_waiting() -> None:
    """Give free seats to those who wait."""
    admit_all_waiting(at=now())


@shared_task(name="seats.enforce_grace")
def enforce_grace() -> None:
    """End what is over the limit for too long."""
    enforce(at=now())


@shared_task(name="seats.check_invariants")
def check_invariants() -> None:
    """Look for what must never be; violations are logged as errors."""
    check(at=now())
