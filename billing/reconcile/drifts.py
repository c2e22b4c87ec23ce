"""The one writer of drift: found once however often it is seen, closed when it is gone."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import Account
from billing.models import Drift, Subscription
from billing.models.drift import Kind
from billing.reconcile.causes import NOT_KNOWN, Origin
from billing.reconcile.rules import Finding

State = Drift.State
GONE = "Both sides agree again."


@transaction.atomic
def record_drift(
    *,
    finding: Finding,
    at: datetime,
    account: Account | None = None,
    subscription: Subscription | None = None,
    origin: Origin = NOT_KNOWN,
) -> tuple[Drift, bool]:
    """Write a difference down, and whether it is news. What is known is only seen again, unless it has moved on."""
    known = (
        Drift.objects.select_for_update(no_key=True, of=("self",))
        .filter(kind=finding.kind, subject=finding.subject, state__in=(State.FOUND, State.IGNORED))
        .first()
    )
    if known is not None:
        moved = (known.ours, known.theirs) != (finding.ours[:300], finding.theirs[:300])
        if moved:
            known.ours, known.theirs, known.state = finding.ours[:300], finding.theirs[:300], State.FOUND
        known.last_seen = at
        known.save(update_fields=["ours", "theirs", "state", "last_seen"])
        return known, moved
    drift = Drift.objects.create(
        account=account,
        subscription=subscription,
        subject=finding.subject,
        kind=finding.kind,
        severity=finding.severity,
        ours=finding.ours[:300],
        theirs=finding.theirs[:300],
        cause=origin.cause,
        event_id=origin.event_id,
        webhook_lost=origin.lost,
        first_seen=at,
        last_seen=at,
    )
    return drift, True


def known_drift(finding: Finding) -> bool:
    """Whether exactly this is written down already, so that nobody asks for its cause again."""
    return Drift.objects.filter(
        kind=finding.kind,
        subject=finding.subject,
        ours=finding.ours[:300],
        theirs=finding.theirs[:300],
        state__in=(State.FOUND, State.IGNORED),
    ).exists()


def close_gone(*, subjects: Collection[str], kinds: Iterable[Kind], still: Iterable[Finding], at: datetime) -> int:
    """Close what was found earlier and is not there any more; returns how many."""
    there = {(finding.kind, finding.subject) for finding in still}
    closed = 0
    for drift in Drift.objects.filter(subject__in=subjects, kind__in=list(kinds), state=State.FOUND):
        if (drift.kind, drift.subject) not in there:
            closed += Drift.objects.filter(pk=drift.pk, state=State.FOUND).update(
                state=State.REPAIRED, closed_at=at, note=GONE
            )
    return closed
