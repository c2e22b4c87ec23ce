"""Why use cannot be taken in, read or measured."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


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
