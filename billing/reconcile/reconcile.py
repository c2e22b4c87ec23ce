"""The nightly comparison with Stripe, and the same on demand. It reads there and never writes (payments.md §7).

The run is a row; each page of a hundred is one step, and a worker that dies leaves its place. One customer that
fails is counted and named, and stops nobody else.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from accounts.models import Account
from billing.changes.follow_refund import follow_refund
from billing.errors import ProviderUnavailable, RunUnderWay
from billing.gateway.contract import GatewayError, Refused
from billing.gateway.stripe_api import gateway
from billing.models import Customer, QuantityChange, Reconciliation, Refund, Subscription
from billing.models.drift import Kind, Severity
from billing.models.subscription import ENDED
from billing.reconcile.check_money import check_applied_change, check_paid_invoice
from billing.reconcile.check_subscription import Checked, check_listed, check_subscription
from billing.reconcile.drifts import record_drift
from billing.reconcile.rules import Finding
from seatportal.kit.queue import ring

log = structlog.get_logger(__name__)
Stage = Reconciliation.Stage

# Money is looked at this far back: longer than an update can wait for its payment, with room for missed nights.
LOOK_BACK = timedelta(days=7)
# Banks send a refund back within thirty days, if they do.
REFUNDS_BACK = timedelta(days=30)
# As long as its task may run (billing/tasks.py).
LEASE = timedelta(minutes=10)
WORK_SECONDS = 30.0
MOST_ERRORS = 50


@dataclass
class Report:
    """What a run did. failed: those that could not be looked at, named in errors."""

    checked: int = 0
    found: int = 0
    repaired: int = 0
    failed: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)

    def attempt(self, about: str, work: Callable[[], Checked | bool]) -> None:
        """One thing looked at; whatever goes wrong is written down and the next one follows."""
        self.checked += 1
        try:
            result = work()
        except Exception as error:
            self.failed += 1
            self.errors.append({"about": about, "error": f"{type(error).__name__}: {error}"[:300]})
            log.exception("reconciliation_failed_for", about=about)
            return
        checked = result if isinstance(result, Checked) else Checked(found=int(result))
        self.found += checked.found
        self.repaired += checked.repaired


def reconcile_account(*, account: Account, at: datetime) -> Report:
    """One account, now. Raises ProviderUnavailable when Stripe's lists cannot be read."""
    try:
        return _account(account, at)
    except GatewayError as error:
        raise ProviderUnavailable from error


def _account(account: Account, at: datetime) -> Report:
    report = Report()
    customer = Customer.objects.filter(account=account).first()
    if customer is None:
        return report
    after, more = "", True
    seen: set[str] = set()
    while more:
        page, more = gateway().subscription_page(after=after, customer_id=customer.stripe_id)
        for listed in page:
            seen.add(listed.id)
            report.attempt(listed.id, lambda: check_listed(listed=listed, at=at))  # noqa: B023  called at once
        after = page[-1].id if page else ""
        more = more and bool(page)
    ours = Subscription.objects.filter(account=account).exclude(status__in=ENDED).exclude(stripe_id__in=seen)
    _missing(ours, report, at)
    since, after, more = at - LOOK_BACK, "", True
    while more:
        bills, more = gateway().paid_invoices(since, after=after, customer_id=customer.stripe_id)
        for bill in bills:
            report.attempt(bill.id, lambda: check_paid_invoice(invoice=bill, at=at))  # noqa: B023  called at once
        after = bills[-1].id if bills else ""
        more = more and bool(bills)
    _applied(QuantityChange.objects.filter(account=account), report, since, at)
    _refunds(Refund.objects.filter(account=account), report, at)
    return report


def reconcile_everybody(*, at: datetime) -> Report:
    """A whole run from here, or the rest of the one under way. Raises ProviderUnavailable, RunUnderWay.

    The row is carried page by page as a worker would, so an interrupted run is taken up where it stopped.
    """
    run: Reconciliation | None = start_reconciliation(at=at)
    try:
        while run is not None and run.finished_at is None:
            run = continue_reconciliation(at=at)
    except GatewayError as error:
        raise ProviderUnavailable from error
    if run is None:
        raise RunUnderWay
    return Report(run.checked, run.found, run.repaired, run.failed, run.errors)


def start_reconciliation(*, at: datetime) -> Reconciliation:
    """Begin a run over everybody and ring for it; the one that is under way when there is one."""
    try:
        with transaction.atomic():
            run = Reconciliation.objects.create(started_at=at)
    except IntegrityError:
        run = Reconciliation.objects.get(finished_at__isnull=True)
    ring("billing.continue_reconciliation")
    return run


