"""The pool, who sits, who waits, who asked, and the ledger."""

from seats.models.assignment import Assignment
from seats.models.ledger import LedgerEntry
from seats.models.planned import PlannedHolder
from seats.models.pool import SeatPool
from seats.models.request import SeatRequest
from seats.models.usage import DailyUsage
from seats.models.waiting import WaitingPerson

__all__ = ["Assignment", "DailyUsage", "LedgerEntry", "PlannedHolder", "SeatPool", "SeatRequest", "WaitingPerson"]
