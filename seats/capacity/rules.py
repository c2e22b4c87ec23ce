"""What will be the limit later. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import Account
from seats.holders.queries import SeatCounts
from seats.models import SeatPool


def limit_at(seats: SeatPool | SeatCounts, account: Account, *, purchased: int, at: datetime) -> int:
    """Seats that may be taken with so many purchased at a moment to come.

    Seats free of charge count through their last day in the account's zone.
    """
    day = at.astimezone(ZoneInfo(account.time_zone)).date()
    comped = seats.comped if seats.comped_until is not None and day <= seats.comped_until else 0
    return purchased + comped + seats.allowance