def continue_reconciliation(*, at: datetime, seconds: float = WORK_SECONDS) -> Reconciliation | None:
    """Carry the open run on for so long, and ring for the rest. None when there is none, or another has it.

    Raises GatewayError when Stripe's list cannot be read; the run then goes on from the same page.
    """
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=at)
    if not Reconciliation.objects.filter(free, finished_at__isnull=True).update(lease_until=at + LEASE):
        return None
    run = Reconciliation.objects.get(finished_at__isnull=True)
    end = time.monotonic() + seconds
    try:
        while run.stage != Stage.DONE and time.monotonic() < end:
            _step(run, at)
    finally:
        Reconciliation.objects.filter(pk=run.pk).update(lease_until=None)
    if run.finished_at is None:
        ring("billing.continue_reconciliation")
    return run


def _step(run: Reconciliation, at: datetime) -> None:
    """One page of the run's stage, then its place and its counts in one write."""
    report = Report()
    after, more = "", False
    if run.stage == Stage.SUBSCRIPTIONS:
        page, more = gateway().subscription_page(after=run.after)
        for listed in page:
            report.attempt(listed.id, lambda: check_listed(listed=listed, at=at))  # noqa: B023  called at once
        Subscription.objects.filter(stripe_id__in=[listed.id for listed in page]).update(listed_at=run.started_at)
        after = page[-1].id if page else ""
    elif run.stage == Stage.MISSING:
        _missing(_not_listed(run), report, at)
    else:
        bills, more = gateway().paid_invoices(run.started_at - LOOK_BACK, after=run.after)
        for bill in bills:
            report.attempt(bill.id, lambda: check_paid_invoice(invoice=bill, at=at))  # noqa: B023  called at once
        after = bills[-1].id if bills else ""
        if not more:
            _applied(QuantityChange.objects.all(), report, run.started_at - LOOK_BACK, at)
            _refunds(Refund.objects.all(), report, at)
    run.after = after if more else ""
    if not more:
        run.stage = {Stage.SUBSCRIPTIONS: Stage.MISSING, Stage.MISSING: Stage.MONEY}.get(Stage(run.stage), Stage.DONE)
    run.errors = (run.errors + report.errors)[:MOST_ERRORS]
    if run.stage == Stage.DONE:
        run.finished_at = at
    counts = {name: F(name) + value for name, value in asdict(report).items() if isinstance(value, int)}
    Reconciliation.objects.filter(pk=run.pk).update(
        after=run.after,
        stage=run.stage,
        errors=run.errors,
        finished_at=run.finished_at,
        lease_until=at + LEASE,
        **counts,
    )
    run.refresh_from_db()
    if run.finished_at is not None:
        log.info("reconciled", checked=run.checked, found=run.found, repaired=run.repaired, failed=run.failed)


def _not_listed(run: Reconciliation) -> Iterable[Subscription]:
    old = Q(listed_at__isnull=True) | Q(listed_at__lt=run.started_at)
    live = Subscription.objects.exclude(status__in=ENDED).filter(old)
    # Made after the list was read: the next night's.
    return live.filter(Q(started_at__isnull=True) | Q(started_at__lt=run.started_at))


def _missing(ours: Iterable[Subscription], report: Report, at: datetime) -> None:
    for row in ours:
        report.attempt(row.stripe_id, lambda: _look_for(row, at))  # noqa: B023  called at once


def _look_for(row: Subscription, at: datetime) -> Checked:
    """Ask for it by name before calling it missing."""
    try:
        remote = gateway().subscription(row.stripe_id)
    except Refused as error:
        if error.code != "resource_missing":
            raise
        finding = Finding(Kind.MISSING, row.stripe_id, Severity.GRAVE, row.status, "–")
        _, news = record_drift(finding=finding, at=at, account=row.account, subscription=row)
        if news:
            log.error("subscription_missing", subscription=row.stripe_id)
        return Checked(found=int(news))
    return check_subscription(subscription=row, remote=remote, at=at)


def _applied(changes: QuerySet[QuantityChange], report: Report, since: datetime, at: datetime) -> None:
    recent = changes.filter(state=QuantityChange.State.APPLIED, settled_at__gte=since).select_related("subscription")
    for change in recent.iterator(chunk_size=500):
        report.attempt(change.public_id, lambda: check_applied_change(change=change, at=at))  # noqa: B023  at once


def _refunds(refunds: QuerySet[Refund], report: Report, at: datetime) -> None:
    """Those that are with a bank: its no may have come while we heard nothing."""
    done = Q(state=Refund.State.DONE, done_at__gte=at - REFUNDS_BACK)
    # Of one that Stripe refused the card's part may be with the bank all the same.
    sent = refunds.filter(done | Q(state=Refund.State.REFUSED)).exclude(refund_stripe_id="")
    for stripe_id in sent.values_list("refund_stripe_id", flat=True).iterator(chunk_size=500):
        report.attempt(stripe_id, lambda: follow_refund(stripe_id=stripe_id, at=at))  # noqa: B023  called at once
