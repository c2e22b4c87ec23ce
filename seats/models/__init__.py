"""The pool, who sits, who waits, who asked, the ledger, the quarterly true-up, and what the account team is told."""

from seats.models.account_mark import AccountMark, MarkedMonth
from seats.models.alert import Alert, AlertDelivery, AlertEndpoint, AlertPreference, Channel
from seats.models.assignment import Assignment
from seats.models.budget import DepartmentBudget
from seats.models.contact import AccountManager, Contact
from seats.models.daily_mark import DailyMark
from seats.models.department_mark import DepartmentMark
from seats.models.feature_request import FeatureRequest
from seats.models.job_run import JobRun
from seats.models.joiners import JoinerPurchase
from seats.models.leaver import ReductionLeaver
from seats.models.ledger import LedgerEntry
from seats.models.nudge import Nudge, NudgeRefusal
from seats.models.pause import Pause
from seats.models.peers import PeerBand
from seats.models.people_import import ImportedPerson, PeopleImport
from seats.models.planned import PlannedHolder
from seats.models.pool import SeatPool
from seats.models.recurring import RecurringChange
from seats.models.region_pool import RegionPool
from seats.models.request import RequestStep, SeatRequest
from seats.models.review import BusinessReview
from seats.models.roi import RoiVersion
from seats.models.rollout import RolloutPlan, Tranche
from seats.models.saved_view import SavedView
from seats.models.sharing import SharingCase
from seats.models.signal import Signal
from seats.models.sweep import Sweep, SweepShard
from seats.models.task import ExpansionTask, Pattern
from seats.models.true_up import TrueUp, TrueUpPerson
from seats.models.usage import ArchivedFile, DailyUsage, UnknownUsage, UsageEvent, UsageKey, UsageSettings
from seats.models.usage_import import UsageImport
from seats.models.usage_report import UsageReport
from seats.models.value import GoalReading, ValueGoal, ValuePlan, ValueReport
from seats.models.waiting import WaitingPerson
from seats.models.weekly import MailChoice, WeeklyDigest

__all__ = [
    "AccountManager",
    "AccountMark",
    "Alert",
    "AlertDelivery",
    "AlertEndpoint",
    "AlertPreference",
    "ArchivedFile",
    "Assignment",
    "BusinessReview",
    "Channel",
    "Contact",
    "DailyMark",
    "DailyUsage",
    "DepartmentBudget",
    "DepartmentMark",
    "ExpansionTask",
    "FeatureRequest",
    "GoalReading",
    "ImportedPerson",
    "JobRun",
    "JoinerPurchase",
    "LedgerEntry",
    "MailChoice",
    "MarkedMonth",
    "Nudge",
    "NudgeRefusal",
    "Pattern",
    "Pause",
    "PeerBand",
    "PeopleImport",
    "PlannedHolder",
    "RecurringChange",
    "ReductionLeaver",
    "RegionPool",
    "RequestStep",
    "RoiVersion",
    "RolloutPlan",
    "SavedView",
    "SeatPool",
    "SeatRequest",
    "SharingCase",
    "Signal",
    "Sweep",
    "SweepShard",
    "Tranche",
    "TrueUp",
    "TrueUpPerson",
    "UnknownUsage",
    "UsageEvent",
    "UsageImport",
    "UsageKey",
    "UsageReport",
    "UsageSettings",
    "ValueGoal",
    "ValuePlan",
    "ValueReport",
    "WaitingPerson",
    "WeeklyDigest",
]
