"""Seats, their holders and purchases under /api/v1/."""

from django.urls import path

from seats.api.approvers import Approvers
from seats.api.assignments import Assignments, OneAssignment, Reassignment
from seats.api.behind import LineBehind, LinePeople, MemberCost
from seats.api.budgets import Budgets, DepartmentBudget
from seats.api.bulk import BulkMove, BulkReopening, BulkWithdrawal
from seats.api.documents import DocumentPdf, Documents
from seats.api.entitlements import Entitlement, EntitlementBatch
from seats.api.features import FeatureRequests
from seats.api.idle_credits import IdleCredits, OneIdleCredit
from seats.api.ledger import Ledger
from seats.api.member_imports import MemberImportPeople, MemberImports, OneMemberImport
from seats.api.members import Members, OneMember
from seats.api.orders import Cancellation, OneOrder, Orders, Undo
from seats.api.pauses import MemberPause, MemberResumption
from seats.api.policy import Policy
from seats.api.regions import SeatRegions
from seats.api.reports import OneReport, Reports
from seats.api.requests import (
    OneSeatRequest,
    RequestDecision,
    RequestPrice,
    RequestReminder,
    RequestWithdrawal,
    SeatRequests,
)
from seats.api.rollouts import OneRollout, RolloutEnd, Rollouts
from seats.api.saved_views import OneSavedView, SavedViews
from seats.api.seats import Seats
from seats.api.signals import Signals
from seats.api.spending import JoinersRetry, Spending
from seats.api.tranches import OneTranche, TrancheApproval, TrancheCancellation, TrancheRelease, TrancheRetry, Tranches
from seats.api.true_ups import OneTrueUp, TrueUps
from seats.api.usage import UsageDaily, UsageFeatures, UsagePeople, UsageSummary
from seats.api.usage_events import UsageEvents
from seats.api.value import ValuePlanEnd, ValuePlanView
from seats.api.value_goals import Goals, GoalValues, OneGoal
from seats.api.value_return import PeerBandView, Returns

