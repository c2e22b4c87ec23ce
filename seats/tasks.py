"""Celery's doors into seats."""

from time import monotonic

from celery import shared_task

from seatportal.kit.clock import now
from seatportal.kit.queue import ring
from seats.capacity.comp_seats import end_due_comps
from seats.capacity.enforce_grace import enforce_grace as enforce
from seats.capacity.set_policy import end_due_exceptions
from seats.capacity.warn_of_reductions import warn_of_reductions as warn
from seats.directory.buy_for_joiners import buy_for_all_joiners
from seats.growth.deliver_alert import deliver_alert as deliver
from seats.growth.deliver_alert import ring_waiting_alerts
from seats.growth.forget_job_runs import forget_job_runs as forget_runs
from seats.growth.mark_accounts import mark_accounts as mark_all
from seats.growth.send_digests import send_digests as send_all_digests
from seats.growth.sweep import start_sweep
from seats.growth.sweep import work_sweeps as work
from seats.holders.admit_waiting import admit_all_waiting
from seats.holders.resume_person import resume_due
from seats.insight.make_use_report import make_due_reports
from seats.insight.record_department_marks import record_department_marks
from seats.insight.record_recurring import record_recurring
from seats.invariants.check_invariants import check_invariants as check
from seats.models import Sweep
from seats.people.import_people import forget_drafts, ring_open_people_imports
from seats.people.import_people import work_people_import as work_on_people
from seats.rollout.run_tranches import carry_tranche as carry
from seats.rollout.run_tranches import run_due_tranches as run_tranches
from seats.sharing.find_sharing import find_all_sharing
from seats.sharing.show_cases import show_unanswered
from seats.true_up.count_idle_credits import count_idle_credits as count_idle
from seats.true_up.record_marks import record_marks as record
from seats.true_up.run_true_ups import run_true_ups as run_all
from seats.usage.import_file import ring_open_imports
from seats.usage.import_file import work_import as work_on_import
from seats.usage.prune_events import prune_events as prune
from seats.value.goals import measure_goals as measure
from seats.value.peers import make_peer_bands as make_bands
from seats.value.report import write_due_reports as write_reports
from seats.value.weekly import send_weekly_digests as send_weekly

# A worker takes shards for so many seconds, then a fresh message goes on: well within a task's time limit.
SWEEP_SECONDS = 20


@shared_task(name="seats.admit_waiting")
def admit_waiting() -> None:
    """Give free seats to those who wait."""
    admit_all_waiting(at=now())


@shared_task(name="seats.end_comps")
def end_comps() -> None:
    """End seats free of charge whose last day is over."""
    end_due_comps(at=now())


@shared_task(name="seats.end_exceptions")
def end_exceptions() -> None:
    """Put limits back whose exception's last day is over."""
    end_due_exceptions(at=now())


@shared_task(name="seats.buy_for_joiners")
def buy_for_joiners() -> None:
    """Buy seats for people whom directories added, or ask for them."""
    buy_for_all_joiners(at=now())


@shared_task(name="seats.resume_paused")
def resume_paused() -> None:
    """Bring back people whose pause ends today."""
    resume_due(at=now())


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


@shared_task(name="seats.record_growth")
def record_growth() -> None:
    """Keep what history does not say again: seats by department, and what changes meant in recurring revenue."""
    record_department_marks(at=now())
    record_recurring(at=now())


@shared_task(name="seats.mark_accounts")
def mark_accounts() -> None:
    """Count every account for the account team's metrics."""
    mark_all(at=now())


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


@shared_task(name="seats.sweep_hourly")
def sweep_hourly() -> None:
    """Look at every account's seats."""
    start_sweep(kind=Sweep.Kind.HOURLY, at=now())


@shared_task(name="seats.sweep_nightly")
def sweep_nightly() -> None:
    """Look at every account with every detector."""
    start_sweep(kind=Sweep.Kind.NIGHTLY, at=now())


@shared_task(name="seats.work_sweeps")
def work_sweeps() -> None:
    """Take parts of sweeps until there are none; rung by a sweep's start, and every minute for what a crash left."""
    began = monotonic()
    while work(at=now()):
        if monotonic() - began > SWEEP_SECONDS:
            ring("seats.work_sweeps")
            return


@shared_task(name="seats.deliver_alert")
def deliver_alert(delivery_id: int) -> None:
    """Send one alert on one way."""
    deliver(delivery_id=delivery_id, at=now())


@shared_task(name="seats.send_waiting_alerts")
def send_waiting_alerts() -> None:
    """Ring for alerts that are due and were not sent."""
    ring_waiting_alerts(at=now())


@shared_task(name="seats.find_sharing")
def find_sharing() -> None:
    """Ask people whose sign-in several seem to use."""
    find_all_sharing(at=now())


@shared_task(name="seats.show_sharing")
def show_sharing() -> None:
    """Show admins what nobody answered in time."""
    show_unanswered(at=now())


@shared_task(name="seats.make_use_reports")
def make_use_reports() -> None:
    """Work out usage reports where something happened."""
    make_due_reports(at=now())


@shared_task(name="seats.work_import")
def work_import(import_id: int) -> None:
    """Go on with a file of usage events, and ring again where more is left."""
    if work_on_import(import_id=import_id, at=now()):
        ring("seats.work_import", import_id=import_id)


@shared_task(name="seats.work_people_import")
def work_people_import(import_id: int) -> None:
    """Go on with a file of people, and ring again where more is left."""
    if work_on_people(import_id=import_id, at=now()):
        ring("seats.work_people_import", import_id=import_id)


@shared_task(name="seats.continue_imports")
def continue_imports() -> None:
    """Find imports that a crash left, and forget files of people that nobody applied."""
    ring_open_imports(at=now())
    ring_open_people_imports(at=now())
    forget_drafts(at=now())


@shared_task(name="seats.send_digests")
def send_digests() -> None:
    """Send the day's alerts together to those who want them so."""
    send_all_digests(at=now())


@shared_task(name="seats.forget_job_runs")
def forget_job_runs() -> None:
    """Forget runs of jobs that are two weeks old."""
    forget_runs(at=now())


@shared_task(name="seats.measure_goals")
def measure_goals() -> None:
    """Count the values of goals that are counted from usage."""
    measure(at=now())


@shared_task(name="seats.write_value_reports")
def write_value_reports() -> None:
    """Write the reports of value plans whose ninety days are over."""
    write_reports(at=now())


@shared_task(name="seats.make_peer_bands")
def make_peer_bands() -> None:
    """Work out how comparable accounts use their seats."""
    make_bands(at=now())


@shared_task(name="seats.send_weekly_digests")
def send_weekly_digests() -> None:
    """Write the digests of accounts where Monday morning has come, and ring again where more are due."""
    if send_weekly(at=now()):
        ring("seats.send_weekly_digests")


@shared_task(name="seats.run_due_tranches")
def run_due_tranches() -> None:
    """Buy or hold the seats that are scheduled for today."""
    run_tranches(at=now())


@shared_task(name="seats.carry_tranche")
def carry_tranche(tranche_id: int) -> None:
    """One of them, at once."""
    carry(tranche_id=tranche_id, at=now())
