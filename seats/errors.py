"""What may go wrong with seats, in words for people."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class SeatLimitReached(PortalError):
    """Every seat that may be taken is taken."""

    code, status = "seat_limit_reached", 409
    message = _("All seats are in use. Add a seat, reassign one, or put the person on the waiting list.")


class RegionFull(SeatLimitReached):
    """Every seat of the person's region is taken, though others may have free ones."""

    code = "region_full"
    message = _("All seats of this person’s region are in use. Move a seat within the region, or raise its number.")


class SplitTooLarge(PortalError):
    """More seats for regions than there are."""

    code, status = "split_too_large", 422
    message = _("The regions cannot have more seats together than the account has.")


class SplitWrong(PortalError):
    """A number that is no pool."""

    code, status = "split_wrong", 422
    message = _("Give each region a number of seats from 1 up, or none.")


class CompWrong(PortalError):
    """A number of seats free of charge, or their last day, that cannot be."""

    code, status = "comp_wrong", 422
    message = _("Give a number of seats from 1 to 10,000 and a last day from today to a year from now.")


class CompNeedsSubscription(PortalError):
    """Seats free of charge come on top of purchased ones."""

    code, status = "comp_needs_subscription", 409
    message = _("Seats free of charge come on top of purchased ones, and this account has none at present.")


class NothingComped(PortalError):
    """There is nothing to end."""

    code, status = "nothing_comped", 409
    message = _("This account has no seats free of charge at present.")


class SeatsFrozen(PortalError):
    """The subscription's state allows no new holders."""

    code, status = "seats_frozen", 409
    message = _("Seats cannot be given while the subscription is not active.")


class PersonPaused(PortalError):
    """An admin has paused the person."""

    code, status = "person_paused", 409
    message = _("This person is paused. Resume them first; then they get a free seat or wait for one.")


class NoSeatToPause(PortalError):
    """Only a holder can be paused."""

    code, status = "no_seat_to_pause", 409
    message = _("This person has no seat, so there is nothing to pause.")


class NotPaused(PortalError):
    """There is no pause to end."""

    code, status = "not_paused", 409
    message = _("This person is not paused.")


class PauseWrong(PortalError):
    """A day that cannot be."""

    code, status = "pause_wrong", 422
    message = _("Choose a day from tomorrow to three years from now, or none.")


class AlreadySeated(PortalError):
    """The person has a seat or a reserved one."""

    code, status = "already_seated", 409
    message = _("This person already has a seat.")


class AlreadyWaiting(PortalError):
    """The person is in the queue."""

    code, status = "already_waiting", 409
    message = _("This person is already on the waiting list.")


class SeatGone(PortalError):
    """Somebody was faster."""

    code, status = "seat_gone", 409
    message = _("This seat changed a moment ago. Reload the page to see who has it.")


class NotAMember(PortalError):
    """The person is not, or no longer, in the account."""

    code, status = "not_a_member", 422
    message = _("This person is not a member of the account.")


class TooManyPeople(PortalError):
    """More people named than seats bought."""

    code, status = "too_many_people", 422
    message = _("Name no more people than the seats that you buy.")


class RequestGone(PortalError):
    """Answered already."""

    code, status = "request_gone", 409
    message = _("This request was answered already.")


class AlreadyRequested(PortalError):
    """One open request per person."""

    code, status = "already_requested", 409
    message = _("A seat was already requested. You will hear as soon as it is decided.")


class ReasonMissing(PortalError):
    """Those who decide need to know why."""

    code, status = "reason_missing", 422
    message = _("Say what the seat is for.")


class RemindedToday(PortalError):
    """Once a day is enough."""

    code, status = "reminded_today", 409
    message = _("You can remind once a day. Try again tomorrow.")


class UndoGone(PortalError):
    """Too late, or something else happened since."""

    code, status = "undo_gone", 409
    message = _("This can no longer be undone, because the seat changed since or too much time has passed.")


class SeatsInUse(PortalError):
    """The seats of a purchase cannot go while people sit on them."""

    code, status = "seat_in_use", 409
    message = _("These seats are in use. Release them first, then undo the purchase.")


class NothingToChoose(PortalError):
    """No reduction is planned, or everybody fits."""

    code, status = "nothing_to_choose", 409
    message = _("Nobody has to give up a seat: no reduction is planned, or everybody fits into it.")


class TooManyChosen(PortalError):
    """More than have to go."""

    code, status = "too_many_chosen", 422
    message = _("Choose no more seats than have to go.")


class PersonUnknown(PortalError):
    """Nobody of that name or address in the account."""

    code, status = "person_unknown", 422
    message = _("Nobody in the account has this name or address. Choose somebody from the list.")


class PolicyWrong(PortalError):
    """A limit that makes no sense."""

    code, status = "policy_wrong", 422
    message = _("With a hard limit there are no extra seats. Choose a soft limit to allow some.")


class ExceptionWrong(PortalError):
    """An exception that ends before today or after a year."""

    code, status = "exception_wrong", 422
    message = _("An exception ends between today and a year from today.")


class TrueUpClosed(PortalError):
    """Decided already."""

    code, status = "true_up_closed", 409
    message = _("This true-up is decided already. Nothing more was changed.")


class TrueUpChanged(PortalError):
    """The numbers moved since they were shown."""

    code, status = "true_up_changed", 409
    message = _("The numbers changed since this page was made. Nothing was charged. Check the new ones.")


