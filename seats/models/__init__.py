"""The pool, who sits, who waits, who asked, the ledger, and the quarterly true-up."""

from seats.models.assignment import Assignment
from seats.models.daily_mark import DailyMark
from seats.models.leaver import ReductionLeaver
from seats.models.ledger import LedgerEntry
from seats.models.planned import PlannedHolder
from seats.models.pool import SeatPool
from seats.models.request import SeatRequest
from seats.models.true_up import TrueUp, TrueUpPerson
from seats.models.usage import DailyUsage, UnknownUsage, UsageEvent, UsageKey, UsageSettings
from seats.models.waiting import WaitingPerson

__all__ = [
    "Assignment",
    "DailyMark",
    "DailyUsage",
    "LedgerEntry",
    "PlannedHolder",
    "ReductionLeaver",
    "SeatPool",
    "SeatRequest",
    "TrueUp",
    "TrueUpPerson",
    "UnknownUsage",
    "UsageEvent",
    "UsageKey",
    "UsageSettings",
    "WaitingPerson",
]