urlpatterns = [
    path("seats", Seats.as_view(), name="seats"),
    path("seats/regions", SeatRegions.as_view(), name="seat-regions"),
    path("policy", Policy.as_view(), name="policy"),
    path("policy/spending", Spending.as_view(), name="spending-policy"),
    path("policy/spending/retry-joiners", JoinersRetry.as_view(), name="retry-joiners"),
    path("policy/approvers", Approvers.as_view(), name="approvers"),
    path("budgets", Budgets.as_view(), name="budgets"),
    path("departments/<str:department_id>/budget", DepartmentBudget.as_view(), name="budget"),
    path("ledger", Ledger.as_view(), name="ledger"),
    path("signals", Signals.as_view(), name="signals"),
    path("requests", SeatRequests.as_view(), name="requests"),
    path("requests/<str:request_id>", OneSeatRequest.as_view(), name="request"),
    path("requests/<str:request_id>/decide", RequestDecision.as_view(), name="decide-request"),
    path("requests/<str:request_id>/price", RequestPrice.as_view(), name="price-request"),
    path("requests/<str:request_id>/withdraw", RequestWithdrawal.as_view(), name="withdraw-request"),
    path("requests/<str:request_id>/remind", RequestReminder.as_view(), name="remind-of-request"),
    path("feature-requests", FeatureRequests.as_view(), name="feature-requests"),
    path("assignments", Assignments.as_view(), name="assignments"),
    path("assignments/<str:assignment_id>", OneAssignment.as_view(), name="assignment"),
    path("assignments/<str:assignment_id>/reassign", Reassignment.as_view(), name="reassign"),
    path("members", Members.as_view(), name="members"),
    path("bulk/withdraw-invitations", BulkWithdrawal.as_view(), name="withdraw-invitations"),
    path("bulk/reopen-invitations", BulkReopening.as_view(), name="reopen-invitations"),
    path("bulk/move-to-regions", BulkMove.as_view(), name="move-to-regions"),
    path("members/import", MemberImports.as_view(), name="import-members"),
    path("member-imports/<str:people_import_id>", OneMemberImport.as_view(), name="member-import"),
    path("member-imports/<str:people_import_id>/people", MemberImportPeople.as_view(), name="member-import-people"),
    path("members/<str:member_id>", OneMember.as_view(), name="member"),
    path("members/<str:member_id>/invoice-lines", MemberCost.as_view(), name="member-invoice-lines"),
    path("invoices/<str:invoice_id>/lines/<int:position>", LineBehind.as_view(), name="invoice-line"),
    path("invoices/<str:invoice_id>/lines/<int:position>/people", LinePeople.as_view(), name="invoice-line-people"),
    path("reports", Reports.as_view(), name="reports"),
    path("reports/<str:report_id>", OneReport.as_view(), name="report"),
    path("members/<str:member_id>/pause", MemberPause.as_view(), name="pause-member"),
    path("members/<str:member_id>/resume", MemberResumption.as_view(), name="resume-member"),
    path("entitlements/check", EntitlementBatch.as_view(), name="entitlements-check"),
    # An id of the customer's own may have a slash.
    path("entitlements/<path:user>", Entitlement.as_view(), name="entitlement"),
    path("usage-events", UsageEvents.as_view(), name="usage-events"),
    path("usage/summary", UsageSummary.as_view(), name="usage-summary"),
    path("usage/people", UsagePeople.as_view(), name="usage-people"),
    path("usage/features", UsageFeatures.as_view(), name="usage-features"),
    path("usage/daily", UsageDaily.as_view(), name="usage-daily"),
    path("orders", Orders.as_view(), name="orders"),
    path("orders/<str:order_id>", OneOrder.as_view(), name="order"),
    path("orders/<str:order_id>/cancel", Cancellation.as_view(), name="cancel-order"),
    path("orders/<str:order_id>/undo", Undo.as_view(), name="undo-order"),
    path("documents", Documents.as_view(), name="documents"),
    path("documents/<str:document_id>/pdf", DocumentPdf.as_view(), name="document-pdf"),
    path("true-ups", TrueUps.as_view(), name="true-ups"),
    path("true-ups/<str:true_up_id>", OneTrueUp.as_view(), name="true-up"),
    path("idle-credits", IdleCredits.as_view(), name="idle-credits"),
    path("idle-credits/<str:credit_id>", OneIdleCredit.as_view(), name="idle-credit"),
    path("seat-views", SavedViews.as_view(), name="seat-views"),
    path("seat-views/<str:view_id>", OneSavedView.as_view(), name="seat-view"),
    path("value/plan", ValuePlanView.as_view(), name="value-plan"),
    path("value/plan/end", ValuePlanEnd.as_view(), name="end-value-plan"),
    path("value/goals", Goals.as_view(), name="value-goals"),
    path("value/goals/<str:goal_id>", OneGoal.as_view(), name="value-goal"),
    path("value/goals/<str:goal_id>/values", GoalValues.as_view(), name="value-goal-values"),
    path("value/returns", Returns.as_view(), name="value-returns"),
    path("value/peers", PeerBandView.as_view(), name="value-peers"),
    path("rollouts", Rollouts.as_view(), name="rollouts"),
    path("rollouts/<str:rollout_id>", OneRollout.as_view(), name="rollout"),
    path("rollouts/<str:rollout_id>/end", RolloutEnd.as_view(), name="end-rollout"),
    path("tranches", Tranches.as_view(), name="tranches"),
    path("tranches/<str:tranche_id>", OneTranche.as_view(), name="tranche"),
    path("tranches/<str:tranche_id>/cancel", TrancheCancellation.as_view(), name="cancel-tranche"),
    path("tranches/<str:tranche_id>/release", TrancheRelease.as_view(), name="release-tranche"),
    path("tranches/<str:tranche_id>/retry", TrancheRetry.as_view(), name="retry-tranche"),
    path("tranches/<str:tranche_id>/ask", TrancheApproval.as_view(), name="ask-for-tranche"),
]
