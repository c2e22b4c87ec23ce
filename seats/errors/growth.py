"""Why a task, a nudge or a wish goes no further."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class TaskClosed(PortalError):
    """Somebody was faster."""

    code, status = "task_closed", 409
    message = _("This task is closed already. Reload the page to see its outcome.")


class NothingWon(PortalError):
    """No purchase stands behind it."""

    code, status = "nothing_won", 409
    message = _("No seats were added since this task was opened. Close it as won after the purchase.")


class OutcomeRefused(PortalError):
    """A sale is won or lost; other work is done."""

    code, status = "outcome_refused", 409
    message = _("A task about more seats is closed as won or lost, every other one as done.")


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