class EventsForgotten(PortalError):
    """Counts cannot be made again from events that are not kept any more."""

    code, status = "events_forgotten", 409
    message = _("The events of these days are not all kept any more. Begin with the first day that is complete.")


class DaysNotArchived(PortalError):
    """Counts of days that are not in the archive yet are made again from the database."""

    code, status = "days_not_archived", 409
    message = _("These days are not in the archive yet. End with the last day that is.")


class SharingAnswered(PortalError):
    """Answered or closed already."""

    code, status = "sharing_answered", 409
    message = _("This was answered already. Nothing more was changed.")


class UsageIsPrivate(PortalError):
    """What one person did is not shown in this account."""

    code, status = "usage_is_private", 403
    message = _("This account shows usage for groups of at least five only, not for single people.")


class ImportRefused(PortalError):
    """A file that holds no events, or too many."""

    code, status = "import_refused", 422
    message = _("This file cannot be imported.")


class ImportApplied(PortalError):
    """A file of people that is applied already."""

    code, status = "import_applied", 409
    message = _("This file is applied already. Import another one to change more.")


class ImportNotStopped(PortalError):
    """It is done or goes on already."""

    code, status = "import_not_stopped", 409
    message = _("This import did not stop: it is done or in progress.")


class PlanOpen(PortalError):
    """One value plan at a time."""

    code, status = "plan_open", 409
    message = _("A value plan is open already. Its report comes first.")


class PlanEnded(PortalError):
    """The plan or the goal is no longer there to change."""

    code, status = "plan_ended", 409
    message = _("This plan has ended, or the goal was removed. Reload the page.")


class GoalRefused(PortalError):
    """A goal or value that makes no sense."""

    code, status = "goal_refused", 422
    message = _("This goal cannot be kept like that.")


class TaskClosed(PortalError):
    """Somebody was faster."""

    code, status = "task_closed", 409
    message = _("This task is closed already. Reload the page to see its outcome.")


class NothingWon(PortalError):
    """No purchase stands behind it."""

    code, status = "nothing_won", 409
    message = _("No seats were added since this task was opened. Close it as won after the purchase.")


class NothingToReclaim(PortalError):
    """Nobody of those chosen holds an idle seat any more."""

    code, status = "nothing_to_reclaim", 409
    message = _("None of the chosen seats is idle any more. Nothing was changed.")


class ReclaimChanged(PortalError):
    """The numbers moved since they were shown."""

    code, status = "reclaim_changed", 409
    message = _("The numbers changed since they were shown. Nothing was changed. Check the new ones.")


class NobodyToNudge(PortalError):
    """Everybody chosen was left out."""

    code, status = "nobody_to_nudge", 409
    message = _("Nobody was written to: those you chose work again, were asked in the last 14 days, or want no mail.")


class NudgedLately(PortalError):
    """Once in fourteen days is enough."""

    code, status = "nudged_lately", 409
    message = _("This person was asked in the last 14 days. No second mail was sent.")


class NudgeRefused(PortalError):
    """The person wants no such mail."""

    code, status = "nudge_refused", 409
    message = _("This person wants no mail about how they use their seat. Nothing was sent.")


class NoPowerUser(PortalError):
    """Not active often enough to be asked to help others."""

    code, status = "no_power_user", 409
    message = _("This person was active on fewer than 20 of the last 30 days. Nothing was sent.")


class NudgeGone(PortalError):
    """The seat is somebody else's by now, or free."""

    code, status = "nudge_gone", 409
    message = _("You do not hold this seat any more. Nothing was changed.")


class FeatureUnsaid(PortalError):
    """A wish without words."""

    code, status = "feature_unsaid", 422
    message = _("Say what you need and what for.")


class TooManyWishes(PortalError):
    """Twenty in a day."""

    code, status = "too_many_wishes", 409
    message = _("You asked for twenty features in the last 24 hours. Nothing more was kept; go on tomorrow.")


class FeatureAnswered(PortalError):
    """That is the answer already."""

    code, status = "feature_answered", 409
    message = _("This request is in that state already. Nothing was changed.")


class RolloutRefused(PortalError):
    """A plan or a tranche that makes no sense."""

    code, status = "rollout_refused", 422
    message = _("This rollout cannot be planned like this.")


class RolloutEnded(PortalError):
    """The plan is over."""

    code, status = "rollout_ended", 409
    message = _("This rollout plan has ended. Open a new one.")


class TrancheClosed(PortalError):
    """Bought, on its way, or cancelled."""

    code, status = "tranche_closed", 409
    message = _("This tranche is being bought, bought or cancelled already. Nothing was changed.")


class TrancheNotHeld(PortalError):
    """There is nothing to override or to try again."""

    code, status = "tranche_not_held", 409
    message = _("This tranche is not held. It is bought on its day.")


class NotAnApprover(PortalError):
    """The request waits for somebody else."""

    code, status = "not_an_approver", 403
    message = _("This request waits for somebody else's approval. Nobody approves their own request.")


class PriceNeeded(PortalError):
    """Nobody approves a price that they did not see."""

    code, status = "price_needed", 422
    message = _("Look at the price first: it is not of this request, or not held any more.")


class BudgetExceeded(PortalError):
    """The department's money for seats is used up."""

    code, status = "budget_exceeded", 409
    message = _("The department's budget for seats is used up. Nothing was changed. Ask for approval.")
