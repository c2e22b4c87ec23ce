"""Day by day: notice, no new seats, seats off. Pure (payments.md §8, product.md §5.6).

Nothing here shrinks anything: the purchased number and who sits stay as they are until the invoice is paid or the
subscription ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Counted from the day on which the invoice should have been paid.
FREEZES_AFTER = timedelta(days=7)
SUSPENDS_AFTER = timedelta(days=21)
# While the subscription is said to be well, an automatic charge may still be on its way for so long.
SETTLES_WITHIN = timedelta(days=1)


class Stage(StrEnum):
    """How far it has come."""

    NONE = "none"
    GRACE = "grace"  # Seats work, owned ones can be given; none can be bought.
    FROZEN = "frozen"  # Seats work, none can be given.
    SUSPENDED = "suspended"  # Seats are off; who holds them is kept.


@dataclass(frozen=True)
class Dunning:
    """The stage at one moment and when the next ones come. since: when the invoice should have been paid."""

    stage: Stage
    since: datetime | None = None
    freezes_at: datetime | None = None
    suspends_at: datetime | None = None


def dunning_at(
    *, status: str, overdue_since: datetime | None, sent: bool, grace_until: datetime | None, at: datetime
) -> Dunning:
    """Judge a subscription's status together with its oldest unpaid invoice.

    sent: the invoice is sent and paid by transfer, so its due date alone counts. grace_until: staff gave time until
    then. Status is necessary, not sufficient: an active subscription with an old open invoice is late all the same.
    """
    if overdue_since is None:
        return Dunning(Stage.SUSPENDED if status == "unpaid" else Stage.NONE)
    if status in ("active", "trialing") and not sent and at < overdue_since + SETTLES_WITHIN:
        return Dunning(Stage.NONE)
    freezes_at, suspends_at = overdue_since + FREEZES_AFTER, overdue_since + SUSPENDS_AFTER
    if grace_until is not None:
        freezes_at, suspends_at = max(freezes_at, grace_until), max(suspends_at, grace_until)
    if status == "unpaid" or at >= suspends_at:
        stage = Stage.SUSPENDED
    else:
        stage = Stage.FROZEN if at >= freezes_at else Stage.GRACE
    return Dunning(stage, overdue_since, freezes_at, suspends_at)
