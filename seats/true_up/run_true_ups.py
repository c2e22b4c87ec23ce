"""The hourly round: announce, count, decide by default, settle, try again. Twice or late is as once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Q

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.models import Terms
from billing.terms.queries import terms_of
from seatportal.kit.clock import start_of_day
from seats.models import TrueUp
from seats.true_up.agreed import has_true_up, quarter_at
from seats.true_up.count_true_up import count_true_up
from seats.true_up.decide_true_up import decide_by_default
from seats.true_up.record_marks import record_marks
from seats.true_up.rules import ANSWER_LIFE, NOTICES, Quarter, day_in, notice_due
from seats.true_up.settle_true_up import charge_again, settle_true_up
from seats.true_up.tell import tell

log = structlog.get_logger(__name__)
State = TrueUp.State

# A quarter that ended while nobody ran is still trued up so much later.
LATEST = timedelta(days=30)


def run_true_ups(*, at: datetime) -> int:
    """Bring every account's true-up as far as it goes now; returns how many were looked at. One that fails stops no
    other."""
    agreed = Terms.objects.filter(
        Q(true_up_from__isnull=False) | Q(inactive_policy=Terms.InactivePolicy.HYBRID), account__closed_at__isnull=True
    )
    for terms in agreed.select_related("account").order_by("pk"):
        _quietly(partial(open_true_ups, terms=terms, at=at), terms.account.public_id)
    if TrueUp.objects.filter(state=State.NOTICE, due_at__lte=at).exists():
        record_marks(at=at)
    looked = 0
    for run in TrueUp.objects.filter(state__in=TrueUp.OPEN).select_related("account").order_by("pk"):
        _quietly(partial(step, run, at), run.public_id)
        looked += 1
    return looked


def open_true_ups(*, terms: Terms, at: datetime) -> None:
    """Make the rows that are due: of the running quarter four weeks before its end, and of the last if missing."""
    account = terms.account
    running = quarter_at(terms, account.time_zone, at)
    if running is None:
        return
    if running.ends_at(account.time_zone) - at <= timedelta(days=NOTICES[0]):
        _open(terms, running)
    before = quarter_at(terms, account.time_zone, start_of_day(running.first, account.time_zone) - timedelta(hours=1))
    if before is None or at - before.ends_at(account.time_zone) > LATEST:
        return
    # An agreement without a first day begins with the quarter in which it was made.
    if terms.true_up_from is not None or day_in(account.time_zone, terms.created_at) <= before.last:
        _open(terms, before)


def _open(terms: Terms, quarter: Quarter) -> None:
    due = quarter.ends_at(terms.account.time_zone)
    TrueUp.objects.get_or_create(
        account=terms.account,
        first_day=quarter.first,
        defaults={
            "last_day": quarter.last,
            "time_zone": terms.account.time_zone,
            "idle_days": terms.idle_days,
            "removes_idle": terms.inactive_policy == Terms.InactivePolicy.HYBRID,
            "due_at": due,
            "answer_by": due + ANSWER_LIFE,
        },
    )


def step(run: TrueUp, at: datetime) -> None:
    """One true-up, one step or several."""
    if run.state == State.NOTICE:
        if not has_true_up(terms_of(run.account)):
            _withdraw(run, at)
        elif at >= run.due_at:
            count_true_up(true_up_id=run.pk, at=at)
        else:
            _announce(run, at)
    if run.state == State.REVIEW and at >= run.answer_by:
        run = decide_by_default(true_up_id=run.pk, at=at)
    waits = run.next_try_at is not None and run.next_try_at > at
    if run.state == State.FAILED and run.next_try_at is not None and not waits:
        charge_again(true_up_id=run.pk, actor=Actor.system("task"), at=at)
        run.refresh_from_db()
    if run.state == State.CONFIRMED and not waits:
        settle_true_up(true_up_id=run.pk, at=at)


@transaction.atomic
def _announce(run: TrueUp, at: datetime) -> None:
    days_left = (run.last_day - day_in(run.time_zone, at)).days + 1
    due = notice_due(days_left=days_left, sent=run.notice_sent)
    if due is None:
        return
    if TrueUp.objects.filter(pk=run.pk, notice_sent=run.notice_sent).update(notice_sent=due):
        tell(run, "notice", at, about=str(due), days=days_left, removes_idle=run.removes_idle)


@transaction.atomic
def _withdraw(run: TrueUp, at: datetime) -> None:
    if TrueUp.objects.filter(pk=run.pk, state=State.NOTICE).update(state=State.WITHDRAWN, settled_at=at):
        record_audit(account=run.account, actor=Actor.system("task"), action="true_up.withdrawn", target=run.public_id)


def _quietly(act: Callable[[], object], what: str) -> None:
    try:
        act()
    except Exception:
        log.exception("true_up_not_run", what=what)
