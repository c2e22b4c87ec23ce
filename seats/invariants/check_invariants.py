"""All 18 invariants at once, for the hourly job, the command and the tests."""

from datetime import datetime

import structlog

from billing.invariants.find_broken import find_broken
from billing.invariants.queries import INVARIANTS as BILLING
from billing.invariants.rules import Broken
from seats.invariants.queries import INVARIANTS as SEATS

log = structlog.get_logger(__name__)


def check_invariants(*, at: datetime) -> list[Broken]:
    """Look for violations of payments.md §11.2; each is logged as an error and returned. Changes nothing."""
    found = sorted(find_broken(invariants=(*BILLING, *SEATS), at=at), key=lambda broken: broken.number)
    for broken in found:
        log.error(
            "invariant_broken",
            number=broken.number,
            invariant=broken.name,
            subject=broken.subject,
            detail=broken.detail,
        )
    return found
