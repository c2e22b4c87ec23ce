"""Look at all accounts: in shards that workers take one by one, each in a transaction of its own.

Whoever works on a shard holds its lock, so two never do the same one; whoever is killed gives the lock back with
nothing written, and the next one to come takes the shard again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef

from accounts.models import Account
from seatportal.kit.queue import ring
from seats.growth.detectors import HOURLY, NIGHTLY
from seats.growth.expansion import wake_tasks
from seats.growth.found import Found
from seats.growth.picture import Span, changed_pictures
from seats.growth.record_signals import end_signals, open_signals
from seats.growth.seats_rules import judge
from seats.growth.tell import tell_signals
from seats.models import SeatPool, Signal, Sweep, SweepShard

log = structlog.get_logger(__name__)

# Large enough that what each costs by itself is little, small enough that it takes seconds.
SHARD = 20_000
# Messages sent at once; each takes shards until there are none.
WORKERS = 8
TRIES = 3
KEPT = timedelta(days=14)


@dataclass(frozen=True)
class Swept:
    """What one look wrote."""

    opened: int
    ended: int
    alerts: int


@transaction.atomic
def start_sweep(*, kind: str, at: datetime) -> Sweep:
    """Begin the round of this hour or day, or find the one that has begun; ring for workers."""
    slot = at.replace(minute=0, second=0, microsecond=0)
    if kind == Sweep.Kind.NIGHTLY:
        slot = slot.replace(hour=0)
    sweep, new = Sweep.objects.get_or_create(kind=kind, slot=slot, defaults={"started_at": at})
    if new:
        Sweep.objects.filter(finished_at__lt=at - KEPT).delete()
        shards = SweepShard.objects.bulk_create(SweepShard(sweep=sweep, first=s.first, last=s.last) for s in spans())
        for _ in shards[:WORKERS]:
            ring("seats.work_sweeps")
    wake_tasks(at=at)
    _finish(at)
    return sweep


def spans() -> list[Span]:
    """All accounts, in parts."""
    ends = SeatPool.objects.aggregate(first=Min("account_id"), last=Max("account_id"))
    if ends["first"] is None:
        return []
    return [Span(n, min(n + SHARD - 1, ends["last"])) for n in range(ends["first"], ends["last"] + 1, SHARD)]


def work_sweeps(*, at: datetime) -> bool:
    """Take one shard that nobody holds and look at its accounts; returns whether there was one.

    A shard that fails is cut in two, so that one account that cannot be read stops only itself; given up after TRIES.
    """
    failed: SweepShard | None = None
    try:
        with transaction.atomic():
            shard = (
                SweepShard.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(done_at__isnull=True)
                .select_related("sweep")
                .order_by("tries", "sweep_id", "first")
                .first()
            )
            if shard is None:
                return False
            failed = shard
            kind = shard.sweep.kind
            swept = sweep_span(span=Span(shard.first, shard.last), at=at, nightly=kind == Sweep.Kind.NIGHTLY)
            SweepShard.objects.filter(pk=shard.pk).update(done_at=at, opened=swept.opened, ended=swept.ended)
    except Exception as error:
        if failed is None:
            raise
        log.exception("shard_failed", sweep=str(failed.sweep), first=failed.first, last=failed.last)
        _part(failed, error, at)
    _finish(at)
    return True


@transaction.atomic
def sweep_span(*, span: Span, at: datetime, nightly: bool) -> Swept:
    """Look at some accounts now: signals that open and end, then the alerts and tasks that follow."""
    opens: list[Found] = []
    ends: list[tuple[int, str, str]] = []
    for picture in changed_pictures(span, at):
        verdict = judge(picture)
        opens += verdict.opens
        ends += [(picture.account_id, kind, "") for kind in verdict.ends]
    for kind, detect in {**HOURLY, **(NIGHTLY if nightly else {})}.items():
        found = {one.key: one for one in detect(span, at)}
        known = set(
            Signal.objects.filter(
                account_id__gte=span.first, account_id__lte=span.last, kind=kind, ended_at__isnull=True
            ).values_list("account_id", "kind", "subject")
        )
        opens += [one for key, one in found.items() if key not in known]
        ends += sorted(known - found.keys())
    ended = end_signals(keys=ends, at=at)
    opened = open_signals(found=opens, at=at)
    return Swept(opened=opened, ended=ended, alerts=tell_signals(span=span, at=at))


def sweep_account(*, account: Account, at: datetime) -> Swept:
    """Look at one account now, with every detector."""
    return sweep_span(span=Span(account.pk, account.pk), at=at, nightly=True)


@transaction.atomic
def _part(shard: SweepShard, error: Exception, at: datetime) -> None:
    # Somebody else may have taken it meanwhile; then it is theirs.
    row = SweepShard.objects.select_for_update(skip_locked=True).filter(pk=shard.pk, done_at__isnull=True).first()
    if row is None:
        return
    row.last_error = f"{type(error).__name__}: {error}"[:200]
    row.tries += 1
    if row.first < row.last:
        middle = (row.first + row.last) // 2
        SweepShard.objects.create(sweep_id=row.sweep_id, first=middle + 1, last=row.last, last_error=row.last_error)
        row.last, row.tries = middle, 0
    elif row.tries >= TRIES:
        row.done_at = at
    row.save()


def _finish(at: datetime) -> None:
    """Rounds without an open shard are over."""
    left = SweepShard.objects.filter(sweep=OuterRef("pk"), done_at__isnull=True)
    Sweep.objects.filter(~Exists(left), finished_at__isnull=True).update(finished_at=at)
