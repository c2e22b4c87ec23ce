"""When a request may be answered, withdrawn and repeated. Pure."""

from datetime import datetime, timedelta

from seats.errors import ReasonMissing, RemindedToday, RequestGone
from seats.models import SeatRequest

REMIND_AFTER = timedelta(days=1)


def check_reason(reason: str) -> str:
    """The reason without spaces around it. Raises ReasonMissing."""
    text = reason.strip()
    if not text:
        raise ReasonMissing(field="reason")
    return text[:300]


def check_open(state: str) -> None:
    """Raises RequestGone for an answered or withdrawn request."""
    if state != SeatRequest.State.OPEN:
        raise RequestGone


def may_remind_at(*, asked_at: datetime, reminded_at: datetime | None) -> datetime:
    """From when on the person may remind: a day after asking, and a day after each reminder."""
    return (reminded_at or asked_at) + REMIND_AFTER


def check_may_remind(*, asked_at: datetime, reminded_at: datetime | None, at: datetime) -> None:
    """Raises RemindedToday."""
    if at < may_remind_at(asked_at=asked_at, reminded_at=reminded_at):
        raise RemindedToday
